"""A page of every component of the appearance of lines, each on its own."""

import dataclasses
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import ImageFont

from pipelines.config import with_settings
from pipelines.jobs.caption import plain_font
from pipelines.jobs.preview import draw_grid, draw_text
from pipelines.recipes.components import (
    BACKGROUND,
    BASELINE,
    EFFECT,
    GLYPH_LAYOUT,
    INK_COLOURS,
    INK_STYLE,
    OCCLUDER,
    ComponentKind,
    builtin_classes,
)
from pipelines.recipes.drawing import draw_samples, opencv_single_thread
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext import LineGenerator
from synthtext.core import Image, InputError, Sample

_GAP, _LABEL, _HEADING = 6, 14, 18  # pixels between images, and font sizes
_COLUMNS, _WIDTH = 2, 720  # of components, and pixels of a column
_KINDS = {  # with their titles, by key of the setting
    "ink.styles": (INK_STYLE, "ink styles"),
    "ink.colours": (INK_COLOURS, "colours of ink"),
    "background": (BACKGROUND, "backgrounds"),
    "baselines": (BASELINE, "baselines"),
    "glyph_layouts": (GLYPH_LAYOUT, "layouts of letters"),
    "occluders": (OCCLUDER, "objects in front"),
    "effects": (EFFECT, "effects"),
}
_LAYOUT = "layout"
_LAYOUTS: dict[str, dict[str, Any]] = {  # options of the layout that change the appearance of a line
    "neighbours": {"layout.neighbours.probability": 1.0},
    "overlap": {"layout.overlap.probability": 1.0},
    "condensed": {"layout.stretch": {"probability": 1.0, "factor_range": [0.45, 0.6]}},
    "stretched": {"layout.stretch": {"probability": 1.0, "factor_range": [1.5, 1.8]}},
}
_TITLES = {**{key: title for key, (_, title) in _KINDS.items()}, _LAYOUT: "layouts of lines"}
_MAX_LINES = 16


class ComponentPreview(NamedTuple):
    """A component on its own.

    Attributes:
        key: of the setting, such as "ink.styles".
        name: of the component in the setting.
        recipe: with this component as the only one of its setting.
    """

    key: str
    name: str
    recipe: LinesRecipe


def list_component_previews(recipe: ResolvedRecipe) -> Iterator[ComponentPreview]:
    """Every component of the appearance on its own, with the texts and fonts of a recipe of lines.

    These are ink styles, colour sources, backgrounds, baselines, layouts of letters, occluders, effects, and options of
    the layout.

    Components that the recipe names have its settings, others the defaults. Components with a required setting, such as
    a folder, are left out if the recipe does not name them.

    Raises:
        InputError: it is a recipe of scenes.
    """
    if recipe.kind != "lines":
        raise InputError(f"recipe {recipe.name} is of {recipe.kind}: components are shown in lines")
    plain = _plain_settings(recipe)
    for key, (kind, _) in _KINDS.items():
        for name, settings in _components(recipe, key, kind):
            yield _preview(recipe, key, name, _with_component(plain, key, name, settings))
    for name, changes in _LAYOUTS.items():
        yield _preview(recipe, _LAYOUT, name, with_settings(plain, changes))


def _preview(recipe: ResolvedRecipe, key: str, name: str, settings: dict[str, Any]) -> ComponentPreview:
    return ComponentPreview(key, name, LinesRecipe.read(settings, Path.cwd(), f"recipe {recipe.name}"))


