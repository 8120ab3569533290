"""Parametric backgrounds: determinism, and legibility of letters."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.recipes.components import BACKGROUND, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.background import FibrousPaper, Halftone, ParametricBackground, Ruled, Screen, Table, Wood
from synthtext.background.textures import HEIGHT, WIDTH, crop_tile, draw_tile_crop
from synthtext.core import InputError, Size

pytestmark = pytest.mark.slow

PAPERS = {name: cls for name, cls in builtin_classes(BACKGROUND).items() if issubclass(cls, ParametricBackground)}
FLOOR = 45
RNG = np.random.default_rng
SIZE = Size(300, 48)


@pytest.mark.parametrize("name", PAPERS)
def test_letters_reach_the_contrast_floor(drawn_by: Callable[[Sequence[str], int], list[Any]], name: str) -> None:
    settings = [
        f"background={{{name}: 1}}",
        "ink.styles={plain: 2, blend: 1, shadow: 1}",
        f"ink.contrast_floor={FLOOR}",
    ]
    unreduced = []
    for drawn in drawn_by(settings, 32):
        drawn.check_contrast(FLOOR)
        message = drawn.sample.meta.parameters
        assert message["background"] == name
        assert message["background_parameters"]
        json.dumps(message)
        unreduced.append(message["contrast_reduction"] == 0)
    assert np.mean(unreduced) > 0.8  # most backgrounds need no reduction of contrast


@pytest.mark.parametrize("name", PAPERS)
def test_pixels_are_a_function_of_the_parameters(name: str) -> None:
    part = PAPERS[name]()
    pictures = []
    for seed in range(6):
        drawn = part.draw(RNG(seed))
        again = json.loads(json.dumps(drawn))
        for size in (SIZE, Size(9, 8), Size(40, 500), Size(1500, 61)):
            picture = part.render(size, drawn)
            assert picture.shape == (size.height, size.width, 3)
            assert picture.dtype == np.uint8
            assert (picture == part.render(size, again)).all()
            kept = picture.copy()
            overlaid = part.apply_overlay(picture, drawn)
            assert overlaid.shape == picture.shape
            assert (picture == kept).all()
        assert (part.paint(RNG(seed), SIZE) == part.render(SIZE, drawn)).all()
        pictures.append(part.render(SIZE, drawn).tobytes())
    assert len(set(pictures)) == 6


def test_tiles_are_cropped_at_the_drawn_position() -> None:
    """Crops at the same position are equal, and a larger crop contains a smaller one."""

    def ramp(rng: np.random.Generator) -> np.ndarray:
        return np.tile(np.arange(WIDTH) % 251, (HEIGHT, 1)).astype(np.uint8)

    ramp.__module__ = "tests.ramp"
    drawn = {**draw_tile_crop(RNG(0), (1, 1)), "x": 0.0, "flip": 0}
    piece = crop_tile(ramp, Size(100, 20), drawn)
    assert (piece == np.arange(100)).all()
    assert (crop_tile(ramp, Size(100, 20), {**drawn, "flip": 3}) == np.arange(100)[::-1]).all()
    assert (
        np.abs(
            crop_tile(ramp, Size(100, 20), {**drawn, "zoom": 2.0})[:, 20:80].astype(int) - np.arange(20, 80) / 2
        ).max()
        < 1
    )
    beyond = crop_tile(ramp, Size(WIDTH + 50, 20), drawn)
    assert (beyond[:, WIDTH:] == beyond[:, WIDTH - 50 : WIDTH][:, ::-1]).all()


def test_plain_paper_is_even_and_stains_and_folds_are_not() -> None:
    def spread(part: FibrousPaper) -> float:
        return float(np.mean([part.paint(RNG(seed), SIZE).std(axis=(0, 1)).mean() for seed in range(40)]))

    flat = {"roughness_range": (0, 0)}
    bare = FibrousPaper(**flat, stain_probability=0, fold_probability=0)
    assert spread(bare) < 4
    assert spread(FibrousPaper(**flat, stain_probability=1, fold_probability=0)) > spread(bare) + 1
    assert spread(FibrousPaper(**flat, stain_probability=0, fold_probability=1)) > spread(bare) + 1


@pytest.mark.parametrize("colour_probability", [0, 1])
def test_a_halftone_has_as_much_ink_as_its_tone(colour_probability: float) -> None:
    light = []
    for tone in (0.1, 0.3, 0.5, 0.7):
        part = Halftone(tone_range=(tone, tone), colour_probability=colour_probability)
        light.append(np.mean([part.paint(RNG(seed), SIZE).mean() for seed in range(20)]))
    assert light == sorted(light, reverse=True)
    assert light[0] - light[-1] > 40


def test_ruled_lines_have_the_drawn_spacing() -> None:
    part = Ruled(kinds=("lines",), spacing_range=(0.25, 0.25), strength_range=(80, 80))
    for seed in range(20):
        drawn = {**part.draw(RNG(seed)), "lean": 0.0}
        dark = part.render(Size(60, 200), drawn).mean(axis=(1, 2))
        line = dark < dark.max() - 20
        rows = np.flatnonzero(line[1:] & ~line[:-1])  # the first rows of lines
        assert len(rows) in (3, 4)
        assert np.abs(np.diff(rows) - 50).max() <= 1


def test_a_cell_of_a_table_is_empty_but_for_its_edges() -> None:
    part = Table(side_probability=1)
    for seed in range(40):
        picture = part.paint(RNG(seed), SIZE)
        inside = picture[11:-11, 8:-8]
        assert (inside == inside[0, 0]).all()
        assert (picture != inside[0, 0]).any()
    assert len(np.unique(Table(side_probability=0).paint(RNG(1), SIZE).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("kind", ["pixels", "lines", "moire"])
def test_a_screen_retains_the_reported_contrast(kind: str) -> None:
    part, white = Screen(kinds=(kind,)), np.full((48, 300, 3), 255, np.uint8)
    for seed in range(30):
        drawn = part.draw(RNG(seed))
        light = cv2.cvtColor(part.apply_overlay(white, drawn), cv2.COLOR_RGB2GRAY)
        over = cv2.blur(light, (12, 12))[6:-6, 6:-6]
        assert over.min() / 255 > part.retained_contrast(drawn) - 0.03
        assert light.std() > 2


def test_the_joint_of_boards_is_at_its_position() -> None:
    part = Wood(joint_probability=1)
    for seed in range(20):
        drawn = {**part.draw(RNG(seed)), "joint": 0.5}
        rows = part.render(SIZE, drawn).mean(axis=(1, 2))
        assert int(rows.argmin()) == 24


BAD = [
    ("fabric", "scale_range", [0, 1]),
    ("fibrous_paper", "stain_probability", 2),
    ("halftone", "pitch_range", [0, 1]),
    ("metal", "shine_range", [0, 200]),
    ("ruled", "kinds", []),
    ("screen", "depth_range", [0, 0.9]),
    ("table", "width_range", [0, 1]),
    ("wood", "contrast_range", [2, 1]),
]


@pytest.mark.parametrize(("name", "setting", "value"), BAD)
def test_invalid_settings_are_refused(name: str, setting: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"background\.{name}.*{setting}"):
        resolve_recipe("digits", [f"background={{{name}: {{{setting}: {json.dumps(value)}}}}}"])


def test_every_background_has_an_invalid_setting_above() -> None:
    assert {name for name, *_ in BAD} == set(PAPERS)
