"""Generator of line images: sample i is a pure function of the design, the seed and i."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import TypeAlias

from synthtext.core import Sample, SkippedSample, StreamSource
from synthtext.core.errors import Rejection
from synthtext.design import BlockResourceCache
from synthtext.fonts import FaceCache
from synthtext.lines.coverage import CoverageSchedule, RequiredCharacter
from synthtext.lines.design import LineDesign
from synthtext.lines.stages import LineStages
from synthtext.lines.state import LineState

MAX_ATTEMPTS = 20
"""Number of attempts after which a sample is skipped."""

SampleGate: TypeAlias = Callable[[Sequence[Sample]], Sequence[str | None]]
"""Tells for each of several lines why it is rejected, or None. It must judge every line alone."""

_COVERAGE_ATTEMPTS = 10  # attempts with the required character, before any text is taken
BATCH_SIZE = 128
"""Number of samples that pass through the stages together; more would not fit into the caches of a processor."""


class LineGenerator:
    """Generates images of text lines.

    Attributes:
        design: Settings of the lines.
        stages: Stages that every line passes through.
        resources: Fonts and backgrounds of the blocks.

    Args:
        design: Settings of the lines.
        seed: 0 to 2**32 - 1.
        prefix: Prefix of the samples' keys.
        cache: Cache of open fonts to share with other generators; a new one if None.
        gate: Rejects finished lines, which are then drawn again like other rejected attempts; None accepts all.

    Raises:
        InputError: No font covers the texts of a corpus, a required character is not in the charset, or no text has an
            accepted length.
    """

    def __init__(
        self,
        design: LineDesign,
        seed: int,
        prefix: str = "",
        cache: FaceCache | None = None,
        gate: SampleGate | None = None,
    ) -> None:
        self.design = design
        self._prefix, self._gate = prefix, gate
        self._seed = seed
        self._sources: list[StreamSource] = []  # as many as samples were generated at a time
        self.resources = BlockResourceCache(design, seed, cache)
        self.stages = LineStages(design, self.resources.cache)
        coverage = design.coverage
        self._schedule = None
        if coverage.share:
            self._schedule = CoverageSchedule(coverage.weights_for(design.charset), coverage.share, seed)

    def with_design(self, design: LineDesign) -> "LineGenerator":
        """Return a generator of the same lines with another appearance, which shares the open fonts.

        The design must have the same corpora, charset and fonts.
        """
        other = copy(self)
        other.design, other.resources = design, self.resources.with_design(design)
        other.stages = LineStages(design, other.resources.cache)
        return other

    def generate(self, index: int) -> Sample | SkippedSample:
        """Generate sample `index`, or return why each attempt was rejected."""
        streams, block = self._streams(1)[0].start(index), self.resources.at(index)
        reasons: list[str] = []
        for attempt in range(MAX_ATTEMPTS):
            required = self._required_character(index, gave_up=attempt >= _COVERAGE_ATTEMPTS)
            state = LineState(index, replace(streams, attempt=attempt), block, required)
            self.stages.run([state])
            if state.failure is None:
                sample = self.stages.finish(state, self._prefix, tuple(reasons))
                reason = self._gate([sample])[0] if self._gate else None
                if reason is None:
                    return sample
                reasons.append(reason)
                continue
            if not isinstance(state.failure, Rejection):
                raise state.failure
            reasons.append(state.failure.reason)
        return SkippedSample(index, tuple(reasons))

    def generate_many(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Generate samples in this order; the same samples as `generate`, in two thirds of the time."""
        for start in range(0, len(indices), BATCH_SIZE):
            yield from self._generate_batch(indices[start : start + BATCH_SIZE])

    def _generate_batch(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        states = [
            LineState(index, source.start(index), self.resources.at(index), self._required_character(index))
            for source, index in zip(self._streams(len(indices)), indices, strict=False)
        ]
        with _paused_collection():
            self.stages.run(states)
            finished = [None if state.failure else self.stages.finish(state, self._prefix, ()) for state in states]
        if self._gate:
            reasons = iter(self._gate([sample for sample in finished if sample]))
            finished = [sample if sample and next(reasons) is None else None for sample in finished]
        for index, sample in zip(indices, finished, strict=True):
            yield sample or self.generate(index)  # repeats the failed attempt, then tries again

    def _streams(self, count: int) -> Sequence[StreamSource]:
        """Return at least `count` sources of streams, which are reused."""
        self._sources += (StreamSource(self._seed) for _ in range(len(self._sources), count))
        return self._sources

    def _required_character(self, index: int, *, gave_up: bool = False) -> RequiredCharacter | None:
        character = self._schedule.required(index) if self._schedule else None
        return None if character is None else RequiredCharacter(character, gave_up)


@contextmanager
def _paused_collection() -> Iterator[None]:
    """Pause Python's collection of cycles, which would visit the thousands of objects of a batch, all of them in use.

    It takes 3 % of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
