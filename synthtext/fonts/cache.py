"""Glyph rasters, shared by all lines, bounded in bytes."""

from collections import OrderedDict

from synthtext.fonts.face import Face, Raster
from synthtext.fonts.file import FontFile

_OVERHEAD = 200  # bytes that Python adds to an entry
_RATIO = 2**0.25


def _ladder() -> tuple[int, ...]:
    sizes = [8.0]
    while sizes[-1] < 256:
        sizes.append(sizes[-1] * _RATIO)
    return tuple(round(size) for size in sizes)


SIZES = _ladder()
"""Em sizes in pixels at which glyphs are drawn; the warp does the rest, which shrinks by 16 % at most."""


def drawn_size(size: float) -> int:
    """The size of the ladder at which to draw for an em of `size` pixels: the next larger one, or the largest."""
    return next((step for step in SIZES if step >= size), SIZES[-1])


class FaceCache:
    """Open faces and their rasters; the least recently used go first when `limit` bytes are exceeded."""

    def __init__(self, limit: int = 96 << 20, faces: int = 512) -> None:
        self._limit, self._faces_limit = limit, faces
        self._bytes = 0
        self._faces: OrderedDict[tuple[str, int], Face] = OrderedDict()
        self._rasters: OrderedDict[tuple[str, int, int, int], Raster] = OrderedDict()

    def face(self, file: FontFile) -> Face:
        """The open face of a file."""
        key = (file.digest, file.face)
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(file)
            if len(self._faces) > self._faces_limit:
                self._faces.popitem(last=False)
        self._faces.move_to_end(key)
        return face

    def raster(self, face: Face, glyph: int, size: int) -> Raster:
        """A glyph of a face at a size of the ladder."""
        key = (face.file.digest, face.file.face, glyph, size)
        raster = self._rasters.get(key)
        if raster is not None:
            self._rasters.move_to_end(key)
            return raster
        raster = self._rasters[key] = face.draw(glyph, size)
        self._bytes += raster.coverage.nbytes + _OVERHEAD
        while self._bytes > self._limit:
            _, oldest = self._rasters.popitem(last=False)
            self._bytes -= oldest.coverage.nbytes + _OVERHEAD
        return raster
