"""The bank of a CopyPaste job: crops that a recognizer reads, used again, broken."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from augment.copy_paste import CopyPaste, NaturalPaste
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.copypaste_settings import OnlineCopyPasteSettings, parse_settings
from pipelines.jobs.crop_bank import load_bank
from synthtext.core import InputError, Scene

WORDS = ["HOUSE", "river", "4711", "BREAD"]


@pytest.fixture
def target(tmp_path):
    (tmp_path / "photos").mkdir()
    for i in range(3):
        cv2.imwrite(str(tmp_path / "photos" / f"{i}.png"), np.full((150, 200, 3), 90 + i, np.uint8))
    return tmp_path / "photos"


@pytest.fixture
def lines(draw_lines, tmp_path):
    """Lines of which the last two are labelled with another word."""
    path = Path(draw_lines(tmp_path / "lines", WORDS + WORDS[:2]))
    labels = dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    labels |= {"4.png": "zebra", "5.png": "FIFTY"}
    path.write_text("".join(f"{image}\t{text}\n" for image, text in labels.items()), encoding="utf-8")
    return path


def pasted_texts(folder):
    return {i.text for scene in iterate_scenes(open_scene_source(folder)) for i in scene.instances}


def test_crops_that_the_recognizer_cannot_read_are_skipped_and_counted(target, lines, published, tmp_path):
    reader = f"recognizer={published / 'recognizer'}"
    overrides = ["count_range=[4, 4]", "output.format=png"]
    summary = copypaste(target, tmp_path / "read", 6, sources=[lines], workers=0, overrides=[reader, *overrides])
    assert summary.source.notes[0] == "crops to paste: 4; left out: not read by the recognizer (2)"
    assert pasted_texts(tmp_path / "read") == set(WORDS)
    plain = copypaste(target, tmp_path / "all", 6, sources=[lines], workers=0, overrides=overrides)
    assert plain.source.notes[0] == "crops to paste: 6"
    with pytest.raises(InputError, match="recognizer"):
        copypaste(target, tmp_path / "all", 6, sources=[lines], workers=0, overrides=[reader, *overrides])


def test_a_recognizer_that_cannot_be_opened_is_refused(target, lines, tmp_path):
    with pytest.raises(InputError, match="there is no such run directory"):
        copypaste(target, tmp_path / "out", 2, sources=[lines], workers=0, overrides=[f"recognizer={tmp_path / 'no'}"])
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="recognizer must be a run directory or an ONNX file, not 5"):
        parse_settings("natural", ["recognizer=5"])


def test_settings_with_a_recognizer_survive_json(tmp_path):
    settings = OnlineCopyPasteSettings.from_dict({"recognizer": str(tmp_path)}, "copy_paste")
    assert settings.recognizer == tmp_path
    assert OnlineCopyPasteSettings.from_dict(json.loads(json.dumps(settings.to_dict())), "copy_paste") == settings


def test_the_bank_of_a_job_can_be_used_during_training(target, lines, tmp_path):
    copypaste(target, tmp_path / "out", 2, sources=[lines], workers=0)
    paste = CopyPaste(load_bank(tmp_path / "out" / "crops.arrow"), NaturalPaste(count_range=(2, 2)))
    scene = paste(Scene("", np.full((150, 200, 3), 90, np.uint8)), np.random.default_rng(1))
    assert len(scene.instances) == 2
    for path in (tmp_path / "none.arrow", tmp_path / "out"):
        with pytest.raises(InputError, match="is not a bank of crops"):
            load_bank(path)


def test_a_broken_bank_and_a_source_inside_the_folder_are_refused(target, lines, tmp_path):
    out = tmp_path / "out"
    copypaste(target, out, 4, sources=[lines], workers=0)
    (out / "crops.arrow").write_bytes(b"broken")
    (out / "manifests" / "part-000000.json").unlink()
    with pytest.raises(InputError, match=r"crops\.arrow is broken"):
        copypaste(target, out, 4, sources=[lines], workers=0)
    with pytest.raises(InputError, match="lies in the folder"):
        copypaste(out, out, 4, workers=0)
