"""The fingerprint of a recipe: everything that decides the bytes of its samples, by name, and one digest of it."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import freetype
import uharfbuzz

import augment
import synthtext
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.recipe import BaseRecipe
from synthtext.core import InputError
from synthtext.corpora import Characters
from synthtext.fonts import FontInventory

_LIBRARIES = (
    *("numpy", "opencv-python", "pillow", "fonttools", "uharfbuzz", "freetype-py", "wordfreq"),
    *("imgaug", "scikit-image"),
)
_MAX_SHOWN = 40  # characters of a value that a description of a difference shows


def recipe_fingerprint(curriculum: Curriculum, inventory: FontInventory) -> dict[str, str]:
    """Return everything that decides what is drawn, by name: settings, contents of files, code and library versions.

    Of a stage, it holds what differs from the recipe. The locations of files do not count.

    Raises:
        InputError: A file cannot be read.
    """
    fingerprint = common = _fingerprint_of(curriculum.recipe)
    for number, stage in enumerate(curriculum.stages):
        own, path = _fingerprint_of(stage.recipe), f"curriculum.{number}"
        differing = {name: own.get(name, "left out") for name in {**common, **own} if own.get(name) != common.get(name)}
        fingerprint = fingerprint | {f"{path}.until": str(stage.until)}
        fingerprint |= {f"{path}.set.{name}": value for name, value in differing.items()}
    fingerprint |= {f"font {f.name} ({f.digest[:12]}, {f.face_index})": f.digest for f in inventory.fonts}
    fingerprint |= {f"version of {library}": version(library) for library in _LIBRARIES}
    fingerprint["version of Python"] = python_version()
    fingerprint["version of HarfBuzz"] = uharfbuzz.version_string()
    fingerprint["version of FreeType"] = ".".join(map(str, freetype.version()))
    fingerprint["generator code"] = code_digest()
    return fingerprint


def _fingerprint_of(recipe: BaseRecipe[Any]) -> dict[str, str]:
    """Return the settings of a recipe, and digests of the files that they name."""
    settings = _flatten(recipe.to_dict(), "")
    fingerprint = {key: text for key, text in settings if not key.startswith(("fonts.folders", "modules"))}
    fingerprint |= recipe.extra_fingerprint()
    fingerprint["charset"] = "".join(recipe.charset)
    for place, component in recipe.components.items():
        for field, paths in component.paths.items():
            del fingerprint[f"{place}.{field}"]
            for i, path in enumerate(paths):
                fingerprint |= _contents(f"{place}.{field}" + (f".{i}" if len(paths) > 1 else ""), path)
        if isinstance(component.instance, Characters):  # the name of a charset does not tell its characters
            fingerprint[f"{place}.characters"] = "".join(component.instance.alphabet)
        if component.user_module is not None:
            fingerprint[f"module of {component.use}"] = _sha256(component.user_module)
        for library in getattr(type(component.instance), "LIBRARIES", ()):
            fingerprint[f"version of {library}"] = version(library)
    return fingerprint


def fingerprint_digest(fingerprint: Mapping[str, str]) -> str:
    """Return the SHA-256 of a fingerprint, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(fingerprint, sort_keys=True).encode()).hexdigest()


def describe_difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Describe in a few words which entries of two fingerprints differ: the first three by name."""
    names = [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return "; ".join(_describe_change(name, before.get(name), now.get(name)) for name in names[:3]) + more


def _describe_change(name: str, old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return f"{name} is {'new' if old is None else 'gone'}"
    return f"{name} has changed" if max(len(old), len(new)) > _MAX_SHOWN else f"{name} was {old}, is {new}"


def _flatten(settings: Any, path: str) -> Iterable[tuple[str, str]]:
    """Yield settings as JSON by dotted path; lists of scalars stay whole."""
    entries: Iterable[tuple[Any, Any]] = settings.items() if isinstance(settings, Mapping) else ()
    if isinstance(settings, list) and any(isinstance(entry, Mapping | list) for entry in settings):
        entries = enumerate(settings)
    elif not isinstance(settings, Mapping):
        yield path, json.dumps(settings, ensure_ascii=False)
    for key, entry in entries:
        yield from _flatten(entry, f"{path}.{key}" if path else str(key))


def _contents(name: str, path: Path) -> dict[str, str]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {f"{name}/{file.relative_to(path).as_posix()}": _sha256(file) for file in files}
    return {name: _sha256(path)}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from None


@cache
def version(library: str) -> str:
    """Return the version of an installed library, as it was when this process first asked."""
    return metadata.version(library)


def python_version() -> str:
    """Return the release series of Python, such as "3.11"; Unicode tables and sums of floats differ between series."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@cache
def code_digest(*folders: Path) -> str:
    """Return the SHA-256 of the code that draws and encodes samples, and of the modules in further folders.

    The files are read once: code that is edited later is not the code of this process.
    """
    total = hashlib.sha256()
    for folder in (*(Path(package.__file__ or "").parent for package in (synthtext, augment)), *folders):
        for file in sorted(folder.rglob("*.py")):
            total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    total.update((Path(__file__).parents[1] / "io" / "encode.py").read_bytes())
    return total.hexdigest()
