"""Layouts of the letters of a line one by one: ransom notes, bouncing and shrinking letters, superscripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

from synthtext.core import BoundedSettings, InputError, Parameters, Range, bounded
from synthtext.typesetting.arrange import Arrangement, Floats
from synthtext.typesetting.itemize import connects_to_previous
from synthtext.typesetting.shaping import ShapedLine

_SEEDS = 2**31  # of the numbers of the single letters


class GlyphLayout(Protocol):
    """How the letters of a line are arranged. A custom one is a dataclass with these methods.

    It is named by its dotted path in a recipe.
    """

    def supports(self, line: ShapedLine) -> bool:
        """Return whether the letters of a line can be arranged so; others are drawn as the font sets them."""

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw parameters (JSON scalars)."""

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement | None:
        """Return the arrangement of the clusters; None for that of the font."""


@dataclass(frozen=True)
class Uniform:
    """Letters as the font sets them."""

    def supports(self, line: ShapedLine) -> bool:
        """Return true."""
        return True

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw nothing."""
        return {}

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement | None:
        """Return None."""
        return None


class _SeparateLetters(BoundedSettings):
    """Base class of layouts of horizontal lines of at least two letters that are not connected."""

    def supports(self, line: ShapedLine) -> bool:
        """Return whether the line is horizontal, has at least two clusters, and no letters are connected."""
        connected = not line.text.isascii() and any(connects_to_previous(line.text))
        return not line.vertical and len(line.clusters) > 1 and not connected


def _letter_numbers(parameters: Parameters, line: ShapedLine, columns: int) -> Floats:
    """Uniform numbers (columns, K) from -1 to 1 for every cluster."""
    rng = np.random.default_rng(parameters["letter_seed"])
    return rng.uniform(-1, 1, (len(line.clusters), columns)).T


@dataclass(frozen=True)
class RansomNote(_SeparateLetters):
    """Letters of different sizes, angles, heights and distances, as if each were cut out and pasted.

    Attributes:
        size_range: Largest deviation of a letter's size, 0 to 0.5; like the others, drawn for every line.
        degrees_range: Largest angle of a letter, 0 to 45 degrees.
        shift_range: Largest vertical shift of a letter, 0 to 0.5 ems.
        gap_range: Largest space that is added behind a letter, 0 to 1 ems.
    """

    size_range: Range = bounded((0.1, 0.35), 0, 0.5, "shares")
    degrees_range: Range = bounded((3, 18), 0, 45, "degrees")
    shift_range: Range = bounded((0.02, 0.15), 0, 0.5, "ems")
    gap_range: Range = bounded((0.0, 0.25), 0, 1, "ems")

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw the largest deviations, and the seed of the single letters."""
        return {**self.uniform(rng, "size", "degrees", "shift", "gap"), "letter_seed": int(rng.integers(_SEEDS))}

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement:
        """Return independent sizes, angles, shifts and gaps."""
        size, angle, shift, gap = _letter_numbers(parameters, line, 4)
        return Arrangement(
            1 + parameters["size"] * size,
            parameters["degrees"] * angle,
            parameters["shift"] * shift,
            parameters["gap"] * (gap + 1) / 2,
        )


