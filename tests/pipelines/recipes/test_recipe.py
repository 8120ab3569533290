import shutil
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.recipes.digest import describe_difference
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import InputError, Sample
from synthtext.fonts import bundled_fonts

EFFECT = """
from dataclasses import dataclass
import cv2
import numpy as np

@dataclass(frozen=True)
class Fade:
    strength_range: tuple[float, float] = (0.2, 0.6)

    def draw(self, rng, size):
        return {"strength": rng.uniform(*self.strength_range)}

    def apply(self, image, parameters):
        return cv2.addWeighted(image, 1 - parameters["strength"], np.full_like(image, 255), parameters["strength"], 0)

class Undecorated:
    def draw(self, rng, size): ...
    def apply(self, image, parameters): ...

@dataclass(frozen=True)
class Useless:
    pass
"""


SEVERAL = """
from dataclasses import dataclass, field
from pathlib import Path

@dataclass(frozen=True)
class Several:
    paths: tuple[Path, ...]
    extra: Path | None = None
    made: int = field(default=3, init=False)

    def draw(self, rng):
        return self.paths[0].read_text()

@dataclass(frozen=True)
class Fails:
    def draw(self, rng):
        raise IndexError("out of words")

@dataclass(frozen=True)
class Weighs:
    weight: float = 0.5

    def draw(self, rng):
        return "a"

@dataclass(frozen=True)
class Raises:
    def __post_init__(self):
        raise KeyError("no")

    def draw(self, rng):
        return "a"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))  # user modules are found through it
    (tmp_path / "fonts").mkdir()
    shutil.copy(bundled_fonts()[0], tmp_path / "fonts")
    (tmp_path / "lines.txt").write_text("one\ntwo\nthree\n")
    (tmp_path / "fade_of_test.py").write_text(EFFECT)
    recipe = {
        "corpus": [{"use": "text_file", "path": "lines.txt"}],
        "fonts": {"folders": ["fonts"], "bundled": False},
        "effects": [{"use": "fade_of_test.Fade", "probability": 1.0, "strength_range": [0.1, 0.2]}],
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    monkeypatch.setattr("pipelines.recipes.components._SOURCES", {})
    for module in ("fade_of_test", "several_of_test"):
        sys.modules.pop(module, None)
    return tmp_path


def resolve(folder: Path, *overrides: str) -> ResolvedRecipe:
    return resolve_recipe(str(folder / "recipe.yaml"), overrides)


@pytest.mark.parametrize("name", ["digits", "lines", "lines-ar", "lines-de", "lines-ja"])  # one template for languages
def test_presets_resolve_and_their_file_reproduces_the_recipe(name: str, tmp_path: Path) -> None:
    recipe = resolve_recipe(name, ["fonts.system=false"])
    (tmp_path / "again.yaml").write_text(recipe.to_yaml())
    again = resolve_recipe(str(tmp_path / "again.yaml"))
    assert again.settings == recipe.settings
    assert again.digest == recipe.digest


def test_paths_are_relative_to_the_recipe_and_a_user_effect_is_used(folder: Path) -> None:
    sample = resolve(folder).generator(1).generate(0)
    assert isinstance(sample, Sample)
    assert sample.text.lower() in ("one", "two", "three")
    assert sample.meta.corpus == "text_file:lines.txt"
    assert sample.meta.effects[0].name == "fade_of_test.Fade"
    assert sample.key.startswith(resolve(folder).digest[:8])


def test_the_digest_depends_on_contents_and_not_on_locations(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moved = tmp_path_factory.mktemp("another_place") / "copy"
    shutil.copytree(folder, moved)
    assert resolve(folder).digest == resolve(moved).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "lines.txt").write_text("one\ntwo\n"), "corpus.0.path has changed"),
        (lambda f: shutil.copy(bundled_fonts()[1], f / "fonts"), "is new"),
    ],
)
def test_an_edited_file_changes_the_digest_and_is_named(folder: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    before = resolve(folder)
    fingerprint, digest = before.fingerprint, before.digest
    change(folder)
    after = resolve(folder)
    assert after.digest != digest
    assert message in describe_difference(fingerprint, after.fingerprint)


def test_a_module_edited_after_its_import_is_rejected(folder: Path) -> None:
    before = resolve(folder)
    (folder / "fade_of_test.py").write_text(EFFECT + "\n# changed\n")
    assert "module of fade_of_test.Fade" in before.fingerprint
    with pytest.raises(InputError, match="has changed since this process imported it"):
        resolve(folder)


def test_a_resolved_recipe_finds_modules_beside_the_original(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    another = tmp_path_factory.mktemp("kept")
    (another / "recipe.yaml").write_text(resolve(folder).to_yaml())
    assert str(folder) in resolve_recipe(str(another / "recipe.yaml")).settings["modules"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("background={plain: 1, gradient: 2}", "background={gradient: 2, plain: 1}"),
        ("ink.styles={plain: 1, outline: 2}", "ink.styles={outline: 2, plain: 1}"),
        ("corpus.0.case={lower: 1, upper: 2}", "corpus.0.case={upper: 2, lower: 1}"),
    ],
)
def test_the_order_of_a_mapping_changes_neither_digest_nor_samples(one: str, other: str) -> None:
    recipes = [resolve_recipe("lines", ["fonts.system=false", setting]) for setting in (one, other)]
    assert recipes[0].digest == recipes[1].digest
    generators = [recipe.generator(1) for recipe in recipes]
    for index in range(6):
        first, second = (generator.generate(index) for generator in generators)
        assert isinstance(first, Sample)
        assert isinstance(second, Sample)
        assert first.text == second.text
        assert (first.image == second.image).all()


def test_fonts_of_the_same_name_are_all_in_the_fingerprint(tmp_path: Path) -> None:
    for i, path in enumerate(bundled_fonts()[:2]):
        (tmp_path / str(i)).mkdir()
        shutil.copy(path, tmp_path / str(i) / "same.ttf")
    recipe = resolve_recipe("digits", [f"fonts={{folders: [{tmp_path}], bundled: false}}"])
    assert sum(name.startswith("font ") for name in recipe.fingerprint) == 2


def test_the_digest_covers_files_in_lists(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "several_of_test.py").write_text(SEVERAL)
    (folder / "a.txt").write_text("a")
    setting = "corpus.0={use: several_of_test.Several, paths: [a.txt, lines.txt], extra: a.txt}"
    before = resolve(folder, setting)
    moved = tmp_path_factory.mktemp("another_place") / "copy"
    shutil.copytree(folder, moved)
    digest = before.digest
    assert resolve(moved, setting).digest == digest
    (folder / "a.txt").write_text("b")
    assert resolve(folder, setting).digest != digest


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fonts.size_range=[20, 30]", "fonts.size_range was [28.0, 44.0], is [20.0, 30.0]"),
        ("fonts.vary_axes=false", "fonts.vary_axes was true, is false"),
    ],
)
def test_a_setting_changes_the_digest_and_is_named(folder: Path, setting: str, message: str) -> None:
    before, after = resolve(folder), resolve(folder, setting)
    assert before.digest != after.digest
    assert message in describe_difference(before.fingerprint, after.fingerprint)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("font.size=3", "unknown key 'font'; did you mean 'fonts'?"),
        ("fonts.siz_range=[20, 30]", "unknown key 'fonts.siz_range'; did you mean 'size_range'?"),
        ("fonts.size_range=[30, 20]", "fonts: size_range"),
        ("fonts.size_range=tall", "fonts.size_range"),
        ("output.height=abc", "output.height:"),
        ("corpus.0.use=text_fil", "did you mean 'text_file'?"),
        ("corpus.0.pth=x", "unknown key 'pth'; did you mean 'path'?"),
        ("corpus.0.weight=-1", "corpus.0.weight"),
        ("corpus.0.path=absent.txt", "absent.txt"),
        ("corpus.3.path=x", "is not the index of an entry"),
        ("corpus=[]", "corpus"),
        ("effects.0.probability=2", "effects.0.probability: input should be less than or equal to 1, not 2"),
        ("effects.0.strengt_range=[0, 1]", "unknown key 'strengt_range'; did you mean 'strength_range'?"),
        ("effects.0.strength_range=high", "strength_range"),
        ("effects.0.use=fade_of_test.Fabe", "has no 'Fabe'; did you mean 'Fade'?"),
        ("effects.0.use=absent_module.Fade", "absent_module"),
        ("effects.0={use: fade_of_test.Undecorated}", "is not a dataclass"),
        ("effects.0={use: fade_of_test.Useless}", "is not a valid effect"),
        ("background={plain: 0}", "every weight is 0"),
        ("background={plian: 1}", "did you mean 'plain'?"),
        ("background={photos: {folder: nowhere}}", "nowhere"),
        ("ink.contrast_floor=500", "contrast_floor"),
        ("fonts.folders=[nowhere]", "nowhere"),
        ("charset=nonesuch", "nonesuch"),
        ("kind=sounds", "sounds"),
        ("nonsense", "key=value"),
        ("corpus.0.weight=.inf", "corpus.0.weight"),
        ("corpus.0={use: words, case: {}}", "case"),
        ("corpus.0={use: words, case: {lower: -1, upper: 3}}", "case"),
        ("corpus.0={use: words, exponent: .nan}", "exponent"),
        ("corpus.0={use: words, count_range: [1, 1000000000]}", "count_range"),
        ("corpus.0={use: pattern, pattern: 2024-13-45}", "not valid YAML"),
        ('corpus.0={use: pattern, pattern: "a{99999999999}"}', "pattern"),
        ('corpus.0={use: pattern, pattern: "[0-9]{1000000}"}', "repeats"),
        ("corpus.0={use: augment.Blur}", "cannot be sampled"),
        ("corpus.0={use: several_of_bad.Fails}", "out of words"),
        ("corpus.0={use: several_of_bad.Weighs}", "rename it"),
        ("corpus.0={use: several_of_bad.Raises}", "cannot be built"),
        ("background={plain: .inf}", "background.plain.weight"),
        ("background={plain: {tint: -5}}", "tint"),
        ("background={plain: {lightness_range: [0, .inf]}}", "lightness_range"),
        ("background={plain: {use: gradient}}", "take out the key 'use'"),
        ("effects.0={use: noise, colour_probability: 7}", "colour_probability"),
        ("effects.0.use.deep=3", "plain value"),
        ("fonts.pool=1000000000", "pool"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(folder: Path, setting: str, message: str) -> None:
    (folder / "several_of_bad.py").write_text(SEVERAL)
    sys.modules.pop("several_of_bad", None)
    with pytest.raises(InputError) as caught:
        resolve(folder, setting).generator(0)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [("digit", "did you mean 'digits'?"), ("absent.yaml", "no such file"), (".", "is a folder")],
)
def test_an_unknown_recipe_is_rejected_with_a_hint(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        resolve_recipe(name)


@pytest.mark.parametrize("content", ["- 1\n- 2\n", "a: [1\n", "\x00\x01"])
def test_a_file_that_is_not_a_recipe_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"r\.yaml"):
        resolve_recipe(str(path))


def test_the_seed_is_bounded() -> None:
    with pytest.raises(InputError, match="seed"):
        resolve_recipe("digits").generator(2**32)
