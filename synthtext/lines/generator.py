"""Lines of text as pictures: sample i is a pure function of the design, the seed and i."""

from collections.abc import Iterator, Sequence
from copy import copy

from synthtext.core import Sample, SkippedSample, StreamSource
from synthtext.core.errors import Rejection
from synthtext.design import BlockResourceCache
from synthtext.fonts import FaceCache
from synthtext.lines.coverage import CoverageSchedule, RequiredCharacter
from synthtext.lines.design import LineDesign
from synthtext.lines.stages import LineStages
from synthtext.lines.state import LineState

MAX_ATTEMPTS = 20
"""How often a sample is tried before its index stays a gap."""

_COVERAGE_ATTEMPTS = 10  # attempts to draw a sample with the character that it owes
_BATCH_SIZE = 64  # samples that go through the stages side by side


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
        self._sources = [StreamSource(seed) for _ in range(_BATCH_SIZE)]
        self.resources = BlockResourceCache(design, seed, cache)
        self.stages = LineStages(design, self.resources.cache)
        coverage = design.coverage
        self._schedule = (
            CoverageSchedule(coverage.weights_for(design.charset), coverage.share, seed) if coverage.share else None
        )

    def with_design(self, design: LineDesign) -> "LineGenerator":
        """The same lines with other looks, without opening the fonts again.

        Args:
            design: with the corpora, charset and fonts of this one's.
        """
        other = copy(self)
        other.design, other.resources = design, self.resources.redesigned(design)
        other.stages = LineStages(design, other.resources.cache)
        return other

    def generate(self, index: int) -> Sample | SkippedSample:
        """Draw sample `index`, or say why each attempt was rejected."""
        streams, block = self._sources[0].at(index), self.resources.at(index)
        reasons: list[str] = []
        for attempt in range(MAX_ATTEMPTS):
            draft = LineState(
                index, streams, block, self._required_character(index, waived=attempt >= _COVERAGE_ATTEMPTS)
            )
            self.stages.run([draft])
            if draft.failure is None:
                return self.stages.finish(draft, self._prefix, tuple(reasons))
            if not isinstance(draft.failure, Rejection):
                raise draft.failure
            reasons.append(draft.failure.reason)
        return SkippedSample(index, tuple(reasons))

    def generate_many(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Draw samples in this order, each the same as `draw` gives, in two thirds of the time."""
        for start in range(0, len(indices), _BATCH_SIZE):
            yield from self._generate_batch(indices[start : start + _BATCH_SIZE])

    def _generate_batch(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        drafts = [
            LineState(index, source.at(index), self.resources.at(index), self._required_character(index))
            for source, index in zip(self._sources, indices, strict=False)
        ]
        self.stages.run(drafts)
        finished = [None if draft.failure else self.stages.finish(draft, self._prefix, ()) for draft in drafts]
        for index, sample in zip(indices, finished, strict=True):
            yield sample or self.generate(index)  # which meets the failure again, and goes on from there

    def _required_character(self, index: int, *, waived: bool = False) -> RequiredCharacter | None:
        character = self._schedule.required(index) if self._schedule else None
        return None if character is None else RequiredCharacter(character, waived)
