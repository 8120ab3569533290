"""Font files: loading, metadata, validation, variation axes, and repair of vertical metrics."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import freetype
import numpy as np
import uharfbuzz as hb

from synthtext.core import InputError
from synthtext.core.cache import ByteCache
from synthtext.fonts.woff import WOFF_SIGNATURES, decompress_font

MAX_FONT_BYTES = 2**28
"""Maximum size of a font in bytes, file or decompressed; collections of all Chinese characters have half."""

# By the digest of the file. A variable font is opened for each variation, and decompression takes half a second.
_decompressed: ByteCache[str, bytes] = ByteCache(64 << 20, len)


def read_font(path: Path) -> tuple[bytes, str]:
    """Read a font file as sfnt bytes (.woff and .woff2 are decompressed), and compute the SHA-256 of the file.

    Raises:
        InputError: The file cannot be read or decompressed, or it is larger than `MAX_FONT_BYTES`, compressed or not.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FONT_BYTES:
            raise InputError(
                f"font {str(path)!r} is too large: {size / 1e6:,.0f} MB; the maximum is {MAX_FONT_BYTES / 1e6:,.0f} MB"
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(WOFF_SIGNATURES):
        return _decompressed.get(digest, lambda: decompress_font(data, path, MAX_FONT_BYTES)), digest
    return data, digest


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in WOFF_SIGNATURES


def open_harfbuzz(path: Path, index: int) -> hb.Face:
    """Open a face with HarfBuzz; an uncompressed file is memory-mapped.

    Raises:
        InputError: The file cannot be read or decompressed.
    """
    try:
        return hb.Face(
            hb.Blob(read_font(path)[0]) if _is_compressed(path) else hb.Blob.from_file_path(str(path)), index
        )
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None


def open_font(path: Path, index: int) -> tuple[hb.Face, freetype.Face]:
    """Open a face with HarfBuzz and FreeType; an uncompressed file is memory-mapped.

    Raises:
        InputError: The file cannot be read or decompressed, or FreeType cannot open it.
    """
    face = open_harfbuzz(path, index)
    try:
        source = io.BytesIO(read_font(path)[0]) if _is_compressed(path) else str(path)
        return face, freetype.Face(source, index)
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    except freetype.FT_Exception as error:
        raise InputError(f"font {str(path)!r} is broken: {error}") from None


AXIS_STEPS = 8
"""Number of equal steps on an axis: few distinct faces, so that their rasters are reused."""

_SLANT_AXES = frozenset({"ital", "slnt"})
# The optical size follows from the font size. The others are parametric axes, which distort letters if varied alone.
_FIXED_AXES = frozenset({"opsz", "XOPQ", "YOPQ", "XTRA", "YTLC", "YTUC", "YTAS", "YTDE", "YTFI"})


class Axis(NamedTuple):
    """An axis of a variable font, in design units.

    Attributes:
        tag: Such as "wght".
        minimum: Minimum value.
        default: Default value.
        maximum: Maximum value.
        hidden: Whether the font asks not to show the axis to users.
    """

    tag: str
    minimum: float
    default: float
    maximum: float
    hidden: bool = False


Variations: TypeAlias = tuple[tuple[str, float], ...]
"""Values by axis tag; other axes are at their defaults."""

FaceKey: TypeAlias = tuple[str, int, Variations]
"""Digest of a file, index of the face, and variations."""


def draw_variations(axes: Sequence[Axis], rng: np.random.Generator) -> Variations:
    """Draw a value for each axis: one of `AXIS_STEPS` + 1 values from the minimum to the maximum.

    Fonts with slant axes are upright in half of the draws. Optical size, hidden and parametric axes stay at their
    defaults. A font without axes draws nothing from `rng`.
    """
    values = []
    for axis in axes:
        if axis.hidden or axis.tag in _FIXED_AXES or axis.minimum >= axis.maximum:
            continue
        upright = axis.tag in _SLANT_AXES and rng.random() < 0.5
        value = axis.minimum + (axis.maximum - axis.minimum) * int(rng.integers(AXIS_STEPS, endpoint=True)) / AXIS_STEPS
        values.append((axis.tag, axis.default if upright else round(value, 3)))
    return tuple(values)


SUFFIXES = (".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2")
_OUTLINE_TABLES = {"glyf", "CFF ", "CFF2"}
_PROBES = "AHRg"
_GENERIC_NAME = re.compile(r"\..*|(uni|u|gid|glyph|cid|g|index|aj|nameme\.)[0-9A-F]+([._].*)?", re.IGNORECASE)
_HIDDEN = 1  # flag of an axis
_FAMILY, _STYLE, _TYPOGRAPHIC_FAMILY, _TYPOGRAPHIC_STYLE, _LICENCE, _LICENCE_ADDRESS = 1, 2, 16, 17, 13, 14


@dataclass(frozen=True)
class FontFile:
    """A face of a font file.

    Attributes:
        path: Path of the file.
        face_index: Index in a collection; 0 for other files.
        digest: SHA-256 of the file, hexadecimal.
        family: Such as "Lato".
        style: Such as "Bold Italic".
        licence: Licence according to the font, or empty.
        axes: Axes of a variable font, in the font's order; empty for other fonts.
        variations: Values of axes; empty for the defaults.
    """

    path: Path
    face_index: int
    digest: str
    family: str
    style: str
    licence: str
    axes: tuple[Axis, ...] = ()
    variations: Variations = ()

    @property
    def key(self) -> FaceKey:
        """Identity of the face, wherever its file is."""
        return self.digest, self.face_index, self.variations

    @property
    def name(self) -> str:
        """Family, style and variations, such as "Inter Variable wght=612"."""
        variations = [f"{tag}={value:g}" for tag, value in self.variations]
        return " ".join(part for part in (self.family, self.style, *variations) if part)


def read_font_file(path: Path) -> list[FontFile]:
    """Read the metadata of all faces of a font file; a process reads a file again only after it has changed.

    Raises:
        InputError: The file cannot be read, is not a font, or has no outlines.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    return list(_read_faces(path, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=8192)
def _read_faces(path: Path, size: int, modified: int) -> tuple[FontFile, ...]:  # the version of the file is a key only
    data, digest = read_font(path)
    blob = hb.Blob(data)
    count = hb.Face(blob).count if data else 0
    faces = tuple(_describe(hb.Face(blob, index), path, index, digest) for index in range(count))
    if not faces:
        raise InputError(f"font {str(path)!r} is broken or not a font: it has no face")
    return faces


def _describe(face: hb.Face, path: Path, index: int, digest: str) -> FontFile:
    if not face.glyph_count or not face.upem or not face.unicodes:
        raise InputError(f"font {str(path)!r} is broken: it has no glyphs or no character map")
    if not _OUTLINE_TABLES & set(face.table_tags):
        raise InputError(f"font {str(path)!r} has bitmaps only, which cannot be scaled")
    open_font(path, index)
    if _is_symbol_font(face):
        raise InputError(f"font {str(path)!r} displays symbols instead of letters")
    return FontFile(
        path=path,
        face_index=index,
        digest=digest,
        family=_name(face, _TYPOGRAPHIC_FAMILY) or _name(face, _FAMILY) or path.stem,
        style=_name(face, _TYPOGRAPHIC_STYLE) or _name(face, _STYLE),
        licence=_name(face, _LICENCE_ADDRESS) or _name(face, _LICENCE)[:200],
        axes=tuple(
            Axis(axis.tag, axis.min_value, axis.default_value, axis.max_value, bool(axis.flags & _HIDDEN))
            for axis in face.axis_infos
        ),
    )


def _is_symbol_font(face: hb.Face) -> bool:
    """Whether the glyphs of letters have the names of other characters: not all symbol fonts declare themselves."""
    font = hb.Font(face)
    letters = [letter for letter in _PROBES if ord(letter) in face.unicodes]
    names = [font.get_glyph_name(font.get_nominal_glyph(ord(letter)) or 0) or "" for letter in letters]
    if len(letters) < len(_PROBES) or not all(name and not _GENERIC_NAME.fullmatch(name) for name in names):
        return False
    return not any(name.split(".")[0] == letter for letter, name in zip(letters, names, strict=True))


def _name(face: hb.Face, identifier: int) -> str:
    return (face.get_name(identifier, "en") or "").strip()


_IDEOGRAPHS = "有一人中日あの한AHE"
_ASCENT = 0.88  # ems from the baseline to the top of the em box of ideographs
_MIN_ADVANCE, _MAX_ADVANCE = 0.5, 1.6  # ems


def with_vertical_metrics(font: hb.Font) -> hb.Font:
    """Return the font, or a copy with a vertical advance of one em if its characters would overlap or be far apart.

    The WenQuanYi fonts have vertical metrics of height 0 or with wrong origins; other fonts have none, and an ascent of
    0 or of two ems, for marks of other scripts or for formulas.
    """
    em = font.face.upem
    glyphs = [glyph for character in _IDEOGRAPHS if (glyph := font.get_nominal_glyph(ord(character)))]
    if all(_has_valid_metrics(font, glyph) for glyph in glyphs):
        return font
    functions = hb.FontFuncs()
    functions.set_glyph_v_advance_func(lambda *_: -em)
    functions.set_glyph_v_origin_func(
        lambda _, glyph, __: (True, font.get_glyph_h_advance(glyph) // 2, round(_ASCENT * em))
    )
    result = hb.Font(font)
    result.funcs = functions
    return result


def _has_valid_metrics(font: hb.Font, glyph: int) -> bool:
    """Whether the middle of the ink lies within the vertical advance of a glyph, and the advance is plausible."""
    extents, advance = font.get_glyph_extents(glyph), -font.get_glyph_v_advance(glyph)
    if extents is None or not extents.height:
        return True
    down = font.get_glyph_v_origin(glyph)[1] - extents.y_bearing - extents.height / 2
    return bool(_MIN_ADVANCE <= advance / font.face.upem <= _MAX_ADVANCE and 0 < down < advance)
