"""What recipes of lines and of scenes have in common: parts that are drawn by weight, and effects by probability."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import SettingsDict, validate_model
from pipelines.recipes.components import (
    BACKGROUND,
    BASELINE,
    CORPUS,
    EFFECT,
    INK_COLOURS,
    INK_STYLE,
    LAYOUT,
    SCENE_BACKGROUND,
    Component,
    ComponentKind,
    add_module_folders,
)
from pipelines.recipes.parts import (
    ComponentBuilder,
    InkSettings,
    WeightedComponents,
    build_corpus_mixture,
    check_weights,
    resolve_recipe_paths,
)
from synthtext import CoverageOptions, LayoutOptions, LineDesign, LineGenerator, LineOutput
from synthtext.core import Charset, EffectChain, EffectStep, Generator, WeightedComponent
from synthtext.corpora import resolve_charset
from synthtext.fonts import FaceCache, FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink
from synthtext.scenes import Clutter, Legibility, SceneDesign, SceneGenerator, SceneOutput, TypesettingOptions

CURRICULUM_KEY = "curriculum"
"""The key of a recipe's stages."""


class StageSettings(BaseModel):
    """What else holds for the samples below an index: settings by their path in the recipe, as on the command line."""

    model_config = ConfigDict(extra="forbid", strict=True)
    until: int = Field(ge=1, lt=2**32)
    set: dict[str, Any]


