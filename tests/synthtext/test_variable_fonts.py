"""Variable fonts: consistency of HarfBuzz and FreeType."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import Charset, WeightedComponent
from synthtext.corpora import CorpusMixture, Pattern
from synthtext.fonts import (
    Axis,
    Face,
    FaceCache,
    FontFile,
    FontOptions,
    FontPool,
    ShapedRun,
    build_font_pool,
    bundled_fonts,
    find_fonts,
    read_font_file,
)
from synthtext.fonts.file import AXIS_STEPS, draw_variations
from synthtext.fonts.pool import FontFamily
from synthtext.typesetting.itemize import TextRun

LETTERS = "AHIRg"

PLACES = [
    (),
    (("wght", 100.0),),
    (("wght", 612.0),),
    (("wght", 900.0), ("slnt", -12.0)),
    (("wght", 250.0), ("wdth", 62.5), ("slnt", -4.5)),
]


def glyphs(face: Face) -> Iterator[int]:
    return (shaped(face, letter).glyphs[0] for letter in LETTERS)


def shaped(face: Face, letter: str) -> ShapedRun:
    return face.shape(letter, TextRun(0, 1, "ltr", "Latn"))


def test_axes_are_read_and_recorded(bars: FontFile) -> None:
    assert bars.axes[0] == Axis("wght", 100, 400, 900)
    assert [axis.tag for axis in bars.axes] == ["wght", "wdth", "slnt", "opsz"]
    assert bars.name == "Bars Regular"
    assert replace(bars, variations=(("wght", 612.0), ("slnt", -1.5))).name == "Bars Regular wght=612 slnt=-1.5"
    assert read_font_file(bundled_fonts()[0])[0].axes == ()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("suffix", [".ttf", ".woff2"])
def test_outlines_and_rasters_agree_for_all_variations(
    bars: FontFile, compress, tmp_path: Path, place, suffix: str
) -> None:
    file = bars if suffix == ".ttf" else read_font_file(compress(bars.path, tmp_path / "bars.woff2"))[0]
    face = Face(replace(file, variations=place))
    for glyph in glyphs(face):
        raster, box = face.rasterize(glyph, 200), face.boxes[glyph]
        assert box is not None
        found = (raster.left, raster.top, raster.left + raster.width, raster.top + raster.height)
        left, top, right, bottom = (side * 200 / face.units_per_em for side in box)
        wanted = (np.floor(left), np.floor(top), np.ceil(right), np.ceil(bottom))
        assert np.abs(np.subtract(found, wanted)).max() <= 1


def test_weight_adds_ink_and_width_moves_the_pen(bars: FontFile) -> None:
    weights = [Face(replace(bars, variations=(("wght", value),))) for value in (100.0, 250.0, 400.0, 650.0, 900.0)]
    ink = [sum(int(face.rasterize(glyph, 64).coverage.sum()) for glyph in glyphs(face)) for face in weights]
    assert ink == sorted(set(ink))
    narrow, wide = (Face(replace(bars, variations=(("wdth", value),))) for value in (50.0, 100.0))
    assert shaped(narrow, "H").positions[0][2] / narrow.units_per_em == pytest.approx(0.4)
    assert shaped(wide, "H").positions[0][2] / wide.units_per_em == pytest.approx(0.6)


def test_the_cache_separates_variations(bars: FontFile) -> None:
    cache = FaceCache()
    light, heavy = (cache.face(replace(bars, variations=(("wght", value),))) for value in (100.0, 900.0))
    assert light is not heavy
    assert cache.face(replace(bars, variations=(("wght", 100.0),))) is light
    glyph = next(glyphs(light))
    assert cache.rasters(light, 64)[glyph].coverage.sum() < cache.rasters(heavy, 64)[glyph].coverage.sum()


def test_pools_draw_few_variations_within_the_axes(bars: FontFile) -> None:
    pool, rng = FontPool([FontFamily((bars,), 1.0)]), np.random.default_rng(3)
    drawn = [dict(file.variations) for file in pool.draw(rng, 400)]
    assert all(set(place) == {"wght", "wdth", "slnt"} for place in drawn)  # optical size is not varied
    assert {place["wght"] for place in drawn} == {100.0 + 100 * step for step in range(AXIS_STEPS + 1)}
    assert all(-12 <= place["slnt"] <= 0 for place in drawn)
    assert 0.4 < np.mean([place["slnt"] == 0 for place in drawn]) < 0.7
    again = FontPool([FontFamily((bars,), 1.0)]).draw(np.random.default_rng(3), 400)
    assert [dict(file.variations) for file in again] == drawn


def test_hidden_and_empty_axes_stay_at_their_defaults() -> None:
    axes = [Axis("wght", 1, 1, 1), Axis("XTRA", 0, 5, 9), Axis("wdth", 0, 5, 9, hidden=True)]
    assert draw_variations(axes, np.random.default_rng(0)) == ()


def test_axes_do_not_change_draws_of_other_fonts(bars: FontFile) -> None:
    plain = FontFamily(tuple(read_font_file(bundled_fonts()[0])), 1.0)
    one, other = np.random.default_rng(0), np.random.default_rng(0)
    assert FontPool([plain]).draw(one, 9) == FontPool([plain], vary_axes=False).draw(other, 9)
    assert one.random() == other.random()


def test_variable_fonts_can_stay_at_their_defaults(bars: FontFile) -> None:
    options = FontOptions(folders=(bars.path.parent,), bundled=False, vary_axes=False)
    corpora, rng = CorpusMixture([WeightedComponent("letters", Pattern("[AHIR]{3}"))]), np.random.default_rng(0)
    pool = build_font_pool(find_fonts(options), options, corpora, Charset.named("ascii"), FaceCache(), rng)
    assert {file.variations for file in pool.draw(np.random.default_rng(0), 20)} == {()}
