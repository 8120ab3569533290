"""Scenes full of text: sample i is a pure function of the design, the seed and i."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from synthtext.core import BLOCK, Gap, Scene, StreamSource, block_stream, probe_stream
from synthtext.draft import Block
from synthtext.fonts import FaceCache, fit_fonts
from synthtext.paper import PaperStock
from synthtext.rejection import Rejection
from synthtext.scenes.design import SceneDesign
from synthtext.scenes.stages import SceneDraft, SceneStages

SCENE_ATTEMPTS = 5
"""How often a scene is tried before its index stays a gap."""

_BLOCKS_KEPT = 2


class SceneGenerator:
    """Draws scenes.

    Attributes:
        design: what they look like.
        stages: what every one goes through.

    Args:
        design: what they look like.
        seed: 0 to 2**32 - 1.
        prefix: of the scenes' keys.

    Raises:
        InputError: no font can set one of the corpora.
    """

    def __init__(self, design: SceneDesign, seed: int, prefix: str = "") -> None:
        self.design = design
        self._seed, self._prefix = seed, prefix
        self._source = StreamSource(seed)
        self._cache = FaceCache()
        self._fonts = fit_fonts(design.inventory, design.corpora, design.charset, self._cache, probe_stream(0))
        self.stages = SceneStages(design, self._cache)
        self._blocks: OrderedDict[int, Block] = OrderedDict()

    def draw(self, index: int) -> Scene | Gap:
        """Draw scene `index`, or say why each attempt was rejected."""
        streams, block = self._source.at(index), self._block(index)
        reasons: list[str] = []
        for _ in range(SCENE_ATTEMPTS):
            draft = SceneDraft(index, streams, block)
            try:
                self.stages.run(draft)
            except Rejection as rejection:
                reasons.append(rejection.reason)
            else:
                return self.stages.finish(draft, self._prefix, tuple(reasons))
        return Gap(index, tuple(reasons))

    def draw_many(self, indices: Sequence[int]) -> Iterator[Scene | Gap]:
        """Draw scenes in this order, each as `draw` draws it."""
        return map(self.draw, indices)

    def _block(self, index: int) -> Block:
        number = index // BLOCK
        block = self._blocks.get(number)
        if block is None:
            rng = block_stream(index, self._seed)
            faces = [self._cache.face(file) for file in self._fonts.draw(rng, self.design.font_options.pool)]
            papers = [
                paper.for_block(rng) if isinstance(paper, PaperStock) else paper
                for paper in (entry.paper for entry in self.design.papers)
            ]
            block = self._blocks[number] = Block(faces, papers)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block
