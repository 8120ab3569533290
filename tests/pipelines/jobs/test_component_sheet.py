"""The page of every ink style, background and effect on its own."""

import cv2
import pytest

from pipelines.jobs.component_sheet import list_component_previews
from pipelines.recipes.components import BACKGROUND, EFFECT, INK_STYLE, builtin_classes
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

pytestmark = pytest.mark.slow

RECIPE = ["fonts.system=false", "output.width=96", "effects=[{use: blur, strength_range: [0.03, 0.03]}]"]


def test_every_component_is_shown_unless_it_needs_a_folder(tmp_path):
    previews = list(list_component_previews(resolve_recipe("digits", RECIPE)))
    names = {key: {one.name for one in previews if one.key == key} for key in ("ink.styles", "background", "effects")}
    assert names["ink.styles"] == set(builtin_classes(INK_STYLE))
    assert names["background"] == set(builtin_classes(BACKGROUND)) - {"photos"}
    assert names["effects"] == set(builtin_classes(EFFECT)) - {"imgaug"}
    cv2.imwrite(str(tmp_path / "a.png"), cv2.UMat(20, 20, cv2.CV_8UC3).get())
    with_photos = list_component_previews(
        resolve_recipe("digits", [*RECIPE, f"background={{photos: {{folder: {tmp_path}}}}}"])
    )
    assert "photos" in {one.name for one in with_photos}


def test_a_component_has_the_settings_of_the_recipe_and_is_the_only_one():
    previews = list_component_previews(resolve_recipe("digits", RECIPE))
    settings = {one.name: one.recipe.to_dict() for one in previews}
    assert settings["blur"]["effects"] == [{"use": "blur", "probability": 1.0, "strength_range": [0.03, 0.03]}]
    assert list(settings["worn"]["ink"]["styles"]) == ["worn"]
    assert list(settings["wood"]["background"]) == ["wood"]
    assert settings["wood"]["effects"] == settings["worn"]["effects"] == []


def test_command(run_preview, tmp_path):
    result = run_preview("digits", "--components", "-o", "components.png", "-n", "2", "--seed", "3", *RECIPE)
    assert result.exit_code == 0, result.output
    assert "components.png: every component on its own" in result.stdout
    page = cv2.imread(str(tmp_path / "components.png"))
    assert page is not None
    assert page.shape[1] == 1440
    assert page.shape[0] > 600


@pytest.mark.parametrize("arguments", [("scenes", "--components"), ("digits", "--components", "-n", "17")])
def test_invalid_input_is_refused(run_preview, tmp_path, arguments):
    result = run_preview(*arguments, "-o", "components.png")
    assert isinstance(result.exception, InputError)
    assert list(tmp_path.iterdir()) == []
