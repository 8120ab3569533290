"""Recipes built in Python, and recipes written as files without their defaults."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from augment import Blur, Perspective
from pipelines import InkOptions, Recipe, iterate_samples
from synthtext import CoverageOptions, LineOutput
from synthtext.background import Gradient, Photos, Plain
from synthtext.baselines import Arc, Straight
from synthtext.core import InputError
from synthtext.corpora import CharsetOptions, Number, Price, Template, TextFile, Words
from synthtext.fonts import FontOptions
from synthtext.ink import Outline, Tones
from synthtext.ink import Plain as PlainInk
from synthtext.scenes import SceneOutput
from synthtext.scenes.layouts import Receipt

SMALL = FontOptions(pool=4, size_range=(20, 30))
CURRICULUM = "curriculum=[{until: 300, set: {effects: [], background: {plain: 1}}}]"


@pytest.mark.parametrize(
    ("name", "overrides"),
    [("digits", []), ("lines", [CURRICULUM]), ("lines-serial", []), ("scenes", [])],
)
def test_a_preset_without_its_defaults_is_the_same_recipe(tmp_path: Path, name: str, overrides: list[str]) -> None:
    recipe = Recipe.open(name, ["fonts.system=false", *overrides])
    (tmp_path / "short.yaml").write_text(recipe.to_yaml(defaults=False))
    again = Recipe.open(tmp_path / "short.yaml")
    assert again.settings == recipe.settings
    assert again.digest == recipe.digest
    assert len(recipe.to_yaml(defaults=False)) < 0.8 * len(recipe.to_yaml())


def test_every_argument_is_the_key_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("Ada\nBob\n")
    recipe = Recipe(
        [
            (Words("en", case={"title": 1}), 3),
            Template("{name} {n}", {"name": TextFile(tmp_path / "names.txt"), "n": Number()}),
        ],
        charset=CharsetOptions(characters="0-9A-Za-z", space=True),
        fonts=SMALL,
        coverage=CoverageOptions(share=0.1),
        baselines=[Straight(), (Arc((20, 30)), 0.5)],
        ink=InkOptions(60, [(PlainInk(), 4), Outline()], [Tones()]),
        background=[Gradient()],
        effects=[(Blur((0.01, 0.02)), 0.3), Perspective()],
        output=LineOutput(height=32),
    )
    written = yaml.safe_load(recipe.to_yaml(defaults=False))
    assert written == {
        "charset": {"characters": "0-9A-Za-z", "space": True},
        "corpus": [
            {"use": "words", "weight": 3.0, "case": {"title": 1.0}},
            {
                "use": "template",
                "template": "{name} {n}",
                "fields": {"name": {"use": "text_file", "path": str(tmp_path / "names.txt")}, "n": {"use": "number"}},
            },
        ],
        "fonts": {"size_range": [20.0, 30.0], "pool": 4},
        "baselines": {"arc": {"weight": 0.5, "degrees_range": [20.0, 30.0]}, "straight": 1.0},
        "ink": {"contrast_floor": 60.0, "styles": {"outline": 1.0, "plain": 4.0}, "colours": {"tones": 1.0}},
        "background": {"gradient": 1.0},
        "effects": [
            {"use": "blur", "probability": 0.3, "strength_range": [0.01, 0.02]},
            {"use": "perspective"},
        ],
        "coverage": {"share": 0.1},
        "output": {"height": 32},
    }
    (tmp_path / "again.yaml").write_text(recipe.to_yaml(defaults=False))
    assert Recipe.open(tmp_path / "again.yaml").digest == recipe.digest
    assert pickle.loads(pickle.dumps(recipe)).digest == recipe.digest


def test_samples_of_a_recipe_in_python() -> None:
    recipe = Recipe([Number()], base="digits", charset="digits", fonts=SMALL, output=LineOutput(height=40))
    assert [sample.image.shape[0] for sample in iterate_samples(recipe, 3)] == [40] * 3
    assert recipe.settings["background"] == Recipe.open("digits").settings["background"]


def test_a_recipe_of_scenes() -> None:
    recipe = Recipe(
        [Words("en"), Price()],
        kind="scenes",
        fonts=SMALL,
        background=[Plain()],
        layouts=[Receipt(items_range=(2, 3))],
        output=SceneOutput(width_range=(300, 300), height_range=(300, 300)),
    )
    (scene,) = iterate_samples(recipe, 1)
    assert scene.image.shape[:2] == (300, 300)
    assert recipe.kind == yaml.safe_load(recipe.to_yaml(defaults=False))["kind"] == "scenes"


@dataclass(frozen=True)
class Fade:
    def draw(self, rng, size): ...
    def apply(self, image, parameters): ...


class Undecorated: ...


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"corpus": [Words]}, "corpus.0.*give an instance, such as"),
        ({"corpus": [Undecorated()]}, "corpus.0.*is not a corpus"),
        ({"corpus": [Words()], "effects": [Words()]}, "effects.0.*is not a valid effect"),
        ({"corpus": [(Words(), "3")]}, r"corpus.0.*a pair of a component and a number"),
        ({"corpus": [(Words(), -3)]}, r"corpus.0.weight"),
        ({"corpus": []}, "corpus is missing"),
        ({"corpus": [Words()], "effects": [(Blur(), 1.5)]}, "effects.0.probability"),
        ({"corpus": [Words()], "background": [Plain(), Plain((0, 9))]}, "background has 'plain' twice"),
        ({"corpus": [Words()], "background": [Photos(Path("nowhere"))]}, "nowhere"),
        ({"corpus": [Words()], "base": "line"}, "there is no recipe 'line'"),
        ({"corpus": [Words()], "layouts": [Receipt()]}, "unknown key 'layouts'"),
    ],
)
def test_mistakes_are_named(settings, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Recipe(**settings)


def test_a_class_that_other_processes_cannot_import_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fade, "__module__", "__main__")
    with pytest.raises(InputError, match="cannot import the class Fade: define it at the top of a module"):
        Recipe([Number()], effects=[Fade()])