@dataclass(frozen=True)
class Bouncing(_SeparateLetters):
    """Letters that stand above and below the baseline in turn, slightly rotated, as in titles of comics and toys.

    Attributes:
        shift_range: Shift of letters up and down, 0 to 0.5 ems.
        degrees_range: Largest angle of a letter, 0 to 45 degrees.
        period_range: Letters after which the movement repeats, 2 to 12.
    """

    shift_range: Range = bounded((0.05, 0.22), 0, 0.5, "ems")
    degrees_range: Range = bounded((0, 10), 0, 45, "degrees")
    period_range: Range = bounded((2, 5), 2, 12, "letters")

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw the shift, the angle, the period and the phase (radians), and the seed of the angles."""
        phase, seed = float(rng.uniform(0, 2 * np.pi)), int(rng.integers(_SEEDS))
        return {**self.uniform(rng, "shift", "degrees", "period"), "phase": phase, "letter_seed": seed}

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement:
        """Return shifts along a sine of the number of the letter, and independent angles."""
        count = len(line.clusters)
        turns = np.sin(2 * np.pi * np.arange(count) / parameters["period"] + parameters["phase"])
        angles = parameters["degrees"] * _letter_numbers(parameters, line, 1)[0]
        return Arrangement(np.ones(count), angles, parameters["shift"] * turns, np.zeros(count))


@dataclass(frozen=True)
class Shrinking(_SeparateLetters):
    """Letters that become smaller or larger along the line, or towards its middle, as on logos and in perspective.

    Attributes:
        size_range: Size of the smallest letters, as a fraction of the largest ones, 0.3 to 1.
        kinds: Kinds to draw from: "shrinking", "growing", "waist" (smallest in the middle), "belly" (largest there).
        aligned: Alignments to draw from: "baseline", "middle", "top".
    """

    size_range: Range = bounded((0.4, 0.75), 0.3, 1, "shares")
    kinds: tuple[Literal["shrinking", "growing", "waist", "belly"], ...] = ("shrinking", "growing", "waist", "belly")
    aligned: tuple[Literal["baseline", "middle", "top"], ...] = ("baseline", "middle", "top")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_not_empty("kinds", self.kinds, "shrinking, growing, waist, belly")
        _check_not_empty("aligned", self.aligned, "baseline, middle, top")

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw the smallest size, the kind and the alignment."""
        return {
            **self.uniform(rng, "size"),
            "kind": self.kinds[int(rng.integers(len(self.kinds)))],
            "aligned": self.aligned[int(rng.integers(len(self.aligned)))],
        }

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement:
        """Return sizes that change linearly with the number of the letter."""
        count, kind = len(line.clusters), parameters["kind"]
        along = np.linspace(0, 1, count)
        middle = np.abs(2 * along - 1)
        shares = {"shrinking": along, "growing": 1 - along, "waist": 1 - middle, "belly": middle}[kind]
        scales = 1 - (1 - parameters["size"]) * shares
        line_height = {"baseline": 0.0, "middle": line.ink_box.top / 2, "top": line.ink_box.top}[parameters["aligned"]]
        return Arrangement(scales, np.zeros(count), (1 - scales) * line_height, np.zeros(count))


def _check_not_empty(name: str, values: Sequence[str], known: str) -> None:
    if not values:
        raise InputError(f"{name} is empty; name at least one of {known}")


@dataclass(frozen=True)
class Superscript(_SeparateLetters):
    """A raised or lowered small part at the end: digits (m2, 19.99, H2), or letters behind a digit (21st).

    The label has the plain characters: a raised 2 is labelled 2, not the character of a superscript two. Texts with
    another end are drawn as the font sets them.

    Attributes:
        size_range: Size of the part, 0.4 to 0.9.
        lowered_probability: Probability of a lowered part instead of a raised one.
    """

    size_range: Range = bounded((0.5, 0.7), 0.4, 0.9, "shares")
    lowered_probability: float = bounded(0.2, 0, 1)

    _LONGEST: ClassVar[tuple[int, int]] = (3, 2)  # digits and letters of the part

    def supports(self, line: ShapedLine) -> bool:
        """Return whether there is such a part, and each of its characters is a cluster."""
        return super().supports(line) and self._start(line) < len(line.clusters)

    def draw(self, rng: np.random.Generator, line: ShapedLine) -> Parameters:
        """Draw the size of the part, and whether it is lowered."""
        return {**self.uniform(rng, "size"), "lowered": bool(rng.random() < self.lowered_probability)}

    def arrange(self, line: ShapedLine, parameters: Parameters) -> Arrangement:
        """Return the size and the shift of the part."""
        count, start, size = len(line.clusters), self._start(line), parameters["size"]
        scales, shifts = np.ones(count), np.zeros(count)
        scales[start:] = size
        # A raised part has its top at that of the line; a lowered one stands a fifth of an em below the baseline.
        shifts[start:] = 0.2 if parameters["lowered"] else (1 - size) * line.ink_box.top
        return Arrangement(scales, np.zeros(count), shifts, np.zeros(count))

    def _start(self, line: ShapedLine) -> int:
        """Index of the first cluster of the part; the number of clusters if there is none."""
        text = line.text
        if len(line.clusters) != len(text):
            return len(line.clusters)
        start = len(text)
        is_digit = text[-1].isdigit()
        while start > 1 and text[start - 1].isalnum() and text[start - 1].isdigit() == is_digit:
            start -= 1
        before = text[start - 1]
        follows = before.isalpha() or before in ".," if is_digit else before.isdigit()
        return start if follows and len(text) - start <= self._LONGEST[not is_digit] else len(text)
