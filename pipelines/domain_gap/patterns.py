"""Induction of patterns from labels: regular expressions such as `[A-Z]{1,2}[0-9]{2,3}`, with their counts."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

MIN_LABELS = 3
"""Least number of labels of a pattern; of many labels, a hundredth of them."""

_MIN_SHARE = 0.01
_MAX_WORDS = 6  # alternatives at one position, such as AM|PM
_MIN_REPEATS = 2.0  # labels for each alternative, on average
_CLASSES = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]", "X": "[A-Z0-9]", "w": "[A-Za-z0-9]"}
_MERGED = (frozenset("A9"), "X"), (frozenset("Aa9"), "w")  # classes that are merged where single ones are too rare
_MAX_SPREAD = 3  # between the lengths of letters at a position: more tell of words or names, not of codes
_MIN_WORD = 3  # letters of a word that is looked up


class InducedPattern(NamedTuple):
    """A pattern that several labels have.

    Attributes:
        pattern: A regular expression that matches all of these labels.
        total: Number of labels.
        examples: Up to three different ones.
    """

    pattern: str
    total: int
    examples: tuple[str, ...]


class _Run(NamedTuple):
    """Characters of one class in a label; the class of others than ASCII letters and digits is the character."""

    kind: str
    text: str


def induce_patterns(labels: Sequence[str], is_word: Callable[[str], bool]) -> list[InducedPattern]:
    """Find the patterns of codes, numbers, dates and the like in labels, the most frequent first.

    Labels are grouped by the sequence of their classes of characters (capitals, small letters, digits) and of all other
    characters; each group becomes a pattern with the lengths that occur. Where few different texts take turns at a
    position, such as AM and PM, they are listed. Labels of groups that are too small are grouped again with capitals
    and digits as one class, then with all letters and digits as one.

    Labels of words only are left out: a corpus of words serves them better than random letters. So are patterns with
    letters that are not listed if most words of their labels are known, or if they differ so much in length that they
    must be names.

    Args:
        labels: The labels, with repetitions.
        is_word: Whether a text of letters is a word of the language.
    """
    least = max(MIN_LABELS, round(_MIN_SHARE * len(labels)))
    rest = [label for label in labels if label and not _is_words(label, is_word)]
    found: list[InducedPattern] = []
    for merged in (None, *_MERGED):
        groups: defaultdict[tuple[str, ...], list[list[_Run]]] = defaultdict(list)
        for label in rest:
            runs = _split_runs(label, merged)
            groups[tuple(run.kind for run in runs)].append(runs)
        rest = []
        for rows in groups.values():
            texts = ["".join(run.text for run in row) for row in rows]
            if len(rows) < least:
                rest += texts
            elif (pattern := _pattern_of(rows, is_word)) is not None:
                found.append(InducedPattern(pattern, len(rows), tuple(dict.fromkeys(texts))[:3]))
    return sorted(_combine(found), key=lambda entry: (-entry.total, entry.pattern))


def _is_words(label: str, is_word: Callable[[str], bool]) -> bool:
    """Whether a label has no digit, and its letters form words for the most part."""
    if any(character.isdigit() for character in label):
        return False
    words = re.findall(r"[^\W\d_]+", label)
    long = [word for word in words if len(word) >= _MIN_WORD] or words
    return bool(long) and 2 * sum(map(is_word, long)) >= len(long)


def _split_runs(label: str, merged: tuple[Collection[str], str] | None) -> list[_Run]:
    runs = [_Run(kind, "".join(characters)) for kind, characters in groupby(label, _class_of)]
    if merged is None:
        return runs
    kinds, name = merged
    joined = []
    for inside, several in groupby(runs, lambda run: run.kind in kinds):
        parts = list(several)
        joined += [_Run(name, "".join(part.text for part in parts))] if inside else parts
    return joined


def _class_of(character: str) -> str:
    if not character.isascii():
        return character
    if character.isdigit():
        return "9"
    if character.isupper():
        return "A"
    return "a" if character.islower() else character


def _pattern_of(rows: Sequence[Sequence[_Run]], is_word: Callable[[str], bool]) -> str | None:
    """Return the pattern of labels with the same classes; None if a position has many words or names."""
    labels = ("".join(run.text for run in row) for row in rows)
    words = [word for label in labels for word in re.findall(r"[^\W\d_]+", label) if len(word) >= _MIN_WORD]
    has_words = 2 * sum(map(is_word, words)) > len(words)
    parts = []
    for position in zip(*rows, strict=True):
        kind, texts = position[0].kind, [run.text for run in position]
        counts = Counter(texts)
        lengths = [len(text) for text in texts]
        repeats = _repeats(min(lengths), max(lengths))
        if kind not in _CLASSES:
            parts.append(re.escape(kind) + repeats)
        elif len(counts) <= _MAX_WORDS and len(texts) >= _MIN_REPEATS * len(counts) and _is_listed(kind, counts):
            alternatives = "|".join(re.escape(text) for text in sorted(counts))
            parts.append(f"({alternatives})" if len(counts) > 1 else alternatives)
        else:
            if kind != "9" and (has_words or max(lengths) - min(lengths) > _MAX_SPREAD):
                return None
            parts.append(_CLASSES[kind] + repeats)
    return "".join(parts)


def _is_listed(kind: str, counts: Counter[str]) -> bool:
    """Whether the texts at a position are listed instead of described by their class.

    Digits are listed only if they are always the same: 12 labels may well have only three different digits by chance.
    """
    return len(counts) == 1 or (kind in "Aa" and min(map(len, counts)) > 1)


def _repeats(low: int, high: int) -> str:
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    return f"{{{low},{high}}}"


def _combine(patterns: Iterable[InducedPattern]) -> list[InducedPattern]:
    """Merge entries with the same pattern."""
    merged: dict[str, InducedPattern] = {}
    for entry in patterns:
        known = merged.get(entry.pattern)
        total, examples = (known.total, known.examples) if known else (0, ())
        merged[entry.pattern] = entry._replace(total=total + entry.total, examples=(*examples, *entry.examples)[:3])
    return list(merged.values())
