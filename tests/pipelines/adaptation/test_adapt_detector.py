"""Stable texts of detectors, and a round of the adaptation of one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from models.db.boxes import Boxes, PostprocessSettings
from pipelines.adaptation import detector_round
from pipelines.adaptation.adapt import adapt
from pipelines.adaptation.detector_scores import find_detector_collapse
from pipelines.adaptation.settings import DEFAULTS, AdaptSettings
from pipelines.adaptation.stable_boxes import PictureBoxes, Pictures, find_stable, remembered
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.run import DetectorSettings, create_run
from synthtext.core import Image, InputError


def quad(left: float, top: float, width: float = 40, height: float = 12) -> Any:
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float32)


def boxes(*entries: tuple[Any, float]) -> Boxes:
    return Boxes([polygon for polygon, _ in entries], np.array([score for _, score in entries], np.float32))


DETECTOR: Any = SimpleNamespace(postprocessing=PostprocessSettings())


def test_texts_are_stable_if_every_scale_has_them_with_a_high_score() -> None:
    both, once, weak = quad(0, 0), quad(0, 40), quad(0, 80)
    faint, another = quad(100, 0), quad(100, 40)
    views = [
        boxes((both, 0.9), (once, 0.9), (weak, 0.7), (faint, 0.4)),
        boxes((both + 1, 0.9), (weak, 0.7), (another, 0.9)),
        boxes((both - 1, 0.9), (weak, 0.7), (once, 0.35)),
    ]
    found = find_stable(views, DETECTOR, 0.8)
    assert found.stable == (tuple(map(tuple, both.tolist())),)
    assert list(found.scores) == pytest.approx([0.9])
    assert {outline[0] for outline in found.uncertain} == {(0, 40), (0, 80), (100, 0), (100, 40)}
    assert len(found.uncertain) == 4  # each text once
    assert len(found.found) == 3


def pictures(count: int, shift: float = 0, score: float = 0.9) -> Pictures:
    outlines = tuple(tuple(map(tuple, quad(shift, 20 * row).tolist())) for row in range(count))
    return Pictures((PictureBoxes(outlines, (), (score,) * count, outlines, (2 * count, 2 * count, 2 * count)),))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (pictures(12), "texts fell from 20 to 12"),
        (pictures(50), "texts rose from 20 to 50"),
        (pictures(20, shift=100), "only 0% of the texts that were stable before"),
        (
            Pictures(tuple(replace(item, scores=(0.97,), counts=(40, 40, 30)) for item in pictures(20).items)),
            "scores rose from 0.90 to 0.97",
        ),
    ],
)
def test_a_collapse_of_a_detector_is_found(after: Pictures, told: str) -> None:
    assert told in find_detector_collapse(pictures(20), after)
    assert find_detector_collapse(pictures(20), pictures(22)) == ""
    assert remembered(pictures(20), pictures(22)) == 1


class DarkBoxes:
    """Finds dark boxes on a light background."""

    postprocessing, preprocessing = PostprocessSettings(), DetectorPreprocessing()

    def __init__(self, score: float) -> None:
        self._score = score

    def detect(self, image: Image) -> Boxes:
        _, _, stats, _ = cv2.connectedComponentsWithStats((image.min(2) < 100).astype(np.uint8))
        return boxes(*((quad(*map(float, row[:4])), self._score) for row in stats[1:] if row[4] > 50))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A run directory of a small detector with random weights."""
    sizes = DetectorSettings(backbone_scale=0.25, neck_channels=8)
    settings = {"kind": "detector", "network": sizes.model_dump()}
    create_run(tmp_path / "first", settings, DetectorPreprocessing()).save_weights(sizes.build())
    return tmp_path / "first"


def settings(**changes: Any) -> AdaptSettings:
    train = (
        *("batch_size=2", "data_workers=0", "threads=1", "validate_every=100", "view.size=[96, 96]"),
        "preprocessing.limit_side_len=96",
    )
    small = {"rounds": 1, "samples": 2, "generated": 20, "train": train}
    return AdaptSettings.model_validate({**DEFAULTS["detector"], **small, **changes})


def small_scenes(folder: Path) -> Path:
    """Write a recipe of small scenes."""
    path = folder / "small.yaml"
    path.write_text(
        "base: scenes\nfonts: {system: false}\noutput: {width_range: [320, 320], height_range: [240, 240]}\n"
    )
    return path


@pytest.mark.train
def test_a_round_trains_on_stable_texts(
    model: Path, draw_scenes: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_round, "open_detector", lambda path: DarkBoxes(0.9))
    monkeypatch.setattr(
        "pipelines.adaptation.stable_boxes._views", lambda detector, image: [detector.detect(image)] * 3
    )
    photos, val = draw_scenes(tmp_path / "photos", 24), draw_scenes(tmp_path / "val", 2, seed=9)
    result = adapt(model, [photos], tmp_path / "out", settings(val=val, base=str(small_scenes(tmp_path))))
    (found,) = result.rounds
    assert found.kept == 2 * 19
    assert not found.decision.accepted  # the same detector again
    pseudo = open_scene_source(tmp_path / "out" / "round-1" / "pseudo" / "labels.tsv")
    (scene,) = pseudo.read(np.array([0]))
    assert [instance.ignore for instance in scene.instances] == [False, False]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["best"] == 0


def test_pictures_without_text_end_with_a_sentence(
    model: Path, draw_scenes: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.adaptation.stable_boxes._views", lambda detector, image: [boxes()] * 3)
    with pytest.raises(InputError, match="only 0 texts in 0 of 20 photographs"):
        adapt(model, [draw_scenes(tmp_path / "photos", 25)], tmp_path / "out", settings())


def test_settings_of_recognizers_are_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--pattern is for recognizers"):
        adapt(model, [str(tmp_path)], tmp_path / "out", settings(pattern="[0-9]+"))
    with pytest.raises(InputError, match="generates lines, not scenes"):
        adapt(model, [str(tmp_path)], tmp_path / "out", settings(base="lines"))
