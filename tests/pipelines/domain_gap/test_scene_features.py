"""Features of scenes and of their texts on images whose values are known."""

import cv2
import numpy as np
import pytest

from pipelines.domain_gap.features import feature_table
from pipelines.domain_gap.instance_features import INSTANCE_FEATURES, gap_features, measure_instance
from pipelines.domain_gap.scene_features import SCENE_FEATURES, measure_scene
from pipelines.domain_gap.text_geometry import measure_gaps, text_frame
from synthtext.core import TextInstance


def quad(x: float, y: float, length: float, height: float, degrees: float = 0.0) -> np.ndarray:
    angle = np.radians(degrees)
    along, down = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    corners = [0 * along, length * along, length * along + height * down, height * down]
    return (np.array([x, y]) + np.array(corners)).astype(np.float32)


def text(*place: float, label: str = "word", ignore: bool = False) -> TextInstance:
    return TextInstance(label, quad(*place), ignore=ignore)


@pytest.mark.parametrize("degrees", [0, 12, -35, 90, 170])
def test_size_and_direction_of_a_text(degrees: float) -> None:
    frame = text_frame(text(400, 300, 120, 30, degrees))
    assert (frame.height, frame.length, frame.degrees) == pytest.approx((30, 120, degrees), abs=0.01)


def test_a_high_text_runs_downwards_unless_it_is_one_character() -> None:
    frame = text_frame(text(50, 50, 20, 100, label="sign"))
    assert (frame.height, frame.length, frame.degrees) == pytest.approx((20, 100, 90))
    assert text_frame(text(50, 50, 20, 100, label="I")).height == pytest.approx(100)


@pytest.mark.parametrize("degrees", [0, 25, -60])
def test_gaps_follow_the_reading_direction(degrees: float) -> None:
    turn = np.radians(degrees)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places = [(0, 0, 100, 20), (110, 0, 60, 20), (0, 30, 90, 20), (900, 900, 40, 20)]
    instances = [TextInstance("word", (quad(*place) @ turned).astype(np.float32)) for place in places]
    gaps = measure_gaps([i.polygon for i in instances], [text_frame(i) for i in instances])
    assert gaps.nearest[:3] == pytest.approx([0.5, 0.5, 0.5], abs=0.01)
    assert gaps.beside[:2] == pytest.approx([0.5, 0.5], abs=0.01)
    assert gaps.stacked[[0, 2]] == pytest.approx([0.5, 0.5], abs=0.01)
    assert np.isnan([*gaps.beside[2:], gaps.stacked[1], gaps.stacked[3]]).all()
    assert gaps.group.tolist() == [3, 3, 3, 1]
    assert gap_features(gaps, 3)["beside"] == gap_features(gaps, 3)["stacked"] == 0


def test_overlapping_texts_have_the_least_gap_and_a_single_one_has_none() -> None:
    instances = [text(0, 0, 100, 20), text(50, 2, 100, 20)]
    frames = [text_frame(instance) for instance in instances]
    assert measure_gaps([i.polygon for i in instances], frames).beside.tolist() == [0.05, 0.05]
    alone = measure_gaps([instances[0].polygon], frames[:1])
    assert np.isnan(alone.nearest).all()
    assert alone.group.tolist() == [1]


def test_appearance_of_a_text_is_that_of_its_place() -> None:
    image = np.full((200, 400, 3), 220, np.uint8)
    cv2.putText(image, "SIGN", (110, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (40, 40, 40), 4)
    instance = text(100, 50, 140, 64, label="SIGN")
    row = measure_instance(image, instance, text_frame(instance), {"gap": 2.0}, scale=1.5)
    assert row["height"] == pytest.approx(96)
    assert row["contrast"] == pytest.approx(180, abs=10)
    assert row["polarity"] == 1
    assert (row["characters"], row["gap"]) == (4, 2)
    assert row["character_width"] == pytest.approx(140 / 64 / 4)
    assert row["margin_across"] > 0.3
    assert row.keys() <= {feature.name for feature in INSTANCE_FEATURES}


def scene_features(image: np.ndarray, *instances: TextInstance) -> dict[str, float]:
    frames = [text_frame(instance) for instance in instances]
    gaps = measure_gaps([instance.polygon for instance in instances], frames)
    return measure_scene(image, instances, frames, gaps, scale=1.0)


def test_texts_of_a_scene() -> None:
    image = np.full((480, 640, 3), 128, np.uint8)
    found = scene_features(
        image, text(0, 0, 160, 40), text(0, 100, 160, 40, 30), text(300, 300, 16, 4, ignore=True), text(0, 45, 160, 40)
    )
    assert found["texts"] == 3
    assert (found["ignored"], found["tiny"]) == (0.25, 0.25)
    assert found["density"] == pytest.approx((3 * 160 * 40 + 64) / (480 * 640), rel=1e-3)
    assert found["group_size"] == pytest.approx(4 / 2)
    assert found["height_range"] > 1
    assert found["angle_deviation"] == pytest.approx(11.25, abs=0.3)
    assert found.keys() <= {feature.name for feature in SCENE_FEATURES}
    assert np.isnan(feature_table([scene_features(image)], SCENE_FEATURES)["ignored"][0])


def test_the_background_is_measured_away_from_texts() -> None:
    image = np.full((480, 640, 3), 128, np.uint8)
    plain = scene_features(image, text(100, 100, 200, 60))
    image[100:160, 100:300] = np.random.default_rng(0).integers(0, 255, (60, 200, 3))
    inked = scene_features(image, text(100, 100, 200, 60))
    for name in ("background_lightness", "background_range", "background_edges", "background_texture"):
        assert inked[name] == plain[name]
    assert plain["background_edges"] == plain["background_texture"] == 0
    image[200:, :] = np.random.default_rng(1).integers(0, 255, (280, 640, 3))
    busy = scene_features(image, text(100, 100, 200, 60))
    assert busy["background_edges"] > 0.3
    assert busy["background_texture"] > 20
    assert "background_edges" not in scene_features(image, text(0, 0, 640, 478))
