"""Glyph rasters, shared by all lines, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Mapping

from synthtext.fonts.face import Face, GlyphRaster
from synthtext.fonts.file import FontFile, Variations

_RATIO = 2**0.5
_SMALLEST, _LARGEST = 12, 384  # pixels
_OVERHEAD = 300  # bytes that Python adds to a raster


def _ladder() -> tuple[int, ...]:
    sizes = [float(_SMALLEST)]
    while sizes[-1] < _LARGEST:
        sizes.append(sizes[-1] * _RATIO)
    return tuple(round(size) for size in sizes)


RASTER_SIZES = _ladder()
"""Em sizes in pixels at which glyphs are drawn; the warp does the rest. Few, so that hundreds of fonts stay cheap."""

_ENLARGED = 1.06  # a little is not seen, and saves the next larger size its glyphs


def raster_size(size: float) -> int:
    """The size of the ladder at which to draw for an em of `size` pixels: the next larger one, or the largest."""
    return next((step for step in RASTER_SIZES if step * _ENLARGED >= size), RASTER_SIZES[-1])


class _Rasters(dict[int, GlyphRaster]):
    """The glyphs of a face at one size, drawn when they are first asked for."""

    def __init__(self, cache: "FaceCache", face: Face, size: int) -> None:
        self._cache, self._face, self._drawn_size = cache, face, size
        self.bytes = 0

    def __missing__(self, glyph: int) -> GlyphRaster:
        raster = self[glyph] = self._face.rasterize(glyph, self._drawn_size)
        amount = raster.coverage.nbytes + _OVERHEAD
        self.bytes += amount
        self._cache.count_bytes(amount)
        return raster


class FaceCache:
    """Open faces and their rasters; the least recently used go first when the bounds are exceeded.

    Args:
        limit: bytes of rasters; those of the face and size in use always stay.
        faces: open files.
    """

    def __init__(self, limit: int = 40 << 20, faces: int = 2048) -> None:
        self._limit, self._faces_limit = limit, faces
        self._faces: OrderedDict[tuple[str, int, Variations], Face] = OrderedDict()
        self._rasters: OrderedDict[tuple[str, int, Variations, int], _Rasters] = OrderedDict()
        self.raster_bytes = 0

    def face(self, file: FontFile) -> Face:
        """The open face of a file, at its place on the axes."""
        key = (file.digest, file.face_index, file.variations)
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(file)
            if len(self._faces) > self._faces_limit:
                self._faces.popitem(last=False)
        self._faces.move_to_end(key)
        return face

    def rasters(self, face: Face, size: int) -> Mapping[int, GlyphRaster]:
        """The glyphs of a face at a size of the ladder, by id."""
        key = (face.file.digest, face.file.face_index, face.file.variations, size)
        rasters = self._rasters.get(key)
        if rasters is None:
            rasters = self._rasters[key] = _Rasters(self, face, size)
        self._rasters.move_to_end(key)
        return rasters

    def count_bytes(self, amount: int) -> None:
        """Count new rasters, of the face and size that were asked for last; let go of others when they are too many."""
        self.raster_bytes += amount
        while self.raster_bytes > self._limit and len(self._rasters) > 1:
            _, oldest = self._rasters.popitem(last=False)
            self.raster_bytes -= oldest.bytes
