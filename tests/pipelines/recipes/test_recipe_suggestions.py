"""Misspelt keys get a suggestion, and errors name the place that is at fault."""

import pytest

from pipelines.jobs.copypaste_settings import parse_settings
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.resolve import resolve_config
from synthtext.core import InputError


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("effects=[{use: blur, probabilty: 0.5}]", "unknown key 'probabilty'; did you mean 'probability'?"),
        ("corpus=[{use: pattern, pattern: a, wieght: 2}]", "unknown key 'wieght'; did you mean 'weight'?"),
        ("ink.styles={plain: {wieght: 2}}", "unknown key 'wieght'; did you mean 'weight'?"),
        ("charset={caracters: abc}", "unknown key 'charset.caracters'; did you mean 'characters'?"),
        ("charset={characters: c-a}", "the range c-a runs backwards"),
        ("curriculum=[{untl: 5, set: {}}]", "unknown key 'curriculum.0.untl'; did you mean 'until'?"),
    ],
)
def test_of_recipes(assignment, message):
    with pytest.raises(InputError) as caught:
        resolve_recipe("digits", ["output.height=32", assignment])
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"argument {assignment!r}: recipe digits: ")


@pytest.mark.parametrize(
    ("preset", "assignment", "message"),
    [
        ("rec-lcnet", "data.0.wieght=2", "unknown key 'data.0.wieght'; did you mean 'weight'?"),
        ("rec-dml", "network_group.networks.peer.frozn=true", "networks.peer.frozn'; did you mean 'frozen'?"),
        ("rec-lcnet", "loss.center_wieght=1", "did you mean 'center_weight'?"),
        ("det-db", "copy_paste={probabilty: 1}", "did you mean 'probability'?"),
        ("det-db", "effects=[{use: blur, probabilty: 1}]", "did you mean 'probability'?"),
    ],
)
def test_of_trainings(preset, assignment, message):
    with pytest.raises(InputError) as caught:
        resolve_config(preset, ["lines"] if preset.startswith("rec") else ["photos"], ["val"], [assignment, "seed=2"])
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"argument {assignment!r}: ")


def test_of_copypaste():
    with pytest.raises(InputError, match=r"^argument 'shaer=0.5': .* did you mean 'share'"):
        parse_settings("natural", ["shaer=0.5"])


def test_a_fault_of_the_file_is_not_that_of_an_argument(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("base: digits\neffects: [{use: blur, probabilty: 0.5}]\n")
    with pytest.raises(InputError, match=r"^recipe .*mine\.yaml: effects\.0 \(blur\): unknown key"):
        resolve_recipe(str(path), ["output.height=32"])


def test_an_inline_charset(tmp_path):
    (tmp_path / "mine.yaml").write_text('base: digits\ncharset: {characters: "0-9A-C-"}\n')
    recipe = resolve_recipe(str(tmp_path / "mine.yaml"))
    assert "".join(recipe.charset) == "0123456789ABC-"
    (tmp_path / "keys.txt").write_text("1\n2\n")
    (tmp_path / "mine.yaml").write_text(
        "base: digits\ncharset: {file: keys.txt, space: true}\ncorpus: [{use: pattern, pattern: '[12]'}]\n"
    )
    recipe = resolve_recipe(str(tmp_path / "mine.yaml"))
    assert "".join(recipe.charset) == "12 "
    assert recipe.settings["charset"]["file"] == str(tmp_path / "keys.txt")
