"""Which characters a recognizer takes for which."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import Levenshtein

from models.metrics import normalized_distance

ALIGNED = 0.5
"""Lines that differ from their label by more than this share are left out: which character became which is a guess."""

LOOK_ALIKES: tuple[tuple[str, ...], ...] = (
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

_PAIRS = {(one, other): group for group in LOOK_ALIKES for one in group for other in group if one != other}
_STEPS = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2))  # characters of the label and of the reading that go together

Sort: TypeAlias = Literal["substituted", "form", "left out", "added"]


class Confusion(NamedTuple):
    """What was read for what.

    Attributes:
        truth: of the label: a character, or several that look like one; empty for what was added.
        reading: what was read for it; empty for what was left out.
        times: how often.
        occurrences: how often `truth` is in the labels of the lines that were compared; 0 for what was added.
    """

    truth: str
    reading: str
    times: int
    occurrences: int

    @property
    def sort(self) -> Sort:
        """What sort of mistake it is; "form" is the right character in another case or width."""
        if not self.reading:
            return "left out"
        if not self.truth:
            return "added"
        return "form" if _folded(self.truth) == _folded(self.reading) else "substituted"

    @property
    def look_alikes(self) -> tuple[str, ...]:
        """The first group that both are in; empty if there is none."""
        return _PAIRS.get((self.truth, self.reading), ())


class LookAlikes(NamedTuple):
    """How often the members of a group were taken for each other, among how often they are in the labels."""

    group: tuple[str, ...]
    confused: int
    occurrences: int


class Spelt(NamedTuple):
    """How often a character is in the labels of the lines that were compared, and how often it was misread."""

    character: str
    total: int
    misread: int


@dataclass(frozen=True)
class Confusions:
    """Mistakes in the lines of a source.

    Attributes:
        found: the most frequent first.
        look_alikes: groups of which a member is in the labels.
        spelt: every character of the labels of the lines that were compared, the most frequent first.
        lines: that were compared.
        torn: lines that were not, for they differ by more than `ALIGNED`.
    """

    found: tuple[Confusion, ...]
    look_alikes: tuple[LookAlikes, ...]
    spelt: tuple[Spelt, ...]
    lines: int
    torn: int

    @property
    def characters(self) -> int:
        """In the labels of the lines that were compared."""
        return sum(entry.total for entry in self.spelt)

    @property
    def total(self) -> int:
        """All mistakes."""
        return sum(confusion.times for confusion in self.found)


def find_confusions(pairs: Iterable[tuple[str, str]]) -> Confusions:
    """Compare readings with labels, character by character along the shortest way from one to the other.

    Args:
        pairs: of label and reading.
    """
    found, texts, torn = Counter[tuple[str, str]](), [], 0
    for truth, reading in pairs:
        if truth != reading:
            if normalized_distance(truth, reading) > ALIGNED:
                torn += 1
                continue
            found.update(_mistakes(truth, reading))
        texts.append(truth)
    singles = Counter(character for text in texts for character in text)
    members = {truth for truth, _ in found if truth} | {member for group in LOOK_ALIKES for member in group}
    occurrences = {m: singles[m] if len(m) == 1 else sum(text.count(m) for text in texts) for m in members}
    confusions = [Confusion(*pair, count, occurrences.get(pair[0], 0)) for pair, count in found.items()]
    confusions.sort(key=lambda c: (-c.times, c.truth, c.reading))
    groups = (
        LookAlikes(
            group,
            sum(c.times for c in confusions if c.truth in group and c.reading in group),
            sum(occurrences[member] for member in group),
        )
        for group in LOOK_ALIKES
    )
    misread = Counter[str]()
    for confusion in confusions:
        misread.update(dict.fromkeys(confusion.truth, confusion.times))
    ordered = sorted(singles.items(), key=lambda entry: (-entry[1], entry[0]))
    spelt = tuple(Spelt(character, total, misread[character]) for character, total in ordered)
    return Confusions(tuple(confusions), tuple(g for g in groups if g.occurrences), spelt, len(texts), torn)


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
