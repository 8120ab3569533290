"""Recipes that are built in Python from the components that recipes in YAML name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, TypeVar

from pydantic import TypeAdapter

from pipelines.config import SettingsDict
from pipelines.recipes.components import (
    BACKGROUND,
    BASELINE,
    CORPUS,
    EFFECT,
    INK_COLOURS,
    INK_STYLE,
    LAYOUT,
    SCENE_BACKGROUND,
    ComponentKind,
    builtin_classes,
)
from pipelines.recipes.presets import apply_base
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe, resolve_written
from pipelines.recipes.short_form import component_entry
from synthtext import CoverageOptions, LayoutOptions, LineLegibility, LineOutput
from synthtext.background import Background, BackgroundSource
from synthtext.baselines import Baseline
from synthtext.core import Effect, InputError
from synthtext.corpora import CharsetOptions, Corpus
from synthtext.fonts import FontOptions
from synthtext.ink import ColourSource, InkStyle
from synthtext.scenes import Clutter, Legibility, SceneOutput, TypesettingOptions
from synthtext.scenes.layouts import SceneLayout

ComponentT = TypeVar("ComponentT")

Components: TypeAlias = Sequence[ComponentT | tuple[ComponentT, float]]
"""Components, each alone or as a pair with its weight (of effects: its probability); alone it counts 1."""


@dataclass(frozen=True)
class InkOptions:
    """The ink of a recipe.

    Attributes:
        contrast_floor: Least difference of luminance between ink and background at every cluster, 0 to 120 of 255.
        styles: Styles of ink; empty: plain ink.
        colours: Sources of colours; empty: any colour.

    Examples:
        >>> from pipelines import InkOptions
        >>> from synthtext.ink import Outline, Plain
        >>> InkOptions(60, styles=[(Plain(), 4), Outline()]).contrast_floor
        60
    """

    contrast_floor: float = 40
    styles: Components[InkStyle] = ()
    colours: Components[ColourSource] = ()


class Recipe(ResolvedRecipe):
    """A recipe of lines or scenes, built in Python.

    Each argument is the key of the same name of a recipe file; `None` leaves it out, so that it has its default or the
    value of `base`. Components are instances of the classes in `synthtext.corpora`, `synthtext.ink`,
    `synthtext.background`, `synthtext.baselines`, `synthtext.scenes.layouts` and `augment`, or of your own. A list of
    components holds them alone, or as pairs with a weight: `[(Words("en"), 3), Price()]`. The number of an effect is
    its probability.

    Args:
        corpus: Sources of texts.
        base: A preset whose keys are taken where no argument is given.
        kind: "lines" or "scenes"; None: that of `base`, else "lines".
        charset: Characters of the labels: a name, the path of a dictionary file, or `CharsetOptions`.
        fonts: Sources and sizes of fonts.
        layout: Spacing, margins and lengths of lines.
        coverage: Minimum count of every character of the charset, in lines.
        baselines: Shapes of lines.
        ink: Contrast, styles and colours of the ink.
        background: Backgrounds, of `synthtext.background` or of `synthtext.scenes.backgrounds`.
        effects: Effects, in the order in which they are applied.
        legibility: Limits of the effects on lines, or when texts of scenes are ignored.
        typesetting: Spacing and lengths of texts in scenes.
        layouts: Layouts of scenes.
        clutter: Shapes and objects that are not text, in scenes.
        output: Size and format of the images.
        curriculum: Stages, as in a recipe file: `[{"until": 1000, "set": {"effects": []}}]`.
        name: Names the recipe in messages and in datasets.

    Raises:
        InputError: A setting is invalid; the message names its path.

    Examples:
        >>> from augment import Blur
        >>> from pipelines import Recipe, iterate_samples
        >>> from synthtext.corpora import Price, Words
        >>> recipe = Recipe([(Words("en"), 3), Price()], effects=[(Blur(), 0.3)])
        >>> print(recipe.to_yaml(defaults=False))
        corpus:
        - use: words
          weight: 3.0
        - use: price
        effects:
        - use: blur
          probability: 0.3
        <BLANKLINE>
        >>> sample = next(iterate_samples(recipe, count=1))
        >>> sample.image.shape[0], len(sample.text) > 0
        (48, True)
    """

    def __init__(
        self,
        corpus: Components[Corpus] = (),
        *,
        base: str | None = None,
        kind: Literal["lines", "scenes"] | None = None,
        charset: str | CharsetOptions | None = None,
        fonts: FontOptions | None = None,
        layout: LayoutOptions | None = None,
        coverage: CoverageOptions | None = None,
        baselines: Components[Baseline] | None = None,
        ink: InkOptions | None = None,
        background: Components[Background | BackgroundSource] | None = None,
        effects: Components[Effect] | None = None,
        legibility: LineLegibility | Legibility | None = None,
        typesetting: TypesettingOptions | None = None,
        layouts: Components[SceneLayout] | None = None,
        clutter: Clutter | None = None,
        output: LineOutput | SceneOutput | None = None,
        curriculum: Sequence[Mapping[str, Any]] | None = None,
        name: str = "python",
    ) -> None:
        options: dict[str, Any] = {
            **{"fonts": fonts, "layout": layout, "coverage": coverage, "legibility": legibility},
            **{"typesetting": typesetting, "clutter": clutter, "output": output},
        }
        backgrounds = (BACKGROUND, SCENE_BACKGROUND)
        written = {
            **{"base": base, "kind": kind, "charset": _dump(charset)},
            "corpus": _listed(CORPUS, "weight", corpus or None, "corpus"),
            **{key: _dump(value) for key, value in options.items()},
            "baselines": _weighted((BASELINE,), baselines, "baselines"),
            "ink": None if ink is None else _ink(ink),
            "background": _weighted(backgrounds, background, "background"),
            "effects": _listed(EFFECT, "probability", effects, "effects"),
            "layouts": _weighted((LAYOUT,), layouts, "layouts"),
            "curriculum": None if curriculum is None else [dict(stage) for stage in curriculum],
        }
        settings = {key: value for key, value in written.items() if value is not None}
        super().__init__(name, resolve_written(apply_base(settings), Path.cwd(), name))
        self.check_files()

    @classmethod
    def open(cls, name_or_path: str | Path, overrides: Sequence[str] = ()) -> Self:
        """Open a preset or a recipe file.

        Args:
            name_or_path: The name of a preset, or the path of a YAML file.
            overrides: Settings of the form `key.sub=value`.

        Raises:
            InputError: The recipe or an override is invalid.

        Examples:
            >>> from pipelines import Recipe
            >>> Recipe.open("digits", ["output.height=32"]).settings["output"]["height"]
            32
        """
        resolved, recipe = resolve_recipe(str(name_or_path), overrides), cls.__new__(cls)
        ResolvedRecipe.__init__(recipe, resolved.name, resolved.settings)
        return recipe


def _dump(options: Any) -> Any:
    """Return options as JSON; None and names stay as they are."""
    return options if options is None or isinstance(options, str) else _to_json(options)


def _to_json(options: Any) -> Any:
    return TypeAdapter(type(options)).dump_python(options, mode="json", exclude_none=True)


def _pair(entry: ComponentT | tuple[ComponentT, float], where: str) -> tuple[ComponentT, float]:
    if not isinstance(entry, tuple):
        return entry, 1.0
    if len(entry) != 2 or not isinstance(entry[1], int | float):
        raise InputError(f"{where}: {entry!r} must be a component, or a pair of a component and a number")
    return entry[0], float(entry[1])


def _listed(
    kind: ComponentKind, share: str, components: Components[ComponentT] | None, path: str
) -> list[SettingsDict] | None:
    if components is None:
        return None
    entries = []
    for number, entry in enumerate(components):
        component, weight = _pair(entry, f"{path}.{number}")
        use = component_entry(kind, component, f"{path}.{number}")
        entries.append(use if weight == 1 else {**use, share: weight})
    return entries


def _weighted(
    kinds: Sequence[ComponentKind], components: Components[ComponentT] | None, path: str
) -> SettingsDict | None:
    if components is None:
        return None
    entries: SettingsDict = {}
    for number, entry in enumerate(components):
        component, weight = _pair(entry, f"{path}.{number}")
        kind = next((kind for kind in kinds if type(component) in builtin_classes(kind).values()), kinds[0])
        settings = component_entry(kind, component, f"{path}.{number}")
        use = settings.pop("use")
        if use in entries:
            raise InputError(f"{path} has {use!r} twice: a component may occur once, with one weight")
        entries[use] = {"weight": weight, **settings}
    return entries


def _ink(ink: InkOptions) -> SettingsDict:
    styles = _weighted((INK_STYLE,), ink.styles or None, "ink.styles")
    colours = _weighted((INK_COLOURS,), ink.colours or None, "ink.colours")
    written = {"contrast_floor": ink.contrast_floor, "styles": styles, "colours": colours}
    return {key: value for key, value in written.items() if value is not None}
