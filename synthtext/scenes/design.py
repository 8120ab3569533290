"""Everything that decides what scenes look like."""

from dataclasses import dataclass

from synthtext.core import Charset, EffectChain
from synthtext.corpora import CorpusMixture
from synthtext.design import BaselineEntry, PaperEntry
from synthtext.fonts import FontInventory, FontOptions
from synthtext.ink import Ink
from synthtext.scenes.clutter import Clutter
from synthtext.scenes.layouts import SceneLayout
from synthtext.scenes.legibility import Legibility
from synthtext.scenes.lettering import Lettering
from synthtext.scenes.output import SceneOutput


@dataclass(frozen=True)
class LayoutEntry:
    """A layout, the name it is recorded under, and how often it is used."""

    name: str
    layout: SceneLayout
    weight: float = 1.0


@dataclass(frozen=True)
class SceneDesign:
    """Everything that decides what scenes look like."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    lettering: Lettering
    baselines: tuple[BaselineEntry, ...]
    ink: Ink
    papers: tuple[PaperEntry, ...]
    layouts: tuple[LayoutEntry, ...]
    clutter: Clutter
    legibility: Legibility
    effects: EffectChain
    output: SceneOutput
