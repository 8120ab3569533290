"""A page of samples with labels."""

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from pipelines.jobs.preview import draw_preview, find_font
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError
from synthtext.fonts import FontFile


@pytest.fixture(scope="module")
def digits():
    return resolve_recipe("digits")


def test_the_page_grows_with_the_samples_and_is_reproducible(digits):
    one, many = draw_preview(digits, 4), draw_preview(digits, 21)
    assert many.samples + sum(many.skipped.values()) == 21
    assert many.image.shape[0] > 4 * one.image.shape[0]
    assert (draw_preview(digits, 4).image == one.image).all()
    assert (draw_preview(digits, 4, seed=9).image.shape != one.image.shape) or (
        draw_preview(digits, 4, seed=9).image != one.image
    ).any()


def test_the_label_is_below_its_image(digits):
    page = draw_preview(digits, 1).image
    sample = digits.generator(0).generate(0)
    height, width = sample.image.shape[:2]
    assert (page[8 : 8 + height, 8 : 8 + width] == sample.image).all()
    beneath = page[8 + height :]
    assert beneath.min() < 100  # dark strokes
    assert (beneath == 255).mean() > 0.5


def test_a_variable_font_is_found_by_its_name():
    regular, italic = (FontFile(Path("x"), 0, "", "Bars", style, "") for style in ("", "Italic"))
    place = replace(italic, variations=(("wght", 612.0),))
    assert find_font(place.name, (regular, italic)) is italic
    assert find_font(regular.name, (regular, italic)) is regular
    assert find_font("Barsoom", (regular, italic)) is None


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_an_invalid_count_is_refused(digits, count):
    with pytest.raises(InputError, match=str(count)):
        draw_preview(digits, count)


def test_command(run_preview, tmp_path):
    result = run_preview("digits", "-n", "8", "-o", "page.png", "output.height=40")
    assert result.exit_code == 0, result.output
    assert "8 samples; skipped: none" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["page.png"]
    assert cv2.imread("page.png") is not None


@pytest.mark.parametrize(
    "arguments", [("-o", "page.jpg"), ("-o", "missing/page.png"), ("-n", "0"), ("ouput.height=9",)]
)
def test_invalid_input_writes_nothing(run_preview, tmp_path, arguments):
    result = run_preview("digits", *arguments)
    assert isinstance(result.exception, InputError)
    assert list(tmp_path.iterdir()) == []
