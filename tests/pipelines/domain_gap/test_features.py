"""Features of lines that are drawn with known settings."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image
from pipelines.domain_gap.features import FEATURES, line_features, measure_line
from pipelines.domain_gap.text_features import TEXT_FEATURES, text_features, text_pattern
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Sample

pytestmark = pytest.mark.slow

Image = NDArray[np.uint8]
COUNT = 16
PLAIN = (
    "fonts.system=false",
    "corpus=[{use: pattern, pattern: '[A-Z][a-z]{4,7} [a-z]{4,7} [0-9]{3}'}]",
    "coverage.share=0",
    "effects=[]",
    "baselines={straight: 1}",
    "layout={margin_range: [0.1, 0.1]}",
    "ink={styles: {plain: 1}, contrast_floor: 60, colours: {tones: {weight: 1, lightness_range: [0, 40], tint: 0}}}",
    "background={plain: {weight: 1, lightness_range: [200, 250], tint: 0}}",
)


def draw(*overrides: str, count: int = COUNT) -> list[Image]:
    samples = resolve_recipe("lines", (*PLAIN, *overrides)).generator(3).generate_many(range(count))
    return [sample.image for sample in samples if isinstance(sample, Sample)]


def medians(images: Sequence[Image]) -> dict[str, float]:
    return {name: float(np.nanmedian(values)) for name, values in line_features(images).items()}


@pytest.fixture(scope="module")
def plain() -> list[Image]:
    return draw()


@pytest.fixture(scope="module")
def base(plain: list[Image]) -> dict[str, float]:
    return medians(plain)


def changed(images: Sequence[Image], change: Callable[[Image], object]) -> dict[str, float]:
    return medians([np.asarray(change(image), np.uint8) for image in images])


@pytest.mark.parametrize("degrees", [-5, 3])
def test_tilt_is_the_angle_of_rotation(degrees: int) -> None:
    found = medians(draw(f"effects=[{{use: rotation, probability: 1, degrees_range: [{degrees}, {degrees}]}}]"))
    assert found["tilt"] == pytest.approx(degrees, abs=0.7)


@pytest.mark.parametrize("degrees", [-12, 12])
def test_slant_is_the_angle_of_skew(base: dict[str, float], degrees: int) -> None:
    found = medians(draw(f"effects=[{{use: skew, probability: 1, degrees_range: [{degrees}, {degrees}]}}]"))
    assert found["slant"] - base["slant"] == pytest.approx(degrees, abs=4)
    assert found["tilt"] == pytest.approx(0, abs=0.7)


def test_an_arc_is_curved_and_a_straight_line_is_not(base: dict[str, float]) -> None:
    found = medians(draw("baselines={arc: {weight: 1, degrees_range: [40, 40]}}"))
    assert abs(found["curvature"]) > abs(base["curvature"]) + 0.15
    assert base["curvature"] == pytest.approx(0, abs=0.05)


def test_bold_fonts_have_thicker_strokes() -> None:
    light, bold = (
        medians(draw(f"fonts.weights={{'*': 0.0001, 'Lato {face}': 1000000}}")) for face in ("Light", "Black")
    )
    assert bold["stroke_width"] > 1.4 * light["stroke_width"]
    assert bold["ink_share"] > light["ink_share"] + 0.05


def test_blur_increases_the_edge_spread_and_decreases_the_resolution(
    plain: list[Image], base: dict[str, float]
) -> None:
    found = [base, *(changed(plain, lambda image, s=s: cv2.GaussianBlur(image, (0, 0), s)) for s in (0.8, 1.6, 2.4))]
    spreads, resolutions = ([one[name] for one in found] for name in ("edge_spread", "resolution"))
    assert spreads == sorted(spreads)
    assert spreads[-1] > 1.5 * spreads[0]
    assert resolutions == sorted(resolutions, reverse=True)
    assert resolutions[-1] < 0.6 * resolutions[0]


def test_a_line_that_was_smaller_once_has_a_lower_resolution(plain: list[Image], base: dict[str, float]) -> None:
    def enlarge(image: Image) -> object:
        small = cv2.resize(image, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
        return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)

    def shrink(image: Image) -> object:
        return cv2.resize(image, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)

    enlarged, small = changed(plain, enlarge), changed(plain, shrink)
    assert enlarged["resolution"] < 20 < 30 < base["resolution"]
    assert small["resolution"] == pytest.approx(enlarged["resolution"], rel=0.25)
    assert small["height"] == 16


@pytest.mark.parametrize("sigma", [4, 12])
def test_noise_is_measured_in_grey_levels(plain: list[Image], sigma: int) -> None:
    rng = np.random.default_rng(0)
    grey = changed(plain, lambda i: np.clip(i * 0.8 + 20 + rng.normal(0, sigma, (*i.shape[:2], 1)), 0, 255))
    assert grey["noise"] == pytest.approx(sigma, rel=0.2)
    assert grey["texture"] < 0.5 * sigma


def test_inverted_lines_have_the_other_polarity_and_the_same_contrast(
    plain: list[Image], base: dict[str, float]
) -> None:
    found = changed(plain, lambda image: 255 - image)
    assert (base["polarity"], found["polarity"]) == (1, 0)
    for name in ("contrast", "local_contrast", "stroke_width", "edge_spread", "halo", "noise"):
        assert found[name] == pytest.approx(base[name], rel=0.05, abs=0.02), name
    assert found["tilt"] == pytest.approx(base["tilt"], abs=0.2)


def test_margins_are_measured_in_heights(plain: list[Image], base: dict[str, float]) -> None:
    found = changed(plain, lambda i: cv2.copyMakeBorder(i, 0, 24, 0, 36, cv2.BORDER_CONSTANT, value=i[0, 0].tolist()))
    assert found["margin_below"] - 2 / 3 * base["margin_below"] == pytest.approx(1 / 3, abs=0.04)
    assert found["margin_right"] - 2 / 3 * base["margin_right"] == pytest.approx(1 / 2, abs=0.04)
    assert found["stroke_width"] == pytest.approx(base["stroke_width"], rel=0.15)


def test_a_larger_image_differs_in_its_height_only(plain: list[Image], base: dict[str, float]) -> None:
    found = changed(plain, lambda image: cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    assert found["height"] == 2 * base["height"]
    for feature in FEATURES:
        if feature.classified and feature.name not in ("jpeg_blocks", "noise"):
            values = feature.transform(np.array([found[feature.name], base[feature.name]]))
            assert abs(values[0] - values[1]) < feature.tolerance, feature.name


def test_strong_compression_leaves_blocks(plain: list[Image], base: dict[str, float]) -> None:
    def compress(quality: int) -> dict[str, float]:
        def change(image: Image) -> Image:
            return decode_image(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes(), "")

        return changed(plain, change)

    assert compress(15)["jpeg_blocks"] > 1.12 * compress(95)["jpeg_blocks"]


def test_colours_light_and_texture(plain: list[Image], base: dict[str, float]) -> None:
    def tinted(image: Image) -> object:
        return image * (np.array([1, 0.6, 0.6]) * (image[..., :1] < 120) + (image[..., :1] >= 120)) + [90, 0, 0]

    ramp = changed(plain, lambda image: image - np.linspace(0, 60, image.shape[1])[None, :, None] * (image > 70))
    assert ramp["shading"] > base["shading"] + 30
    assert ramp["polarity"] == 1
    textured = draw("background={texture: {weight: 1, lightness_range: [150, 200], difference: 70}}")
    assert medians(textured)["texture"] > base["texture"] + 2
    red = changed(plain, lambda image: np.clip(tinted(image), 0, 255))
    assert red["ink_chroma"] > base["ink_chroma"] + 20


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("size", [(4, 4), (48, 4), (4, 200), (300, 40), (48, 200)])
def test_blank_images_have_no_ink(size: tuple[int, int], value: int) -> None:
    found = line_features([np.full((*size, 3), value, np.uint8)])
    assert found["height"] == size[0]
    for name in ("stroke_width", "contrast", "polarity", "tilt", "resolution", "edge_spread"):
        assert np.isnan(found[name]).all()


@settings(max_examples=25)
@given(st.tuples(st.integers(4, 70), st.integers(4, 120)).flatmap(lambda size: arrays(np.uint8, (*size, 3))))
def test_any_image_can_be_measured(image: Image) -> None:
    found = measure_line(image)
    assert found.keys() <= {feature.name for feature in FEATURES}
    assert all(np.isfinite(value) for name, value in found.items() if name != "jpeg_blocks")
    assert found == measure_line(image) or np.isnan(found["jpeg_blocks"])


def test_features_of_labels() -> None:
    texts = ["Ab 12", "", "3.50", "lower"]
    found = text_features(texts, np.array([5.0, 1, 2, 3]))
    assert found.keys() == {feature.name for feature in TEXT_FEATURES}
    np.testing.assert_allclose(found["length"], [5, np.nan, 4, 5])
    np.testing.assert_allclose(found["words"], [2, np.nan, 1, 1])
    np.testing.assert_allclose(found["character_width"], [1, np.nan, 0.5, 0.6])
    np.testing.assert_allclose(found["capitals"], [0.5, np.nan, np.nan, 0])
    np.testing.assert_allclose(found["digits"], [0.5, np.nan, 0.75, 0])
    np.testing.assert_allclose(found["punctuation"], [0, np.nan, 0.25, 0])


@pytest.mark.parametrize(
    ("text", "pattern"), [("Room 1204-B", "Aaaa 999+-A"), ("", ""), ("ß漢", "aa"), ("٣٤", "99"), (" a  b ", "a  a")]
)
def test_patterns_of_labels(text: str, pattern: str) -> None:
    assert text_pattern(text) == pattern
