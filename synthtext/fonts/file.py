"""What a font file says of itself."""

import re
from dataclasses import dataclass
from pathlib import Path

import uharfbuzz as hb

from synthtext.core import InputError
from synthtext.fonts.opening import open_font, read_font
from synthtext.fonts.variation import Axis, Variations

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2")
_OUTLINE_TABLES = {"glyf", "CFF ", "CFF2"}
_PROBES = "AHRg"
_ANONYMOUS = re.compile(r"\..*|(uni|u|gid|glyph|cid|g|index|aj|nameme\.)[0-9A-F]+([._].*)?", re.IGNORECASE)
_HIDDEN = 1  # a flag of an axis
_FAMILY, _STYLE, _TYPOGRAPHIC_FAMILY, _TYPOGRAPHIC_STYLE, _LICENCE, _LICENCE_ADDRESS = 1, 2, 16, 17, 13, 14


@dataclass(frozen=True)
class FontFile:
    """One face of a font file.

    Attributes:
        path: of the file.
        face: index in a collection; 0 for other files.
        digest: SHA-256 of the file, hexadecimal.
        family: such as "Lato".
        style: such as "Bold Italic".
        licence: what the font says of its licence, or empty.
        axes: of a variable font, in the font's order; empty for others.
        variations: where on the axes the face is drawn; empty is the default of every axis.
    """

    path: Path
    face: int
    digest: str
    family: str
    style: str
    licence: str
    axes: tuple[Axis, ...] = ()
    variations: Variations = ()

    @property
    def name(self) -> str:
        """Family, style and variations ("Inter Variable wght=612"), for people and for the `font` column."""
        places = [f"{tag}={value:g}" for tag, value in self.variations]
        return " ".join(part for part in (self.family, self.style, *places) if part)


def read_font_file(path: Path) -> list[FontFile]:
    """The faces of a font file.

    Raises:
        InputError: the file cannot be read, is no font, or has no outlines to draw.
    """
    data, digest = read_font(path)
    blob = hb.Blob(data)
    count = hb.Face(blob).count if data else 0
    faces = [_describe(hb.Face(blob, index), path, index, digest) for index in range(count)]
    if not faces:
        raise InputError(f"font {str(path)!r} is broken or no font: it has no face")
    return faces


def _describe(face: hb.Face, path: Path, index: int, digest: str) -> FontFile:
    if not face.glyph_count or not face.upem or not face.unicodes:
        raise InputError(f"font {str(path)!r} is broken: it has no glyphs or no character map")
    if not _OUTLINE_TABLES & set(face.table_tags):
        raise InputError(f"font {str(path)!r} has no outlines (pictures only), which cannot be drawn")
    open_font(path, index)
    if _is_pictorial(face):
        raise InputError(f"font {str(path)!r} shows symbols where letters should be")
    return FontFile(
        path=path,
        face=index,
        digest=digest,
        family=_name(face, _TYPOGRAPHIC_FAMILY) or _name(face, _FAMILY) or path.stem,
        style=_name(face, _TYPOGRAPHIC_STYLE) or _name(face, _STYLE),
        licence=_name(face, _LICENCE_ADDRESS) or _name(face, _LICENCE)[:200],
        axes=tuple(
            Axis(axis.tag, axis.min_value, axis.default_value, axis.max_value, bool(axis.flags & _HIDDEN))
            for axis in face.axis_infos
        ),
    )


def _is_pictorial(face: hb.Face) -> bool:
    """Whether the glyphs behind plain letters are named as something else: such fonts do not always say so."""
    font = hb.Font(face)
    letters = [letter for letter in _PROBES if ord(letter) in face.unicodes]
    names = [font.get_glyph_name(font.get_nominal_glyph(ord(letter)) or 0) or "" for letter in letters]
    named = [
        (letter, name) for letter, name in zip(letters, names, strict=True) if name and not _ANONYMOUS.fullmatch(name)
    ]
    return len(named) == len(_PROBES) and not any(name.split(".")[0] == letter for letter, name in named)


def _name(face: hb.Face, identifier: int) -> str:
    return (face.get_name(identifier, "en") or "").strip()
