"""The settings shared by lines and scenes, and the fonts and backgrounds that a block of samples shares."""

from collections import OrderedDict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from synthtext.background import Background, BackgroundSource
from synthtext.baselines import Baseline
from synthtext.core import BLOCK_SIZE, Charset, EffectChain, WeightedComponent, block_stream, probe_stream
from synthtext.corpora import CorpusMixture
from synthtext.fonts import Face, FaceCache, FontInventory, FontOptions, build_font_pool
from synthtext.ink import Ink


@dataclass(frozen=True, kw_only=True)
class Design:
    """The settings that lines and scenes have in common."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    baselines: tuple[WeightedComponent[Baseline], ...]
    ink: Ink
    backgrounds: tuple[WeightedComponent[Background | BackgroundSource], ...]
    effects: EffectChain


CACHED_BLOCKS = 2
"""Number of blocks kept in memory; enough for samples generated in sequence."""


class BlockResources(NamedTuple):
    """The fonts and backgrounds that all samples of a block share."""

    faces: Sequence[Face]
    backgrounds: Sequence[Background]


class BlockResourceCache:
    """Creates the resources of a block from the design, the seed and the block's number, and caches the most recent.

    Attributes:
        cache: Faces and their glyphs.
        max_blocks: Number of blocks to keep. Raise it to generate samples of many blocks in turn: creating a block
            takes three times as long as generating a sample.

    Args:
        design: Its fonts and backgrounds are drawn.
        seed: 0 to 2**32 - 1.
        cache: Cache to share with other users; a new one if None.

    Raises:
        InputError: No font covers the texts of one of the corpora.
    """

    def __init__(self, design: Design, seed: int, cache: FaceCache | None = None) -> None:
        self._design, self._seed = design, seed
        self.cache, self.max_blocks = cache or FaceCache(), CACHED_BLOCKS
        self._fonts = build_font_pool(
            design.inventory, design.font_options, design.corpora, design.charset, self.cache, probe_stream(0)
        )
        self._blocks: OrderedDict[int, BlockResources] = OrderedDict()

    def with_design(self, design: Design) -> "BlockResourceCache":
        """Return a copy with other backgrounds; corpora, charset and fonts of `design` must be the same."""
        other = copy(self)
        other._design, other._blocks = design, OrderedDict()
        return other

    def at(self, index: int) -> BlockResources:
        """Return the resources of the block that a sample belongs to."""
        number = index // BLOCK_SIZE
        block = self._blocks.get(number)
        if block is None:
            rng = block_stream(index, self._seed)
            faces = [self.cache.face(file) for file in self._fonts.draw(rng, self._design.font_options.pool)]
            backgrounds = [
                background.for_block(rng) if isinstance(background, BackgroundSource) else background
                for background in (entry.component for entry in self._design.backgrounds)
            ]
            block = self._blocks[number] = BlockResources(faces, backgrounds)
            if len(self._blocks) > self.max_blocks:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return block
