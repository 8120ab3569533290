"""Curved clusters: their quads have straight sides and contain all of the ink tightly."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon as Shape

from pipelines.recipes.resolve import resolve_recipe
from synthtext.baselines.baseline import RingMap, SineMap
from synthtext.core import Box, Clusters, Points, Sample, SkippedSample, Warp, bounding_box, signed_area
from synthtext.core.warp import Coordinates
from synthtext.fonts import FaceCache, bundled_fonts, read_font_file, system_fonts
from synthtext.lines.design import LineOutput
from synthtext.lines.placement import CurvedLine, Margins, place_line
from synthtext.typesetting.shaping import shape_line

pytestmark = pytest.mark.slow

# Wide clusters with the tightest curvature of baselines, which is that of short texts.
TEXTS = {
    "latin": ("DejaVuSans", "W"),
    "chinese": ("NotoSansCJK-Regular", "\u56fd\u9f8d\u573a\u4e00"),
    "devanagari": (
        "NotoSansDevanagari-Regular",
        "\u0916\u094d\u0936 \u0915\u094d\u0936 \u0926\u094d\u0927\u094d\u092f \u091c\u094d\u091c",
    ),
}
BENDS = {
    "arc": "{arc: {weight: 1, degrees_range: [300, 300], downward_probability: 0.5}}",
    "circle": "{circle: {weight: 1, inside_probability: 0.5}}",
    "wave": "{wave: {weight: 1, amplitude_range: [2, 2], length_range: [4, 8]}}",
}
COUNT = 6
BEYOND = 1.0  # pixels: glyph positions are rounded, and resampling spreads ink by one pixel


def drawn(script: str, bend: str, em: int, folder: Path) -> Iterator[Sample]:
    stem, parts = TEXTS[script]
    found = [path for path in (*bundled_fonts(), *system_fonts()) if path.stem == stem]
    if not found:
        pytest.skip(f"{stem} is not here: `make fonts` installs it")
    (folder / found[0].name).symlink_to(found[0])
    (folder / "charset.txt").write_text("".join(f"{character}\n" for character in sorted(set(parts) - {" "})))
    one = f"({'|'.join(parts.split() if ' ' in parts else parts)})"
    recipe = resolve_recipe(
        "lines",
        (
            f"fonts={{system: false, bundled: false, folders: ['{folder}'], size_range: [{em}, {em}]}}",
            f"charset={folder}/charset.txt",
            f"corpus=[{{use: pattern, pattern: '{one}( {one}){{0,6}}'}}]",
            f"baselines={BENDS[bend]}",
            "layout={margin_range: [0, 0], neighbours: {probability: 0}}",
            "ink={contrast_floor: 60, styles: {plain: 1}}",
            "background={plain: 1}",
            "effects=[]",
            "output={height: free, width: free}",
        ),
    )
    items = recipe.generator(4).generate_many(range(2 * COUNT))  # texts with a space are rejected
    samples = [sample for sample in items if not isinstance(sample, SkippedSample)][:COUNT]
    assert len(samples) == COUNT
    yield from samples


def inked(sample: Sample) -> Points:
    """Centres (N, 2) of pixels with a coverage above one third."""
    away = np.linalg.norm(sample.image.astype(np.float32) - sample.image[0, 0], axis=2)
    return np.argwhere(away > 0.35 * away.max())[:, ::-1].astype(np.float32) + np.float32(0.5)


def beyond(points: Points, quads: Points) -> np.ndarray:
    """Distance of points (..., N, 2) beyond each side of quads (..., 4, 2): (..., N, 4)."""
    ahead = np.roll(quads, -1, axis=-2) - quads
    away = points[..., :, None, :] - quads[..., None, :, :]
    outwards = np.stack([ahead[..., 1], -ahead[..., 0]], axis=-1) / np.linalg.norm(ahead, axis=-1, keepdims=True)
    return np.asarray((away * outwards[..., None, :, :]).sum(axis=-1))


@pytest.mark.parametrize("em", [40, 64, 96])
@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("script", TEXTS)
def test_large_wide_letters_stay_in_their_quads(script: str, bend: str, em: int, tmp_path: Path) -> None:
    excess = []
    for sample in drawn(script, bend, em, tmp_path):
        # Quads of spaces are excluded: they must not contain the ink of letters.
        visible = [not part.isspace() for part in sample.clusters.texts(sample.text)]
        quads = sample.clusters.quads[visible]
        assert sample.meta.parameters["em_size"] == em
        excess.append(beyond(inked(sample)[None], quads).max(axis=2).min(axis=0).max())
        height, width = sample.image.shape[:2]
        assert sample.clusters.quads.min() >= 0
        assert (sample.clusters.quads <= [width, height]).all()
    print(f"{script}, {bend}, {em} px an em: {max(excess):.2f} px beyond the quads")
    assert max(excess) < BEYOND


class Barrel:
    """A user-defined map that bends all four sides outwards."""

    def forward(self, points: Coordinates) -> Coordinates:
        away = points - [2, 0]
        return np.asarray(away / np.sqrt(1 + 0.02 * (away**2).sum(axis=1, keepdims=True)))

    def backward(self, points: Coordinates) -> Coordinates:
        raise NotImplementedError


WIDTHS = st.lists(st.floats(0.01, 1.6), min_size=1, max_size=8)


def clusters_of(widths: list[float], apart: float, ends: tuple[float, float] = (-0.8, 0.3)) -> Clusters:
    starts = np.concatenate([[0], np.cumsum(widths)[:-1] + apart * np.arange(1, len(widths))])
    boxes = [Box(start, ends[0], start + width, ends[1]) for start, width in zip(starts, widths, strict=True)]
    return Clusters(np.arange(len(widths) + 1, dtype=np.int32), np.stack([box.polygon() for box in boxes]))


def bends(clusters: Clusters) -> dict[str, Warp]:
    ink = bounding_box(clusters.quads)
    rings = {"arc": RingMap(ink, max(4, ink.width / 5)), "bowl": RingMap(ink, max(4, ink.width / 5), downwards=True)}
    rings["tight"] = RingMap(ink, max(2, ink.width / 5))
    return {name: Warp((bend,)) for name, bend in {**rings, "wave": SineMap(0.15, 4.9, 0.4)}.items()}


def rims(quads: Points, warp: Warp) -> Points:
    """Points (K, 4, N, 2) along the sides of quads after a warp."""
    shares = np.linspace(0, 1, 65, dtype=np.float32)[:, None]
    return warp.points(quads[:, :, None] + (np.roll(quads, -1, axis=1) - quads)[:, :, None] * shares)


@given(WIDTHS, st.floats(-0.1, 0.3))
@settings(max_examples=30)
def test_quads_of_curved_clusters_are_tight_at_every_side(widths: list[float], apart: float) -> None:
    clusters = clusters_of(widths, apart)
    lean = Warp.from_matrix(np.array([[1, 0.1, 0], [0.05, 1, 0], [0.002, 0.004, 1]]))
    for name, bend in {**bends(clusters), "barrel": Warp((Barrel(),))}.items():
        quads, rim = clusters.warped(bend).quads, rims(clusters.quads, bend)
        whole = rim.reshape(len(quads), -1, 2)
        outside = beyond(whole, quads)
        assert outside.max() < 0.002, name  # 0.2 pixels at an em of 96
        assert outside.max(axis=1).min() > -1e-4, name  # every side touches the curve
        # A side that bends inwards is its chord; one that bends outwards is parallel to it.
        chords = np.roll(rim[:, :, 0], -1, axis=1) - rim[:, :, 0]
        sides = np.roll(quads, -1, axis=1) - quads
        cross = chords[..., 0] * sides[..., 1] - chords[..., 1] * sides[..., 0]
        assert np.abs(cross).max() < 1e-4, name
        assert beyond(lean.points(whole), lean.points(quads)).max() < 0.003, name  # straight sides stay straight


@given(WIDTHS)
@settings(max_examples=30)
def test_quads_of_curved_clusters_are_hardly_larger_than_the_clusters(widths: list[float]) -> None:
    clusters = clusters_of(widths, 0.0)
    for name, bend in bends(clusters).items():
        for quad, rim in zip(clusters.warped(bend).quads, rims(clusters.quads, bend), strict=True):
            width = np.linalg.norm(rim[0, 0] - rim[0, -1])
            sagitta = width**2 / (8 * 1.4)  # at the inner side of the tightest ring
            assert 0 < signed_area(quad) < signed_area(rim[:, :-1].reshape(-1, 2)) + 1.1 * sagitta * width + 1e-4, name


@given(st.lists(st.floats(0.03, 1.6), min_size=1, max_size=8), st.floats(0, 0.3))  # thinner ones may exceed the outline
@example([1.25, 1.0, 1.5], 0.018662332420759747)  # almost far enough apart for a separate rung
@settings(max_examples=50)
def test_an_outline_contains_curved_clusters_of_all_widths(widths: list[float], apart: float) -> None:
    clusters = clusters_of(widths, apart)
    for name, bend in bends(clusters).items():
        moved = clusters.warped(bend)
        outline = Shape(moved.outline("a" * len(widths)))
        assert outline.is_valid, name
        assert signed_area(moved.outline("a" * len(widths))) > 0
        roomy = outline.buffer(0.005)
        assert all(roomy.contains(Shape(quad)) for quad in moved.quads), name


def test_clusters_without_width_stay_finite() -> None:
    clusters = clusters_of([0.5, 0.0, 0.5], 0.0)
    for name, bend in bends(clusters).items():
        moved = clusters.warped(bend)
        assert np.isfinite(moved.quads).all(), name
        assert np.isfinite(moved.outline("abc")).all(), name
        np.testing.assert_allclose(moved.quads[1], bend.points(clusters.quads[1]), atol=1e-5)


def test_quads_follow_curved_effects() -> None:
    path = next(path for path in bundled_fonts() if path.stem == "DejaVuSans")
    line = shape_line("WiM& @W", FaceCache().face(read_font_file(path)[0]))
    for bend in (Warp(), Warp((RingMap(line.ink_box, 4),))):
        for effect in (Warp(), Warp.rotation(8, (20, 30)), Warp((SineMap(8, 300, 0.5),))):
            curved = CurvedLine.of(line, bend)
            frame = place_line(
                curved,
                curved.natural_warp(80).then(effect),
                80,
                Margins(0, 0, 0, 0),
                (0, 0),
                0,
                LineOutput("free", "free"),
            )
            rim = rims(line.clusters.quads, frame.warp).reshape(len(frame.quads), -1, 2)
            outside = beyond(rim, frame.quads)
            assert outside.max() < 0.2
            assert outside.max(axis=1).min() > -0.01
            assert frame.quads.min() > 1
            assert (frame.quads < np.array(frame.size) - 1).all()
