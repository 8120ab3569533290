"""Scenes with curved, vertical and right-to-left lines, and their words."""

import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Scene, TextInstance
from synthtext.scenes.labels import word_spans
from synthtext.scenes.typesetter import join_texts

pytestmark = pytest.mark.slow

PHOTO = "layouts={photo: {plate_probability: 0, count_range: [3, 9]}}"
CLEAN = (
    "fonts={bundled: true, size_range: [9, 44]}",
    "output={width_range: [300, 420], height_range: [260, 420]}",
    "background={plain: {tint: 0, lightness_range: [210, 255]}}",
    "clutter={distractors_range: [0, 0], occlusion_probability: 0}",
    "effects=[]",
)


def drawn(count: int, *overrides: str) -> list[Scene]:
    made = resolve_recipe("scenes", (*CLEAN, *overrides)).generator(3)
    return [scene for scene in made.generate_many(range(count)) if isinstance(scene, Scene)]


def of_level(scene: Scene, level: str) -> list[TextInstance]:
    return [instance for instance in scene.instances if instance.level == level]


def test_curved_lines_have_more_than_four_points() -> None:
    curved = "baselines={arc: {degrees_range: [60, 90]}, circle: 1}"
    made = drawn(30, PHOTO, curved, "layouts.photo.several_probability=0")
    lines = [line for scene in made for line in of_level(scene, "line")]
    long = [line for line in lines if len(line.clusters) > 3]
    assert len(long) > 50
    assert all(len(line.polygon) > 4 for line in long)


def test_vertical_lines_run_downwards() -> None:
    made = drawn(
        10,
        "layouts={photo: {several_probability: 0, turned_probability: 0}}",
        "baselines={vertical: 1}",
        "corpus=[{use: pattern, pattern: '[A-Z]{3,8}'}]",
    )
    lines = [line for scene in made for line in of_level(scene, "line") if len(line.text) > 2]
    assert lines
    for line in lines:
        middles = line.clusters.quads.mean(axis=1)
        assert (np.diff(middles[:, 1]) > 0).all()


def test_lines_from_right_to_left_have_their_words_in_reading_order() -> None:
    arabic = (
        "charset=words:ar",
        "corpus=[{use: words, language: ar, count_range: [1, 3]}, {use: number, weight: 0.3}]",
    )
    made = drawn(20, *arabic, "fonts.system=false", "layouts={photo: 1, document: 1, receipt: 1}")
    ordered = starts_right = 0
    for scene in made:
        for number, line in enumerate(scene.instances):
            words = [i for i in scene.instances if i.level == "word" and i.parent == number]
            if line.level != "line" or len(words) < 2 or any(c.isdigit() for c in line.text):
                continue
            along = np.abs(line.clusters.quads[-1].mean(axis=0) - line.clusters.quads[0].mean(axis=0))
            if along[0] <= along[1]:
                continue
            assert " ".join(word.text for word in words) == line.text
            middles = [word.polygon[:, 0].mean() for word in words]
            assert middles == sorted(middles, reverse=True)
            ordered += 1
            starts_right += words[0].polygon[:, 0].max() > 0.5 * scene.image.shape[1]
    assert ordered > 40
    assert starts_right > 0.8 * ordered


def test_texts_are_joined_by_spaces_unless_their_scripts_have_none() -> None:
    assert join_texts(["new", "words"]) == "new words"
    assert join_texts(["\u4f60\u597d", "\u4e16\u754c"]) == "\u4f60\u597d\u4e16\u754c"
    assert join_texts(["ab", "\u4e16\u754c", "\u4f60", "12"]) == "ab \u4e16\u754c\u4f60 12"
    assert join_texts(["\uac00\ub098", "\ub2e4"]) == "\uac00\ub098 \ub2e4"


def test_words_of_a_text_are_spans_of_its_clusters() -> None:
    assert word_spans("ab  cd e", np.arange(9, dtype=np.int32)) == [(0, 2), (4, 6), (7, 8)]
    assert word_spans("\u4f60\u597d", np.arange(3, dtype=np.int32)) == [(0, 2)]
    assert word_spans("e\u0301f g", np.array([0, 2, 3, 4, 5], np.int32)) == [(0, 2), (3, 4)]
