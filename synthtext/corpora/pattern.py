"""Texts that match a regular expression."""

import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from synthtext.core import InputError, draw_integer

_MAX_REPEATS = 1000
_UNBOUNDED = 8  # repeats of "*" and "+"
_SEARCHES = 8  # draws in search of a text with a character
_PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " "
_CATEGORIES = {
    code.CATEGORY_DIGIT: string.digits,
    code.CATEGORY_WORD: string.digits + string.ascii_letters + "_",
    code.CATEGORY_SPACE: " ",
}


class _Choice(NamedTuple):
    """One of several sequences of nodes; a string of characters is such a sequence of literals, too."""

    options: "Sequence[Sequence[Node]]"


class _Repeat(NamedTuple):
    """`low` to `high` times a sequence of nodes."""

    low: int
    high: int
    body: "Sequence[Node]"


Node: TypeAlias = str | _Choice | _Repeat
"""A literal text, a choice or a repetition."""


@dataclass(frozen=True)
class Pattern:
    """Draws texts that match a regular expression of literals, classes, groups, alternatives and repeats.

    Alternatives and numbers of repeats are uniformly distributed; "*" and "+" repeat at most 8 times.

    Attributes:
        pattern: Expression in Python's syntax: "[0-9]{2,6}".
    """

    pattern: str

    def __post_init__(self) -> None:
        _ = self._nodes

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a matching text."""
        return _expand(self._nodes, rng)

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
        return frozenset(_characters(self._nodes))

    @property
    def _nodes(self) -> list[Node]:
        return _parse(self.pattern)


@lru_cache(maxsize=256)
def _parse(pattern: str) -> list[Node]:
    try:
        parsed = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"pattern {pattern!r} is not a valid regular expression: {error}") from None
    return _compile(parsed, pattern)


def _compile(parsed: Iterable[tuple[Any, Any]], pattern: str) -> list[Node]:
    nodes: list[Node] = []
    for kind, argument in parsed:
        if kind is code.LITERAL:
            nodes.append(chr(argument))
        elif kind is code.IN:
            nodes.append(_Choice(_members(argument, pattern)))
        elif kind in (code.ANY, code.NOT_LITERAL):
            nodes.append(_Choice(_PRINTABLE if kind is code.ANY else _PRINTABLE.replace(chr(argument), "")))
        elif kind in (code.MAX_REPEAT, code.MIN_REPEAT):
            low, high, body = argument
            high = max(low, _UNBOUNDED) if high is code.MAXREPEAT else high
            if high > _MAX_REPEATS:
                raise InputError(f"pattern {pattern!r}: at most {_MAX_REPEATS} repeats")
            nodes.append(_Repeat(low, high, _compile(body, pattern)))
        elif kind is code.SUBPATTERN:
            nodes += _compile(argument[-1], pattern)
        elif kind is code.BRANCH:
            nodes.append(_Choice([_compile(branch, pattern) for branch in argument[1]]))
        else:
            name = str(kind).lower()
            raise InputError(f"pattern {pattern!r}: {name} is not supported; use literals, classes, groups, repeats")
    return nodes


def _members(entries: list[tuple[Any, Any]], pattern: str) -> str:
    """Characters of a class."""
    negated = bool(entries) and entries[0][0] is code.NEGATE
    found = ""
    for kind, argument in entries[negated:]:
        if kind is code.LITERAL:
            found += chr(argument)
        elif kind is code.RANGE:
            found += "".join(map(chr, range(argument[0], argument[1] + 1)))
        elif kind is code.CATEGORY and argument in _CATEGORIES:
            found += _CATEGORIES[argument]
        else:
            name = str(argument).lower()
            raise InputError(f"pattern {pattern!r}: {name} in a class is not supported; list its characters")
    members = "".join(c for c in _PRINTABLE if c not in found) if negated else found
    if not members:
        raise InputError(f"pattern {pattern!r}: a class in it has no printable ASCII character")
    return members


def _expand(nodes: Sequence[Node], rng: np.random.Generator) -> str:
    text = ""
    for node in nodes:
        if isinstance(node, str):
            text += node
        elif isinstance(node, _Choice):
            option = node.options[int(rng.random() * len(node.options))]
            text += option if isinstance(option, str) else _expand(option, rng)
        else:
            text += "".join(_expand(node.body, rng) for _ in range(draw_integer(rng, (node.low, node.high))))
    return text


def _characters(nodes: Sequence[Node]) -> set[str]:
    """The characters that may occur in texts."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, str):
            found.add(node)
        elif isinstance(node, _Choice):
            found = found.union(*map(_characters, node.options))
        elif node.high:
            found |= _characters(node.body)
    return found
