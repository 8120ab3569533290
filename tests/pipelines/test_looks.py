"""The page of every ink style, paper and effect on its own."""

import cv2
import pytest

from pipelines.jobs.component_sheet import list_component_previews
from pipelines.recipes.components import BACKGROUND, EFFECT, INK_STYLE, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

RECIPE = ["fonts.system=false", "output.width=96", "effects=[{use: blur, strength_range: [0.03, 0.03]}]"]


def test_every_part_has_a_look_but_those_that_need_a_folder(tmp_path):
    looks = list(list_component_previews(resolve_recipe("digits", RECIPE)))
    names = {key: {look.name for look in looks if look.key == key} for key in ("ink.styles", "paper", "effects")}
    assert names["ink.styles"] == set(builtin_classes(INK_STYLE))
    assert names["background"] == set(builtin_classes(BACKGROUND)) - {"photos"}
    assert names["effects"] == set(builtin_classes(EFFECT)) - {"imgaug"}
    cv2.imwrite(str(tmp_path / "a.png"), cv2.UMat(20, 20, cv2.CV_8UC3).get())
    with_photos = list_component_previews(
        resolve_recipe("digits", [*RECIPE, f"background={{photos: {{folder: {tmp_path}}}}}"])
    )
    assert "photos" in {look.name for look in with_photos}


def test_a_look_has_the_settings_of_the_recipe_and_nothing_else_on():
    looks = {look.name: look.recipe.to_dict() for look in list_component_previews(resolve_recipe("digits", RECIPE))}
    assert looks["blur"]["effects"] == [{"use": "blur", "probability": 1.0, "strength_range": [0.03, 0.03]}]
    assert list(looks["worn"]["ink"]["styles"]) == ["worn"]
    assert list(looks["wood"]["background"]) == ["wood"]
    assert looks["wood"]["effects"] == looks["worn"]["effects"] == []


def test_command(run_preview, tmp_path):
    result = run_preview("digits", "--each", "-o", "looks.png", "-n", "2", "--seed", "3", *RECIPE)
    assert result.exit_code == 0, result.output
    assert "looks.png: every look on its own" in result.stdout
    page = cv2.imread(str(tmp_path / "looks.png"))
    assert page is not None
    assert page.shape[1] == 1440
    assert page.shape[0] > 600


@pytest.mark.parametrize("arguments", [("scenes", "--each"), ("digits", "--each", "-n", "17")])
def test_what_cannot_be_shown_is_told(run_preview, tmp_path, arguments):
    result = run_preview(*arguments, "-o", "looks.png")
    assert isinstance(result.exception, InputError)
    assert list(tmp_path.iterdir()) == []
