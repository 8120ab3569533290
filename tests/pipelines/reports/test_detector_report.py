"""Analysis and report of a detector of dark areas, on scenes where its errors are known."""

import json
import re

import cv2
import numpy as np
import pytest

from models.db.boxes import PostprocessSettings
from models.detection_outcomes import DetectionOutcome
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.evaluation import detector as evaluation
from pipelines.evaluation.detector import analyse_detector, evaluate_detector
from pipelines.evaluation.slice_report import detector_slices
from pipelines.inference.predictors import TextDetector
from pipelines.reports.detector_report import OVERLAY_LEGEND, detector_report

HEIGHTS = (10, 20, 40)
BACKGROUND, FAINT, DARK = 230, 180, 20
INKS = {"matched": DARK, "false_negative": FAINT}


def dark(images):
    """Return (B, H, W): 1 where an image is dark."""
    return (images.mean(dim=1) < -0.5).float()


@pytest.fixture(scope="module")
def detector():
    looks = DetectorPreprocessing(limit_side_len=256, mean=(0.485,) * 3, std=(0.229,) * 3)
    return TextDetector(dark, looks, PostprocessSettings(unclip_ratio=0))


def corners(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def draw(folder, seed=0, pictures=6):
    """Draw words of three heights that are matched or missed, pairs of words in one dark bar, and bars without a label.

    Returns:
        The label file, and by outcome the number of texts (or bars, for false positives) of each height.
    """
    folder.mkdir()
    rng, rows = np.random.default_rng(seed), []
    counts = {
        outcome: dict.fromkeys(HEIGHTS, 0) for outcome in ("matched", "false_negative", "merged", "false_positive")
    }
    for number in range(pictures):
        image, label = np.full((512, 512, 3), BACKGROUND, np.uint8), []
        for top in range(10, 460, 50):
            height, outcome = int(rng.choice(HEIGHTS)), str(rng.choice(list(counts)))
            counts[outcome][height] += 2 if outcome == "merged" else 1
            image[top : top + height, 20:220] = INKS.get(outcome, DARK)
            ends = {"merged": [(20, 110), (130, 220)], "false_positive": []}.get(outcome, [(20, 220)])
            label += [{"transcription": outcome, "points": corners(a, top, b, top + height)} for a, b in ends]
        label.append({"transcription": "###", "points": corners(300, 10, 400, 40)})
        image[10:40, 300:400] = DARK
        cv2.imwrite(str(folder / f"{number}.png"), image)
        rows.append(f"{number}.png\t{json.dumps(label)}\n")
    (folder / "labels.tsv").write_text("".join(rows))
    return folder / "labels.tsv", counts


def test_slices_count_outcomes_by_attribute(tmp_path, detector):
    labels, counts = draw(tmp_path / "scenes")
    analysis = analyse_detector(detector, open_scene_source(labels))
    tree = detector_slices(analysis)
    for key, scale in (("height", 1), ("input_height", 1)):
        bins = {entry["lower"]: entry for entry in tree["texts"]["by"][key]}
        for height, low in zip(HEIGHTS, (8, 16, 32), strict=True):
            made = {outcome: counts[outcome][height] for outcome in counts}
            entry = bins[low * scale]
            assert entry["total"] == made["matched"] + made["false_negative"] + made["merged"]
            assert entry["matched"] == made["matched"]
            assert entry["merged"] == entry["covered_unmatched"] == made["merged"]
            assert entry["false_negative"] == entry["no_overlap"] == made["false_negative"]
            found = {e["lower"]: e for e in tree["detections"]["by"][key]}[low]
            assert (found["matched"], found["merged"], found["false_positive"]) == (
                made["matched"],
                made["merged"] // 2,
                made["false_positive"],
            )
    contrasts = {entry.get("lower"): entry for entry in tree["texts"]["by"]["contrast"]}
    assert [e["total"] for e in contrasts.values()] == [tree["texts"]["total"]]  # every outline is of one grey
    contained = {entry["lower"]: entry["total"] for entry in tree["detections"]["by"]["contained_texts"]}
    assert contained == {
        0: sum(counts["false_positive"].values()),
        1: tree["texts"]["matched"],
        2: tree["detections"]["merged"],
    }


def test_counts_of_bins_agree_with_totals_and_scores(tmp_path, detector):
    source = open_scene_source(draw(tmp_path / "scenes", seed=1)[0])
    analysis, plain = analyse_detector(detector, source), evaluate_detector(detector, source)
    assert analysis.evaluation.scores == plain.scores
    tree = json.loads(json.dumps(detector_slices(analysis)))
    assert tree["scores"] == plain.scores.as_dict()
    for side in ("texts", "detections"):
        whole = {name: value for name, value in tree[side].items() if name != "by"}
        for bins in tree[side]["by"].values():
            assert {name: sum(entry[name] for entry in bins) for name in whole} == whole
    texts, found, scores = tree["texts"], tree["detections"], plain.scores
    assert texts["matched"] + texts["covered_unmatched"] + texts["false_negative"] == texts["total"] == scores.instances
    assert found["matched"] + found["merged"] + found["other"] + found["false_positive"] == found["total"]
    assert texts["matched"] / texts["total"] == scores.recall
    assert texts["covered"] / texts["total"] == scores.coverage_recall
    assert found["matched"] / found["total"] == scores.precision
    assert found["on_text"] / found["total"] == scores.coverage_precision


def test_input_height_is_that_of_the_resized_image(tmp_path, detector):
    labels, _ = draw(tmp_path / "scenes")
    twice = analyse_detector(detector.with_input_limits(768, None), open_scene_source(labels))
    assert np.allclose(twice.texts["input_height"], 1.5 * twice.texts["height"])


def test_worst_images_come_first_and_have_all_outlines(tmp_path, detector, monkeypatch):
    labels, _ = draw(tmp_path / "scenes", pictures=9)
    source = open_scene_source(labels)
    whole = analyse_detector(detector, source).worst_pictures
    monkeypatch.setattr(evaluation, "MAX_PICTURES", 4)
    few = analyse_detector(detector, source).worst_pictures
    assert [p.key for p in few] == [p.key for p in whole[:4]]
    wrong = [sum(f.outcome > DetectionOutcome.MATCHED for f in picture.instances) for picture in whole]
    assert wrong == sorted(wrong, reverse=True)
    assert all(wrong)
    kinds = {f.overlay_class for picture in whole for f in picture.instances}
    assert kinds == set(OVERLAY_LEGEND) - {"other"}


def test_report_names_the_main_cause_and_draws_every_outline_once(tmp_path, detector):
    labels, _ = draw(tmp_path / "scenes")
    analysis = analyse_detector(detector, open_scene_source(labels))
    written = detector_report("dark areas", [analysis])
    texts = analysis.texts
    merged, missed = ((texts["outcome"] == o).sum() for o in (DetectionOutcome.MERGED, DetectionOutcome.NO_OVERLAP))
    assert f"{merged:,} ({100 * merged / (merged + missed):.1f} %) share one detection with other texts" in written
    drawings = re.findall(r'<svg viewBox="0 0 512 512" class="outlines".*?</svg>', written, re.S)
    assert len(drawings) == len(analysis.worst_pictures)
    for picture, drawing in zip(analysis.worst_pictures, drawings, strict=True):
        assert drawing.count("<g ") == len(picture.instances)
        assert drawing.count("<text ") == sum(f.overlay_class == "merged" for f in picture.instances)
        assert drawing.count("across") == sum(
            f.overlay_class in ("false_negative", "false_positive") for f in picture.instances
        )


def test_report_without_errors_and_without_texts(tmp_path, detector):
    folder = tmp_path / "scenes"
    folder.mkdir()
    image = np.full((256, 256, 3), BACKGROUND, np.uint8)
    image[20:60, 20:220] = DARK
    cv2.imwrite(str(folder / "0.png"), image)
    (folder / "labels.tsv").write_text(
        f"0.png\t{json.dumps([{'transcription': 'all', 'points': corners(20, 20, 220, 60)}])}\n"
    )
    analysis = analyse_detector(detector, open_scene_source(folder / "labels.tsv"))
    assert "Every text is matched" in detector_report("all", [analysis])
    (folder / "labels.tsv").write_text("0.png\t[]\n")
    nothing = analyse_detector(detector, open_scene_source(folder / "labels.tsv"))
    assert detector_slices(nothing)["texts"]["total"] == 0
    assert "1 (100.0 %) are false positives" in detector_report("none", [nothing])
