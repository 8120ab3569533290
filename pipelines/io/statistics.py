"""Statistics of rows, which add up over shards, and the coverage of a charset by them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from synthtext.core import Charset, SkippedSample, TextInstance

BIN_WIDTH = 16
"""Width of the bins of widths and heights (pixels) and of contrasts (grey levels); a bin is named by its lower end."""


UNREADABLE = "unreadable"
"""Why a line is rejected that a recognizer cannot read."""


class Statistics(BaseModel):
    """Counts of a shard, or of a dataset: the sum over its shards.

    Attributes:
        rows: samples in the data.
        skipped: skipped samples, by the most frequent reason of their rejected attempts.
        rejections: rejected attempts of the samples in the data, by reason.
        coverage_outcomes: samples with a required character, by how it came into the text, or why it did not.
        lengths: texts, by number of characters.
        characters: occurrences of each character.
        fonts: rows, by font.
        scripts: rows, by script.
        corpora: rows, by source of the text.
        effects: rows, by effect.
        widths: rows, by width in bins of `BIN_WIDTH` pixels.
        heights: rows, by height in bins of `BIN_WIDTH` pixels.
        contrasts: rows with a measured contrast, in bins of `BIN_WIDTH` grey levels.
        instances: scenes, by number of text instances.
        levels: text instances, by level.
        origins: text instances, by origin.
        ignored: text instances to be ignored, by origin.
        problems: labels of scenes that were repaired, ignored or left out, by problem.
    """

    rows: int = 0
    skipped: Counter[str] = Counter()
    rejections: Counter[str] = Counter()
    coverage_outcomes: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    characters: Counter[str] = Counter()
    fonts: Counter[str] = Counter()
    scripts: Counter[str] = Counter()
    corpora: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    widths: Counter[int] = Counter()
    heights: Counter[int] = Counter()
    contrasts: Counter[int] = Counter()
    instances: Counter[int] = Counter()
    levels: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    problems: Counter[str] = Counter()

    @property
    def skipped_count(self) -> int:
        """The number of skipped samples."""
        return self.skipped.total()

    @property
    def attempted(self) -> int:
        """The number of samples, skipped ones included."""
        return self.rows + self.skipped_count

    @property
    def unreadable_share(self) -> float:
        """The fraction of the drawn lines that a recognizer could not read, and that were drawn again."""
        return self.rejections[UNREADABLE] / max(self.rows + self.rejections.total(), 1)

    def add_skipped(self, sample: SkippedSample) -> None:
        """Count a skipped sample."""
        self.skipped[sample.reason] += 1

    def add_image(self, width: int, height: int) -> None:
        """Count a row and the size of its image, pixels."""
        self.rows += 1
        self.widths[width // BIN_WIDTH * BIN_WIDTH] += 1
        self.heights[height // BIN_WIDTH * BIN_WIDTH] += 1

    def add_text(self, text: str) -> None:
        """Count a text and its characters."""
        self.lengths[len(text)] += 1
        self.characters.update(text)

    def add_instances(self, instances: Sequence[TextInstance]) -> None:
        """Count the text instances of a scene, and the texts of those that are not ignored."""
        self.instances[len(instances)] += 1
        for instance in instances:
            self.levels[instance.level] += 1
            self.origins[instance.origin.kind] += 1
            if instance.ignore:
                self.ignored[instance.origin.kind] += 1
            else:
                self.add_text(instance.text)

    def merge(self, other: "Statistics") -> None:
        """Add the counts of other rows."""
        self.rows += other.rows
        for name, counter in self:
            if isinstance(counter, Counter):
                counter.update(getattr(other, name))

    def to_json(self) -> str:
        """Return the counts as JSON, sorted by name, so that the order of the rows does not matter."""
        ordered = {name: Counter(dict(sorted(value.items()))) for name, value in self if isinstance(value, Counter)}
        return self.model_copy(update=ordered).model_dump_json(indent=1) + "\n"


RARE_THRESHOLD = 10
"""A character with fewer occurrences is rare: a model can hardly learn it."""

_MAX_LISTED = 40


@dataclass(frozen=True)
class CharacterFrequencies:
    """The number of occurrences of every character of a charset.

    Attributes:
        counts: (character, occurrences), in ascending order of occurrences.
    """

    counts: tuple[tuple[str, int], ...]

    @classmethod
    def from_counts(cls, characters: Mapping[str, int], charset: Charset) -> "CharacterFrequencies":
        """Fold characters of labels, with their occurrences, as a charset does, and count those of the charset."""
        folded: Counter[str] = Counter()
        for character, count in characters.items():
            for one in charset.fold(character):
                folded[one] += count
        ordered = sorted(charset, key=lambda character: folded[character])
        return cls(tuple((character, folded[character]) for character in ordered))

    @property
    def missing(self) -> list[str]:
        """Characters without an occurrence."""
        return [character for character, count in self.counts if not count]

    @property
    def rare(self) -> list[str]:
        """Characters with at least one occurrence, but fewer than `RARE_THRESHOLD`."""
        return [character for character, count in self.counts if 0 < count < RARE_THRESHOLD]

    def describe(self) -> str:
        """Return one line that names the missing and rare characters, or the least frequent one."""
        parts = []
        if self.missing:
            parts.append(f"{len(self.missing):,} never occur ({_listed(self.missing)})")
        if self.rare:
            parts.append(f"{len(self.rare):,} occur less than {RARE_THRESHOLD} times ({_listed(self.rare)})")
        if parts:
            return f"of the {len(self.counts):,} characters of the charset, {', '.join(parts)}"
        character, count = self.counts[0]
        return f"characters of the charset: each occurs at least {count:,} times (the rarest is {character!r})"


def _listed(characters: Sequence[str]) -> str:
    listed = " ".join(repr(c) if c == " " or not c.isprintable() else c for c in characters[:_MAX_LISTED])
    return listed + (" ..." if len(characters) > _MAX_LISTED else "")
