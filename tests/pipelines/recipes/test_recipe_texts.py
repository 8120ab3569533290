"""Settings of texts in recipes: coverage, lengths, corpora within corpora, and what a job reports of characters."""

import platform
from pathlib import Path

import pytest
import yaml

from pipelines.io.statistics import RARE_THRESHOLD, CharacterFrequencies, Statistics
from pipelines.jobs.generation import generate
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import Charset, InputError, Sample, package_file

OWN = "fonts.system=false"
NESTED = {
    "use": "template",
    "template": "{name}, {number} {count}",
    "fields": {"name": {"use": "text_file", "path": "names.txt"}, "count": {"use": "words", "size": 30}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "names.txt").write_text("Ada\nBob\n")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({"corpus": [NESTED]}))
    return tmp_path


def resolve(folder: Path, *overrides: str) -> ResolvedRecipe:
    return resolve_recipe(str(folder / "recipe.yaml"), overrides)


def test_a_template_holds_corpora_of_the_recipe(folder: Path) -> None:
    recipe = resolve(folder)
    samples = [s for s in map(recipe.generator(1).generate, range(20)) if isinstance(s, Sample)]
    assert all(s.text.upper().startswith(("ADA, ", "BOB, ")) for s in samples)
    assert {s.meta.corpus for s in samples} == {"template"}
    (folder / "again.yaml").write_text(recipe.to_yaml())
    again = resolve_recipe(str(folder / "again.yaml"))
    assert again.settings == recipe.settings
    assert again.digest == recipe.digest
    assert recipe.settings["corpus"][0]["fields"]["count"]["size"] == 30


PAIR = """
from collections.abc import Mapping
from dataclasses import dataclass, field

from synthtext.corpora import Corpus, Number


@dataclass(frozen=True)
class Pair:
    __pydantic_config__ = {"arbitrary_types_allowed": True}
    parts: Mapping[str, Corpus] = field(default_factory=lambda: {"first": Number(), "second": Number()})

    def draw(self, rng):
        return " ".join(part.draw(rng) for part in self.parts.values())
"""


def test_a_corpus_keeps_its_default_corpora(folder: Path) -> None:
    (folder / "pair_of_corpora.py").write_text(PAIR)
    plain = resolve(folder, "corpus=[{use: pair_of_corpora.Pair}]")
    other = resolve(folder, "corpus=[{use: pair_of_corpora.Pair, parts: {only: {use: date}}}]")
    for recipe in (plain, other):
        (folder / "again.yaml").write_text(recipe.to_yaml())
        again = resolve_recipe(str(folder / "again.yaml"))
        assert again.digest == recipe.digest
        one, same = (which.generator(1).generate(0) for which in (recipe, again))
        assert isinstance(one, Sample)
        assert isinstance(same, Sample)
        assert one.text == same.text
    assert plain.digest != other.digest


