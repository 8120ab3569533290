"""A picture of what the families look like."""

import functools
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.reports.font_report import SCRIPTS, FamilyReport
from synthtext.core import InputError
from synthtext.core.errors import Rejection
from synthtext.fonts import Face, FaceCache, bundled_fonts, read_font_file
from synthtext.typesetting.canvas import rasterize_line
from synthtext.typesetting.shaping import shape_line

_WIDTH, _NAMES, _GAP = 1480, 400, 14  # pixels: of the sheet, of the column of names, around specimens
_NAME, _SPECIMEN = 19, 38  # pixels of an em
_HIGHEST = 96  # pixels of a specimen; higher ones are scaled down
_OWN = 12  # characters of a font for another script
_MOST = 2000  # families: a PNG picture that programs can still open

InkCoverage = NDArray[np.uint8]
"""(h, w) uint8, 0 to 255: how much ink is on each pixel."""


def draw_specimen_sheet(reports: Sequence[FamilyReport], cache: FaceCache) -> NDArray[np.uint8]:
    """Draw a line a family: its name in a plain font, then words in itself, of each script that it covers.

    Args:
        reports: 1 to 2000 families.
        cache: opens the faces.

    Returns:
        (H, 1480) uint8, dark on white.

    Raises:
        InputError: there are too many families.
    """
    if not 1 <= len(reports) <= _MOST:
        raise InputError(f"a sheet shows 1 to {_MOST} families, not {len(reports)}")
    plain = _plain_face(cache)
    return np.concatenate([_row(report, plain, cache) for report in reports])


def draw_specimen(text: str, face: Face, cache: FaceCache, size: int) -> InkCoverage:
    """Draw a text as lines of a data set are drawn.

    Args:
        text: not empty, covered by the face.
        face: to set it in.
        cache: keeps rasters.
        size: pixels of an em.

    Raises:
        Rejection: the face cannot set the text.
    """
    return rasterize_line(shape_line(text, face), face, cache, size).coverage


def _row(report: FamilyReport, plain: Face, cache: FaceCache) -> NDArray[np.uint8]:
    face = cache.face(report.specimen)
    name = "".join(c if plain.covers(c) else "?" for c in report.family)
    label = _drawn(name, plain, cache, _NAME)
    pieces = list(_pieces(face, cache))
    if not pieces:
        pieces = [piece for piece in [_drawn("no sample is covered", plain, cache, _NAME)] if piece is not None]
    height = max(len(piece) for piece in [*pieces, *([] if label is None else [label])]) + 2 * _GAP
    row = np.full((height, _WIDTH), 255, np.uint8)
    if label is not None:
        _put(row, label, _GAP, _NAMES - _GAP)
    left = _NAMES
    for piece in pieces:
        _put(row, piece, left, _WIDTH - _GAP)
        left += piece.shape[1] + 2 * _GAP
    return row


def _pieces(face: Face, cache: FaceCache) -> Iterator[InkCoverage]:
    """Specimens of the scripts that a face covers, as many as there is room for; of what it has if it covers none."""
    latin, *others = [script.sample for script in SCRIPTS]
    samples = [text for text in (latin, *reversed(others)) if face.covers(text)]  # first what few fonts have
    room, count = _WIDTH - _NAMES, 0
    for text in samples or _own_characters(face):
        piece = _drawn(text, face, cache, _SPECIMEN)
        if piece is not None and (not count or piece.shape[1] + _GAP <= room):
            room -= piece.shape[1] + 2 * _GAP
            count += 1
            yield piece


def _own_characters(face: Face) -> list[str]:
    """The first characters that a face has."""
    return list(islice((c for c in _characters() if face.covers(c)), _OWN))


@functools.cache
def _characters() -> str:
    """All letters, then numbers, then symbols."""
    kinds: dict[str, list[str]] = {"L": [], "N": [], "S": []}
    for code in range(0xA1, 0x20000):
        kinds.get(unicodedata.category(chr(code))[0], []).append(chr(code))
    return "".join(character for kind in kinds.values() for character in kind)


def _drawn(text: str, face: Face, cache: FaceCache, size: int) -> InkCoverage | None:
    """A specimen that is not too high; None where the face cannot set the text."""
    if not face.covers(text):
        return None
    try:
        drawn = draw_specimen(text, face, cache, size)
    except Rejection:
        return None
    if len(drawn) > _HIGHEST:
        width = max(1, round(drawn.shape[1] * _HIGHEST / len(drawn)))
        return np.asarray(cv2.resize(drawn, (width, _HIGHEST), interpolation=cv2.INTER_AREA), np.uint8)
    return drawn


def _put(row: NDArray[np.uint8], piece: InkCoverage, left: int, right: int) -> None:
    """Put a piece halfway down the row from `left` on; what goes beyond `right` is cut off."""
    top, width = (len(row) - len(piece)) // 2, max(0, min(piece.shape[1], right - left))
    row[top : top + len(piece), left : left + width] -= piece[:, :width]


def _plain_face(cache: FaceCache) -> Face:
    paths = bundled_fonts()
    path = next((path for path in paths if path.stem == "DejaVuSans"), paths[0])
    return cache.face(read_font_file(path)[0])
