import pytest
import yaml

from pipelines.config import apply_overrides
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError


def test_overrides_leave_the_settings_unchanged_and_keep_their_order() -> None:
    tree = {"b": {"x": 1}, "a": [1, {"y": 2}]}
    changed = apply_overrides(tree, ["a.1.y=[3, 4]", "b.z=true", "c.d=e"])
    assert list(changed) == ["b", "a", "c"]
    assert changed == {"b": {"x": 1, "z": True}, "a": [1, {"y": [3, 4]}], "c": {"d": "e"}}
    assert tree == {"b": {"x": 1}, "a": [1, {"y": 2}]}


@pytest.mark.parametrize(
    ("preset", "setting", "place", "weight", "value"),
    [
        ("scenes", "layouts.photo.count_range=[5, 9]", ("layouts", "photo", "count_range"), 8, [5, 9]),
        ("scenes", "ink.styles.outline.width_range=[0.03, 0.04]", ("ink", "styles", "outline", "width_range"), 1, None),
        ("scenes", "baselines.circle.weight=0.2", ("baselines", "circle", "weight"), 0.2, 0.2),
        ("digits", "background.plain.tint=7", ("background", "plain", "tint"), None, 7),
    ],
)
def test_overrides_of_a_component_written_as_a_weight(preset, setting, place, weight, value):
    before, now = resolve_recipe(preset).settings, resolve_recipe(preset, [setting]).settings
    for key in place[:-1]:
        before, now = before[key], now[key]
    assert now[place[-1]] == (yaml.safe_load(setting.partition("=")[2]) if value is None else value)
    assert now["weight"] == (before["weight"] if weight is None else weight)
    others = before.keys() - {place[-1]}
    assert {key: now[key] for key in others} == {key: before[key] for key in others}


def test_a_weight_that_is_overridden_first_is_kept():
    tree = {"background": {"wall": 5}, "effects": [{"use": "blur", "probability": 1}]}
    settings = ["background.wall=3", "background.wall.tint=2"]
    assert apply_overrides(tree, settings, {"background"})["background"] == {"wall": {"weight": 3, "tint": 2}}
    assert tree["background"] == {"wall": 5}
    for wrong, shares in (
        (settings, ()),
        (["background.wall.a.b=1"], ()),
        (["background.wall.weight.deep=1"], {"background"}),
    ):
        with pytest.raises(InputError, match="is the plain value"):
            apply_overrides(tree, wrong, shares)
