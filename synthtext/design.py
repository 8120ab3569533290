"""Everything that decides what lines look like."""

from dataclasses import dataclass

from synthtext.baselines import Baseline
from synthtext.core import Charset, EffectChain
from synthtext.corpora import CorpusMixture
from synthtext.entry import Entry
from synthtext.fonts import FontInventory, FontOptions
from synthtext.ink import Ink
from synthtext.paper import Paper, PaperStock


@dataclass(frozen=True, kw_only=True)
class Design:
    """What decides the looks of texts in pictures of every kind."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    baselines: tuple[Entry[Baseline], ...]
    ink: Ink
    papers: tuple[Entry[Paper | PaperStock], ...]
    effects: EffectChain
