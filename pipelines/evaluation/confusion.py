"""Character errors of a recognizer: which characters are read in place of which."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from rapidfuzz.distance import Levenshtein

from models.metrics import normalized_edit_distance

MAX_ALIGNED_DISTANCE = 0.5
"""Lines whose normalised edit distance is larger are not aligned: the result would be arbitrary."""

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
"""Groups of characters that look alike, at least in small or blurred images."""

_GROUPS = {(one, other): group for group in CONFUSABLES for one in group for other in group if one != other}
_STEPS = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2))  # numbers of characters of label and prediction that are aligned

ErrorType: TypeAlias = Literal["substitution", "case or width", "deletion", "insertion"]


class Confusion(NamedTuple):
    """A character error and its frequency.

    Attributes:
        label: a character of the label, or several that look like one; empty for an insertion.
        prediction: what was read instead; empty for a deletion.
        error_count: how often.
        support: how often `label` occurs in the labels of the aligned lines; 0 for an insertion.
    """

    label: str
    prediction: str
    error_count: int
    support: int

    @property
    def error_type(self) -> ErrorType:
        """Type of the error; "case or width" is the right character in another form."""
        if not self.prediction:
            return "deletion"
        if not self.label:
            return "insertion"
        return "case or width" if _fold(self.label) == _fold(self.prediction) else "substitution"

    @property
    def confusables(self) -> tuple[str, ...]:
        """The first group that contains both; empty if there is none."""
        return _GROUPS.get((self.label, self.prediction), ())


class ConfusableGroup(NamedTuple):
    """Number of confusions within a group of `CONFUSABLES`, and of occurrences of its members in the labels."""

    group: tuple[str, ...]
    confused: int
    occurrences: int


class CharacterErrors(NamedTuple):
    """Number of occurrences of a character in the labels of the aligned lines, and of its errors."""

    character: str
    total: int
    errors: int


@dataclass(frozen=True)
class ConfusionCounts:
    """Character errors in the lines of a source.

    Attributes:
        confusions: the most frequent first.
        confusables: groups of which a member occurs in the labels.
        per_character: all characters of the labels, the most frequent first.
        compared_lines: number of lines that were aligned.
        skipped_lines: number of lines that differ too much, see `MAX_ALIGNED_DISTANCE`.
    """

    confusions: tuple[Confusion, ...]
    confusables: tuple[ConfusableGroup, ...]
    per_character: tuple[CharacterErrors, ...]
    compared_lines: int
    skipped_lines: int

    @property
    def num_characters(self) -> int:
        """Number of characters in the labels of the aligned lines."""
        return sum(entry.total for entry in self.per_character)

    @property
    def error_total(self) -> int:
        """Number of all errors."""
        return sum(confusion.error_count for confusion in self.confusions)


def count_confusions(pairs: Iterable[tuple[str, str]]) -> ConfusionCounts:
    """Align predictions with labels along the shortest edit path, and count the character errors.

    Args:
        pairs: label and prediction of each line.
    """
    errors, labels, skipped = Counter[tuple[str, str]](), [], 0
    for label, prediction in pairs:
        if label != prediction:
            if normalized_edit_distance(label, prediction) > MAX_ALIGNED_DISTANCE:
                skipped += 1
                continue
            errors.update(_character_errors(label, prediction))
        labels.append(label)
    characters = Counter(character for label in labels for character in label)
    parts = {label for label, _ in errors if label} | {member for group in CONFUSABLES for member in group}
    occurrences = {
        part: characters[part] if len(part) == 1 else sum(label.count(part) for label in labels) for part in parts
    }
    confusions = [Confusion(*pair, count, occurrences.get(pair[0], 0)) for pair, count in errors.items()]
    confusions.sort(key=lambda c: (-c.error_count, c.label, c.prediction))
    groups = []
    for group in CONFUSABLES:
        confused = sum(c.error_count for c in confusions if c.label in group and c.prediction in group)
        groups.append(ConfusableGroup(group, confused, sum(occurrences[member] for member in group)))
    misread = Counter[str]()
    for confusion in confusions:
        misread.update(dict.fromkeys(confusion.label, confusion.error_count))
    ordered = sorted(characters.items(), key=lambda entry: (-entry[1], entry[0]))
    return ConfusionCounts(
        tuple(confusions),
        tuple(group for group in groups if group.occurrences),
        tuple(CharacterErrors(character, total, misread[character]) for character, total in ordered),
        len(labels),
        skipped,
    )


def _character_errors(label: str, prediction: str) -> Iterator[tuple[str, str]]:
    """Align the longest parts of both texts between equal parts."""
    for is_equal, steps in groupby(Levenshtein.opcodes(label, prediction), key=lambda step: step.tag == "equal"):
        if not is_equal:
            parts = list(steps)
            first, last = parts[0], parts[-1]
            yield from _align(label[first.src_start : last.src_end], prediction[first.dest_start : last.dest_end])


def _align(label: str, prediction: str) -> list[tuple[str, str]]:
    """Split two texts into the fewest errors; of equally few, confusable characters are preferred."""
    paths: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(len(label) + 1):
        for j in range(len(prediction) + 1):
            for di, dj in _STEPS:
                if (previous := (i - di, j - dj)) in paths:
                    cost = paths[previous][0] + _cost(label[i - di : i], prediction[j - dj : j])
                    if (i, j) not in paths or cost < paths[i, j][0]:
                        paths[i, j] = cost, previous
    pairs, position = [], (len(label), len(prediction))
    while position != (0, 0):
        previous = paths[position][1]
        pairs.append((label[previous[0] : position[0]], prediction[previous[1] : position[1]]))
        position = previous
    return [pair for pair in reversed(pairs) if pair[0] != pair[1]]


def _cost(label: str, prediction: str) -> float:
    if label == prediction:
        return 0.0
    if (label, prediction) in _GROUPS or _fold(label) == _fold(prediction):
        return 0.99
    return 1.0 if max(len(label), len(prediction)) == 1 else float(len(label) + len(prediction))


def _fold(text: str) -> str:
    """Remove case, width and other compatibility forms of Unicode."""
    return unicodedata.normalize("NFKC", text).casefold()
