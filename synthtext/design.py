"""Everything that decides what lines look like."""

from dataclasses import dataclass

from synthtext.baselines import Baseline
from synthtext.core import Charset, EffectChain
from synthtext.corpora import CorpusMixture
from synthtext.fonts import FontInventory, FontOptions
from synthtext.frame import Output
from synthtext.ink import Ink
from synthtext.layout import Layout
from synthtext.paper import Paper, PaperStock


@dataclass(frozen=True)
class PaperEntry:
    """A paper, the name it is recorded under, and how often it is used."""

    name: str
    paper: Paper | PaperStock
    weight: float = 1.0


@dataclass(frozen=True)
class BaselineEntry:
    """A way in which lines run, the name it is recorded under, and how often it is used."""

    name: str
    baseline: Baseline
    weight: float = 1.0


@dataclass(frozen=True)
class LineDesign:
    """Everything that decides what lines look like."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    layout: Layout
    baselines: tuple[BaselineEntry, ...]
    ink: Ink
    papers: tuple[PaperEntry, ...]
    effects: EffectChain
    output: Output
