"""Scenes full of text: sample i is a pure function of the design, the seed and i."""

from collections.abc import Iterator, Sequence

from synthtext.blocks import Blocks
from synthtext.core import Gap, Scene, StreamSource
from synthtext.fonts import FaceCache
from synthtext.rejection import Rejection
from synthtext.scenes.design import SceneDesign
from synthtext.scenes.stages import SceneDraft, SceneStages

SCENE_ATTEMPTS = 5
"""How often a scene is tried before its index stays a gap."""


class SceneGenerator:
    """Draws scenes.

    Attributes:
        design: what they look like.
        stages: what every one goes through.
        blocks: what samples share.

    Args:
        design: what they look like.
        seed: 0 to 2**32 - 1.
        prefix: of the scenes' keys.
        cache: of open fonts, to share with others; None: one of its own.

    Raises:
        InputError: no font can set one of the corpora.
    """

    def __init__(self, design: SceneDesign, seed: int, prefix: str = "", cache: FaceCache | None = None) -> None:
        self.design = design
        self._prefix = prefix
        self._source = StreamSource(seed)
        self.blocks = Blocks(design, seed, cache)
        self.stages = SceneStages(design, self.blocks.cache)

    def draw(self, index: int) -> Scene | Gap:
        """Draw scene `index`, or say why each attempt was rejected."""
        streams, block = self._source.at(index), self.blocks.at(index)
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
