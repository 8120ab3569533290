"""The recipe of text lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import Tree, validated
from pipelines.recipe.components import BASELINE, CORPUS, EFFECT, PAPER, STYLE, Component, find_modules_in
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
from synthtext import BaselineEntry, Layout, LineDesign, LineGenerator, Output, PaperEntry
from synthtext.core import Charset, EffectChain, EffectStep
from synthtext.corpora import resolve_charset
from synthtext.fonts import FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink, StyleEntry


class LinesSettings(BaseModel):
    """A recipe of lines as it is written."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["lines"] = "lines"
    charset: str = "ascii"
    corpus: list[dict[str, Any]] = Field(min_length=1)
    fonts: FontOptions = FontOptions()
    layout: Layout = Layout()
    baselines: Shares = Field(default={"straight": 1}, min_length=1)
    ink: InkSettings = InkSettings()
    paper: Shares = Field(default={"plain": 1}, min_length=1)
    effects: list[dict[str, Any]] = []
    output: Output = Output()
    modules: list[str] = []


@dataclass(frozen=True)
class LinesRecipe:
    """A recipe of lines, checked and built.

    Attributes:
        settings: as written, with defaults filled in and absolute paths.
        charset: resolved.
        corpora: by weight.
        baselines: by weight.
        papers: by weight.
        styles: by weight.
        effects: by probability.
    """

    settings: LinesSettings
    charset: Charset
    corpora: tuple[Component, ...]
    baselines: tuple[Component, ...]
    papers: tuple[Component, ...]
    styles: tuple[Component, ...]
    effects: tuple[Component, ...]

    @classmethod
    def read(cls, tree: Mapping[str, Any], folder: Path, where: str) -> "LinesRecipe":
        """Check and build a recipe.

        Args:
            tree: as written.
            folder: relative paths start here.
            where: names the recipe in errors.

        Raises:
            InputError: anything in it is wrong; one sentence names the place.
        """
        settings = validated(LinesSettings, absolute(tree, folder), where)
        find_modules_in([Path(place) for place in settings.modules])

        parts = PartsBuilder(folder, where)
        recipe = cls(
            settings=settings,
            charset=resolve_charset(settings.charset, folder),
            corpora=parts.listed(CORPUS, "corpus", "weight", settings.corpus),
            baselines=parts.shared(BASELINE, "baselines", settings.baselines),
            papers=parts.shared(PAPER, "paper", settings.paper),
            styles=parts.shared(STYLE, "ink.styles", settings.ink.styles),
            effects=parts.listed(EFFECT, "effects", "probability", settings.effects),
        )
        check_weights(recipe.weighted, where)
        return recipe

    @property
    def weighted(self) -> dict[str, tuple[Component, ...]]:
        """The components that are drawn by weight, by their key in the recipe."""
        return {"corpus": self.corpora, "baselines": self.baselines, "paper": self.papers, "ink.styles": self.styles}

    @property
    def components(self) -> dict[str, Component]:
        """All components, by their place in the recipe."""
        listed = {"corpus": self.corpora, "effects": self.effects}
        shared = {key: parts for key, parts in self.weighted.items() if key not in listed}
        return by_place(listed, shared)

    def tree(self) -> Tree:
        """The whole recipe with every setting, as JSON; reading it again gives the same recipe."""
        settings = self.settings
        return {
            "kind": "lines",
            "charset": settings.charset,
            "corpus": [{"use": c.use, "weight": c.share, **c.settings} for c in self.corpora],
            "fonts": to_json(FontOptions, settings.fonts),
            "layout": to_json(Layout, settings.layout),
            "baselines": shares_tree(self.baselines),
            "ink": {"contrast_floor": settings.ink.contrast_floor, "styles": shares_tree(self.styles)},
            "paper": shares_tree(self.papers),
            "effects": [{"use": c.use, "probability": c.share, **c.settings} for c in self.effects],
            "output": to_json(Output, settings.output),
            "modules": settings.modules if any(c.user_module for c in self.components.values()) else [],
        }

    def inventory(self) -> FontInventory:
        """The fonts that there are for it.

        Raises:
            InputError: a folder is missing, a font of the user's is broken, or there is no font.
        """
        return find_fonts(self.settings.fonts)

    def generator(self, inventory: FontInventory, seed: int, prefix: str) -> LineGenerator:
        """A generator of its lines.

        Raises:
            InputError: no font can set one of the corpora.
        """
        design = LineDesign(
            charset=self.charset,
            corpora=mixture_of(self.corpora),
            font_options=self.settings.fonts,
            inventory=inventory,
            layout=self.settings.layout,
            baselines=tuple(BaselineEntry(c.use, c.part, c.share) for c in self.baselines),
            ink=Ink(self.settings.ink.contrast_floor, [StyleEntry(c.use, c.part, c.share) for c in self.styles]),
            papers=tuple(PaperEntry(c.use, c.part, c.share) for c in self.papers),
            effects=EffectChain([EffectStep(c.use, c.part, c.share) for c in self.effects]),
            output=self.settings.output,
        )
        return LineGenerator(design, seed, prefix)
