"""Recipes of lines and of scenes: validated settings, built components, and the generators made of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import attrgetter, getitem
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import SettingsDict, validate_model
from pipelines.recipes.components import (
    BACKGROUND,
    BASELINE,
    CORPUS,
    EFFECT,
    GLYPH_LAYOUT,
    INK_COLOURS,
    INK_STYLE,
    LAYOUT,
    OCCLUDER,
    SCENE_BACKGROUND,
    Component,
    ComponentKind,
    WeightedComponents,
    add_module_folders,
    build_components,
    corpus_name,
    weighted_entries,
)
from pipelines.recipes.paths import resolve_recipe_paths
from pipelines.recipes.readability import ReadabilityOptions
from synthtext import CoverageOptions, LayoutOptions, LineDesign, LineGenerator, LineLegibility, LineOutput
from synthtext.core import Charset, EffectChain, EffectStep, Generator, InputError, WeightedComponent
from synthtext.corpora import CharsetOptions, CorpusMixture, resolve_charset
from synthtext.fonts import FaceCache, FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink
from synthtext.scenes import Clutter, Legibility, SceneDesign, SceneGenerator, SceneOutput, TypesettingOptions

CURRICULUM_KEY = "curriculum"
"""The key of the stages of a recipe."""

LISTED = {"corpus": (CORPUS, "weight"), "effects": (EFFECT, "probability")}
"""The kind and the share of the components that a recipe lists, by key."""


class StageSettings(BaseModel):
    """A stage of a curriculum: settings of the samples below an index, by their path as in an override."""

    model_config = ConfigDict(extra="forbid", strict=True)
    until: int = Field(ge=1, lt=2**32)
    set: dict[str, Any]


class InkSettings(BaseModel):
    """The ink of a recipe: the least local contrast, and styles and sources of colours by weight."""

    model_config = ConfigDict(extra="forbid")
    contrast_floor: float = 40
    styles: WeightedComponents = Field(default={"plain": 1})
    colours: WeightedComponents = Field(default={"any_colour": 1})


class BaseRecipeSettings(BaseModel):
    """The settings of a recipe of either kind, as written."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    charset: str | CharsetOptions = "ascii"
    corpus: list[SettingsDict] = Field(min_length=1)
    fonts: FontOptions = FontOptions()
    baselines: WeightedComponents = Field(default={"straight": 1}, min_length=1)
    ink: InkSettings = InkSettings()
    background: WeightedComponents
    effects: list[SettingsDict] = []
    modules: list[str] = []
    curriculum: list[StageSettings] = []


S = TypeVar("S", bound=BaseRecipeSettings)


@dataclass(frozen=True)
class BaseRecipe(Generic[S]):
    """A recipe, validated and built.

    Attributes:
        settings: As written, with defaults filled in and absolute paths.
        charset: The characters that it may draw.
        listed_components: "corpus" by weight and "effects" by probability, in the order of the recipe.
        weighted_components: Components that the recipe has by name and weight, by path, such as "ink.styles".
    """

    settings: S
    charset: Charset
    listed_components: Mapping[str, tuple[Component, ...]]
    weighted_components: Mapping[str, tuple[Component, ...]]

    SETTINGS: ClassVar[type[BaseRecipeSettings]]
    """The model of its settings."""

    EXTRA_WEIGHTED: ClassVar[Mapping[str, ComponentKind]]
    """The weighted components that only this kind of recipe has, by path."""

    NOT_IN_DESIGN: ClassVar[frozenset[str]] = frozenset()
    """Settings of this kind of recipe that its design does not have."""

    DESIGN: ClassVar[Callable[..., Any]]
    """The class of its design. Its fields are `design_fields` and the settings that only this kind of recipe has."""

    GENERATOR: ClassVar[Callable[..., Generator[Any]]]
    """The class of its generators."""

    @classmethod
    def read(cls, settings: Mapping[str, Any], folder: Path, where: str) -> Self:
        """Validate and build a recipe.

        Args:
            settings: As written.
            folder: Where relative paths start.
            where: Names the recipe in errors.

        Raises:
            InputError: A setting is invalid; the message names its path.
        """
        checked: Any = validate_model(cls.SETTINGS, resolve_recipe_paths(settings, folder), where)
        add_module_folders([Path(module) for module in checked.modules])
        charset = resolve_charset(checked.charset, folder)
        listed = {}
        for key, (kind, share) in LISTED.items():
            entries = {f"{key}.{i}": entry for i, entry in enumerate(getattr(checked, key))}
            listed[key] = build_components(kind, entries, share, folder, where)
        weighted = {}
        for path, kind in cls.weighted_kinds().items():
            entries = weighted_entries(path, attrgetter(path)(checked), where)
            weighted[path] = build_components(kind, entries, "weight", folder, where)
        for path, components in {"corpus": listed["corpus"], **weighted}.items():
            if not any(component.weight > 0 for component in components):
                raise InputError(f"{where}: {path}: every weight is 0; nothing could be drawn")
        return cls(checked, charset, listed, weighted)

    @classmethod
    def weighted_kinds(cls) -> Mapping[str, ComponentKind]:
        """Return the kinds of the components that the recipe has by name and weight, by path."""
        return {"ink.styles": INK_STYLE, "ink.colours": INK_COLOURS, "baselines": BASELINE, **cls.EXTRA_WEIGHTED}

    @cached_property
    def components(self) -> dict[str, Component]:
        """All components by their path in the recipe; a component comes before those within it."""
        found = {f"{key}.{i}": c for key, listed in self.listed_components.items() for i, c in enumerate(listed)}
        found |= {f"{key}.{c.use}": c for key, weighted in self.weighted_components.items() for c in weighted}
        return {path: component for place, outer in found.items() for path, component in _with_children(place, outer)}

    def to_dict(self) -> SettingsDict:
        """Return every setting but the curriculum, as JSON; `read` of the result gives the same recipe."""
        settings = self.settings.model_dump(mode="json", exclude={CURRICULUM_KEY}, warnings=False)
        for path, weighted in self.weighted_components.items():
            *parents, key = path.split(".")
            node = reduce(getitem, parents, settings)
            node[key] = {c.use: {"weight": c.weight, **c.settings} for c in weighted}
        for key, (_, share) in LISTED.items():
            settings[key] = [{"use": c.use, share: c.weight, **c.settings} for c in self.listed_components[key]]
        return settings

    def inventory(self) -> FontInventory:
        """Find the fonts of the recipe.

        Raises:
            InputError: A folder is missing, a font of the user is broken, or there is no font.
        """
        return find_fonts(self.settings.fonts)

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> Generator[Any]:
        """Return a generator of the samples.

        Args:
            inventory: The fonts.
            seed: From 0 to 2**32 - 1.
            prefix: Of the keys of samples.
            cache: Open fonts to share with other generators.

        Raises:
            InputError: No font covers one of the corpora.
        """
        return type(self).GENERATOR(self.design(inventory), seed, prefix, cache)

    def design(self, inventory: FontInventory) -> Any:
        """Return the design of the samples, a `LineDesign` or a `SceneDesign`."""
        fields = self.design_fields(inventory)
        own = self.SETTINGS.model_fields.keys() - BaseRecipeSettings.model_fields.keys()
        for name in own - self.NOT_IN_DESIGN:
            fields[name] = self.entries(name) if name in self.EXTRA_WEIGHTED else getattr(self.settings, name)
        return type(self).DESIGN(**fields)

    def extra_fingerprint(self) -> dict[str, str]:
        """Return what decides the samples besides settings, components and fonts, by name."""
        return {}

    def entries(self, path: str) -> tuple[WeightedComponent[Any], ...]:
        """Return the components at a path of the recipe for drawing by weight."""
        return tuple(WeightedComponent(c.use, c.instance, c.weight) for c in self.weighted_components[path])

    def design_fields(self, inventory: FontInventory) -> dict[str, Any]:
        """Return the fields that designs of lines and of scenes have in common."""
        corpora, effects = (self.listed_components[key] for key in LISTED)
        return {
            "charset": self.charset,
            "corpora": CorpusMixture([WeightedComponent(corpus_name(c), c.instance, c.weight) for c in corpora]),
            "font_options": self.settings.fonts,
            "inventory": inventory,
            "baselines": self.entries("baselines"),
            "ink": Ink(self.settings.ink.contrast_floor, self.entries("ink.styles"), self.entries("ink.colours")),
            "backgrounds": self.entries("background"),
            "effects": EffectChain([EffectStep(c.use, c.instance, c.weight) for c in effects]),
        }


