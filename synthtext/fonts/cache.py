"""Glyph rasters, shared by all lines, bounded in bytes."""

from collections import OrderedDict

from synthtext.cache import ByteCache
from synthtext.fonts.face import Face, Raster
from synthtext.fonts.file import FontFile
from synthtext.fonts.variation import Variations

_RATIO = 2**0.25


def _ladder() -> tuple[int, ...]:
    sizes = [8.0]
    while sizes[-1] < 256:
        sizes.append(sizes[-1] * _RATIO)
    return tuple(round(size) for size in sizes)


SIZES = _ladder()
"""Em sizes in pixels at which glyphs are drawn; the warp does the rest, which shrinks by a fifth at most."""


def drawn_size(size: float) -> int:
    """The size of the ladder at which to draw for an em of `size` pixels: the next larger one, or the largest."""
    return next((step for step in SIZES if step >= size), SIZES[-1])


class FaceCache:
    """Open faces and their rasters; the least recently used go first when the bounds are exceeded.

    Args:
        limit: bytes of rasters.
        faces: open files.
    """

    def __init__(self, limit: int = 96 << 20, faces: int = 2048) -> None:
        self._faces_limit = faces
        self._faces: OrderedDict[tuple[str, int, Variations], Face] = OrderedDict()
        self._rasters: ByteCache[tuple[str, int, Variations, int, int], Raster] = ByteCache(
            limit, lambda r: r.coverage.nbytes
        )

    def face(self, file: FontFile) -> Face:
        """The open face of a file, at its place on the axes."""
        key = (file.digest, file.face, file.variations)
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(file)
            if len(self._faces) > self._faces_limit:
                self._faces.popitem(last=False)
        self._faces.move_to_end(key)
        return face

    @property
    def raster_bytes(self) -> int:
        """What the kept rasters take."""
        return self._rasters.bytes

    def raster(self, face: Face, glyph: int, size: int) -> Raster:
        """A glyph of a face at a size of the ladder."""
        key = (face.file.digest, face.file.face, face.file.variations, glyph, size)
        return self._rasters.get(key, lambda: face.draw(glyph, size))
