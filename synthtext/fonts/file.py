"""Places on the axes of variable fonts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import uharfbuzz as hb

from synthtext.core import InputError
from synthtext.fonts.loading import open_font, read_font

AXIS_STEPS = 8
"""Equal steps from an axis' minimum to its maximum: few distinct faces, so that their rasters are used again."""

_LEANING = frozenset({"ital", "slnt"})
# The optical size follows from the size of the text. The others are what weight and width are made of: drawn apart
# from each other they tear letters.
_KEPT = frozenset({"opsz", "XOPQ", "YOPQ", "XTRA", "YTLC", "YTUC", "YTAS", "YTDE", "YTFI"})


class Axis(NamedTuple):
    """An axis of a variable font, in the units of its design.

    Attributes:
        tag: such as "wght".
        minimum: the least value.
        default: where the font stands if nothing is asked.
        maximum: the largest value.
        hidden: the font asks not to show it to people.
    """

    tag: str
    minimum: float
    default: float
    maximum: float
    hidden: bool = False


Variations = tuple[tuple[str, float], ...]
"""Values by the tags of axes; an axis that is not named stays at its default."""


def draw_variations(axes: Sequence[Axis], rng: np.random.Generator) -> Variations:
    """Draw a value for each axis that is made to be varied: one of `STEPS` + 1, from the minimum to the maximum.

    Half of the fonts that could lean stand as they do by default. Optical size, hidden and parametric axes stay at
    their defaults. A font without axes takes nothing from `rng`.
    """
    drawn = []
    for axis in axes:
        if axis.hidden or axis.tag in _KEPT or axis.minimum >= axis.maximum:
            continue
        upright = axis.tag in _LEANING and rng.random() < 0.5
        value = axis.minimum + (axis.maximum - axis.minimum) * int(rng.integers(AXIS_STEPS, endpoint=True)) / AXIS_STEPS
        drawn.append((axis.tag, axis.default if upright else round(value, 3)))
    return tuple(drawn)


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
        face_index: index in a collection; 0 for other files.
        digest: SHA-256 of the file, hexadecimal.
        family: such as "Lato".
        style: such as "Bold Italic".
        licence: what the font says of its licence, or empty.
        axes: of a variable font, in the font's order; empty for others.
        variations: where on the axes the face is drawn; empty is the default of every axis.
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
