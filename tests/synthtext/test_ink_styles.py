"""Invariants of every ink style: contrast of the letters, ink inside its quads, nothing cut off."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.components import INK_STYLE, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Scene
from synthtext.fonts import Face, bundled_fonts, read_font_file
from synthtext.ink import Bleeding, Blend, InkColour, Outline, StrikeThrough, Underline, Worn, composite
from synthtext.ink.colours import colour_pair_around
from synthtext.ink.contrast import luminance
from synthtext.typesetting.shaping import ShapingOptions, shape_line

pytestmark = pytest.mark.slow

STYLES = builtin_classes(INK_STYLE)
FLOOR = 45
COUNT = 12
RNG = np.random.default_rng
DISPLAYED = "corpus=[{use: pattern, pattern: '[0-9]{1,6}|-?[0-9]{1,3}\\.[0-9]|[12][0-9]:[0-5][0-9]|[ACEFHJLPU]{2,5}'}]"

DrawnBy: TypeAlias = Callable[[Sequence[str], int], list[Any]]


def draw(drawn_by: DrawnBy, style: str, count: int = COUNT, settings: Sequence[str] = ()) -> list[Any]:
    styles = [f"ink.styles={{{style}: 1}}", f"ink.contrast_floor={FLOOR}"]
    if style == "seven_segment":
        styles += [DISPLAYED, "coverage={share: 0}", "baselines={straight: 3, arc: 1, wave: 1}"]
    return drawn_by(["background={plain: 1, gradient: 1, texture: 1}", *styles, *settings], count)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_keeps_the_invariants_of_lines(drawn_by: DrawnBy, style: str) -> None:
    for drawn in draw(drawn_by, style):
        drawn.check_contrast(FLOOR)
        check_ink(drawn)
        assert drawn.sample.meta.parameters["ink_style"] == style
        json.dumps(drawn.sample.meta.parameters)


def check_ink(drawn: Any) -> None:
    """All letters are visible, inside their quads and inside the image."""
    letters, sample = drawn.letters, drawn.sample
    border = np.concatenate([letters[0], letters[-1], letters[:, 0], letters[:, -1]])
    # A segment of a sloped digit may touch the border.
    limit = 128 if sample.meta.parameters["ink_style"] == "seven_segment" else 40
    assert border.max() < limit, sample.text
    everywhere = np.zeros(letters.shape, np.uint8)
    for text, quad in zip(sample.clusters.texts(sample.text), sample.clusters.quads, strict=True):
        cv2.fillPoly(everywhere, [np.round((quad - 0.5) * 16).astype(np.int32)], 1, shift=4)
        assert not text.strip() or letters[drawn.near(quad)].max(initial=0) > 40, (sample.text, text)
    grown = cv2.dilate(everywhere, np.ones((5, 5), np.uint8))
    assert letters[grown == 0].max(initial=0) < 77, sample.text
    height, width = letters.shape
    assert sample.clusters.quads.min() >= 0
    assert (sample.clusters.quads <= [width, height]).all()


@pytest.mark.parametrize("style", STYLES)
def test_styles_are_deterministic_functions_of_their_parameters(style: str) -> None:
    """The same parameters, also from JSON, give the same pixels; arguments are not modified."""
    letters = np.zeros((40, 120), np.uint8)
    cv2.putText(letters, "Ag8", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 3)
    background = np.full((40, 120, 3), 200, np.uint8)
    part, ink = STYLES[style](), InkColour((60.0, 20.0, 90.0), 120.0, True)
    for seed in range(5):
        parameters = part.draw(RNG(seed))
        again = json.loads(json.dumps(parameters))
        pictures = []
        for drawn in (parameters, again):
            given = letters.copy()
            shaped = part.style_coverage(given, 30.0, drawn)
            below = part.underlay(background.copy(), shaped, 30.0, drawn)
            kept = below.copy()
            pictures.append(part.fill(below, shaped, ink, 30.0, drawn))
            assert (given == letters).all()
            assert (below == kept).all()
        assert pictures[0].shape == background.shape
        assert pictures[0].dtype == np.uint8
        assert (pictures[0] == pictures[1]).all()


@pytest.mark.parametrize("style", ["underline", "highlight", "strike_through", "shadow", "extrusion", "glow"])
def test_decoration_is_completely_in_the_image(drawn_by: DrawnBy, style: str) -> None:
    """Except for the faint edges of shadows."""
    plain = "background={plain: {lightness_range: [250, 255], tint: 0}}"
    straight = ("baselines={straight: 1}", plain, "layout.margin_range=[0, 0]")
    marked = style in ("underline", "highlight", "strike_through")
    for drawn in draw(drawn_by, style, 12, straight):
        layer = drawn.inked if drawn.strokes is None else drawn.strokes
        if not marked:
            layer = np.asarray(
                cv2.absdiff(drawn.background, np.full_like(drawn.background, drawn.background[0, 0])).max(axis=2)
            )
        border = np.concatenate([layer[0], layer[-1], layer[:, 0], layer[:, -1]])
        assert border.max() <= 0.5 * layer.max(), drawn.sample.text  # an edge may cover half of the last pixel


@pytest.fixture(scope="module")
def face() -> Face:
    path = next(path for path in bundled_fonts() if path.stem == "DejaVuSans")
    return Face(read_font_file(path)[0])


@pytest.mark.parametrize("text", ["a_b", "x, y; z", "Łódź ţ", "plain g"])
def test_an_underline_does_not_touch_marks_below_letters(face: Face, text: str) -> None:
    line, style = shape_line(text, face), Underline()
    for seed in range(30):
        box = style.strokes(line, style.draw(RNG(seed))).box
        assert box.top > (0.05 if text == "plain g" else line.ink_box.bottom)
        assert abs(box.left - line.ink_box.left) < 0.2
        assert abs(box.right - line.ink_box.right) < 0.2


def test_the_underline_of_a_vertical_line_is_on_its_right(face: Face) -> None:
    line, style = shape_line("84 7", face, ShapingOptions(vertical=True)), Underline()
    for seed in range(30):
        box = style.strokes(line, style.draw(RNG(seed))).box
        assert box.left > line.ink_box.right
        assert abs(box.top - line.ink_box.top) < 0.2


def test_strokes_through_dashes_have_another_colour_and_lie_below(face: Face) -> None:
    style = StrikeThrough(own_colour_probability=0)
    for text, own in (("1-2", True), ("a=b", True), ("$5.00", True), ("Sale 50", False)):
        strokes = style.strokes(shape_line(text, face), style.draw(RNG(1)))
        assert (strokes.colour is not None) is own, text
        assert strokes.box.left < 0 < strokes.box.right


def test_worn_letters_remain_visible() -> None:
    """A part of every cluster remains, and about the requested part on average."""
    style, disc = Worn(), np.zeros((64, 64), np.uint8)
    for radius in (2, 4, 20):
        whole = disc.copy()
        cv2.circle(whole, (32, 32), radius, 255, -1)
        left = [
            style.style_coverage(whole, 40.0, style.draw(RNG(seed))).sum(dtype=float) / whole.sum(dtype=float)
            for seed in range(200)
        ]
        assert min(left) > 0.2
        assert 0.6 < np.mean(left) < 0.95
    sizes = [
        np.mean(
            [
                Worn((share, share)).style_coverage(whole, 40.0, Worn((share, share)).draw(RNG(seed)))
                for seed in range(50)
            ]
        )
        for share in (0.0, 0.15, 0.3, 0.5)
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_bleeding_ink_stays_within_its_outset() -> None:
    whole = np.zeros((120, 120), np.uint8)
    cv2.rectangle(whole, (40, 40), (80, 80), 255, -1)
    for seed in range(40):
        style = Bleeding(width_range=(0.03, 0.03))
        parameters = style.draw(RNG(seed))
        spread = style.style_coverage(whole, 60.0, parameters)
        assert (spread[whole > 0] > 200).mean() > 0.95
        far = int(np.ceil(style.outset(parameters) * 60)) + 1
        assert spread[cv2.dilate(whole, np.ones((2 * far + 1, 2 * far + 1), np.uint8)) == 0].max() < 40
        assert (spread > 128).sum() > (whole > 128).sum()


@pytest.mark.parametrize("mode", ["multiply", "darken", "burn"])
@pytest.mark.parametrize("darker", [False, True])
def test_no_blend_is_nearer_to_the_background_than_its_colour(mode: str, *, darker: bool) -> None:
    rng = RNG(0)
    background = rng.integers(0, 256, (30, 40, 3), np.uint8)
    colour = (70.0, 120.0, 30.0)
    whole = np.full((30, 40), 255, np.uint8)
    parameters = {"mode": mode, "opacity": 1.0}
    shown = Blend().fill(background, whole, InkColour(colour, 50.0, darker), 30.0, parameters).astype(int)
    away = np.asarray(colour) - shown if darker else shown - np.asarray(colour)
    assert away.min() >= -1
    assert (shown != composite(background, whole, colour)).any()


def test_two_colours_around_an_ink_lose_half_their_distance_at_most() -> None:
    rng = RNG(0)
    for _ in range(300):
        colour, tint = (tuple(rng.uniform(0, 255, 3).tolist()) for _ in range(2))
        darker, distance = bool(rng.random() < 0.5), float(rng.uniform(0, 150))
        far, close = (luminance(one) for one in colour_pair_around(InkColour(colour, 1.0, darker), tint, distance))
        level, sign = luminance(colour), -1 if darker else 1
        assert sign * (far - level) > -1e-6
        assert 0 <= sign * (level - close) + 1e-6 <= distance / 2 + 1e-3


def test_an_outline_is_as_wide_as_was_drawn() -> None:
    whole = np.zeros((100, 100), np.uint8)
    cv2.circle(whole, (50, 50), 20, 255, -1)
    background = np.zeros((100, 100, 3), np.uint8)
    shown = Outline().underlay(background, whole, 60.0, {"width": 0.1, "colour": [255, 255, 255]})
    assert (shown[50, :, 0] > 128).sum() == (whole[50] > 128).sum() + 12


BAD = [
    ("outline", "width_range", [0, 0.1]),
    ("double_outline", "inner_range", [0.1, 0.05]),
    ("shadow", "distance_range", [0, 2]),
    ("long_shadow", "length_range", [0, 9]),
    ("extrusion", "depth_range", [0, 1]),
    ("glow", "size_range", [0, 1]),
    ("emboss", "strength_range", [0, 500]),
    ("gradient_fill", "turns_range", [0, 9]),
    ("texture_fill", "patterns", []),
    ("translucent", "opacity_range", [0.1, 0.5]),
    ("blend", "modes", []),
    ("worn", "share_range", [0, 0.9]),
    ("bleeding", "width_range", [0, 1]),
    ("dot_matrix", "pitch_range", [0, 1]),
    ("stencil", "width_range", [0, 0.1]),
    ("seven_segment", "slant_range", [0, 45]),
    ("underline", "kinds", []),
    ("strike_through", "rise", 3),
    ("highlight", "height_range", [0, 1]),
]


@pytest.mark.parametrize(("style", "setting", "value"), BAD)
def test_invalid_settings_are_refused(style: str, setting: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"ink\.styles\.{style}.*{setting}"):
        resolve_recipe("digits", [f"ink.styles={{{style}: {{{setting}: {json.dumps(value)}}}}}"])


def test_every_style_has_an_invalid_setting_above() -> None:
    assert {style for style, *_ in BAD} == set(STYLES) - {"plain"}


@cache
def draw_scenes(style: str, *settings: str) -> list[Any]:
    return list(iterate_samples(resolve_recipe("scenes", [*settings, f"ink.styles={{{style}: 1}}"]), 2, seed=1))


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"plain"}))
def test_texts_of_scenes_are_legible_in_every_style(style: str) -> None:
    """Almost as many as in plain ink, and the images differ."""
    settings = [
        "fonts={system: false, size_range: [9, 44]}",
        "output={width_range: [300, 420], height_range: [260, 420]}",
        "effects=[]",
    ]
    if style == "seven_segment":
        settings.append(DISPLAYED)
    plain, inked = draw_scenes("plain", *settings), draw_scenes(style, *settings)
    legible, before = (
        sum(not instance.ignore for scene in scenes if isinstance(scene, Scene) for instance in scene.instances)
        for scenes in (inked, plain)
    )
    assert legible > 0.6 * before
    assert any((one.image != other.image).any() for one, other in zip(inked, plain, strict=True))
