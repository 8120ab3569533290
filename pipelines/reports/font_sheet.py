"""A specimen sheet of font families."""

import functools
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.reports.font_report import SCRIPTS, FamilyReport
from synthtext.core import InputError
from synthtext.core.errors import Rejection
from synthtext.fonts import Face, FaceCache, bundled_fonts, read_font_file
from synthtext.typesetting.canvas import rasterize_line
from synthtext.typesetting.shaping import shape_line

MAX_FAMILIES = 2000
"""Maximum number of families on a sheet: a larger PNG image cannot be opened by many programs."""

_WIDTH, _NAME_WIDTH, _MARGIN = 1480, 400, 14  # pixels: of the sheet, of the column of names, around a specimen
_NAME_SIZE, _SPECIMEN_SIZE = 19, 38  # pixels per em
_MAX_HEIGHT = 96  # pixels of a specimen; higher ones are downsampled
_MAX_CHARACTERS = 12  # of a font that covers none of the scripts

InkCoverage: TypeAlias = NDArray[np.uint8]
"""(h, w) uint8, coverage of each pixel by ink, 0 to 255."""

_EMPTY: InkCoverage = np.zeros((0, 0), np.uint8)


def draw_specimen_sheet(reports: Sequence[FamilyReport], cache: FaceCache) -> NDArray[np.uint8]:
    """Draw one row per family: its name in a plain font, then a few words of each script that it covers.

    Args:
        reports: 1 to 2000 families.
        cache: Cache of faces.

    Returns:
        (H, 1480) uint8, dark on white.

    Raises:
        InputError: If there is no family, or there are too many.
    """
    if not 1 <= len(reports) <= MAX_FAMILIES:
        raise InputError(f"a specimen sheet shows 1 to {MAX_FAMILIES:,} families, not {len(reports):,}")
    plain = _plain_face(cache)
    return np.concatenate([_draw_row(report, plain, cache) for report in reports])


def _draw_row(report: FamilyReport, plain: Face, cache: FaceCache) -> NDArray[np.uint8]:
    name = "".join(c if plain.covers(c) else "?" for c in report.family)
    label = _draw_text(name, plain, cache, _NAME_SIZE)
    specimens = list(_draw_specimens(cache.face(report.specimen), cache))
    if not specimens:
        specimens = [_draw_text("no sample is covered", plain, cache, _NAME_SIZE)]
    height = max(len(piece) for piece in (label, *specimens)) + 2 * _MARGIN
    row = np.full((height, _WIDTH), 255, np.uint8)
    _paste(row, label, _MARGIN, _NAME_WIDTH - _MARGIN)
    left = _NAME_WIDTH
    for specimen in specimens:
        _paste(row, specimen, left, _WIDTH - _MARGIN)
        left += specimen.shape[1] + 2 * _MARGIN
    return row


def _draw_specimens(face: Face, cache: FaceCache) -> Iterator[InkCoverage]:
    """Draw samples of the scripts that a face covers, as many as fit; single characters if it covers none."""
    latin, *others = [script.sample for script in SCRIPTS]
    samples = [text for text in (latin, *reversed(others)) if face.covers(text)]  # scripts of few fonts come first
    room, count = _WIDTH - _NAME_WIDTH, 0
    for text in samples or islice(filter(face.covers, _all_characters()), _MAX_CHARACTERS):
        specimen = _draw_text(text, face, cache, _SPECIMEN_SIZE)
        if specimen.size and (not count or specimen.shape[1] + _MARGIN <= room):
            room -= specimen.shape[1] + 2 * _MARGIN
            count += 1
            yield specimen


@functools.cache
def _all_characters() -> str:
    """Return all letters, then numbers, then symbols."""
    by_category: dict[str, list[str]] = {"L": [], "N": [], "S": []}
    for code in range(0xA1, 0x20000):
        by_category.get(unicodedata.category(chr(code))[0], []).append(chr(code))
    return "".join(character for characters in by_category.values() for character in characters)


def _draw_text(text: str, face: Face, cache: FaceCache, size: int) -> InkCoverage:
    """Draw a text of limited height; (0, 0) if the face cannot shape it."""
    if not face.covers(text):
        return _EMPTY
    try:
        coverage = rasterize_line(shape_line(text, face), face, cache, size).coverage
    except Rejection:
        return _EMPTY
    if len(coverage) > _MAX_HEIGHT:
        width = max(1, round(coverage.shape[1] * _MAX_HEIGHT / len(coverage)))
        return np.asarray(cv2.resize(coverage, (width, _MAX_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    return coverage


def _paste(row: NDArray[np.uint8], piece: InkCoverage, left: int, right: int) -> None:
    """Draw a piece in the vertical middle of the row from `left` on, cut off at `right`."""
    top, width = (len(row) - len(piece)) // 2, max(0, min(piece.shape[1], right - left))
    row[top : top + len(piece), left : left + width] -= piece[:, :width]


def _plain_face(cache: FaceCache) -> Face:
    paths = bundled_fonts()
    path = next((path for path in paths if path.stem == "DejaVuSans"), paths[0])
    return cache.face(read_font_file(path)[0])
