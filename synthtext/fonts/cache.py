"""Cache of faces and glyph rasters, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Mapping

from synthtext.fonts.face import Face, GlyphRaster
from synthtext.fonts.file import FaceKey, FontFile

_OVERHEAD = 300  # bytes of a raster besides its pixels

RASTER_SIZES = tuple(round(12 * 2 ** (step / 2)) for step in range(11))  # to 384
"""Em sizes in pixels at which glyphs are rasterized; warps scale them. Few sizes keep hundreds of fonts cheap."""

_MAX_ENLARGEMENT = 1.06  # invisible, and avoids rasterizing at the next larger size


def raster_size(size: float) -> int:
    """Return the raster size for an em of `size` pixels: the next larger one, or the largest."""
    return next((step for step in RASTER_SIZES if step * _MAX_ENLARGEMENT >= size), RASTER_SIZES[-1])


class _Rasters(dict[int, GlyphRaster]):
    """Glyphs of a face at one size, rasterized on first use."""

    def __init__(self, cache: "FaceCache", face: Face, size: int) -> None:
        self._cache, self._face, self._size = cache, face, size
        self.bytes = 0

    def __missing__(self, glyph: int) -> GlyphRaster:
        raster = self[glyph] = self._face.rasterize(glyph, self._size)
        amount = raster.coverage.nbytes + _OVERHEAD
        self.bytes += amount
        self._cache.count_bytes(amount)
        return raster


class FaceCache:
    """Cache of open faces and their glyph rasters; evicts the least recently used ones.

    Args:
        limit: Bytes of rasters; those of the face and size in use are never evicted.
        faces: Maximum number of open faces.
    """

    def __init__(self, limit: int = 40 << 20, faces: int = 2048) -> None:
        self._limit, self._faces_limit = limit, faces
        self._faces: OrderedDict[FaceKey, Face] = OrderedDict()
        self._rasters: OrderedDict[tuple[FaceKey, int], _Rasters] = OrderedDict()
        self.raster_bytes = 0

    def face(self, file: FontFile) -> Face:
        """Return the open face of a file, with its variations."""
        if file.key not in self._faces:
            self._faces[file.key] = Face(file)
        self._faces.move_to_end(file.key)
        if len(self._faces) > self._faces_limit:
            self._faces.popitem(last=False)
        return self._faces[file.key]

    def rasters(self, face: Face, size: int) -> Mapping[int, GlyphRaster]:
        """Return the glyphs of a face at one of `RASTER_SIZES`, by glyph id."""
        key = (face.file.key, size)
        if key not in self._rasters:
            self._rasters[key] = _Rasters(self, face, size)
        self._rasters.move_to_end(key)
        return self._rasters[key]

    def count_bytes(self, amount: int) -> None:
        """Add the bytes of a new raster of the face and size used last, and evict others beyond the limit."""
        self.raster_bytes += amount
        while self.raster_bytes > self._limit and len(self._rasters) > 1:
            _, oldest = self._rasters.popitem(last=False)
            self.raster_bytes -= oldest.bytes