def draw_component_sheet(recipe: ResolvedRecipe, count: int = 8, seed: int = 0) -> Image:
    """Draw a page of all components with their names.

    Args:
        recipe: of lines.
        count: maximum number of lines of each component, 1 to 16; their texts are the same.
        seed: 0 to 2**32 - 1.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        InputError: the count is out of its range, or it is a recipe of scenes.
        JobError: the drawing code failed.
    """
    if not 1 <= count <= _MAX_LINES:
        raise InputError(f"a page shows 1 to {_MAX_LINES} lines of every component, not {count}")
    previews = list(list_component_previews(recipe))
    inventory = previews[0].recipe.inventory()
    plain = LineGenerator(previews[0].recipe.design(inventory), seed, "")
    drawn = [(one.key, one.name, _draw(plain.with_design(one.recipe.design(inventory)), count)) for one in previews]
    parts: list[Image] = []
    for key, title in _TITLES.items():
        rows = [(name, images) for owner, name, images in drawn if owner == key]
        if rows:
            cells = [_cell(name, images) for name, images in rows]
            parts += [_heading(title), draw_grid(cells, _WIDTH, _COLUMNS, gap=0)]
    return np.concatenate(parts)


def _plain_settings(recipe: ResolvedRecipe) -> dict[str, Any]:
    """The settings of a recipe with plain ink on a plain background, straight, with nothing around and in front."""
    ink = {"ink.styles": {"plain": 1}, "ink.colours": {"any_colour": 1}, "background": {"plain": 1}}
    layout = {f"layout.{name}.probability": 0.0 for name in ("neighbours", "overlap", "stretch")}
    letters = {"baselines": {"straight": 1}, "glyph_layouts": {"uniform": 1}, "occluders": {"nothing": 1}}
    return with_settings(recipe.settings, {**ink, **layout, **letters, "effects": []})


def _components(recipe: ResolvedRecipe, key: str, kind: ComponentKind) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of all components of a kind, with their settings in the recipe."""
    written: dict[str, dict[str, Any]] = {}
    if key == "effects":
        for effect in recipe.settings["effects"]:
            written.setdefault(effect["use"], {k: v for k, v in effect.items() if k not in ("use", "probability")})
    else:
        shares = reduce(getitem, key.split("."), recipe.settings)
        written = {name: {k: v for k, v in share.items() if k != "weight"} for name, share in shares.items()}
    for name, cls in builtin_classes(kind).items():
        needs = [field for field in dataclasses.fields(cls) if field.init and _is_required(field)]
        if name in written or not needs:
            yield name, written.get(name, {})


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _with_component(plain: dict[str, Any], key: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    value: Any = {name: {"weight": 1.0, **settings}}
    if key == "effects":
        value = [{"use": name, "probability": 1.0, **settings}]
    visible = {"background": {"texture": 1}} if key == "ink.colours" else {}  # on backgrounds of two colours
    return with_settings(plain, {key: value, **visible})


def _draw(generator: LineGenerator, count: int) -> list[Image]:
    """The images of the first lines; skipped lines are left out."""
    with opencv_single_thread():
        drawn = list(draw_samples(generator, range(count), "of components"))
    images = [item.image for item in drawn if isinstance(item, Sample)]
    return images or [np.full((_LABEL, _LABEL, 3), 255, np.uint8)]


def _cell(name: str, images: list[Image]) -> Image:
    """A name above as many images, side by side, as fit; the first one is cropped if it is too wide."""
    cell = np.full((max(map(len, images)) + _LABEL + 2 * _GAP, _WIDTH, 3), 255, np.uint8)
    left, top = _GAP, _LABEL + _GAP
    for image in images:
        width = min(image.shape[1], _WIDTH - 2 * _GAP)
        if left + width <= _WIDTH - _GAP:
            cell[top : top + len(image), left : left + width] = image[:, :width]
            left += width + _GAP
    return _with_text(cell, name, _LABEL)


def _heading(title: str) -> Image:
    return _with_text(np.full((_HEADING + 3 * _GAP, _COLUMNS * _WIDTH, 3), 225, np.uint8), title, _HEADING)


def _with_text(cell: Image, text: str, em: int) -> Image:
    font = ImageFont.truetype(str(plain_font()[0]), em)
    return draw_text(cell, (_GAP, 1 if em == _LABEL else _GAP), text, font)
