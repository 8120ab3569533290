"""Running text, and pieces that are cut out of texts."""

import unicodedata

import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Sample
from synthtext.corpora import Fragment, Pattern, RunningText, clean_text


def draws(corpus: Fragment | RunningText, count: int = 300) -> list[str]:
    rng = np.random.default_rng(0)
    return [corpus.draw(rng) for _ in range(count)]


def test_pieces_are_substrings_within_their_bounds() -> None:
    source = {"digits": Pattern("[0-9]{20}")}
    for text in draws(Fragment(source, share_range=(0.05, 1), length_range=(3, 12))):
        assert text.isdigit()
        assert 3 <= len(text) <= 12
    alphabet = {"letters": Pattern("abcdefghijklmnopqrst")}
    pieces = draws(Fragment(alphabet, share_range=(0.5, 0.5), inner_probability=0.5))
    assert all(piece in "abcdefghijklmnopqrst" and len(piece) == 10 for piece in pieces)
    sides = [piece[0] == "a" or piece[-1] == "t" for piece in pieces]
    assert 120 < sum(sides) < 220
    assert 40 < sum(piece[0] == "a" for piece in pieces) < 140


def test_a_letter_keeps_its_marks() -> None:
    marked = {"marks": Pattern("a\u0301b\u0323\u0302c\u0301d\u0301e\u0301f\u0301g\u0301")}
    for text in draws(Fragment(marked, length_range=(1, 5))):
        assert not unicodedata.combining(text[0])
        assert text == clean_text(text)
        assert clean_text("".join(next(iter(marked.values())).pattern)).find(text) >= 0


def test_running_text_has_the_punctuation_of_its_language() -> None:
    english, arabic = draws(RunningText(count_range=(4, 8))), draws(RunningText("ar", count_range=(4, 8)))
    assert sum("," in text for text in english) > 60
    assert any(text[0].isupper() for text in english)
    assert any(". " in text for text in english)
    assert sum("،" in text for text in arabic) > 60
    assert not any("," in text for text in arabic)
    assert not any("," in text or '"' in text or "(" in text for text in draws(RunningText(punctuation=0)))
    assert {len(text.split()) for text in english} == {4, 5, 6, 7, 8}
    assert not any(" " in text for text in draws(RunningText("zh"), 20))


@pytest.mark.slow
def test_a_recipe_names_the_sources_of_pieces() -> None:
    source = "{use: pattern, pattern: '[A-Z]{9}'}"
    recipe = resolve_recipe("lines", [f"corpus=[{{use: fragment, sources: {{capitals: {source}}}}}]"])
    assert recipe.settings["corpus"][0]["sources"]["capitals"]["pattern"] == "[A-Z]{9}"
    sample = next(iter(recipe.generator(0).generate_many([0])))
    assert isinstance(sample, Sample)
    assert sample.text.isalpha()
    with pytest.raises(InputError, match="length_range"):
        Fragment(length_range=(0, 4))