def test_files_and_settings_within_a_template_are_in_the_fingerprint(folder: Path, tmp_path_factory) -> None:
    before = resolve(folder)
    fingerprint = before.fingerprint
    assert "corpus.0.fields.name.path" in fingerprint
    moved = tmp_path_factory.mktemp("another_place")
    for name in ("names.txt", "recipe.yaml"):
        (moved / name).write_bytes((folder / name).read_bytes())
    assert resolve(moved).digest == before.digest
    changed = resolve(folder, "corpus.0.fields.count.size=31")
    assert "corpus.0.fields.count.size was 30, is 31" in describe_difference(fingerprint, changed.fingerprint)
    (folder / "names.txt").write_text("Eve\n")
    assert "corpus.0.fields.name.path has changed" in describe_difference(fingerprint, resolve(folder).fingerprint)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("corpus.0.fields.name.path=absent.txt", "absent.txt"),
        ("corpus.0.fields.count.sice=3", r"corpus.0 \(template\): fields.count \(words\): unknown key 'sice'"),
        ("corpus.0.fields.count.weight=3", "fields.count: a corpus within another corpus has no weight"),
        ("corpus.0.fields.count.use=wrods", "fields.count: there is no corpus 'wrods'; did you mean 'words'"),
        ("corpus.0.fields=[1]", "fields: must be corpora by name"),
        ("corpus.0.fields.count=3", "fields.count: must be a corpus, such as"),
        ("corpus.0.fields.other={use: number}", "has no {other}"),
        ("corpus.0.template='{nme} {count}'", "no field 'nme'; did you mean 'name'"),
        ("coverage.shar=0.1", "unknown key 'coverage.shar'; did you mean 'share'"),
        ("coverage.share=2", "share 2.0 must be from 0 to 1"),
        ("coverage.weights={ab: 2}", "'ab' is not a single character"),
        ("layout.length_weights={'4-2': 2}", "'4-2' is not a range of lengths"),
        ("corpus=[{use: text_file, path: names.txt, case: {lower: -1}}]", "weights must be finite"),
        ("corpus=[{use: confusables, pairs: [[a, a]]}]", "two different texts"),
        ("corpus=[{use: confusables, language: xx}]", "no word list for language 'xx'"),
    ],
)
def test_invalid_settings_are_reported_with_their_path(folder: Path, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        resolve(folder, override).generator(0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("override", ["coverage={share: 0.1, characters: ß}", "coverage={share: 0.1, weights: {ß: 2}}"])
def test_coverage_of_characters_outside_the_charset_is_rejected(folder: Path, override: str) -> None:
    with pytest.raises(InputError, match="'ß' is not in the charset"):
        resolve(folder, override).generator(0)


@pytest.mark.parametrize(
    "override",
    [
        "coverage.share=0.1",
        "coverage={share: 0, weights: {'0': 2.5}}",
        "layout.length_weights={'1-3': 2}",
        "corpus.0.template='{name}; {number} {count}'",
    ],
)
def test_settings_of_texts_change_the_digest(folder: Path, override: str) -> None:
    assert resolve(folder, override).digest != resolve(folder).digest
    again = resolve(folder, override)
    assert again.digest == resolve(folder, override).digest
    assert yaml.safe_load(again.to_yaml()) == again.settings


@pytest.mark.parametrize(
    ("package", "use"), [("faker", "{use: faker, provider: name}"), ("jieba", "{use: jieba_words}")]
)
def test_versions_of_optional_packages_are_in_the_fingerprint(package: str, use: str) -> None:
    if package_file(package, "__init__.py") is None:
        pytest.skip("needs the extra corpora")
    charset = ["charset=words:zh"] if package == "jieba" else []
    assert f"version of {package}" in resolve_recipe("digits", [OWN, f"corpus=[{use}]", *charset]).fingerprint
    within = f"corpus=[{{use: template, template: '{{x}}', fields: {{x: {use}}}}}]"
    assert f"version of {package}" in resolve_recipe("digits", [OWN, within, *charset]).fingerprint
    assert f"version of {package}" not in resolve_recipe("digits", [OWN]).fingerprint


def test_the_release_series_of_python_is_in_the_fingerprint() -> None:
    # Unicode tables differ between series, and so may what is drawn of a character that is new in one.
    fingerprint = resolve_recipe("digits", [OWN]).fingerprint
    assert fingerprint["version of Python"] == ".".join(platform.python_version_tuple()[:2])


def test_a_job_reports_rare_characters_and_coverage_outcomes(tmp_path: Path) -> None:
    settings = [OWN, "charset=alphanumeric", "coverage={share: 0.5, characters: '07'}", "effects=[]"]
    summary = generate("digits", tmp_path / "data", 80, workers=0, shard_size=32, overrides=settings)
    frequencies, statistics = summary.character_frequencies, summary.statistics
    assert frequencies is not None
    assert "of the 62 characters of the charset, 52 never occur (a b c" in frequencies.describe()
    assert sum(statistics.coverage_outcomes.values()) == 40
    assert statistics.characters["0"] >= 20
    assert statistics == Statistics.model_validate_json((tmp_path / "data" / "statistics.json").read_bytes())
    again = generate("digits", tmp_path / "data", 80, workers=0, shard_size=32, overrides=settings)
    assert (again.statistics, again.character_frequencies) == (statistics, frequencies)
    assert again.new_samples == 0


def test_character_frequencies_follow_the_case_of_the_charset() -> None:
    charset = Charset.named("alphanumeric_lower")
    frequencies = CharacterFrequencies.from_counts({"A": 3, "a": 4, "b": RARE_THRESHOLD, "é": 9}, charset)
    assert dict(frequencies.counts)["a"] == 7
    assert frequencies.rare == ["a"]
    assert len(frequencies.missing) == 34
    assert CharacterFrequencies.from_counts(
        dict.fromkeys("ab", 30) | {"c": 20}, Charset(("a", "b", "c"))
    ).describe() == ("characters of the charset: each occurs at least 20 times (the rarest is 'c')")
    assert (
        "1 occur less than 10 times (' ')"
        in CharacterFrequencies.from_counts({"a": 30, " ": 2}, Charset(("a", " "))).describe()
    )


@pytest.mark.slow
@pytest.mark.parametrize("depth", [4_900, 200_000])
def test_a_file_of_deeply_nested_lists_is_refused(tmp_path: Path, depth: int) -> None:
    """Libyaml would parse the first, and its stack would overflow for the second."""
    (tmp_path / "deep.yaml").write_text("a: " + "[" * depth + "]" * depth)
    with pytest.raises(InputError, match=r"deep\.yaml is not valid YAML: maximum recursion depth exceeded"):
        resolve_recipe(str(tmp_path / "deep.yaml"))


def test_an_error_in_a_file_shows_its_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("charset: ascii\ncorpus: [{use: words}\n")
    message = r"wrong\.yaml is not valid YAML: .*line 2, column 9: corpus: \[\{use: words\}"
    with pytest.raises(InputError, match=message):
        resolve_recipe(str(tmp_path / "wrong.yaml"))
