"""Properties of many generated lines."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Generator, InputError, Sample, SkippedSample
from synthtext.lines.state import LineState

pytestmark = pytest.mark.slow

ALONE = "layout.neighbours={probability: 0}"  # the ink of neighbours would be measured
PLAIN = (
    "fonts.system=false",
    ALONE,
    "background={plain: 1}",
    "ink.styles={plain: 1}",
    "effects=[]",
    "ink.contrast_floor=60",
)
WARPED = (
    *PLAIN[:4],
    "ink.contrast_floor=60",
    "effects=[{use: perspective, strength_range: [0, 0.25]}, {use: rotation, degrees_range: [-25, 25]}, {use: skew}]",
)
COUNT = 48


@cache
def generator(recipe: str, overrides: tuple[str, ...], seed: int) -> Generator[Sample]:
    return resolve_recipe(recipe, overrides).generator(seed)


def draw(recipe: str, overrides: tuple[str, ...], indices: Sequence[int], seed: int = 3) -> list[Sample]:
    drawn = [generator(recipe, overrides, seed).generate(index) for index in indices]
    samples = [sample for sample in drawn if not isinstance(sample, SkippedSample)]
    assert len(samples) >= 0.99 * len(drawn)
    return samples


def coverage(sample: Sample) -> np.ndarray:
    """Coverage of each pixel, 0 to 1, of an image with one ink colour on a plain background."""
    image, ink = sample.image.astype(np.float64), np.array(sample.meta.parameters["ink"], np.float64)
    background = image[0, 0]
    axis = ink - background
    return np.clip((image - background) @ axis / (axis @ axis), 0, 1)


@pytest.mark.parametrize("recipe", ["digits", "lines"])
def test_a_sample_depends_on_nothing_but_its_index(recipe: str) -> None:
    overrides = ("fonts.system=false",)
    again = resolve_recipe(recipe, overrides).generator(3)
    for index in (700, 0, 255, 256, 1, 700):
        first, second = generator(recipe, overrides, 3).generate(index), again.generate(index)
        assert isinstance(first, Sample)
        assert isinstance(second, Sample)
        assert (first.key, first.text, first.meta) == (second.key, second.text, second.meta)
        assert (first.image == second.image).all()
        assert (first.clusters.quads == second.clusters.quads).all()


def test_another_seed_draws_other_samples() -> None:
    first, second = (draw("digits", (), range(20), seed) for seed in (1, 2))
    assert [s.text for s in first] != [s.text for s in second]


def test_other_effects_leave_texts_and_fonts_as_they_were() -> None:
    noisy = (*PLAIN, "effects=[{use: blur}, {use: noise}, {use: rotation, probability: 0.5, degrees_range: [-2, 2]}]")
    plain, changed = draw("lines", PLAIN, range(COUNT)), draw("lines", noisy, range(COUNT))
    same = [(a.text, a.meta.font) == (b.text, b.meta.font) for a, b in zip(plain, changed, strict=True)]
    assert np.mean(same) > 0.9  # a rejected attempt draws another text
    assert any(
        (a.image.shape != b.image.shape) or (a.image != b.image).any() for a, b in zip(plain, changed, strict=True)
    )


@pytest.mark.parametrize("overrides", [PLAIN, WARPED], ids=["straight", "warped"])
@pytest.mark.parametrize("recipe", ["digits", "lines"])
def test_no_ink_is_lost_at_the_border(recipe: str, overrides: tuple[str, ...]) -> None:
    for sample in draw(recipe, overrides, range(COUNT)):
        ink = coverage(sample)
        border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
        assert border.max() < 0.15, sample.text


@pytest.mark.parametrize("overrides", [PLAIN, WARPED], ids=["straight", "warped"])
def test_ink_lies_in_the_quads_of_its_clusters(overrides: tuple[str, ...]) -> None:
    for sample in draw("lines", overrides, range(COUNT)):
        ink = coverage(sample)
        inside = np.zeros(ink.shape, np.uint8)
        for quad in sample.clusters.quads:
            cv2.fillPoly(inside, [np.round(quad - 0.5).astype(np.int32)], 1)
        grown = cv2.dilate(inside, np.ones((5, 5), np.uint8))  # to 2 px
        assert ink[grown == 0].max(initial=0) < 0.3, sample.text


@pytest.mark.parametrize("overrides", [PLAIN, WARPED], ids=["straight", "warped"])
def test_every_visible_cluster_has_ink_of_its_own(overrides: tuple[str, ...]) -> None:
    for sample in draw("lines", overrides, range(COUNT)):
        ink = coverage(sample)
        assert sample.clusters.offsets[0] == 0
        assert sample.clusters.offsets[-1] == len(sample.text)
        for text, quad in zip(sample.clusters.texts(sample.text), sample.clusters.quads, strict=True):
            inside = np.zeros(ink.shape, np.uint8)
            cv2.fillPoly(inside, [np.round(quad - 0.5).astype(np.int32)], 1)
            inside = np.asarray(cv2.dilate(inside, np.ones((3, 3), np.uint8)), np.uint8)  # a full stop is 2 px wide
            assert not text.strip() or ink[inside == 1].max(initial=0) > 0.2, sample.text


@pytest.mark.parametrize(
    "background",
    ["background={plain: 1}", "background={gradient: 1}", "background={texture: {difference: 120}}"],
    ids=str,
)
def test_ink_keeps_the_contrast_floor_at_every_cluster(background: str) -> None:
    overrides = ("fonts.system=false", ALONE, background, "ink={styles: {plain: 1}, contrast_floor: 50}", "effects=[]")
    for sample in draw("lines", overrides, range(COUNT)):
        luminance = cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY).astype(np.float64)
        ink = float(np.array(sample.meta.parameters["ink"]) @ [0.299, 0.587, 0.114])
        away = np.abs(luminance - ink)
        assert sample.meta.contrast >= 50
        for text, quad in zip(sample.clusters.texts(sample.text), sample.clusters.quads, strict=True):
            (left, top), (right, bottom) = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
            around = away[max(top, 0) : bottom, max(left, 0) : right]
            if text.strip() and around.size:
                # The pixels farthest from the ink are background, of which little remains between dense letters.
                assert np.percentile(around, 97) > 40, sample.text


def test_labels_are_composed_and_within_the_charset() -> None:
    for sample in draw("lines", ("fonts.system=false",), range(COUNT)):
        assert sample.text == unicodedata.normalize("NFC", sample.text).strip()
        assert sample.text.isascii()
        assert sample.text.isprintable()


def test_pictures_have_the_size_that_was_asked_for() -> None:
    assert {s.image.shape[0] for s in draw("lines", PLAIN, range(COUNT))} == {48}
    fixed = draw("digits", ("output={height: 32, width: 100}",), range(50))
    assert {s.image.shape for s in fixed} == {(32, 100, 3)}
    free = draw("digits", ("output.height=free",), range(50))
    assert len({s.image.shape[0] for s in free}) > 5


def test_drawn_parameters_are_recorded() -> None:
    sample = draw("lines", ("fonts.system=false", "effects=[{use: blur}, {use: rotation}]"), [5])[0]
    assert [effect.name for effect in sample.meta.effects] == ["rotation", "blur"]
    assert sample.meta.effects[0].parameters.keys() == {"degrees"}
    assert sample.meta.script == ("Latn" if any(c.isalpha() for c in sample.text) else "Zyyy")
    assert sample.meta.font


def test_samples_without_an_acceptable_text_are_skipped_with_reasons() -> None:
    hopeless = ("layout.length_range=[1, 2]", 'corpus=[{use: pattern, pattern: "[0-9]{3}"}]')
    drawn = resolve_recipe("digits", hopeless).generator(1).generate(4)
    assert isinstance(drawn, SkippedSample)
    assert set(drawn.reasons) == {"text too long"}
    assert drawn.index == 4


@pytest.mark.parametrize(
    ("corpus", "charset", "message"),
    [("[\U00012000-\U00012010]{3}", "latin1", "does not fit the charset"), ("[a-z]{3}", "digits", "does not fit")],
)
def test_a_corpus_outside_of_the_charset_is_refused(corpus: str, charset: str, message: str) -> None:
    recipe = resolve_recipe("digits", (f'corpus=[{{use: pattern, pattern: "{corpus}"}}]', f"charset={charset}"))
    with pytest.raises(InputError, match=message):
        recipe.generator(0)


def test_a_corpus_that_no_font_covers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cuneiform.txt").write_text("".join(f"{chr(code)}\n" for code in range(0x12000, 0x12010)))
    overrides = ('corpus=[{use: pattern, pattern: "[\U00012000-\U0001200f]{3}"}]', f"charset={tmp_path}/cuneiform.txt")
    with pytest.raises(InputError, match="covered by none of the"):
        resolve_recipe("digits", overrides).generator(0)


def test_labels_of_fonts_with_only_capitals_are_capitals() -> None:
    samples = draw("lines", PLAIN, range(160))
    capital = [s.text for s in samples if s.meta.font.startswith("Amatic") and any(c.isalpha() for c in s.text)]
    assert capital
    assert all(text.isupper() for text in capital)
    assert any(text.islower() for text in (s.text for s in samples if not s.meta.font.startswith("Amatic")))


def test_bidirectional_lines_are_in_visual_order(tmp_path: Path) -> None:
    hebrew = "".join(map(chr, range(0x5D0, 0x5E0)))
    settings = (
        f'corpus=[{{use: pattern, pattern: "[{hebrew}]{{3}}( 12|)"}}]',
        *PLAIN,
        "effects=[]",
        "layout.length_range=[1,9]",
    )
    (tmp_path / "charset.txt").write_text("".join(f"{c}\n" for c in hebrew + "12"))
    recipe = resolve_recipe("digits", (*settings, f"charset={{file: {tmp_path}/charset.txt, space: true}}"))
    samples = [s for s in map(recipe.generator(1).generate, range(30)) if isinstance(s, Sample)]
    assert len(samples) == 30
    both = [s for s in samples if "12" in s.text]
    assert both
    for sample in samples:
        assert sample.meta.script == "Hebr"
        middles = sample.clusters.quads[:, :, 0].mean(axis=1)
        letters, one, two = middles[:3], sample.text.find("1"), sample.text.find("2")
        assert (np.diff(letters) < 0).all()
        if one >= 0:
            assert middles[one] < middles[two] < letters.min()


def test_bidirectional_controls_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("abc\n\u202eabc\n\u2067abc\u2069\n")
    recipe = resolve_recipe("digits", (f"corpus=[{{use: text_file, path: {tmp_path}/lines.txt}}]", "charset=ascii"))
    samples = [s for s in map(recipe.generator(1).generate, range(40)) if isinstance(s, Sample)]
    assert {s.text for s in samples} == {"abc", "ABC"}
    assert all(set(s.meta.rejected) <= {"control of direction", "character outside of the charset"} for s in samples)
    assert any(s.meta.rejected for s in samples)


def test_a_stage_that_draws_more_numbers_does_not_change_later_stages() -> None:
    plain, changed = (resolve_recipe("lines", ("fonts.system=false",)).generator(3) for _ in range(2))
    assert isinstance(changed, LineGenerator)
    place = changed.stages.steps["place"]

    def place_and_draw(states: Sequence[LineState]) -> None:
        place(states)
        for state in states:
            state.streams.source.streams.appearance.random()

    changed.stages.steps["place"] = place_and_draw
    for first, second in zip(plain.generate_many(range(20)), changed.generate_many(range(20)), strict=True):
        assert isinstance(first, Sample)
        assert isinstance(second, Sample)
        assert np.array_equal(first.image, second.image)
