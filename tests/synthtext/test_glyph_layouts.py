"""Letters that are arranged one by one, condensed and stretched: ink, quads and labels stay together."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from synthtext.core import InputError, Points, Size, Warp, signed_area
from synthtext.fonts import Face, FaceCache, bundled_fonts, read_font_file
from synthtext.glyph_layouts import Bouncing, GlyphLayout, RansomNote, Shrinking, Superscript
from synthtext.lines.design import StretchOptions
from synthtext.typesetting.arrange import Arrangement, arrange_glyphs
from synthtext.typesetting.canvas import LineRaster, rasterize_line
from synthtext.typesetting.shaping import ShapedLine, ShapingOptions, shape_line

DrawnBy: TypeAlias = Callable[[Sequence[str], int], list[Any]]

LAYOUTS: list[GlyphLayout] = [RansomNote(), Bouncing(), Shrinking(), Superscript()]
SIZE = 48


@pytest.fixture(scope="module")
def face() -> Face:
    path = next(path for path in bundled_fonts() if path.stem == "DejaVuSans")
    return Face(read_font_file(path)[0])


def arranged(layout: GlyphLayout, text: str, face: Face, seed: int = 0) -> ShapedLine:
    line = shape_line(text, face)
    arrangement = layout.arrange(line, layout.draw(np.random.default_rng(seed), line))
    assert arrangement is not None
    return arrange_glyphs(line, face, arrangement)


def inside(raster: LineRaster, quads: Points, dilation: int) -> Any:
    """Pixels (H, W) of a raster within quads in ems."""
    mask = np.zeros(raster.coverage.shape, np.uint8)
    for quad in quads:
        corners = np.round((quad * raster.pixels_per_em + raster.origin - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1, shift=4)
    return cv2.dilate(mask, np.ones((2 * dilation + 1,) * 2, np.uint8)) > 0


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: type(layout).__name__)
@pytest.mark.parametrize("stretch", [0.45, 1.0, 1.8])
def test_quads_follow_the_letters_and_contain_their_ink(layout: GlyphLayout, stretch: float, face: Face) -> None:
    for seed, text in enumerate(["Gypsy jW 21st", "fij-A4", "Éclat m2"]):
        line = arranged(layout, text, face, seed).stretched(stretch)
        raster = rasterize_line(line, face, FaceCache(), SIZE)
        quads = line.clusters.quads
        assert raster.coverage[~inside(raster, quads, 1)].max(initial=0) < 60, text
        for part, quad in zip(line.clusters.texts(text), quads, strict=True):
            assert signed_area(quad) > 0
            assert part.isspace() or raster.coverage[inside(raster, quad[None], 0)].max() > 120, (text, part)
        low, high = quads.min(axis=(0, 1)), quads.max(axis=(0, 1))
        np.testing.assert_allclose([*low, *high], line.ink_box, atol=1e-5)
        assert (np.diff(quads.mean(axis=1)[:, 0]) > 0).all(), "the label is read from left to right"


def test_an_arrangement_without_changes_is_the_line_of_the_font(face: Face) -> None:
    text = "AVery q\u0308 21"
    line, cache = shape_line(text, face), FaceCache()
    count = len(line.clusters)
    same = arrange_glyphs(line, face, Arrangement(np.ones(count), np.zeros(count), np.zeros(count), np.zeros(count)))
    np.testing.assert_allclose(same.x, line.x, atol=1)
    np.testing.assert_allclose(same.y, line.y, atol=1)
    np.testing.assert_allclose(same.clusters.quads, line.clusters.quads, atol=1e-3)
    first, second = (rasterize_line(one, face, cache, SIZE) for one in (line, same))
    size, warp = Size(500, 90), Warp.scale_translate(SIZE, 10, 60)
    away = cv2.absdiff(first.warped(warp, size), second.warped(warp, size))
    assert away.mean() < 3  # positions are no longer rounded to whole pixels


def test_letters_are_scaled_turned_shifted_and_spaced_as_arranged(face: Face) -> None:
    line = shape_line("HHHH", face)
    scales, degrees = np.array([1.0, 2.0, 0.5, 1.0]), np.array([0.0, 0.0, 0.0, 90.0])
    drawn = arrange_glyphs(line, face, Arrangement(scales, degrees, np.array([0, 0, 0.3, 0]), np.array([0.5, 0, 0, 0])))
    before, after = line.clusters.quads, drawn.clusters.quads
    areas = [signed_area(quad) for quad in after]
    np.testing.assert_allclose(areas, scales**2 * [signed_area(quad) for quad in before], rtol=1e-3)
    assert after[2, 3, 1] == pytest.approx(0.5 * before[2, 3, 1] + 0.3, abs=1e-4)
    right = after[3, 1] - after[3, 0]
    assert abs(right[0]) < 1e-4  # turned clockwise: the top side runs down
    assert right[1] > 0
    raster = rasterize_line(drawn, face, FaceCache(), SIZE)
    ink = (raster.coverage > 100).any(axis=0)
    edges = np.flatnonzero(np.diff(ink.astype(int))) / SIZE
    own = (face.boxes[line.glyphs[0]] or (0, 0, 0, 0), line.x[1] - line.x[0])
    bearing = (own[1] - (own[0][2] - own[0][0])) / face.units_per_em
    assert edges[2] - edges[1] == pytest.approx(1.5 * bearing + 0.5, abs=2 / SIZE)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: type(layout).__name__)
def test_connected_and_vertical_letters_are_not_arranged(layout: GlyphLayout, face: Face) -> None:
    assert not layout.supports(shape_line("سلام", face))
    assert not layout.supports(shape_line("A2", face, ShapingOptions(vertical=True)))
    assert not layout.supports(shape_line("2", face))


@pytest.mark.parametrize(
    ("text", "raised"),
    [("m2", 1), ("19.99", 2), ("21st", 2), ("H2", 1), ("word", 0), ("2021", 0), ("room 12", 0), ("A1234", 0), ("7", 0)],
)
def test_the_end_is_raised_where_it_is_a_superscript(text: str, raised: int, face: Face) -> None:
    line, layout = shape_line(text, face), Superscript((0.6, 0.6), lowered_probability=0)
    assert layout.supports(line) is (raised > 0)
    if raised:
        arrangement = layout.arrange(line, layout.draw(np.random.default_rng(0), line))
        assert arrangement.scales.tolist() == [1.0] * (len(text) - raised) + [0.6] * raised
        quads = arrange_glyphs(line, face, arrangement).clusters.quads
        assert quads[-1, 0, 1] == pytest.approx(quads[0, 0, 1], abs=1e-5)  # tops are aligned
        assert quads[-1, 3, 1] < quads[0, 3, 1]


def test_shrinking_letters_shrink(face: Face) -> None:
    heights = np.ptp(arranged(Shrinking((0.5, 0.5), ("shrinking",)), "HHHHH", face).clusters.quads[:, :, 1], axis=1)
    np.testing.assert_allclose(heights / heights[0], np.linspace(1, 0.5, 5), atol=1e-4)


def test_a_condensed_line_takes_a_quarter_of_its_height_for_a_character(drawn_by: DrawnBy) -> None:
    settings = ["layout.stretch={probability: 1, factor_range: [0.5, 0.5]}", "layout.margin_range=[0, 0]"]
    usual = ["layout.tracking_range=[0, 0]", "baselines={straight: 1}", "ink.styles={plain: 1}", "coverage.share=0"]
    words = ["corpus=[{use: words, case: {lower: 1}}]", "layout.length_range=[5, 12]"]
    lines = drawn_by([*settings, *usual, *words], 40)
    assert all(line.sample.meta.parameters["stretch"] == 0.5 for line in lines)
    shares = [line.image.shape[1] / line.image.shape[0] / len(line.sample.text) for line in lines]
    assert min(shares) < 0.25
    for line in lines:
        filled = np.zeros(line.letters.shape, np.uint8)
        for quad in line.sample.clusters.quads:
            cv2.fillPoly(filled, [np.round((quad - 0.5) * 16).astype(np.int32)], 1, shift=4)
        assert line.letters[cv2.dilate(filled, np.ones((5, 5), np.uint8)) == 0].max(initial=0) < 77


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: RansomNote(size_range=(0, 0.9)),
        lambda: Bouncing(period_range=(1, 3)),
        lambda: Shrinking(kinds=()),
        lambda: Superscript(lowered_probability=2),
        lambda: StretchOptions(factor_range=(0.1, 1)),
        lambda: StretchOptions(probability=-1),
    ],
)
def test_invalid_settings_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        wrong()
