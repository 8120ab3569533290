"""Texts that match a regular expression."""

import re
import string
from dataclasses import dataclass
from functools import cached_property
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

import numpy as np

from synthtext.core import InputError

_MAX_REPEATS = 1000
_UNBOUNDED = 8  # repeats of "*" and "+"
_SEARCHES = 8  # draws in search of a text with a character
_PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " "
_CATEGORIES = {
    code.CATEGORY_DIGIT: string.digits,
    code.CATEGORY_WORD: string.digits + string.ascii_letters + "_",
    code.CATEGORY_SPACE: " ",
}
Node: TypeAlias = tuple[Any, Any]


@dataclass(frozen=True)
class Pattern:
    """Draws texts that match a regular expression of literals, classes, groups, alternatives and repeats.

    Alternatives and numbers of repeats are uniformly distributed; "*" and "+" repeat at most 8 times.

    Attributes:
        pattern: Expression in Python's syntax: "[0-9]{2,6}".
    """

    pattern: str

    def __post_init__(self) -> None:
        _expand(self._nodes, np.random.default_rng(0), self.pattern)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a matching text."""
        return _expand(self._nodes, rng, self.pattern)

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw a text with a character; None if no text has it, or a few draws find none."""
        if character in self._alphabet:
            for _ in range(_SEARCHES):
                text = self.draw(rng)
                if character in text:
                    return text
        return None

    @cached_property
    def _alphabet(self) -> frozenset[str]:
        return frozenset(_characters(self._nodes, self.pattern))

    @cached_property
    def _nodes(self) -> list[Node]:
        try:
            return list(parser.parse(self.pattern))
        except (re.error, OverflowError, RecursionError) as error:
            raise InputError(f"pattern {self.pattern!r} is not a valid regular expression: {error}") from None


def _expand(nodes: list[Node], rng: np.random.Generator, pattern: str) -> str:
    return "".join(_expand_one(node, rng, pattern) for node in nodes)


def _expand_one(node: Node, rng: np.random.Generator, pattern: str) -> str:
    kind, argument = node
    if kind is code.LITERAL:
        return chr(argument)
    if kind is code.IN:
        return _pick(_members(argument, pattern), rng)
    if kind is code.NOT_LITERAL:
        return _pick(_PRINTABLE.replace(chr(argument), ""), rng)
    if kind is code.ANY:
        return _pick(_PRINTABLE, rng)
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT):
        low, high, body = argument
        high = max(low, _UNBOUNDED) if high is code.MAXREPEAT else high
        if high > _MAX_REPEATS:
            raise InputError(f"pattern {pattern!r}: at most {_MAX_REPEATS} repeats")
        return "".join(_expand(list(body), rng, pattern) for _ in range(int(rng.integers(low, high + 1))))
    if kind is code.SUBPATTERN:
        return _expand(list(argument[-1]), rng, pattern)
    if kind is code.BRANCH:
        branches = argument[1]
        return _expand(list(branches[int(rng.integers(len(branches)))]), rng, pattern)
    raise InputError(
        f"pattern {pattern!r}: {str(kind).lower()} is not supported; use literals, classes, groups, repeats"
    )


def _characters(nodes: list[Node], pattern: str) -> set[str]:
    """The characters that may occur in texts."""
    found: set[str] = set()
    for kind, argument in nodes:
        if kind in (code.MAX_REPEAT, code.MIN_REPEAT):
            found |= _characters(list(argument[2]), pattern) if argument[1] else set()
        elif kind is code.SUBPATTERN:
            found |= _characters(list(argument[-1]), pattern)
        elif kind is code.BRANCH:
            found |= {c for branch in argument[1] for c in _characters(list(branch), pattern)}
        elif kind is code.LITERAL:
            found.add(chr(argument))
        elif kind is code.IN:
            found |= set(_members(argument, pattern))
        else:
            found |= set(_PRINTABLE) - ({chr(argument)} if kind is code.NOT_LITERAL else set())
    return found


def _members(entries: list[Node], pattern: str) -> str:
    negated = bool(entries) and entries[0][0] is code.NEGATE
    found = "".join(_member(entry, pattern) for entry in entries[negated:])
    members = "".join(c for c in _PRINTABLE if c not in found) if negated else found
    if not members:
        raise InputError(f"pattern {pattern!r}: a class in it has no printable ASCII character")
    return members


def _member(entry: Node, pattern: str) -> str:
    kind, argument = entry
    if kind is code.LITERAL:
        return chr(argument)
    if kind is code.RANGE:
        return "".join(map(chr, range(argument[0], argument[1] + 1)))
    if kind is code.CATEGORY and argument in _CATEGORIES:
        return _CATEGORIES[argument]
    raise InputError(f"pattern {pattern!r}: {str(argument).lower()} in a class is not supported; list its characters")


def _pick(characters: str, rng: np.random.Generator) -> str:
    return characters[int(rng.integers(len(characters)))]
