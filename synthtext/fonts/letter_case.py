"""Which letters a font really draws: some have capitals in the place of small letters, or the other way round."""

from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from synthtext.fonts.face import Face

LetterCase: TypeAlias = Literal["both", "upper", "lower"]

_BELOW = 0.1  # of the capitals' height: what is lower goes below the baseline
_LIKE = 0.05  # of it: P goes as low as p
_ALIKE = 0.55  # median overlap of the shapes of a and A, b and B, ...; those of usual fonts share half or less
_DIFFERENT = "abdeghnqrt"  # small letters that are shaped otherwise than their capitals
_GRID = 24


def letter_case(face: "Face") -> LetterCase:
    """Look at the letters: "upper" if "Sale" reads "SALE", "lower" if it reads "sale", "both" if it reads as written.

    Of small letters g, p and y go below the baseline, of capitals none does. Where g does not but others do, as in some
    handwriting, the shapes decide. A font without Latin letters has "both".
    """
    depths = {letter: depth for letter in "gpyP" if (depth := _depth(face, letter)) is not None}
    small = [depths[letter] for letter in "gpy" if letter in depths]
    if small and max(small) < _BELOW:
        return "upper"
    if depths.get("P", 0.0) > _BELOW and abs(depths["P"] - depths.get("p", 0.0)) < _LIKE:
        return "lower"
    if depths.get("g", 1.0) < _BELOW and _likeness(face) > _ALIKE:
        return "upper"
    return "both"


def _depth(face: "Face", letter: str) -> float | None:
    """How far a letter goes below the capital H, as a share of its height: in some CJK fonts that stands higher."""
    capital, box = face.box_of("H"), face.box_of(letter)
    if capital is None or box is None or not face.covers(letter):
        return None
    return (box[3] - capital[3]) / max(capital[3] - capital[1], 1)


def _likeness(face: "Face") -> float:
    pairs = [(_shape(face, letter), _shape(face, letter.upper())) for letter in _DIFFERENT]
    shares = [(a & b).sum() / (a | b).sum() for a, b in pairs if a.any() and b.any()]
    return float(np.median(shares)) if shares else 0.0


def _shape(face: "Face", letter: str) -> NDArray[np.bool_]:
    """What of the box around a letter is inked, on a grid."""
    raster = face.draw_letter(letter, 2 * _GRID)
    if not raster.height:
        return np.zeros((_GRID, _GRID), bool)
    return np.asarray(cv2.resize(raster.coverage, (_GRID, _GRID), interpolation=cv2.INTER_AREA) > 100, bool)
