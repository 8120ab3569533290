"""A check that `import augment` and `import models` find the packages of ocrmill: their names are common."""

import importlib.util
from pathlib import Path

SIBLING_PACKAGES = ("synthtext", "augment", "models")


def check_package_shadowing(home: Path) -> None:
    """Check that every sibling package lies in `home`, the folder that holds `pipelines`.

    Raises:
        ImportError: another file or folder of that name comes first on the import path; the message names it.
    """
    for name in SIBLING_PACKAGES:
        spec = importlib.util.find_spec(name)
        locations = [Path(path) for path in (spec.submodule_search_locations or [spec.origin or "?"])] if spec else []
        if not locations:
            raise ImportError(f"ocrmill's package {name!r} is missing beside {home / 'pipelines'}: reinstall ocrmill")
        if locations[0].resolve() != (home / name).resolve():
            raise ImportError(
                f"{locations[0]} shadows ocrmill's package {name!r} ({home / name}): rename it, or run from another "
                "folder"
            )
