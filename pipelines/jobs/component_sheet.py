"""A page of every ink style, paper and effect that there is, each on its own."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from pipelines.jobs.preview import plain_font
from pipelines.recipes.components import BACKGROUND, EFFECT, INK_COLOURS, INK_STYLE, ComponentKind, builtin_classes
from pipelines.recipes.drawing import draw_samples, opencv_single_thread
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext import LineGenerator
from synthtext.core import Image, InputError, Sample

_GAP, _LABEL, _HEADING = 6, 14, 18  # pixels between pictures, and of ems
_COLUMNS, _WIDTH = 2, 720  # of looks, and pixels that one has
_TITLES = {"ink.styles": "ink styles", "ink.colours": "colours of ink", "background": "papers", "effects": "effects"}
_KINDS = {"ink.styles": INK_STYLE, "ink.colours": INK_COLOURS, "background": BACKGROUND, "effects": EFFECT}
_MOST = 16


class ComponentPreview(NamedTuple):
    """One part on its own.

    Attributes:
        key: where recipes have it, such as "ink.styles".
        name: that it goes by there.
        recipe: with this part, and others of its key left out.
    """

    key: str
    name: str
    recipe: LinesRecipe


def list_component_previews(recipe: ResolvedRecipe) -> Iterator[ComponentPreview]:
    """Every ink style, source of colours, paper and effect, on its own in the texts and fonts of a recipe of lines.

    Settings are the recipe's where it names the part, else defaults. Parts that need a setting (a folder) are left out
    where the recipe does not give it.

    Raises:
        InputError: it is a recipe of scenes.
    """
    if recipe.kind != "lines":
        raise InputError(f"recipe {recipe.name} makes {recipe.kind}: looks are shown of lines")
    plain = _plain(recipe)
    for key, kind in _KINDS.items():
        for name, settings in _parts(recipe, key, kind):
            tree = _with_part(plain, key, name, settings)
            yield ComponentPreview(key, name, LinesRecipe.read(tree, Path.cwd(), f"recipe {recipe.name}"))


def draw_component_sheet(recipe: ResolvedRecipe, count: int = 8, seed: int = 0) -> Image:
    """A page (H, W, 3) of all looks with their names, and up to `count` (1 to 16) lines of each, of the same texts.

    Raises:
        InputError: the count is out of its range, or it is a recipe of scenes.
        JobError: the drawing code failed.
    """
    if not 1 <= count <= _MOST:
        raise InputError(f"a page shows 1 to {_MOST} lines of every look, not {count}")
    looks = list(list_component_previews(recipe))
    inventory = looks[0].recipe.inventory()
    plain = looks[0].recipe.generator(inventory, seed, "")
    drawn = [(look.key, look.name, _draw(plain.with_design(look.recipe.design(inventory)), count)) for look in looks]
    parts: list[Image] = []
    for key, title in _TITLES.items():
        rows = [(name, pictures) for owner, name, pictures in drawn if owner == key]
        if rows:
            parts += [_heading(title), _table(rows)]
    return np.concatenate(parts)


def _plain(recipe: ResolvedRecipe) -> dict[str, Any]:
    """The recipe's tree with plain ink on plain paper, no effects, nothing beside the line, which is straight."""
    tree = dict(recipe.settings)
    tree["layout"] = {**tree["layout"], "neighbours": {**tree["layout"]["neighbours"], "probability": 0.0}}
    tree["ink"] = {**tree["ink"], "styles": {"plain": 1}, "colours": {"any_colour": 1}}
    return {**tree, "background": {"plain": 1}, "effects": [], "baselines": {"straight": 1}}


def _parts(recipe: ResolvedRecipe, key: str, kind: ComponentKind) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of all parts of a kind, and the settings that the recipe has for them."""
    written: dict[str, dict[str, Any]] = {}
    if key == "effects":
        for effect in recipe.settings["effects"]:
            written.setdefault(effect["use"], {k: v for k, v in effect.items() if k not in ("use", "probability")})
    else:
        shares = recipe.settings["ink"][key.removeprefix("ink.")] if key.startswith("ink.") else recipe.settings[key]
        written = {name: {k: v for k, v in share.items() if k != "weight"} for name, share in shares.items()}
    for name, cls in builtin_classes(kind).items():
        needs = [field for field in dataclasses.fields(cls) if field.init and _is_required(field)]
        if name in written or not needs:
            yield name, written.get(name, {})


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _with_part(plain: dict[str, Any], key: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    if key == "effects":
        return {**plain, key: [{"use": name, "probability": 1.0, **settings}]}
    if key == "background":
        return {**plain, key: {name: {"weight": 1.0, **settings}}}
    ink = {**plain["ink"], key.removeprefix("ink."): {name: {"weight": 1.0, **settings}}}
    if key == "ink.colours":  # these show on papers of two colours
        return {**plain, "ink": ink, "background": {"texture": 1}}
    return {**plain, "ink": ink}


def _draw(generator: LineGenerator, count: int) -> list[Image]:
    """The pictures of the first lines; one that could not be drawn is left out."""
    with opencv_single_thread():
        drawn = list(draw_samples(generator, range(count), "of looks"))
    pictures = [item.image for item in drawn if isinstance(item, Sample)]
    return pictures or [np.full((_LABEL, _LABEL, 3), 255, np.uint8)]


def _table(rows: list[tuple[str, list[Image]]]) -> Image:
    """Looks in columns, read from left to right."""
    cells = [_cell(name, pictures) for name, pictures in rows]
    bands = []
    for first in range(0, len(cells), _COLUMNS):
        some = cells[first : first + _COLUMNS]
        band = np.full((max(map(len, some)), _COLUMNS * _WIDTH, 3), 255, np.uint8)
        for column, cell in enumerate(some):
            band[: len(cell), column * _WIDTH : (column + 1) * _WIDTH] = cell
        bands.append(band)
    return np.concatenate(bands)


def _cell(name: str, pictures: list[Image]) -> Image:
    """A name above as many pictures, side by side, as there is room for; the first one is cut rather than left out."""
    cell = np.full((max(map(len, pictures)) + _LABEL + 2 * _GAP, _WIDTH, 3), 255, np.uint8)
    left, top = _GAP, _LABEL + _GAP
    for picture in pictures:
        width = min(picture.shape[1], _WIDTH - 2 * _GAP)
        if left + width <= _WIDTH - _GAP:
            cell[top : top + len(picture), left : left + width] = picture[:, :width]
            left += width + _GAP
    return _written(cell, name, _LABEL)


def _heading(title: str) -> Image:
    return _written(np.full((_HEADING + 3 * _GAP, _COLUMNS * _WIDTH, 3), 225, np.uint8), title, _HEADING)


def _written(cell: Image, text: str, em: int) -> Image:
    drawn = Pictures.fromarray(cell)
    font = ImageFont.truetype(str(plain_font()[0]), em)
    ImageDraw.Draw(drawn).text((_GAP, 1 if em == _LABEL else _GAP), text, "black", font)
    return np.asarray(drawn)
