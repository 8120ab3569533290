"""Properties of many generated scenes of every layout."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import cv2
import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Clusters, Scene, SkippedSample, StreamSource, TextInstance, signed_area
from synthtext.core.errors import Rejection
from synthtext.scenes import SceneGenerator
from synthtext.scenes.generator import SceneState

pytestmark = pytest.mark.slow

SMALL = ("fonts={bundled: true, size_range: [9, 44]}", "output={width_range: [300, 420], height_range: [260, 420]}")
CLEAN = (
    *SMALL,
    "background={plain: {tint: 0, lightness_range: [210, 255]}}",
    "clutter={distractors_range: [0, 0], occlusion_probability: 0}",
    "ink={styles: {plain: 1}, contrast_floor: 50}",
)
LAYOUTS = {
    "photo": "layouts={photo: {plate_probability: 0, count_range: [3, 9]}}",
    "document": "layouts={document: {lines_range: [5, 20]}}",
    "receipt": "layouts={receipt: {items_range: [2, 7]}}",
}
VIEWS = {
    "straight": "effects=[]",
    "perspective": "effects=[{use: perspective, strength_range: [0, 0.08]}, {use: rotation, degrees_range: [-9, 9]}]",
}
COUNT = 6
layouts = pytest.mark.parametrize("layout", LAYOUTS)
views = pytest.mark.parametrize("view", VIEWS)


@cache
def generator(overrides: tuple[str, ...], seed: int = 3) -> SceneGenerator:
    made = resolve_recipe("scenes", overrides).generator(seed)
    assert isinstance(made, SceneGenerator)
    return made


@cache
def clean(layout: str, view: str) -> SceneGenerator:
    return generator((*CLEAN, LAYOUTS[layout], VIEWS[view]))


def scenes(made: SceneGenerator, indices: Sequence[int] = range(COUNT)) -> list[Scene]:
    drawn = [made.generate(index) for index in indices]
    found = [scene for scene in drawn if isinstance(scene, Scene)]
    assert len(found) >= 0.98 * len(drawn)
    return found


@cache
def clean_scenes(layout: str, view: str) -> list[Scene]:
    return scenes(clean(layout, view))


def of_level(scene: Scene, level: str) -> list[TextInstance]:
    return [instance for instance in scene.instances if instance.level == level]


def filled(shape: tuple[int, ...], polygons: Sequence[np.ndarray]) -> np.ndarray:
    mask = np.zeros(shape[:2], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round((polygon - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return mask


def grown(mask: np.ndarray, pixels: int = 2) -> np.ndarray:
    return np.asarray(cv2.dilate(mask, np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)))


def inked(made: SceneGenerator) -> Iterator[tuple[SceneState, np.ndarray]]:
    """Successful first attempts at scenes, and the pixels that their texts changed."""
    drawn = 0
    for index in range(COUNT):
        state = SceneState(index, StreamSource(3).start(index), made.resources.at(index))
        before = changed = np.zeros((0, 0, 3), np.uint8)
        try:
            for name, step in made.stages.steps.items():
                if name == "render texts":
                    before = state.image.copy()
                step(state)
                if name == "render texts":
                    changed = cv2.absdiff(before, state.image).max(axis=2) > 16
        except Rejection:
            continue
        drawn += 1
        yield state, changed
    assert drawn > 0.8 * COUNT


def same(first: Scene | SkippedSample, second: Scene | SkippedSample) -> None:
    assert isinstance(first, Scene)
    assert isinstance(second, Scene)
    assert (first.key, first.meta) == (second.key, second.meta)
    assert (first.image == second.image).all()
    assert len(first.instances) == len(second.instances)
    for a, b in zip(first.instances, second.instances, strict=True):
        assert (a.text, a.ignore, a.level, a.parent) == (b.text, b.ignore, b.level, b.parent)
        assert (a.polygon == b.polygon).all()
        assert (a.clusters.quads == b.clusters.quads).all()


@pytest.mark.parametrize("layout", [*LAYOUTS, "all"])
def test_a_scene_depends_on_nothing_but_its_index(layout: str) -> None:
    overrides = (*SMALL, *((LAYOUTS[layout],) if layout in LAYOUTS else ()))
    indices = [400, 0, 255, 256]
    there = {index: generator(overrides).generate(index) for index in sorted(indices)}
    again = resolve_recipe("scenes", overrides).generator(3)
    for index, scene in zip(indices, again.generate_many(indices), strict=True):
        same(there[index], scene)


def test_another_seed_draws_other_scenes() -> None:
    first, second = (scenes(generator(SMALL, seed), range(4)) for seed in (1, 2))
    assert [of_level(s, "line")[0].text for s in first] != [of_level(s, "line")[0].text for s in second]


def test_other_effects_leave_the_texts_as_they_were() -> None:
    other = generator((*CLEAN, LAYOUTS["document"], "effects=[{use: noise}, {use: blur}, {use: jpeg}]"))
    for a, b in zip(scenes(clean("document", "straight"), range(4)), scenes(other, range(4)), strict=True):
        assert [i.text for i in a.instances] == [i.text for i in b.instances]
        assert (a.image != b.image).any()
        assert [effect.name for effect in b.meta.effects] == ["noise", "blur", "jpeg"]


@layouts
@views
def test_all_ink_lies_in_the_polygons_and_in_the_picture(layout: str, view: str) -> None:
    made = clean(layout, view)
    for state, ink in inked(made):
        lines = [instance.polygon for instance in state.instances if instance.level == "line"]
        rules = [state.view_warp.points(rule) for placed in state.placed for rule in placed.rules]
        assert not ink[grown(filled(ink.shape, [*lines, *rules])) == 0].any(), state.index
        text = ink & (grown(filled(ink.shape, rules)) == 0)  # a rule may extend beyond the image
        assert not np.concatenate([text[0], text[-1], text[:, 0], text[:, -1]]).any(), state.index
        for polygon in lines:
            assert (polygon >= 0).all()
            assert (polygon <= np.array(ink.shape[::-1])).all()
            assert ink[filled(ink.shape, [polygon]) == 1].any()


@layouts
@views
def test_no_two_lines_overlap(layout: str, view: str) -> None:
    for scene in clean_scenes(layout, view):
        shared = np.zeros(scene.image.shape[:2], np.uint8)
        for line in of_level(scene, "line"):
            shared += cv2.erode(filled(shared.shape, [line.polygon]), np.ones((3, 3), np.uint8))
        assert shared.max() <= 1


@layouts
def test_words_make_up_their_line(layout: str) -> None:
    for scene in clean_scenes(layout, "perspective"):
        words: dict[int, list[TextInstance]] = {}
        for word in of_level(scene, "word"):
            words.setdefault(word.parent, []).append(word)
        for number, line in enumerate(scene.instances):
            if line.level != "line":
                continue
            parts = words[number]
            assert " ".join(part.text for part in parts) == line.text
            quads = np.concatenate([part.clusters.quads for part in parts])
            visible = [bool(text.strip()) for text in line.clusters.texts(line.text)]
            assert (quads == line.clusters.quads[visible]).all()
            outside = filled(scene.image.shape, list(quads)) > grown(
                filled(scene.image.shape, [part.polygon for part in parts])
            )
            assert not outside.any()


@pytest.mark.parametrize("layout", [*LAYOUTS, "all"])
def test_labels_are_complete(layout: str) -> None:
    overrides = (*SMALL, *((LAYOUTS[layout],) if layout in LAYOUTS else ()))
    for scene in scenes(generator(overrides)):
        for instance in scene.instances:
            assert instance.text == unicodedata.normalize("NFC", instance.text).strip()
            assert instance.text
            assert instance.origin.kind == "rendered"
            assert signed_area(instance.polygon) > 0
            assert (instance.polygon >= 0).all()
            assert (instance.polygon <= scene.image.shape[1::-1]).all()
            parent = scene.instances[instance.parent] if instance.parent >= 0 else None
            wanted = {"word": ("line",), "line": ("block", None), "block": (None,)}[instance.level]
            assert (parent.level if parent else None) in wanted
            if instance.level != "block":
                assert instance.clusters.offsets[0] == 0
                assert instance.clusters.offsets[-1] == len(instance.text)
                assert (np.diff(instance.clusters.offsets) > 0).all()
            if parent is not None and parent.level == "block":
                assert instance.text in parent.text.split("\n")
                inside = grown(filled(scene.image.shape, [parent.polygon]), 3)
                assert inside[filled(scene.image.shape, [instance.polygon]) == 1].all()


@layouts
def test_contrast_reaches_the_floor(layout: str) -> None:
    for scene in clean_scenes(layout, "straight"):
        assert scene.meta.contrast >= 50


def test_ink_differs_from_the_pixels_around_it_on_any_background() -> None:
    wall = "background={wall: {count_range: [12, 24], difference: 200}}"
    made = generator((*CLEAN[:2], wall, *CLEAN[3:], "effects=[]", "layouts={photo: 1}"))
    words = 0
    for state, _ in inked(made):
        luminance = cv2.cvtColor(state.image, cv2.COLOR_RGB2GRAY).astype(np.float64)
        for line in (line for item in state.rendered for line in item.lines):
            part, coverage = luminance[line.window], line.coverage
            solid, ring = coverage > 230, (grown(coverage) > 0) & (coverage == 0)
            if solid.sum() > 20:
                words += 1
                assert abs(part[solid].mean() - part[ring].mean()) > 35
    assert words > 20


def test_illegible_text_is_ignored() -> None:
    small = generator((*CLEAN, LAYOUTS["photo"], "effects=[]", "fonts.size_range=[5, 16]"))
    heights = []
    for scene in scenes(small):
        for line in of_level(scene, "line"):
            height = mean_height(line.clusters) if len(line.clusters) > 1 else None
            if height is not None and line_runs_level(line):
                heights.append(height)
                assert line.ignore == (height < 8), (line.text, height)
    assert min(heights) < 7
    assert max(heights) > 9


def line_runs_level(line: TextInstance) -> bool:
    middles = line.clusters.quads.mean(axis=1)
    return bool(abs(middles[-1, 0] - middles[0, 0]) > abs(middles[-1, 1] - middles[0, 1]))


def mean_height(clusters: Clusters) -> float:
    quads = clusters.quads
    return float(np.hypot(*(quads[:, 3] - quads[:, 0]).T).mean() + np.hypot(*(quads[:, 2] - quads[:, 1]).T).mean()) / 2


def test_text_of_low_contrast_is_ignored_after_effects() -> None:
    blurred = generator((*CLEAN, LAYOUTS["photo"], "effects=[{use: blur, strength_range: [0.05, 0.05]}]"))
    ignored = [i.ignore for scene in scenes(blurred) for i in of_level(scene, "line")]
    assert np.mean(ignored) > 0.6


def test_only_occluded_text_is_ignored() -> None:
    occluding = "clutter={distractors_range: [0, 0], occlusion_probability: 0.5, occlusion_range: [0.3, 0.9]}"
    made = generator((*CLEAN[:3], occluding, CLEAN[4], LAYOUTS["photo"], "effects=[]"))
    hidden_words = seen_words = 0
    for state, _ in inked(made):
        hidden = np.zeros(state.image.shape[:2], np.uint8) if state.occlusion is None else state.occlusion
        for line_number, line in enumerate(state.instances):
            if line.level != "line":
                continue
            words = [w for w in state.instances if w.level == "word" and w.parent == line_number]
            assert line.ignore >= any(word.ignore for word in words)
            for word in words:
                share = (hidden[filled(hidden.shape, [word.polygon]) == 1] > 127).mean()
                if share > 0.8:
                    assert word.ignore, word.text
                    hidden_words += 1
                elif share == 0 and mean_height(word.clusters) > 10 and line_runs_level(line):
                    assert not word.ignore, word.text
                    seen_words += 1
    assert hidden_words > 3
    assert seen_words > 12


def test_large_text_without_occlusion_is_not_ignored() -> None:
    made = generator((*CLEAN, LAYOUTS["photo"], "effects=[]", "fonts.size_range=[24, 44]"))
    ignored = [i.ignore for scene in scenes(made) for i in of_level(scene, "word")]
    assert np.mean(ignored) < 0.02
