"""What a shard's rows are like, in numbers that add up over shards."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from synthtext.core import SkippedSample, TextInstance

BIN_WIDTH = 16
"""Width of the bins of widths and heights (pixels) and of contrasts (grey values); a bin goes by its lower end."""


class Statistics(BaseModel):
    """Counts; those of a data set are the sum of those of its shards.

    Attributes:
        rows: samples that are there.
        gaps: samples that could not be drawn, by the reason that most of their attempts failed for.
        rejections: attempts that were given up before a sample succeeded, by reason.
        owed: samples that owed a character, by how it came into their text, or why it did not.
        lengths: texts by number of characters.
        characters: how often each is written.
        fonts: rows by font.
        scripts: rows by script.
        corpora: rows by source of the text.
        effects: rows by effect.
        widths: rows by width, in bins of `BIN` pixels.
        heights: rows by height, in bins of `BIN` pixels.
        contrasts: rows by contrast, in bins of `BIN` grey values; those not measured are left out.
        instances: scenes by number of their texts.
        levels: texts in scenes by level.
        origins: texts in scenes by origin.
        ignored: of these, to be ignored, by origin.
        problems: labels of scenes that were mended, made ignored or left out, by what was wrong with them.
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
        """Samples that could not be drawn."""
        return self.skipped.total()

    def add_skipped(self, gap: SkippedSample) -> None:
        """Count a sample that is not there."""
        self.skipped[gap.reason] += 1

    def add_image(self, width: int, height: int) -> None:
        """Count a row and the size of its picture, pixels."""
        self.rows += 1
        self.widths[width // BIN_WIDTH * BIN_WIDTH] += 1
        self.heights[height // BIN_WIDTH * BIN_WIDTH] += 1

    def add_text(self, text: str) -> None:
        """Count a text and its characters."""
        self.lengths[len(text)] += 1
        self.characters.update(text)

    def add_provenance(self, *, font: str, script: str, corpus: str) -> None:
        """Count where a text comes from; what is empty is unknown and not counted."""
        for counter, name in ((self.fonts, font), (self.scripts, script), (self.corpora, corpus)):
            if name:
                counter[name] += 1

    def add_appearance(self, *, contrast: float, effects: Iterable[str]) -> None:
        """Count the contrast (NaN: not measured) and each effect once."""
        if not math.isnan(contrast):
            self.contrasts[int(contrast) // BIN_WIDTH * BIN_WIDTH] += 1
        self.effects.update(set(effects))

    def add_instances(self, instances: Sequence[TextInstance]) -> None:
        """Count the texts of a scene; the lengths and characters of those that are read."""
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
        """As JSON, counts in the order of their names: the same for the same rows in any order."""
        ordered = {name: Counter(dict(sorted(value.items()))) for name, value in self if isinstance(value, Counter)}
        return self.model_copy(update=ordered).model_dump_json(indent=1) + "\n"
