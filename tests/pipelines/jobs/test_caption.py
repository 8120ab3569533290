"""Captions of a preview: nothing of the label is cut off, and font and effects are named."""

import numpy as np
import pytest
from PIL import ImageFont

from pipelines.jobs.caption import describe_line, draw_caption, plain_font, wrap
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import AppliedEffect, Image, Provenance, Sample

FONT = ImageFont.truetype(str(plain_font()[0]), 18)
IMAGE: Image = np.zeros((40, 90, 3), np.uint8)


@pytest.mark.parametrize("width", [30, 120, 400, 4000])
@pytest.mark.parametrize("text", ["one", "several words of a longer label", "Donaudampfschiff" * 4, "a " + "漢字" * 30])
def test_wrapped_rows_fit_and_keep_every_character(text: str, width: int) -> None:
    rows = wrap(text, FONT, width)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(FONT.getlength(row) <= width for row in rows)
    assert all(rows)
    if FONT.getlength(text) <= width:
        assert rows == [text]


def test_rows_break_at_spaces_if_words_fit() -> None:
    rows = wrap("several words of a longer label", FONT, 150)
    assert len(rows) > 1
    assert " ".join(rows) == "several words of a longer label"


def sample(text: str, *effects: str) -> Sample:
    parameters = {"ink_style": "outline", "background": "wood"}
    meta = Provenance("Lato Bold", effects=tuple(AppliedEffect(name, {}) for name in effects), parameters=parameters)
    return Sample("x0000000001", IMAGE, text, meta=meta)


def test_a_caption_names_font_ink_background_and_effects() -> None:
    assert describe_line(sample("A", "blur", "jpeg")) == "Lato Bold, outline on wood, blur, jpeg"
    assert describe_line(Sample("x0000000001", IMAGE, "A")) == ""


def test_a_caption_grows_with_its_label_and_its_effects() -> None:
    heights = [
        len(draw_caption(one, 150, None)) for one in (sample("A"), sample("A" * 60), sample("A", *["motion_blur"] * 9))
    ]
    assert heights[0] < heights[1]
    assert heights[0] < heights[2]
    assert draw_caption(sample("A" * 60), 150, None).shape[1:] == (150, 3)
    below = draw_caption(sample("A", "blur"), 300, None)
    assert len(np.flatnonzero((below < 160).all(axis=2).any(axis=1))) > 15  # rows with letters, also of the details


def test_lines_of_every_kind_can_be_described() -> None:
    for name in ("digits", "lines"):
        for one in resolve_recipe(name, ["fonts.system=false"]).generator(0).generate_many(range(12)):
            assert isinstance(one, Sample)
            described = describe_line(one)
            assert described.startswith(f"{one.meta.font}, {one.meta.parameters['ink_style']} on ")
            assert all(effect.name in described for effect in one.meta.effects)
