"""New weights for fonts."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipelines.config import Tree
from pipelines.rebalance.evaluation import LineSlices, Slice
from pipelines.rebalance.weighing import Weighing, Weight, weigh
from pipelines.recipe.lines import LinesRecipe
from synthtext.fonts import FontFile, find_fonts
from synthtext.fonts.weights import weights_of

_VARIATION = re.compile(r" \S{4}=-?[\d.e+-]+$")  # how `FontFile.name` tells the place on an axis


def weigh_fonts(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Faces of fonts; the places of a variable one count together. Written as `fonts.weights`."""
    options = recipe.settings.fonts
    fonts = find_fonts(replace(options, weights={})).fonts
    before = {font.name: w for font, w in zip(fonts, weights_of(fonts, options.weights), strict=True)}
    cuts = _faces(slices.parts.get("font", ()), before)
    totals = {cut.name: cut.total for cut in cuts}
    weights = [Weight(name, name, value, totals.get(name, 0) if value else 0) for name, value in before.items()]
    found = weigh("font", cuts, weights, strength)
    if found.after:
        tree["fonts"]["weights"] = _written(fonts, {**before, **found.after})
    return found


def _faces(cuts: Iterable[Slice], known: Mapping[str, float]) -> list[Slice]:
    """The slices of faces, wherever on their axes they were drawn."""
    totals, wrong = Counter[str](), Counter[str]()
    for cut in cuts:
        name = cut.name
        while name not in known and (match := _VARIATION.search(name)):
            name = name[: match.start()]
        totals[name] += cut.total
        wrong[name] += cut.wrong
    return [Slice(name, totals[name], wrong[name]) for name in totals]


def _written(fonts: Sequence[FontFile], weights: Mapping[str, float]) -> dict[str, float]:
    """What says these weights of faces: a name that is a family's as well would speak for all of its faces."""
    families = {font.family for font in fonts if font.name == font.family and weights[font.name] != 1}
    told = {font.name for font in fonts if weights[font.name] != 1 or font.family in families}
    return {name: weights[name] for name in sorted(told)}
