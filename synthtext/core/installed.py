"""Files of installed packages."""

from importlib.util import find_spec
from pathlib import Path


def package_file(package: str, name: str) -> Path | None:
    """Find a file by its path in an installed top-level package, without importing the package.

    Returns:
        The file's path; None if the package is not installed or has no such file.
    """
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / name if folders else None
    return path if path is not None and path.is_file() else None
