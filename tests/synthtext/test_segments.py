"""Seven-segment displays and stencils: what is drawn is the label, and quads are its cells."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Sample, Scene, Size, SkippedSample, Warp
from synthtext.fonts import Face, FaceCache, bundled_fonts, read_font_file
from synthtext.ink import InkStyle, SevenSegment, Stencil
from synthtext.ink.segments import SEGMENTS
from synthtext.typesetting.shaping import ShapingOptions, shape_line

RNG = np.random.default_rng
SPOTS = {"a": (0.5, 0), "b": (1, 0.25), "c": (1, 0.75), "d": (0.5, 1), "e": (0, 0.75), "f": (0, 0.25), "g": (0.5, 0.5)}
CODES = "corpus=[{use: pattern, pattern: '[0-9ACEFHJLPU]{1,6}|-[0-9]{2}|[0-9]{2}°'}]"

DrawnBy: TypeAlias = Callable[[Sequence[str], int], list[Any]]


@pytest.fixture(scope="module")
def face() -> Face:
    path = next(path for path in bundled_fonts() if path.stem == "DejaVuSans")
    return Face(read_font_file(path)[0])


def test_no_two_characters_have_the_same_segments() -> None:
    shown = [frozenset(segments) for segments in SEGMENTS.values()]
    assert len(set(shown)) == len(shown)
    assert all(len(set(segments)) == len(segments) for segments in SEGMENTS.values())


@pytest.mark.parametrize("slant", [-5.0, 0.0, 12.0])
def test_the_lit_segments_within_each_quad_spell_the_label(drawn_by: DrawnBy, slant: float) -> None:
    """Read as a display is read: every character is decoded from the ink at seven places of its own quad."""
    style = f"ink.styles={{seven_segment: {{slant_range: [{slant}, {slant}], thickness_range: [0.1, 0.14]}}}}"
    settings = [CODES, style, "coverage={share: 0}", "charset=latin1", "baselines={straight: 1}"]
    for drawn in drawn_by([*settings, "fonts.size_range=[60, 90]", "output.height=free"], 24):
        quads = drawn.sample.clusters.quads
        assert "".join(read(drawn.letters, quad) for quad in quads) == drawn.sample.text


def read(coverage: Any, quad: Any) -> str:
    """Straighten a cell, and return the character whose segments have ink in their middle."""
    target = np.array([[0, 0], [40, 0], [40, 80], [0, 80]], np.float32)
    cell = cv2.warpPerspective(coverage, cv2.getPerspectiveTransform(quad, target), (40, 80))
    lit = {name for name, (x, y) in SPOTS.items() if _ink(cell, 6 + 28 * x, 6 + 68 * y) > 128}
    return "".join(character for character, segments in SEGMENTS.items() if set(segments) == lit)


def _ink(cell: Any, x: float, y: float) -> int:
    return int(cell[max(0, round(y) - 4) : round(y) + 5, round(x) - 4 : round(x) + 5].max())


def test_the_quads_of_a_display_divide_the_box_of_the_line(face: Face) -> None:
    line, style = shape_line("-12.5 8", face), SevenSegment()
    for seed in range(10):
        drawn = style.relayout(line, style.draw(RNG(seed)))
        assert drawn.ink_box == line.ink_box
        quads = drawn.clusters.quads
        assert quads[1:, 0] == pytest.approx(quads[:-1, 1], abs=1e-5)  # cells touch
        assert quads[..., 0].min() == pytest.approx(line.ink_box.left, abs=1e-5)
        assert quads[..., 0].max() == pytest.approx(line.ink_box.right, abs=1e-5)
        assert quads[:, :2, 1] == pytest.approx(line.ink_box.top)
        assert quads[:, 2:, 1] == pytest.approx(line.ink_box.bottom)


SHOWN = ("0123456789", "-1.5", "12:30", "HELP", "no", "20 °C")


@pytest.mark.parametrize("text", [*SHOWN, "KM", "Sale", "1,5", "...", "-", "8B"])
def test_a_display_shows_what_it_can_show(face: Face, text: str) -> None:
    assert SevenSegment().supports(shape_line(text, face)) is (text in SHOWN)


def test_a_display_is_not_vertical(face: Face) -> None:
    assert not SevenSegment().supports(shape_line("123", face, ShapingOptions(vertical=True)))


def test_texts_that_a_style_cannot_draw_get_another_style() -> None:
    settings = ["ink.styles={seven_segment: 9, plain: 1}", "fonts.system=false", "charset=ascii"]
    mixed = [*settings, "corpus=[{use: pattern, pattern: '[0-9]{4}'}, {use: words}]"]
    samples = [sample for sample in iterate_samples(resolve_recipe("digits", mixed), 60) if isinstance(sample, Sample)]
    shown = {sample.meta.parameters["ink_style"] for sample in samples if sample.text.isdigit()}
    assert shown == {"seven_segment", "plain"}
    letters = [sample for sample in samples if set(sample.text) - set("".join(SEGMENTS))]
    assert letters
    assert {sample.meta.parameters["ink_style"] for sample in letters} == {"plain"}


def test_a_recipe_of_displays_alone_says_why_it_has_no_words() -> None:
    settings = ["ink.styles={seven_segment: 1}", "charset=ascii", "corpus=[{use: pattern, pattern: 'KM[WX]'}]"]
    generator = resolve_recipe("digits", settings).generator(0)
    assert isinstance(generator, LineGenerator)
    sample = generator.generate(0)
    assert isinstance(sample, SkippedSample)
    assert sample.reason == "no ink style can draw the text"


def test_displays_have_their_own_colours_and_panels() -> None:
    """Whatever the background and the colours of the recipe are."""
    white = "background={plain: {lightness_range: [250, 255], tint: 0}}"
    for kind, dark in (("led", True), ("lcd", False)):
        style = f"ink={{contrast_floor: 40, styles: {{seven_segment: {{displays: [{kind}]}}}}}}"
        samples = list(iterate_samples(resolve_recipe("digits", [style, white, "effects=[]"]), 12))
        levels = [float(np.median(sample.image)) for sample in samples]
        inks = [float(np.dot(sample.meta.parameters["ink"], (0.299, 0.587, 0.114))) for sample in samples]
        assert all((level < 90) is dark for level in levels)
        assert all((ink > level) is dark for ink, level in zip(inks, levels, strict=True))


def test_unlit_segments_are_seen_faintly() -> None:
    found = []
    for opacity in (0.0, 0.3):
        unlit = f"{{displays: [lcd], unlit_range: [{opacity}, {opacity}], slant_range: [0, 0]}}"
        settings = [f"ink.styles={{seven_segment: {unlit}}}", "effects=[]", "corpus=[{use: pattern, pattern: '1{4}'}]"]
        found += [sample.image for sample in iterate_samples(resolve_recipe("digits", settings), 1)]
    without, visible = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(int) for image in found)
    darker = without - visible
    assert (darker > 15).mean() > 0.05  # five of seven segments
    assert darker.max() < 70


def test_displays_appear_in_scenes() -> None:
    settings = ["fonts={system: false, size_range: [16, 44]}", "effects=[]", CODES, "charset=latin1"]
    settings += ["output={width_range: [300, 420], height_range: [260, 420]}"]
    plain, shown = (
        list(iterate_samples(resolve_recipe("scenes", [*settings, style]), 2, seed=1))
        for style in ("ink.styles={plain: 1}", "ink.styles={seven_segment: 1}")
    )
    for one, other in zip(plain, shown, strict=True):
        assert isinstance(other, Scene)
        assert (one.image != other.image).any()
        words = [instance for instance in other.instances if instance.level == "word" and not instance.ignore]
        assert words
        height, width = other.image.shape[:2]
        corners = np.concatenate([instance.polygon for instance in words])
        assert (corners >= 0).all()
        assert (corners <= [width, height]).all()


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize("width", [0.03, 0.12])
@pytest.mark.parametrize("text", [LETTERS[:26], LETTERS[26:52], LETTERS[52:]])
def test_bridges_divide_letters_and_remove_no_stroke(face: Face, text: str, width: float) -> None:
    line, cache = shape_line(text, face, ShapingOptions(tracking=0.1)), FaceCache()
    parameters = {"width": width}
    before, after = (
        style.rasterize(line, face, cache, 64, parameters).warped(Warp.scale_translate(64, 20, 90), SIZE)
        for style in (InkStyle(), Stencil())
    )
    pieces = []
    for quad in line.clusters.quads * 64 + np.array([20, 90], np.float32):
        (left, top), (right, bottom) = quad.min(axis=0).astype(int), np.ceil(quad.max(axis=0)).astype(int)
        whole, cut = before[top:bottom, left:right], after[top:bottom, left:right]
        assert cut.sum(dtype=float) > 0.7 * whole.sum(dtype=float)
        pieces.append([cv2.connectedComponents((one > 100).astype(np.uint8))[0] - 1 for one in (whole, cut)])
    more = [cut > whole for whole, cut in pieces]
    assert np.mean(more) > 0.75


SIZE = Size(64 * 40, 140)


def test_signs_have_no_bridges_and_connected_scripts_no_stencil(face: Face) -> None:
    line = shape_line("+-=%&:.", face)
    plain, cut = (style.rasterize(line, face, FaceCache(), 40, {"width": 0.1}) for style in (InkStyle(), Stencil()))
    assert (plain.coverage == cut.coverage).all()
    assert Stencil().supports(shape_line("Größe 8", face))
    assert not Stencil().supports(shape_line("سلام", face))
