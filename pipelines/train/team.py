"""The networks of a detector's training, and who learns from whom."""

import re
from typing import Any, Self

from pydantic import Field, model_validator

from pipelines.run import DetectorSettings
from pipelines.train.settings import Settings

LABELS = "labels"
"""The source of a lesson that is no network."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TAKEN = (LABELS, "weights", "state")


class Member(Settings):
    """A network of a team.

    Attributes:
        init: a RUN whose weights it starts from (it must have them if it is frozen); null: those of the training's
            own `init`, else fresh ones.
        frozen: it does not learn.
        network: sizes of a frozen one; they are taken from its RUN.
        sha256: of a frozen one's weights; it is taken from its RUN, so that a training goes on with the same.
    """

    init: str | None = None
    frozen: bool = False
    network: DetectorSettings | None = None
    sha256: str | None = None


class Lesson(Settings):
    """What one network learns from.

    Attributes:
        learner: the network.
        source: "labels" (the DB loss); a frozen network (distillation from its dilated map); or another one that learns
            (mutual learning: both learn from it).
        weight: of the loss.
    """

    learner: str
    source: str = LABELS
    weight: float = Field(default=1.0, gt=0, le=1e6)


class Team(Settings):
    """`team`: networks by name, and lessons (PP-OCRv2, section 2.1.1: Collaborative Mutual Learning and its relatives).

    Attributes:
        networks: at least one that learns.
        lessons: every one that learns needs one from labels or from a frozen network.
        init_noise: networks that start from the same weights would stay the same for ever. So every one after the
            first gets this share of each tensor's standard deviation as noise.
    """

    networks: dict[str, Member] = Field(default={"student": Member()}, min_length=1)
    lessons: tuple[Lesson, ...] = (Lesson(learner="student"),)
    init_noise: float = Field(default=0.01, gt=0, le=1)

    @property
    def learners(self) -> tuple[str, ...]:
        """The names of the networks that learn."""
        return tuple(name for name, member in self.networks.items() if not member.frozen)

    @property
    def frozen(self) -> dict[str, Member]:
        """The networks that do not."""
        return {name: member for name, member in self.networks.items() if member.frozen}

    @model_validator(mode="after")
    def _is_a_team(self) -> Self:
        for name, member in self.networks.items():
            if not _NAME.fullmatch(name) or name in _TAKEN:
                raise ValueError(f"a network cannot be called {name!r}: take small letters, but none of {_TAKEN}")
            if not member.frozen and (member.network or member.sha256):
                raise ValueError(f"networks.{name}: sizes of a network that learns are those of the key network")
        if not self.learners:
            raise ValueError("every network is frozen: none learns")
        seen: set[frozenset[str]] = set()
        for number, lesson in enumerate(self.lessons):
            self._check(lesson, f"lessons.{number}")
            pair = frozenset((lesson.learner, lesson.source))
            if pair in seen:
                raise ValueError(f"lessons.{number}: {lesson.learner} has learnt from {lesson.source} already")
            seen.add(pair)
        taught = {lesson.learner for lesson in self.lessons if lesson.source not in self.learners}
        for name in self.learners:
            if name not in taught:
                raise ValueError(f"{name} learns neither from labels nor from a frozen network: give it a lesson")
        used = {lesson.source for lesson in self.lessons}
        for name in self.frozen:
            if name not in used:
                raise ValueError(f"no network learns from {name}: give it a lesson, or leave it out")
        return self

    def _check(self, lesson: Lesson, where: str) -> None:
        if lesson.learner not in self.learners:
            raise ValueError(f"{where}: {lesson.learner!r} is no network that learns; there are {self.learners}")
        if lesson.source == lesson.learner or lesson.source not in (LABELS, *self.networks):
            others = (LABELS, *(name for name in self.networks if name != lesson.learner))
            raise ValueError(f"{where}: {lesson.source!r} is no source for {lesson.learner}; there are {others}")

    def with_facts(self, facts: dict[str, dict[str, Any]]) -> "Team":
        """The same with what is known of the frozen networks' RUNs, by name."""
        networks = {name: member.model_copy(update=facts.get(name, {})) for name, member in self.networks.items()}
        return self.model_copy(update={"networks": networks})
