"""Everything that decides what lines look like."""

from collections import OrderedDict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from synthtext.background import Background, BackgroundSource
from synthtext.baselines import Baseline
from synthtext.core import BLOCK_SIZE, Charset, EffectChain, block_stream, probe_stream
from synthtext.core.randomness import WeightedComponent
from synthtext.corpora import CorpusMixture
from synthtext.fonts import Face, FaceCache, FontInventory, FontOptions, build_font_pool
from synthtext.ink import Ink


@dataclass(frozen=True, kw_only=True)
class Design:
    """What decides the looks of texts in pictures of every kind."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    baselines: tuple[WeightedComponent[Baseline], ...]
    ink: Ink
    backgrounds: tuple[WeightedComponent[Background | BackgroundSource], ...]
    effects: EffectChain


CACHED_BLOCKS = 2
"""Blocks that are at hand for whoever draws in sequence."""


class BlockResources(NamedTuple):
    """What the samples of a block share."""

    faces: Sequence[Face]
    backgrounds: Sequence[Background]


class BlockResourceCache:
    """Blocks of a design, each a pure function of the seed and its number; those used last are kept.

    Attributes:
        cache: of the faces and their glyphs.
        kept: how many blocks are kept. Who draws samples of many blocks in turn raises it, or every block is made anew
            for each of its samples, which takes three times as long as the samples themselves.

    Args:
        design: whose fonts and papers are drawn.
        seed: 0 to 2**32 - 1.
        cache: to share with others; None: one of its own.

    Raises:
        InputError: no font can set one of the corpora.
    """

    def __init__(self, design: Design, seed: int, cache: FaceCache | None = None) -> None:
        self._design, self._seed = design, seed
        self.cache, self.max_blocks = cache or FaceCache(), CACHED_BLOCKS
        self._fonts = build_font_pool(
            design.inventory, design.font_options, design.corpora, design.charset, self.cache, probe_stream(0)
        )
        self._blocks: OrderedDict[int, BlockResources] = OrderedDict()

    def redesigned(self, design: Design) -> "BlockResourceCache":
        """The same blocks with other papers; corpora, charset and fonts of the design must be the same."""
        other = copy(self)
        other._design, other._blocks = design, OrderedDict()
        return other

    def at(self, index: int) -> BlockResources:
        """The block of a sample."""
        number = index // BLOCK_SIZE
        block = self._blocks.get(number)
        if block is None:
            rng = block_stream(index, self._seed)
            faces = [self.cache.face(file) for file in self._fonts.draw(rng, self._design.font_options.pool)]
            papers = [
                paper.for_block(rng) if isinstance(paper, BackgroundSource) else paper
                for paper in (entry.component for entry in self._design.backgrounds)
            ]
            block = self._blocks[number] = BlockResources(faces, papers)
            if len(self._blocks) > self.max_blocks:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return block
