"""Fonts that tests build."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from synthtext.fonts import FontFile, read_font_file

LETTERS = "AHIRg"


def box(left: int, right: int, top: int) -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((left, 0))
    for point in ((left, top), (right, top), (right, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def change(axes: dict[str, tuple[float, float, float]], left: int, right: int, top: int, wider: int) -> TupleVariation:
    """Of a box' corners (the upper ones lean by `top`) and its advance, at the end of an axis."""
    corners: list[tuple[int, int]] = [(left, 0), (left + top, 0), (right + top, 0), (right, 0)]
    return TupleVariation(axes, [*corners, (0, 0), (wider, 0), (0, 0), (0, 0)])


@pytest.fixture(scope="session")
def bars(tmp_path_factory: pytest.TempPathFactory) -> FontFile:
    """A variable font: letters are bars; they grow with `wght` (by an avar) and `wdth`, lean with `slnt`; `opsz`."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", "space", *LETTERS]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({32: "space", **{ord(letter): letter for letter in LETTERS}})
    tops = {letter: 500 + 50 * i for i, letter in enumerate(LETTERS)}
    drawn = {".notdef": box(50, 450, 700), "space": Glyph(), **{name: box(200, 400, tops[name]) for name in LETTERS}}
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({name: (600, getattr(drawn[name], "xMin", 0)) for name in names})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    axes = [
        ("wght", 100, 400, 900, "Weight"),
        ("wdth", 50, 100, 100, "Width"),
        ("slnt", -12, 0, 0, "Slant"),
        ("opsz", 8, 14, 72, "Optical size"),
    ]
    builder.setupFvar(axes, [])
    avar = builder.font["avar"] = newTable("avar")
    avar.segments = {tag: {-1.0: -1.0, 0.0: 0.0, 1.0: 1.0} for tag, *_ in axes}
    avar.segments["wght"][0.5] = 0.7
    builder.setupGvar(
        {
            letter: [
                change({"wght": (0, 1, 1)}, -100, 153, 0, 101),
                change({"wght": (-1, -1, 0)}, 70, -70, 0, -60),
                change({"wdth": (-1, -1, 0)}, -80, -110, 0, -200),
                change({"slnt": (-1, -1, 0)}, 0, 0, 137, 0),
            ]
            for letter in LETTERS
        }
    )
    path = tmp_path_factory.mktemp("variable") / "bars.ttf"
    builder.save(path)
    return read_font_file(path)[0]


@pytest.fixture(scope="session")
def compress() -> Callable[[Path, Path], Path]:
    """Write a font as .woff or .woff2, by the suffix of the path."""

    def write(source: Path, path: Path) -> Path:
        font = TTFont(source)
        font.flavor = path.suffix[1:]
        font.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def collect() -> Callable[[Sequence[Path], Path], Path]:
    """Write fonts as one collection."""

    def write(sources: Sequence[Path], path: Path) -> Path:
        fonts = TTCollection()
        fonts.fonts = [TTFont(io.BytesIO(source.read_bytes())) for source in sources]
        fonts.save(path)
        return path

    return write
