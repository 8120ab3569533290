"""`augment` and `models` are common names: make sure that the ones Python finds are the ones installed beside us."""

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
        places = [Path(place) for place in (spec.submodule_search_locations or [spec.origin or "?"])] if spec else []
        if not places:
            raise ImportError(
                f"ocrmill's package {name!r} is missing beside {home / 'pipelines'}: install ocrmill again"
            )
        if places[0].resolve() != (home / name).resolve():
            raise ImportError(
                f"{places[0]} shadows ocrmill's package {name!r} ({home / name}): rename it, or run from another folder"
            )
