"""Lines of text as pictures: sample i is a pure function of the design, the seed and i."""

from collections.abc import Iterator, Sequence
from copy import copy

from synthtext.core import Gap, Sample, StreamSource
from synthtext.core.errors import Rejection
from synthtext.design import Blocks
from synthtext.fonts import FaceCache
from synthtext.lines.coverage import Debt, Schedule
from synthtext.lines.design import LineDesign
from synthtext.lines.stages import Stages
from synthtext.lines.state import Draft

ATTEMPTS = 20
"""How often a sample is tried before its index stays a gap."""

_PAYING = 10  # attempts to draw a sample with the character that it owes
_TOGETHER = 64  # samples that go through the stages side by side


class LineGenerator:
    """Draws lines.

    Attributes:
        design: what they look like.
        stages: what every one goes through.
        blocks: what samples share.

    Args:
        design: what they look like.
        seed: 0 to 2**32 - 1.
        prefix: of the samples' keys.
        cache: of open fonts, to share with others; None: one of its own.

    Raises:
        InputError: no font can set one of the corpora, or what samples should owe or be long is not to be had.
    """

    def __init__(self, design: LineDesign, seed: int, prefix: str = "", cache: FaceCache | None = None) -> None:
        self.design = design
        self._prefix = prefix
        self._sources = [StreamSource(seed) for _ in range(_TOGETHER)]
        self.blocks = Blocks(design, seed, cache)
        self.stages = Stages(design, self.blocks.cache)
        balance = design.balance
        self._schedule = Schedule(balance.of(design.charset), balance.share, seed) if balance.share else None

    def redesigned(self, design: LineDesign) -> "LineGenerator":
        """The same lines with other looks, without opening the fonts again.

        Args:
            design: with the corpora, charset and fonts of this one's.
        """
        other = copy(self)
        other.design, other.blocks = design, self.blocks.redesigned(design)
        other.stages = Stages(design, other.blocks.cache)
        return other

    def draw(self, index: int) -> Sample | Gap:
        """Draw sample `index`, or say why each attempt was rejected."""
        streams, block = self._sources[0].at(index), self.blocks.at(index)
        reasons: list[str] = []
        for attempt in range(ATTEMPTS):
            draft = Draft(index, streams, block, self._debt(index, waived=attempt >= _PAYING))
            self.stages.run([draft])
            if draft.failure is None:
                return self.stages.finish(draft, self._prefix, tuple(reasons))
            if not isinstance(draft.failure, Rejection):
                raise draft.failure
            reasons.append(draft.failure.reason)
        return Gap(index, tuple(reasons))

    def draw_many(self, indices: Sequence[int]) -> Iterator[Sample | Gap]:
        """Draw samples in this order, each the same as `draw` gives, in two thirds of the time."""
        for start in range(0, len(indices), _TOGETHER):
            yield from self._draw_together(indices[start : start + _TOGETHER])

    def _draw_together(self, indices: Sequence[int]) -> Iterator[Sample | Gap]:
        drafts = [
            Draft(index, source.at(index), self.blocks.at(index), self._debt(index))
            for source, index in zip(self._sources, indices, strict=False)
        ]
        self.stages.run(drafts)
        finished = [None if draft.failure else self.stages.finish(draft, self._prefix, ()) for draft in drafts]
        for index, sample in zip(indices, finished, strict=True):
            yield sample or self.draw(index)  # which meets the failure again, and goes on from there

    def _debt(self, index: int, *, waived: bool = False) -> Debt | None:
        character = self._schedule.owed(index) if self._schedule else None
        return None if character is None else Debt(character, waived)
