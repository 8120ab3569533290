"""What recipes of lines and of scenes have in common: parts that are drawn by weight, and effects by probability."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import Tree, validated
from pipelines.recipes.components import (
    BACKDROP,
    BASELINE,
    COLOURS,
    CORPUS,
    EFFECT,
    LAYOUT,
    PAPER,
    STYLE,
    Component,
    ComponentKind,
    find_modules_in,
)
from pipelines.recipes.parts import InkSettings, PartsBuilder, Shares, absolute, check_weights, mixture_of
from synthtext import Balance, Entry, Layout, LineDesign, LineGenerator, Output
from synthtext.core import Charset, EffectChain, EffectStep, Generator
from synthtext.corpora import resolve_charset
from synthtext.fonts import FaceCache, FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink
from synthtext.scenes import Clutter, Legibility, Lettering, SceneDesign, SceneGenerator, SceneOutput

CURRICULUM = "curriculum"
"""The key of a recipe's stages."""


class StageSettings(BaseModel):
    """What else holds for the samples below an index: settings by their path in the recipe, as on the command line."""

    model_config = ConfigDict(extra="forbid", strict=True)
    until: int = Field(ge=1, lt=2**32)
    set: dict[str, Any]


class DrawnSettings(BaseModel):
    """What is written in a recipe of either kind."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    charset: str = "ascii"
    corpus: list[dict[str, Any]] = Field(min_length=1)
    fonts: FontOptions = FontOptions()
    baselines: Shares = Field(default={"straight": 1}, min_length=1)
    ink: InkSettings = InkSettings()
    paper: Shares
    effects: list[dict[str, Any]] = []
    modules: list[str] = []
    curriculum: list[StageSettings] = []


S = TypeVar("S", bound=DrawnSettings)


@dataclass(frozen=True)
class DrawnRecipe(ABC, Generic[S]):
    """A recipe, checked and built.

    Attributes:
        settings: as written, with defaults filled in and absolute paths.
        charset: resolved.
        listed: "corpus" by weight and "effects" by probability, in the order of the recipe.
        shared: components that the recipe has by name, by weight, by their key in it, such as "ink.styles".
    """

    settings: S
    charset: Charset
    listed: Mapping[str, tuple[Component, ...]]
    shared: Mapping[str, tuple[Component, ...]]

    SETTINGS: ClassVar[type[DrawnSettings]]
    """What is written in such a recipe."""

    SHARED: ClassVar[Mapping[str, ComponentKind]]
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
        settings: Any = validated(cls.SETTINGS, absolute(tree, folder), where)
        find_modules_in([Path(place) for place in settings.modules])
        charset, parts = resolve_charset(settings.charset, folder), PartsBuilder(folder, where)
        listed = {
            "corpus": parts.listed(CORPUS, "corpus", "weight", settings.corpus),
            "effects": parts.listed(EFFECT, "effects", "probability", settings.effects),
        }
        shared = {key: parts.shared(kind, key, attrgetter(key)(settings)) for key, kind in cls.shares().items()}
        check_weights({"corpus": listed["corpus"], **shared}, where)
        return cls(settings, charset, listed, shared)

    @classmethod
    def shares(cls) -> Mapping[str, ComponentKind]:
        """What the recipe has by name and by weight, by the path in it."""
        return {"ink.styles": STYLE, "ink.colours": COLOURS, "baselines": BASELINE, **cls.SHARED}

    @cached_property
    def components(self) -> dict[str, Component]:
        """All components, by their place in the recipe; those within others behind these."""
        found = {f"{key}.{i}": part for key, parts in self.listed.items() for i, part in enumerate(parts)} | {
            f"{key}.{part.use}": part for key, parts in self.shared.items() for part in parts
        }
        return {name: part for place, outer in found.items() for name, part in _with_parts(place, outer)}

    def tree(self) -> Tree:
        """The recipe with every setting but its stages, as JSON; reading it again gives the same recipe."""
        parts: Tree = {
            key: {part.use: {"weight": part.share, **part.settings} for part in shared}
            for key, shared in self.shared.items()
        }
        parts["ink"] = {
            "contrast_floor": self.settings.ink.contrast_floor,
            "styles": parts.pop("ink.styles"),
            "colours": parts.pop("ink.colours"),
        }
        for key, share in (("corpus", "weight"), ("effects", "probability")):
            parts[key] = [{"use": part.use, share: part.share, **part.settings} for part in self.listed[key]]
        whole = parts | self.settings.model_dump(mode="json", exclude=set(parts))
        return {key: whole[key] for key in self.SETTINGS.model_fields if key != CURRICULUM}

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

    def entries(self, key: str) -> tuple[Entry[Any], ...]:
        """What the recipe names under a key, to be drawn by weight."""
        return tuple(Entry(part.use, part.part, part.share) for part in self.shared[key])

    def common(self, inventory: FontInventory) -> dict[str, Any]:
        """What designs of both kinds are made of: the fields of `synthtext.design.Design`."""
        return {
            "charset": self.charset,
            "corpora": mixture_of(self.listed["corpus"]),
            "font_options": self.settings.fonts,
            "inventory": inventory,
            "baselines": self.entries("baselines"),
            "ink": Ink(self.settings.ink.contrast_floor, self.entries("ink.styles"), self.entries("ink.colours")),
            "papers": self.entries("paper"),
            "effects": EffectChain([EffectStep(part.use, part.part, part.share) for part in self.listed["effects"]]),
        }


def _with_parts(place: str, component: Component) -> Iterator[tuple[str, Component]]:
    yield place, component
    for inner, part in component.parts.items():
        yield from _with_parts(f"{place}.{inner}", part)


class LinesSettings(DrawnSettings):
    """A recipe of lines as it is written."""

    kind: Literal["lines"] = "lines"
    paper: Shares = Field(default={"plain": 1}, min_length=1)
    layout: Layout = Layout()
    balance: Balance = Balance()
    output: Output = Output()


@dataclass(frozen=True)
class LinesRecipe(DrawnRecipe[LinesSettings]):
    """A recipe of lines, checked and built."""

    SETTINGS: ClassVar = LinesSettings
    SHARED: ClassVar = {"paper": PAPER}

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
            **self.common(inventory), layout=settings.layout, output=settings.output, balance=settings.balance
        )


class ScenesSettings(DrawnSettings):
    """A recipe of scenes as it is written."""

    kind: Literal["scenes"] = "scenes"
    paper: Shares = Field(default={"wall": 1}, min_length=1)
    lettering: Lettering = Lettering()
    layouts: Shares = Field(default={"photo": 1}, min_length=1)
    clutter: Clutter = Clutter()
    legibility: Legibility = Legibility()
    output: SceneOutput = SceneOutput()


@dataclass(frozen=True)
class ScenesRecipe(DrawnRecipe[ScenesSettings]):
    """A recipe of scenes, checked and built."""

    SETTINGS: ClassVar = ScenesSettings
    SHARED: ClassVar = {"paper": BACKDROP, "layouts": LAYOUT}

    def generator(
        self, inventory: FontInventory, seed: int, prefix: str, cache: FaceCache | None = None
    ) -> SceneGenerator:
        """A generator of its scenes.

        Raises:
            InputError: no font can set one of the corpora.
        """
        settings = self.settings
        design = SceneDesign(
            **self.common(inventory),
            lettering=settings.lettering,
            layouts=self.entries("layouts"),
            clutter=settings.clutter,
            legibility=settings.legibility,
            output=settings.output,
        )
        return SceneGenerator(design, seed, prefix, cache)