class BaseRecipeSettings(BaseModel):
    """What is written in a recipe of either kind."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    charset: str = "ascii"
    corpus: list[dict[str, Any]] = Field(min_length=1)
    fonts: FontOptions = FontOptions()
    baselines: WeightedComponents = Field(default={"straight": 1}, min_length=1)
    ink: InkSettings = InkSettings()
    background: WeightedComponents
    effects: list[dict[str, Any]] = []
    modules: list[str] = []
    curriculum: list[StageSettings] = []


S = TypeVar("S", bound=BaseRecipeSettings)


@dataclass(frozen=True)
class BaseRecipe(ABC, Generic[S]):
    """A recipe, checked and built.

    Attributes:
        settings: as written, with defaults filled in and absolute paths.
        charset: resolved.
        listed: "corpus" by weight and "effects" by probability, in the order of the recipe.
        shared: components that the recipe has by name, by weight, by their key in it, such as "ink.styles".
    """

    settings: S
    charset: Charset
    listed_components: Mapping[str, tuple[Component, ...]]
    weighted_components: Mapping[str, tuple[Component, ...]]

    SETTINGS: ClassVar[type[BaseRecipeSettings]]
    """What is written in such a recipe."""

    EXTRA_WEIGHTED: ClassVar[Mapping[str, ComponentKind]]
    """What is named under the keys of its own, beside those that every kind has."""

    @classmethod
    def read(cls, tree: Mapping[str, Any], folder: Path, where: str) -> Self:
        """Check and build a recipe.

        Args:
            tree: as written.
            folder: relative paths start here.
            where: names the recipe in errors.

        Raises:
            InputError: anything in it is wrong; one sentence names the place.
        """
        settings: Any = validate_model(cls.SETTINGS, resolve_recipe_paths(tree, folder), where)
        add_module_folders([Path(place) for place in settings.modules])
        charset, parts = resolve_charset(settings.charset, folder), ComponentBuilder(folder, where)
        listed = {
            "corpus": parts.listed(CORPUS, "corpus", "weight", settings.corpus),
            "effects": parts.listed(EFFECT, "effects", "probability", settings.effects),
        }
        shared = {key: parts.shared(kind, key, attrgetter(key)(settings)) for key, kind in cls.weighted_kinds().items()}
        check_weights({"corpus": listed["corpus"], **shared}, where)
        return cls(settings, charset, listed, shared)

    @classmethod
    def weighted_kinds(cls) -> Mapping[str, ComponentKind]:
        """What the recipe has by name and by weight, by the path in it."""
        return {"ink.styles": INK_STYLE, "ink.colours": INK_COLOURS, "baselines": BASELINE, **cls.EXTRA_WEIGHTED}

    @cached_property
    def components(self) -> dict[str, Component]:
        """All components, by their place in the recipe; those within others behind these."""
        found = {
            f"{key}.{i}": part for key, parts in self.listed_components.items() for i, part in enumerate(parts)
        } | {f"{key}.{part.use}": part for key, parts in self.weighted_components.items() for part in parts}
        return {name: part for place, outer in found.items() for name, part in _with_parts(place, outer)}

    def to_dict(self) -> SettingsDict:
        """The recipe with every setting but its stages, as JSON; reading it again gives the same recipe."""
        parts: SettingsDict = {
            key: {part.use: {"weight": part.weight, **part.settings} for part in shared}
            for key, shared in self.weighted_components.items()
        }
        parts["ink"] = {
            "contrast_floor": self.settings.ink.contrast_floor,
            "styles": parts.pop("ink.styles"),
            "colours": parts.pop("ink.colours"),
        }
        for key, share in (("corpus", "weight"), ("effects", "probability")):
            parts[key] = [
                {"use": part.use, share: part.weight, **part.settings} for part in self.listed_components[key]
            ]
        whole = parts | self.settings.model_dump(mode="json", exclude=set(parts))
        return {key: whole[key] for key in self.SETTINGS.model_fields if key != CURRICULUM_KEY}

    def inventory(self) -> FontInventory:
        """The fonts that there are for it.

        Raises:
            InputError: a folder is missing, a font of the user's is broken, or there is no font.
        """
        return find_fonts(self.settings.fonts)

    @abstractmethod
    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> Generator[Any]:
        """A generator of its samples, which may share the open fonts of others.

        Raises:
            InputError: no font can set one of the corpora.
        """

    def entries(self, key: str) -> tuple[WeightedComponent[Any], ...]:
        """What the recipe names under a key, to be drawn by weight."""
        return tuple(WeightedComponent(part.use, part.instance, part.weight) for part in self.weighted_components[key])

    def design_fields(self, inventory: FontInventory) -> dict[str, Any]:
        """What designs of both kinds are made of: the fields of `synthtext.design.Design`."""
        return {
            "charset": self.charset,
            "corpora": build_corpus_mixture(self.listed_components["corpus"]),
            "font_options": self.settings.fonts,
            "inventory": inventory,
            "baselines": self.entries("baselines"),
            "ink": Ink(self.settings.ink.contrast_floor, self.entries("ink.styles"), self.entries("ink.colours")),
            "backgrounds": self.entries("background"),
            "effects": EffectChain(
                [EffectStep(part.use, part.instance, part.weight) for part in self.listed_components["effects"]]
            ),
        }


def _with_parts(place: str, component: Component) -> Iterator[tuple[str, Component]]:
    yield place, component
    for inner, part in component.children.items():
        yield from _with_parts(f"{place}.{inner}", part)


class LinesRecipeSettings(BaseRecipeSettings):
    """A recipe of lines as it is written."""

    kind: Literal["lines"] = "lines"
    background: WeightedComponents = Field(default={"plain": 1}, min_length=1)
    layout: LayoutOptions = LayoutOptions()
    coverage: CoverageOptions = CoverageOptions()
    output: LineOutput = LineOutput()


@dataclass(frozen=True)
class LinesRecipe(BaseRecipe[LinesRecipeSettings]):
    """A recipe of lines, checked and built."""

    SETTINGS: ClassVar = LinesRecipeSettings
    EXTRA_WEIGHTED: ClassVar = {"background": BACKGROUND}

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> LineGenerator:
        """A generator of its lines.

        Raises:
            InputError: no font can set one of the corpora.
        """
        return LineGenerator(self.design(inventory), seed, prefix, cache)

    def design(self, inventory: FontInventory) -> LineDesign:
        """What its lines look like."""
        settings = self.settings
        return LineDesign(
            **self.design_fields(inventory), layout=settings.layout, output=settings.output, coverage=settings.coverage
        )


class ScenesRecipeSettings(BaseRecipeSettings):
    """A recipe of scenes as it is written."""

    kind: Literal["scenes"] = "scenes"
    background: WeightedComponents = Field(default={"wall": 1}, min_length=1)
    typesetting: TypesettingOptions = TypesettingOptions()
    layouts: WeightedComponents = Field(default={"photo": 1}, min_length=1)
    clutter: Clutter = Clutter()
    legibility: Legibility = Legibility()
    output: SceneOutput = SceneOutput()


@dataclass(frozen=True)
class ScenesRecipe(BaseRecipe[ScenesRecipeSettings]):
    """A recipe of scenes, checked and built."""

    SETTINGS: ClassVar = ScenesRecipeSettings
    EXTRA_WEIGHTED: ClassVar = {"background": SCENE_BACKGROUND, "layouts": LAYOUT}

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> SceneGenerator:
        """A generator of its scenes.

        Raises:
            InputError: no font can set one of the corpora.
        """
        settings = self.settings
        design = SceneDesign(
            **self.design_fields(inventory),
            typesetting=settings.typesetting,
            layouts=self.entries("layouts"),
            clutter=settings.clutter,
            legibility=settings.legibility,
            output=settings.output,
        )
        return SceneGenerator(design, seed, prefix, cache)
