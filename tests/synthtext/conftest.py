"""Generated fonts, and rendered lines with their intermediate results."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.background import ParametricBackground
from synthtext.core import Image, Points, Sample, SkippedSample
from synthtext.fonts import FontFile, read_font_file
from synthtext.lines.state import LineState

LETTERS = "AHIRg"


def box(left: int, right: int, top: int) -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((left, 0))
    for point in ((left, top), (right, top), (right, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def change(axes: dict[str, tuple[float, float, float]], left: int, right: int, top: int, wider: int) -> TupleVariation:
    """Variation of a box's corners (the upper ones are slanted by `top`) and its advance, at the end of an axis."""
    corners: list[tuple[int, int]] = [(left, 0), (left + top, 0), (right + top, 0), (right, 0)]
    return TupleVariation(axes, [*corners, (0, 0), (wider, 0), (0, 0), (0, 0)])


@pytest.fixture(scope="session")
def bars(tmp_path_factory: pytest.TempPathFactory) -> FontFile:
    """A variable font whose letters are bars that vary with `wght` (with an avar), `wdth`, `slnt` and `opsz`."""
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
    """Write a font as .woff or .woff2, depending on the suffix of the path."""

    def write(source: Path, path: Path) -> Path:
        font = TTFont(source)
        font.flavor = path.suffix[1:]
        font.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def collect() -> Callable[[Sequence[Path], Path], Path]:
    """Write fonts as a collection."""

    def write(sources: Sequence[Path], path: Path) -> Path:
        fonts = TTCollection()
        fonts.fonts = [TTFont(io.BytesIO(source.read_bytes())) for source in sources]
        fonts.save(path)
        return path

    return write


class Drawn(NamedTuple):
    """A rendered line: coverage of its letters and of all ink of their colour (H, W), background, and image."""

    sample: Sample
    letters: Image
    inked: Image
    strokes: Image | None
    background: Image
    image: Image

    def check_contrast(self, floor: float) -> None:
        """Solid ink reaches the floor at every cluster, and so does the recorded contrast."""
        assert self.sample.meta.contrast >= floor - 0.01
        below, shown = (
            cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float64) for one in (self.background, self.image)
        )
        beside = cv2.dilate(self.letters, np.ones((3, 3), np.uint8)) > 0
        share = self.letters / 255
        ink = (shown - below * (1 - share)) / np.maximum(share, 0.01)  # extrapolated to a coverage of 1
        clusters = self.sample.clusters
        for text, quad in zip(clusters.texts(self.sample.text), clusters.quads, strict=True):
            window = self.near(quad)
            solid = share[window] > 0.5
            if text.strip() and solid.any():
                away = below[window][beside[window]].mean() - ink[window][solid].mean()
                assert abs(away) > floor - 5, (self.sample.text, text)  # contrast is measured in cells of two pixels

    def near(self, quad: Points) -> tuple[slice, slice]:
        """Rows and columns of the image that contain a quad."""
        (left, top), (right, bottom) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
        return slice(max(top, 0), bottom), slice(max(left, 0), right)


@pytest.fixture(scope="session")
def drawn_by() -> Callable[[Sequence[str], int], list[Drawn]]:
    """Generate lines of the preset `lines` with settings, without effects and neighbours."""

    def draw(settings: Sequence[str], count: int) -> list[Drawn]:
        bare = ["fonts.system=false", "layout.neighbours={probability: 0}", "effects=[]"]
        generator = resolve_recipe("lines", [*bare, *settings]).generator(5)
        assert isinstance(generator, LineGenerator)
        letters: dict[int, Image] = {}
        states: dict[int, LineState] = {}
        steps = generator.stages.steps
        find, compose = steps["compute ink masks"], steps["composite"]

        def found(some: Sequence[LineState]) -> None:
            letters.update({state.index: state.coverage for state in some})
            find(some)

        def composed(some: Sequence[LineState]) -> None:
            compose(some)
            states.update({state.index: state for state in some})

        steps["compute ink masks"], steps["composite"] = found, composed
        samples = [sample for sample in generator.generate_many(range(count)) if not isinstance(sample, SkippedSample)]
        assert len(samples) >= 0.99 * count
        return [_drawn(sample, letters[i], states[i]) for sample in samples for i in [int(sample.key[-10:])]]

    return draw


def _drawn(sample: Sample, letters: Image, state: LineState) -> Drawn:
    part, below = state.block.backgrounds[state.background_index], state.background
    if isinstance(part, ParametricBackground):
        below = part.apply_overlay(below, state.background_parameters)
    return Drawn(sample, letters, state.coverage, state.stroke_coverage, below, sample.image)