def _with_children(path: str, component: Component) -> Iterator[tuple[str, Component]]:
    yield path, component
    for name, child in component.children.items():
        yield from _with_children(f"{path}.{name}", child)


class LinesRecipeSettings(BaseRecipeSettings):
    """The settings of a recipe of lines, as written."""

    kind: Literal["lines"] = "lines"
    background: WeightedComponents = Field(default={"plain": 1}, min_length=1)
    layout: LayoutOptions = LayoutOptions()
    glyph_layouts: WeightedComponents = Field(default={"uniform": 1}, min_length=1)
    occluders: WeightedComponents = Field(default={"nothing": 1}, min_length=1)
    coverage: CoverageOptions = CoverageOptions()
    legibility: LineLegibility = LineLegibility()
    readability: ReadabilityOptions = ReadabilityOptions()
    output: LineOutput = LineOutput()


@dataclass(frozen=True)
class LinesRecipe(BaseRecipe[LinesRecipeSettings]):
    """A recipe of lines, validated and built."""

    SETTINGS: ClassVar = LinesRecipeSettings
    EXTRA_WEIGHTED: ClassVar = {"background": BACKGROUND, "glyph_layouts": GLYPH_LAYOUT, "occluders": OCCLUDER}
    DESIGN: ClassVar = LineDesign
    GENERATOR: ClassVar = LineGenerator
    NOT_IN_DESIGN: ClassVar = frozenset({"readability"})

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> LineGenerator:
        """Return a generator of the lines, with the gate of readability; see `BaseRecipe.generator`."""
        return LineGenerator(self.design(inventory), seed, prefix, cache, self.settings.readability.open_gate())

    def extra_fingerprint(self) -> dict[str, str]:
        """Return what decides the readings of the gate."""
        return self.settings.readability.fingerprint()


class ScenesRecipeSettings(BaseRecipeSettings):
    """The settings of a recipe of scenes, as written."""

    kind: Literal["scenes"] = "scenes"
    background: WeightedComponents = Field(default={"wall": 1}, min_length=1)
    typesetting: TypesettingOptions = TypesettingOptions()
    layouts: WeightedComponents = Field(default={"photo": 1}, min_length=1)
    clutter: Clutter = Clutter()
    legibility: Legibility = Legibility()
    output: SceneOutput = SceneOutput()


@dataclass(frozen=True)
class ScenesRecipe(BaseRecipe[ScenesRecipeSettings]):
    """A recipe of scenes, validated and built."""

    SETTINGS: ClassVar = ScenesRecipeSettings
    EXTRA_WEIGHTED: ClassVar = {"background": SCENE_BACKGROUND, "layouts": LAYOUT}
    DESIGN: ClassVar = SceneDesign
    GENERATOR: ClassVar = SceneGenerator
