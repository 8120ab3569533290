"""Characters that a font cannot tell apart, such as 0 and O."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Charset
from synthtext.fonts.face import Face, GlyphRaster

Distinguished: TypeAlias = Literal["all"] | tuple[str, ...]
"""Characters to be told apart: "all", or groups such as "0O"."""

_SIZE = 64  # pixels per em of the compared glyphs
_REACH, _DENSE_REACH = 2, 1  # pixels that edges may be apart: of most glyphs; of those with many strokes or parts
_DENSE = 2.2  # length of the edges of a glyph with many strokes, over the circumference of its box
_MAX_DIFFERENCE = 0.2  # of two glyphs: sum of squared differences over that of the smaller glyph
_REDUCTION, _MAX_REDUCED_DIFFERENCE = 4, 0.3  # of the images that are compared first
_BATCH_SIZE = 512
_INVISIBLE = ("M", "Z", "C")  # categories: marks need a letter, others are blank

Pair: TypeAlias = tuple[str, str]


class _Glyph(NamedTuple):
    character: str
    raster: GlyphRaster


def find_lookalikes(face: Face, charset: Charset, characters: Iterable[str] | None = None) -> list[Pair]:
    """Find the pairs of characters that a reader cannot tell apart in a font.

    The glyphs stand on the same baseline, and none has ink farther than a thirtieth of an em from the ink of the other.
    Pairs that the font or the charset treats as one character, such as o and O in a font of capitals, do not count.

    Args:
        face: The font; characters that it lacks are left out.
        charset: Charset of the labels.
        characters: Characters of the charset to compare; all by default.
    """
    glyphs = list(_glyphs(face, _displayed(face, charset, characters)))
    pairs = [(one, other) for one, other in _similar(glyphs) if _look_alike(one, other)]
    return [
        (one.character, other.character)
        for one, other in pairs
        if charset.fold(one.character) != charset.fold(other.character)
    ]


def group_pairs(pairs: Iterable[Pair]) -> list[str]:
    """Join pairs that share a character to groups, such as "Il|"."""
    groups: list[str] = []
    for pair in pairs:
        joined = [group for group in groups if set(pair) & set(group)]
        groups = [group for group in groups if group not in joined]
        groups.append("".join(dict.fromkeys("".join([*joined, *pair]))))
    return groups


class GlyphDistinction:
    """Tells in which fonts the characters of a text differ from the others.

    Args:
        charset: Charset of the labels.
        distinguished: Characters to be told apart.
    """

    def __init__(self, charset: Charset, distinguished: Distinguished) -> None:
        self._charset, self._distinguished = charset, distinguished
        self._confusable: dict[object, frozenset[str]] = {}

    def allows(self, face: Face, text: str) -> bool:
        """Return whether no character of a text looks in a font like another one that it should differ from."""
        return not self._distinguished or self.confusable(face).isdisjoint(text)

    def confusable(self, face: Face) -> frozenset[str]:
        """Return the characters that look in a font like others that they should differ from."""
        key = (face.file.digest, face.file.face_index, face.file.variations)
        if key not in self._confusable:
            pairs = self._pairs(face)
            displayed = {character for pair in pairs for character in pair}
            self._confusable[key] = frozenset(displayed | {c for one in displayed for c in _written(face, one)})
        return self._confusable[key]

    def _pairs(self, face: Face) -> list[Pair]:
        if self._distinguished == "all":
            return find_lookalikes(face, self._charset)
        pairs = find_lookalikes(face, self._charset, "".join(self._distinguished))
        return [pair for pair in pairs if any(set(pair) <= set(group) for group in self._distinguished)]


@lru_cache(maxsize=4)
def glyph_distinction(charset: Charset, distinguished: Distinguished) -> GlyphDistinction:
    """Return a `GlyphDistinction`, which is shared because it measures every font once."""
    return GlyphDistinction(charset, distinguished)


def _displayed(face: Face, charset: Charset, characters: Iterable[str] | None) -> list[str]:
    """Characters that the font may display for labels of the charset."""
    wanted = list(charset if characters is None else dict.fromkeys(characters))
    if charset.folds_case:
        wanted = list(dict.fromkeys([*wanted, *(c.upper() for c in wanted if len(c.upper()) == 1)]))
    other_case = {"upper": str.islower, "lower": str.isupper}.get(face.case)
    shown = [c for c in wanted if other_case is None or not other_case(c)]
    return [c for c in shown if charset.fold(c) in charset and face.covers(c)]


def _written(face: Face, character: str) -> set[str]:
    """Characters of texts that the font displays as a character."""
    return set() if face.case == "both" else {character.upper(), character.lower()}


def _glyphs(face: Face, characters: Sequence[str]) -> Iterator[_Glyph]:
    for character in characters:
        if not unicodedata.category(character).startswith(_INVISIBLE):
            raster = face.rasterize(face.nominal_glyph(character), _SIZE)
            if raster.height:
                yield _Glyph(character, raster)


def _similar(glyphs: Sequence[_Glyph]) -> Iterator[tuple[_Glyph, _Glyph]]:
    """Pairs whose reduced images are similar."""
    if not glyphs:
        return
    images = _reduced(glyphs)
    squares = (images * images).sum(axis=1)
    for start in range(0, len(glyphs), _BATCH_SIZE):
        rows = slice(start, start + _BATCH_SIZE)
        differences = squares[rows, None] + squares - 2 * images[rows] @ images.T
        similar = differences <= _MAX_REDUCED_DIFFERENCE * np.minimum(squares[rows, None], squares)
        for row, column in np.argwhere(similar).tolist():
            one, other = glyphs[start + row], glyphs[column]
            if start + row < column:
                yield one, other


def _reduced(glyphs: Sequence[_Glyph]) -> NDArray[np.float32]:
    """Reduced images of glyphs, (N, P), on the same baseline and centred."""
    tops, bottoms, widths = zip(*((r.top, r.top + r.height, r.width) for _, r in glyphs), strict=True)
    size = (-(-(max(widths) + 1) // _REDUCTION), -(-(max(bottoms) - min(tops)) // _REDUCTION))
    height, width = size[1] * _REDUCTION, size[0] * _REDUCTION
    small = [
        cv2.resize(_placed(glyph.raster, min(tops), height, width), size, interpolation=cv2.INTER_AREA)
        for glyph in glyphs
    ]
    return np.asarray(np.stack(small).reshape(len(glyphs), -1), np.float32) / np.float32(255)


def _placed(raster: GlyphRaster, top: int, height: int, width: int) -> NDArray[np.uint8]:
    placed = np.zeros((height, width), np.uint8)
    left, row = (width - raster.width) // 2, raster.top - top
    placed[row : row + raster.height, left : left + raster.width] = raster.coverage
    return placed


def _look_alike(one: _Glyph, other: _Glyph) -> bool:
    rasters = (one.raster, other.raster)
    top, bottom = min(r.top for r in rasters) - _REACH, max(r.top + r.height for r in rasters) + _REACH
    width = max(r.width for r in rasters) + 2 * _REACH
    first, second = (_placed(raster, top, bottom - top, width) for raster in rasters)
    norms = [cv2.norm(image, cv2.NORM_L2SQR) for image in (first, second)]
    if cv2.norm(first, second, cv2.NORM_L2SQR) > _MAX_DIFFERENCE * min(norms):
        return False
    masks = [_mask(image) for image in (first, second)]
    parts = [cv2.connectedComponents(mask)[0] - 1 for mask in masks]
    if parts[0] != parts[1]:
        return False  # as of i and l, however near the dot is
    size = 2 * (_DENSE_REACH if parts[0] > 1 or any(_has_many_strokes(mask) for mask in masks) else _REACH) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    around = [cv2.dilate(image, disc) > image.max() / 4 for image in (first, second)]
    return not (masks[0] > around[1]).any() and not (masks[1] > around[0]).any()


def _mask(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink (H, W), 0 or 1; hairlines cover pixels only in part."""
    return np.asarray(image > image.max() / 2, np.uint8)


def _has_many_strokes(mask: NDArray[np.uint8]) -> bool:
    """Whether the edges of a glyph (H, W), 0 or 1, are long in relation to its box."""
    edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    _, _, width, height = cv2.boundingRect(mask)
    return bool(edges > _DENSE * 2 * (width + height))
