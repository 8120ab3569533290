"""Which characters a recognizer takes for which."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import Levenshtein

from models.metrics import normalized_edit_distance

MAX_ALIGNED_DISTANCE = 0.5
"""Lines that differ from their label by more than this share are left out: which character became which is a guess."""

CONFUSABLES: tuple[tuple[str, ...], ...] = (
    ("0", "O", "o", "Q", "D"),
    ("1", "l", "I", "i", "|", "!"),
    ("2", "Z", "z"),
    ("5", "S", "s"),
    ("6", "G", "b"),
    ("8", "B"),
    ("9", "g", "q"),
    ("rn", "m"),
    ("cl", "d"),
    ("vv", "w", "W"),
    ("u", "v", "U", "V"),
    ("c", "e", "o"),
    (".", ","),
    ("-", "_", "–", "—"),
    ("'", "’", "‘", "`", "´"),
)
"""Groups of what looks alike, in small or blurred pictures at least."""

_PAIRS = {(one, other): group for group in CONFUSABLES for one in group for other in group if one != other}
_STEPS = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2))  # characters of the label and of the reading that go together

ErrorType: TypeAlias = Literal["substituted", "form", "left out", "added"]


class Confusion(NamedTuple):
    """What was read for what.

    Attributes:
        label: of the label: a character, or several that look like one; empty for what was added.
        reading: what was read for it; empty for what was left out.
        times: how often.
        support: how often `truth` is in the labels of the lines that were compared; 0 for what was added.
    """

    label: str
    reading: str
    error_count: int
    support: int

    @property
    def error_type(self) -> ErrorType:
        """What sort of mistake it is; "form" is the right character in another case or width."""
        if not self.reading:
            return "left out"
        if not self.label:
            return "added"
        return "form" if _folded(self.label) == _folded(self.reading) else "substituted"

    @property
    def look_alikes(self) -> tuple[str, ...]:
        """The first group that both are in; empty if there is none."""
        return _PAIRS.get((self.label, self.reading), ())


class ConfusableGroup(NamedTuple):
    """How often the members of a group were taken for each other, among how often they are in the labels."""

    group: tuple[str, ...]
    confused: int
    occurrences: int


class CharacterErrors(NamedTuple):
    """How often a character is in the labels of the lines that were compared, and how often it was misread."""

    character: str
    total: int
    errors: int


@dataclass(frozen=True)
class ConfusionCounts:
    """Mistakes in the lines of a source.

    Attributes:
        found: the most frequent first.
        look_alikes: groups of which a member is in the labels.
        spelt: every character of the labels of the lines that were compared, the most frequent first.
        lines: that were compared.
        skipped_lines: lines that were not, for they differ by more than `ALIGNED`.
    """

    confusions: tuple[Confusion, ...]
    confusables: tuple[ConfusableGroup, ...]
    per_character: tuple[CharacterErrors, ...]
    compared_lines: int
    skipped_lines: int

    @property
    def num_characters(self) -> int:
        """In the labels of the lines that were compared."""
        return sum(entry.total for entry in self.per_character)

    @property
    def error_total(self) -> int:
        """All mistakes."""
        return sum(confusion.error_count for confusion in self.confusions)


def count_confusions(pairs: Iterable[tuple[str, str]]) -> ConfusionCounts:
    """Compare readings with labels, character by character along the shortest way from one to the other.

    Args:
        pairs: of label and reading.
    """
    found, texts, torn = Counter[tuple[str, str]](), [], 0
    for truth, reading in pairs:
        if truth != reading:
            if normalized_edit_distance(truth, reading) > MAX_ALIGNED_DISTANCE:
                torn += 1
                continue
            found.update(_mistakes(truth, reading))
        texts.append(truth)
    singles = Counter(character for text in texts for character in text)
    members = {truth for truth, _ in found if truth} | {member for group in CONFUSABLES for member in group}
    occurrences = {m: singles[m] if len(m) == 1 else sum(text.count(m) for text in texts) for m in members}
    confusions = [Confusion(*pair, count, occurrences.get(pair[0], 0)) for pair, count in found.items()]
    confusions.sort(key=lambda c: (-c.error_count, c.label, c.reading))
    groups = (
        ConfusableGroup(
            group,
            sum(c.error_count for c in confusions if c.label in group and c.reading in group),
            sum(occurrences[member] for member in group),
        )
        for group in CONFUSABLES
    )
    misread = Counter[str]()
    for confusion in confusions:
        misread.update(dict.fromkeys(confusion.label, confusion.error_count))
    ordered = sorted(singles.items(), key=lambda entry: (-entry[1], entry[0]))
    spelt = tuple(CharacterErrors(character, total, misread[character]) for character, total in ordered)
    return ConfusionCounts(tuple(confusions), tuple(g for g in groups if g.occurrences), spelt, len(texts), torn)


def _mistakes(truth: str, reading: str) -> Iterator[tuple[str, str]]:
    """Pairs of what should be and what is: of single characters, or of several that look like one."""
    return (pair for missed, added in _different(truth, reading) for pair in _apart(missed, added))


def _apart(missed: str, added: str) -> list[tuple[str, str]]:
    """The fewest mistakes that make one text of the other; what looks alike is the likelier one of equally many."""
    ways: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(len(missed) + 1):
        for j in range(len(added) + 1):
            for back, forth in _STEPS:
                if (before := (i - back, j - forth)) in ways:
                    cost = ways[before][0] + _cost(missed[i - back : i], added[j - forth : j])
                    if (i, j) not in ways or cost < ways[i, j][0]:
                        ways[i, j] = cost, before
    pairs, place = [], (len(missed), len(added))
    while place != (0, 0):
        before = ways[place][1]
        pairs.append((missed[before[0] : place[0]], added[before[1] : place[1]]))
        place = before
    return [pair for pair in reversed(pairs) if pair[0] != pair[1]]


def _cost(truth: str, reading: str) -> float:
    if truth == reading:
        return 0.0
    if (truth, reading) in _PAIRS or _folded(truth) == _folded(reading):
        return 0.99
    return 1.0 if max(len(truth), len(reading)) == 1 else float(len(truth) + len(reading))


def _folded(text: str) -> str:
    """Without case, and without the width and other forms that Unicode has for compatibility."""
    return unicodedata.normalize("NFKC", text).casefold()


def _different(truth: str, reading: str) -> Iterator[tuple[str, str]]:
    """The pieces of both texts, as long as can be, between what is equal."""
    missed = added = ""
    for step in Levenshtein.opcodes(truth, reading):
        if step.tag != "equal":
            missed += truth[step.src_start : step.src_end]
            added += reading[step.dest_start : step.dest_end]
        elif missed or added:
            yield missed, added
            missed = added = ""
    if missed or added:
        yield missed, added
