import numpy as np
import pytest

from pipelines.datasets.scene_source import instances_at_level
from synthtext.core import TextInstance


def text(name, level, parent=-1):
    return TextInstance(name, np.array([[0, 0], [9, 0], [9, 9]], np.float32), level=level, parent=parent)


SCENE = (
    text("sign", "block"),
    text("first", "line", 0),
    text("fi", "word", 1),
    text("rst", "word", 1),
    text("second", "line", 0),
    text("sec", "word", 4),
    text("alone", "line"),
    text("al", "word", 6),
    text("pasted word", "word"),
    text("pasted line", "line"),
)
PASTED = ["pasted word", "pasted line"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("word", ["fi", "rst", "sec", "al", *PASTED]),
        ("line", ["first", "second", "alone", *PASTED]),
        ("block", ["sign", "alone", *PASTED]),
    ],
)
def test_every_text_is_covered_once(level, expected):
    found = instances_at_level(SCENE, level)
    assert [instance.text for instance in found] == expected
    assert {instance.parent for instance in found} == {-1}


@pytest.mark.parametrize("level", ["word", "line", "block"])
def test_scenes_of_one_level_are_unchanged(level):
    for scene in ((text("a", "word"), text("b", "word")), (text("a", "line"),), ()):
        assert instances_at_level(scene, level) == scene
