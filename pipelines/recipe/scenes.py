"""The recipe of scenes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import Tree, validated
from pipelines.recipe.components import (
    BACKDROP,
    BASELINE,
    CORPUS,
    EFFECT,
    LAYOUT,
    STYLE,
    Component,
    find_modules_in,
)
from pipelines.recipe.parts import (
    InkSettings,
    PartsBuilder,
    Shares,
    absolute,
    by_place,
    check_weights,
    mixture_of,
    shares_tree,
    to_json,
)
from synthtext import BaselineEntry, PaperEntry
from synthtext.core import Charset, EffectChain, EffectStep
from synthtext.corpora import resolve_charset
from synthtext.fonts import FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink, StyleEntry
from synthtext.scenes import Clutter, LayoutEntry, Legibility, Lettering, SceneDesign, SceneGenerator, SceneOutput


class ScenesSettings(BaseModel):
    """A recipe of scenes as it is written."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["scenes"] = "scenes"
    charset: str = "ascii"
    corpus: list[dict[str, Any]] = Field(min_length=1)
    fonts: FontOptions = FontOptions()
    lettering: Lettering = Lettering()
    baselines: Shares = Field(default={"straight": 1}, min_length=1)
    ink: InkSettings = InkSettings()
    paper: Shares = Field(default={"wall": 1}, min_length=1)
    layouts: Shares = Field(default={"photo": 1}, min_length=1)
    clutter: Clutter = Clutter()
    legibility: Legibility = Legibility()
    effects: list[dict[str, Any]] = []
    output: SceneOutput = SceneOutput()
    modules: list[str] = []


@dataclass(frozen=True)
class ScenesRecipe:
    """A recipe of scenes, checked and built.

    Attributes:
        settings: as written, with defaults filled in and absolute paths.
        charset: resolved.
        corpora: by weight.
        baselines: by weight.
        papers: by weight.
        layouts: by weight.
        styles: by weight.
        effects: by probability.
    """

    settings: ScenesSettings
    charset: Charset
    corpora: tuple[Component, ...]
    baselines: tuple[Component, ...]
    papers: tuple[Component, ...]
    layouts: tuple[Component, ...]
    styles: tuple[Component, ...]
    effects: tuple[Component, ...]

    @classmethod
    def read(cls, tree: Mapping[str, Any], folder: Path, where: str) -> "ScenesRecipe":
        """Check and build a recipe.

        Args:
            tree: as written.
            folder: relative paths start here.
            where: names the recipe in errors.

        Raises:
            InputError: anything in it is wrong; one sentence names the place.
        """
        settings = validated(ScenesSettings, absolute(tree, folder), where)
        find_modules_in([Path(place) for place in settings.modules])
        parts = PartsBuilder(folder, where)
        recipe = cls(
            settings=settings,
            charset=resolve_charset(settings.charset, folder),
            corpora=parts.listed(CORPUS, "corpus", "weight", settings.corpus),
            baselines=parts.shared(BASELINE, "baselines", settings.baselines),
            papers=parts.shared(BACKDROP, "paper", settings.paper),
            layouts=parts.shared(LAYOUT, "layouts", settings.layouts),
            styles=parts.shared(STYLE, "ink.styles", settings.ink.styles),
            effects=parts.listed(EFFECT, "effects", "probability", settings.effects),
        )
        check_weights({"corpus": recipe.corpora, **recipe.shared}, where)
        return recipe

    @property
    def shared(self) -> dict[str, tuple[Component, ...]]:
        """The components that the recipe has by name, by their key in the recipe."""
        return {
            "baselines": self.baselines,
            "paper": self.papers,
            "layouts": self.layouts,
            "ink.styles": self.styles,
        }

    @property
    def components(self) -> dict[str, Component]:
        """All components, by their place in the recipe."""
        return by_place({"corpus": self.corpora, "effects": self.effects}, self.shared)

    def tree(self) -> Tree:
        """The whole recipe with every setting, as JSON; reading it again gives the same recipe."""
        settings = self.settings
        return {
            "kind": "scenes",
            "charset": settings.charset,
            "corpus": [{"use": c.use, "weight": c.share, **c.settings} for c in self.corpora],
            "fonts": to_json(FontOptions, settings.fonts),
            "lettering": to_json(Lettering, settings.lettering),
            "baselines": shares_tree(self.baselines),
            "ink": {"contrast_floor": settings.ink.contrast_floor, "styles": shares_tree(self.styles)},
            "paper": shares_tree(self.papers),
            "layouts": shares_tree(self.layouts),
            "clutter": to_json(Clutter, settings.clutter),
            "legibility": to_json(Legibility, settings.legibility),
            "effects": [{"use": c.use, "probability": c.share, **c.settings} for c in self.effects],
            "output": to_json(SceneOutput, settings.output),
            "modules": settings.modules if any(c.user_module for c in self.components.values()) else [],
        }

    def inventory(self) -> FontInventory:
        """The fonts that there are for it.

        Raises:
            InputError: a folder is missing, a font of the user's is broken, or there is no font.
        """
        return find_fonts(self.settings.fonts)

    def generator(self, inventory: FontInventory, seed: int, prefix: str) -> SceneGenerator:
        """A generator of its scenes.

        Raises:
            InputError: no font can set one of the corpora.
        """
        design = SceneDesign(
            charset=self.charset,
            corpora=mixture_of(self.corpora),
            font_options=self.settings.fonts,
            inventory=inventory,
            lettering=self.settings.lettering,
            baselines=tuple(BaselineEntry(c.use, c.part, c.share) for c in self.baselines),
            ink=Ink(self.settings.ink.contrast_floor, [StyleEntry(c.use, c.part, c.share) for c in self.styles]),
            papers=tuple(PaperEntry(c.use, c.part, c.share) for c in self.papers),
            layouts=tuple(LayoutEntry(c.use, c.part, c.share) for c in self.layouts),
            clutter=self.settings.clutter,
            legibility=self.settings.legibility,
            effects=EffectChain([EffectStep(c.use, c.part, c.share) for c in self.effects]),
            output=self.settings.output,
        )
        return SceneGenerator(design, seed, prefix)
