"""The recipe of text lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from pipelines.config import Tree, validated
from pipelines.recipe.components import (
    BASELINE,
    CORPUS,
    EFFECT,
    PAPER,
    STYLE,
    Component,
    ComponentKind,
    build_component,
    find_modules_in,
)
from synthtext import BaselineEntry, Layout, LineDesign, LineGenerator, Output, PaperEntry
from synthtext.core import Charset, EffectChain, EffectStep, InputError
from synthtext.corpora import CorpusEntry, CorpusMixture, is_charset_name, resolve_charset
from synthtext.fonts import FontInventory, FontOptions, find_fonts
from synthtext.ink import Ink, StyleEntry

Shares = dict[str, float | dict[str, Any]]
"""Components by name: a weight, or settings with a `weight` among them."""


class InkSettings(BaseModel):
    """The ink of a recipe: the least local contrast, and styles by weight."""

    model_config = ConfigDict(extra="forbid")
    contrast_floor: float = 40
    styles: Shares = Field(default={"plain": 1})


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
        settings = validated(LinesSettings, _absolute(tree, folder), where)
        find_modules_in([Path(place) for place in settings.modules])

        def listed(kind: ComponentKind, key: str, share: str, entries: list[dict[str, Any]]) -> tuple[Component, ...]:
            return tuple(
                build_component(kind, entry, share, folder, f"{where}: {key}.{i}") for i, entry in enumerate(entries)
            )

        def shared(kind: ComponentKind, key: str, shares: Shares) -> tuple[Component, ...]:
            for use, share in shares.items():
                if isinstance(share, dict) and "use" in share:
                    raise InputError(f"{where}: {key}.{use}: the name is the use; take out the key 'use'")
            entries = [
                {"use": use, **(share if isinstance(share, dict) else {"weight": share})}
                for use, share in sorted(shares.items())
            ]
            return tuple(
                build_component(kind, entry, "weight", folder, f"{where}: {key}.{entry['use']}") for entry in entries
            )

        recipe = cls(
            settings=settings,
            charset=resolve_charset(settings.charset, folder),
            corpora=listed(CORPUS, "corpus", "weight", settings.corpus),
            baselines=shared(BASELINE, "baselines", settings.baselines),
            papers=shared(PAPER, "paper", settings.paper),
            styles=shared(STYLE, "ink.styles", settings.ink.styles),
            effects=listed(EFFECT, "effects", "probability", settings.effects),
        )
        for key, parts in recipe.weighted.items():
            if not any(part.share > 0 for part in parts):
                raise InputError(f"{where}: {key}: every weight is 0; nothing could be drawn")
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
        return {f"{key}.{i}": part for key, parts in listed.items() for i, part in enumerate(parts)} | {
            f"{key}.{part.use}": part for key, parts in shared.items() for part in parts
        }

    def tree(self) -> Tree:
        """The whole recipe with every setting, as JSON; reading it again gives the same recipe."""
        settings = self.settings
        return {
            "kind": "lines",
            "charset": settings.charset,
            "corpus": [{"use": c.use, "weight": c.share, **c.settings} for c in self.corpora],
            "fonts": _json(FontOptions, settings.fonts),
            "layout": _json(Layout, settings.layout),
            "baselines": _shares(self.baselines),
            "ink": {"contrast_floor": settings.ink.contrast_floor, "styles": _shares(self.styles)},
            "paper": _shares(self.papers),
            "effects": [{"use": c.use, "probability": c.share, **c.settings} for c in self.effects],
            "output": _json(Output, settings.output),
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
            corpora=CorpusMixture([CorpusEntry(_told(c), c.part, c.share) for c in self.corpora]),
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


def _absolute(tree: Mapping[str, Any], folder: Path) -> Tree:
    """The tree with absolute paths for fonts and charset."""
    result = dict(tree)
    fonts = result.get("fonts")
    if isinstance(fonts, dict) and isinstance(fonts.get("folders"), list):
        folders = [str((folder / Path(str(entry)).expanduser()).absolute()) for entry in fonts["folders"]]
        result["fonts"] = {**fonts, "folders": folders}
    modules = result.get("modules") or []
    if isinstance(modules, list):  # the recipe's own folder is always one of them
        places = [folder, *(folder / Path(str(entry)).expanduser() for entry in modules)]
        result["modules"] = [str(place) for place in dict.fromkeys(place.absolute() for place in places)]
    charset = result.get("charset")
    if isinstance(charset, str) and not is_charset_name(charset) and (folder / charset).is_file():
        result["charset"] = str((folder / charset).absolute())
    return result


def _told(component: Component) -> str:
    """The name a corpus is recorded under: with its file, when it has one."""
    names = [path.name for paths in component.paths.values() for path in paths]
    return f"{component.use}:{names[0]}" if names else component.use


def _shares(components: tuple[Component, ...]) -> Tree:
    return {c.use: {"weight": c.share, **c.settings} for c in components}


def _json(cls: Any, value: Any) -> Any:
    return TypeAdapter(cls).dump_python(value, mode="json")
