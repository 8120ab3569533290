"""Outlines of letters belong to the text: quads and polygons contain them."""

import cv2
import numpy as np
import pytest

from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Image, Polygon, Sample

pytestmark = pytest.mark.slow

WIDE = [
    "fonts.system=false",
    "ink.styles={outline: {width_range: [0.08, 0.08]}}",
    "effects=[]",
    "background={plain: 1}",
]
LINES = [*WIDE, "layout.neighbours={probability: 0}", "output.height=96"]
SCENES = [
    *WIDE,
    "clutter={distractors_range: [0, 0], occlusion_probability: 0}",
    "layouts={photo: {plate_probability: 0, opacity_range: [1, 1]}}",
]


def beyond(image: Image, polygons: list[Polygon]) -> float:
    """Maximum distance of ink from the nearest polygon; at least -1."""
    strange = (image != image[0, 0]).any(axis=2)
    inside = np.zeros(strange.shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(inside, [polygon.round().astype(np.int32)], 1)
    strange &= cv2.erode(inside, np.ones((7, 7), np.uint8), borderValue=0) == 0  # pixels far inside need no check
    points = (np.argwhere(strange)[:, ::-1] + 0.5).tolist()
    distances = [[cv2.pointPolygonTest(polygon, point, True) for point in points] for polygon in polygons]
    return float(max(-1, -np.max(distances, axis=0, initial=-np.inf).min(initial=1)))


@pytest.mark.parametrize("baseline", ["straight", "arc", "wave", "circle"])
def test_the_quads_of_a_line_contain_its_outline(baseline: str) -> None:
    recipe = resolve_recipe("lines", [*LINES, f"baselines={{{baseline}: 1}}"])
    for sample in iterate_samples(recipe, 12, seed=1):
        assert isinstance(sample, Sample)
        assert beyond(sample.image, list(sample.clusters.quads)) < 2
        assert beyond(sample.image, [sample.clusters.outline(sample.text)]) < 2


def test_the_polygons_of_a_scene_contain_the_outlines_of_its_texts() -> None:
    for scene in iterate_samples(resolve_recipe("scenes", SCENES), 6, seed=2):
        lines = [instance.polygon for instance in scene.instances if instance.level == "line"]
        assert lines
        assert beyond(scene.image, lines) < 2


def test_straight_texts_of_a_scene_have_four_points() -> None:
    recipe = resolve_recipe("scenes", ["fonts.system=false", "baselines={straight: 1}"])
    points = [len(instance.polygon) for scene in iterate_samples(recipe, 6, seed=3) for instance in scene.instances]
    assert set(points) == {4}
