"""Sources of ink colours."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Sample
from synthtext.ink import AnyColour, Palettes, PhotoColours, SampledColours, Tones
from synthtext.ink.colours import measure_palette, with_luminance
from synthtext.ink.contrast import luminance

RNG = np.random.default_rng
RED, BLUE = (200, 40, 30), (20, 60, 190)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photo = np.empty((60, 90, 3), np.uint8)
    photo[:, :60], photo[:, 60:] = RED, BLUE
    cv2.imwrite(str(tmp_path / "a.png"), photo[..., ::-1])
    return tmp_path


def test_a_colour_gets_the_requested_luminance() -> None:
    rng = RNG(0)
    for _ in range(300):
        tint, level = tuple(rng.uniform(0, 255, 3).tolist()), float(rng.uniform(0, 255))
        made = with_luminance(tint, level)
        assert abs(luminance(made) - level) < 1e-6
        assert min(made) >= 0
        assert max(made) <= 255
        assert list(np.argsort(made, kind="stable")) == list(np.argsort(tint, kind="stable"))


def test_every_source_draws_twelve_colours(folder: Path) -> None:
    background = np.full((48, 200, 3), 128, np.uint8)
    for source in (AnyColour(), Palettes(), SampledColours(), PhotoColours(folder), Tones()):
        seen = set()
        for seed in range(50):
            offered = list(source.candidates(RNG(seed), background))
            assert len(offered) == 12
            assert all(0 <= part <= 255 for colour in offered for part in colour)
            assert offered == list(source.candidates(RNG(seed), background))
            seen.add(offered[0])
        assert len(seen) > (0 if isinstance(source, SampledColours) else 1)


def test_sampled_colours_occur_in_the_background() -> None:
    background = np.empty((48, 200, 3), np.uint8)
    background[:24], background[24:] = RED, BLUE
    offered = [colour for seed in range(40) for colour in islice(SampledColours().candidates(RNG(seed), background), 4)]
    assert {tuple(map(int, colour)) for colour in offered} == {RED, BLUE}
    hues = [np.argmax(colour) for colour in SampledColours().candidates(RNG(1), np.full_like(background, RED))]
    assert set(hues) == {0}


def test_colours_of_a_photograph_are_measured(folder: Path) -> None:
    photo = np.asarray(cv2.imread(str(folder / "a.png"))[..., ::-1])
    measured = measure_palette(np.ascontiguousarray(photo), 2)
    assert np.abs(np.array(measured) - [RED, BLUE]).max() < 12  # the most frequent one first
    colours = PhotoColours(folder, 2)
    offered = [colour for seed in range(30) for colour in islice(colours.candidates(RNG(seed), photo), 2)]
    assert {int(np.argmax(colour)) for colour in offered} == {0, 2}


def test_lines_are_inked_in_the_colours_of_photographs(folder: Path) -> None:
    """No ink is grey, unless no other colour reaches the floor."""
    recipe = resolve_recipe(
        "digits",
        [f"ink={{colours: {{photo_colours: {{folder: {folder}, count: 2}}}}}}", "background={plain: {tint: 0}}"],
    )
    inks = [sample.meta.parameters["ink"] for sample in iterate_samples(recipe, 60, 1) if isinstance(sample, Sample)]
    coloured = [ink for ink in inks if ink[0] != ink[2]]
    assert len(coloured) > 0.8 * len(inks)
    assert {int(np.argmax(ink)) for ink in coloured} == {0, 2}


def test_a_broken_photograph_is_named(folder: Path) -> None:
    (folder / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"b\.jpg"):
        resolve_recipe("digits", [f"ink.colours={{photo_colours: {{folder: {folder}}}}}"])


@pytest.mark.parametrize(
    ("colours", "message"),
    [
        ("{any_colours: 1}", "any_colour"),
        ("{palettes: {variation: 300}}", "variation"),
        ("{photo_colours: {folder: absent}}", "absent"),
        ("{any_colour: 0}", "every weight is 0"),
    ],
)
def test_invalid_colour_sources_are_refused(colours: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"(?s)ink\.colours|photos.*{message}"):
        resolve_recipe("digits", [f"ink.colours={colours}"])


def test_tones_have_the_lightness_and_are_nearly_grey() -> None:
    background = np.full((8, 8, 3), 255, np.uint8)
    offered = np.array([Tones((100, 140), 9).candidates(RNG(seed), background) for seed in range(60)])
    assert offered.min() >= 91
    assert offered.max() <= 149
    assert np.ptp(offered, axis=2).max() <= 18
    assert np.quantile(offered.mean(axis=2), [0.05, 0.95]) == pytest.approx([102, 138], abs=4)
    with pytest.raises(InputError, match="lightness_range"):
        Tones((0, 300))
