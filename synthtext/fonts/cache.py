"""Cache of faces and glyph rasters, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Mapping

from synthtext.fonts.face import Face, GlyphRaster
from synthtext.fonts.file import FontFile, Variations

_RATIO = 2**0.5
_MIN_SIZE, _MAX_SIZE = 12, 384  # pixels
_OVERHEAD = 300  # bytes of a raster besides its pixels


def _sizes() -> tuple[int, ...]:
    sizes = [float(_MIN_SIZE)]
    while sizes[-1] < _MAX_SIZE:
        sizes.append(sizes[-1] * _RATIO)
    return tuple(round(size) for size in sizes)


RASTER_SIZES = _sizes()
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
        self._faces: OrderedDict[tuple[str, int, Variations], Face] = OrderedDict()
        self._rasters: OrderedDict[tuple[str, int, Variations, int], _Rasters] = OrderedDict()
        self.raster_bytes = 0

    def face(self, file: FontFile) -> Face:
        """Return the open face of a file, with its variations."""
        key = (file.digest, file.face_index, file.variations)
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(file)
            if len(self._faces) > self._faces_limit:
                self._faces.popitem(last=False)
        self._faces.move_to_end(key)
        return face

    def rasters(self, face: Face, size: int) -> Mapping[int, GlyphRaster]:
        """Return the glyphs of a face at one of `RASTER_SIZES`, by glyph id."""
        key = (face.file.digest, face.file.face_index, face.file.variations, size)
        rasters = self._rasters.get(key)
        if rasters is None:
            rasters = self._rasters[key] = _Rasters(self, face, size)
        self._rasters.move_to_end(key)
        return rasters

    def count_bytes(self, amount: int) -> None:
        """Add the bytes of a new raster of the face and size used last, and evict others beyond the limit."""
        self.raster_bytes += amount
        while self.raster_bytes > self._limit and len(self._rasters) > 1:
            _, oldest = self._rasters.popitem(last=False)
            self.raster_bytes -= oldest.bytes
