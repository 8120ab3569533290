"""What decides the bytes of a job, and one digest of it all."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
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


def recipe_fingerprint(curriculum: Curriculum, inventory: FontInventory) -> dict[str, str]:
    """Everything that decides what is drawn, by name: settings, contents of files, code and library versions.

    Of stages it is what differs from the recipe itself.

    Where files lie does not matter, what is in them does.

    Raises:
        InputError: a file cannot be read.
    """
    ingredients = common = _of_recipe(curriculum.recipe)
    for number, stage in enumerate(curriculum.stages):
        own, place = _of_recipe(stage.recipe), f"curriculum.{number}"
        differing = {name: own.get(name, "left out") for name in {**common, **own} if own.get(name) != common.get(name)}
        ingredients = ingredients | {f"{place}.until": str(stage.until)}
        ingredients |= {f"{place}.set.{name}": text for name, text in differing.items()}
    ingredients |= {
        f"font {font.name} ({font.digest[:12]}, {font.face_index})": font.digest for font in inventory.fonts
    }
    ingredients |= {f"version of {library}": version(library) for library in _LIBRARIES}
    ingredients["version of Python"] = python_version()
    ingredients["version of HarfBuzz"] = uharfbuzz.version_string()
    ingredients["version of FreeType"] = ".".join(map(str, freetype.version()))
    ingredients["generator code"] = code_digest()
    return ingredients


def _of_recipe(recipe: BaseRecipe[Any]) -> dict[str, str]:
    """Settings, and what is in the files that they name."""
    ingredients = dict(_leaves(recipe.to_dict(), ""))
    ingredients["charset"] = "".join(recipe.charset)
    for key in [key for key in ingredients if key.startswith(("fonts.folders", "modules"))]:
        del ingredients[key]
    for place, component in recipe.components.items():
        for field, paths in component.paths.items():
            del ingredients[f"{place}.{field}"]
            for i, path in enumerate(paths):
                ingredients |= _contents(f"{place}.{field}" + (f".{i}" if len(paths) > 1 else ""), path)
        if isinstance(component.instance, Characters):  # a charset's name says nothing of what is in it
            ingredients[f"{place}.characters"] = "".join(component.instance.alphabet)
        if component.user_module is not None:
            ingredients[f"module of {component.use}"] = _sha256(component.user_module)
        for library in getattr(type(component.instance), "LIBRARIES", ()):
            ingredients[f"version of {library}"] = version(library)
    return ingredients


def fingerprint_digest(ingredients: Mapping[str, str]) -> str:
    """SHA-256 of the ingredients, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()


def describe_difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which ingredients differ, in a few words: the first three by name."""
    changed = [
        f"{name} is gone" if name not in now else f"{name} is new" if name not in before else _change(name, before, now)
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return "; ".join(changed[:3]) + more


def _change(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    old, new = before[name], now[name]
    return f"{name} has changed" if max(len(old), len(new)) > 40 else f"{name} was {old}, is {new}"


def _leaves(tree: Any, path: str) -> Iterable[tuple[str, str]]:
    entries = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else None
    scalars = isinstance(tree, list) and not any(isinstance(entry, Mapping | list) for entry in tree)
    if entries is None or scalars:
        yield path, json.dumps(tree, ensure_ascii=False)
    else:
        for key, entry in entries:
            yield from _leaves(entry, f"{path}.{key}" if path else str(key))


def _contents(place: str, path: Path) -> dict[str, str]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {f"{place}/{file.relative_to(path).as_posix()}": _sha256(file) for file in files}
    return {place: _sha256(path)}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from None


def python_version() -> str:
    """Release series of Python, such as "3.11": its tables of Unicode and its sums of floats differ between series."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def code_digest(*folders: Path) -> str:
    """SHA-256 of the code that draws and encodes, and of the modules in other folders that have a part in it."""
    total = hashlib.sha256()
    for home in (*(Path(package.__file__ or "").parent for package in (synthtext, augment)), *folders):
        for file in sorted(home.rglob("*.py")):
            total.update(file.relative_to(home).as_posix().encode() + b"\0" + file.read_bytes())
    total.update((Path(__file__).parents[1] / "io" / "encode.py").read_bytes())
    return total.hexdigest()
