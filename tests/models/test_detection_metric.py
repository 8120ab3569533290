import json
import os
from pathlib import Path

import numpy as np
import pytest

from models.detection_metric import count_matches, detection_scores

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def test_released_cases():
    detection = json.loads((REFERENCE / "metrics.json").read_text(encoding="utf-8"))["detection"]
    matches = []
    for case in detection["cases"]:
        truths, found = ([np.array(p, np.float64) for p in case[key]] for key in ("gt", "pred"))
        match = count_matches(truths, case["ignore"], found)
        expected = case["expected"]
        counts = expected["gt_care"], expected["pred_care"], expected["matched"]
        assert (match.ground_truths, match.detections, match.matched) == counts, case["name"]
        scores = detection_scores([match])
        for name in ("precision", "recall", "hmean"):
            assert getattr(scores, name) == pytest.approx(expected[name], abs=1e-9), case["name"]
        matches.append(match)
    total, scores = detection["aggregate"], detection_scores(matches)
    assert [scores.precision, scores.recall, scores.hmean] == pytest.approx(
        [total["precision"], total["recall"], total["hmean"]], abs=1e-9
    )
    assert scores.instances == total["gt_care"]


def test_a_line_covers_words_that_it_cannot_match():
    words = [box(0, 0, 30, 10), box(35, 0, 60, 10), box(65, 0, 99, 10)]
    scores = detection_scores([count_matches(words, [False] * 3, [box(0, 0, 100, 10)])])
    assert scores.hmean == 0
    assert scores.coverage_recall == 1
    assert scores.coverage_precision == 1


def test_detections_beside_text_are_not_on_text():
    match = count_matches([box(0, 0, 30, 10)], [False], [box(0, 0, 30, 10), box(50, 50, 80, 60)])
    scores = detection_scores([match])
    assert (scores.precision, scores.recall) == (0.5, 1)
    assert (scores.coverage_precision, scores.coverage_recall) == (0.5, 1)


def test_ignored_texts_do_not_count():
    match = count_matches([box(0, 0, 30, 10)], [True], [box(0, 0, 30, 10)])
    assert match == (0, 0, 0, 0, 0)
    assert detection_scores([match]).hmean == 0


def test_images_without_text_or_detections():
    assert count_matches([box(0, 0, 9, 9)], [False], []) == (1, 0, 0, 0, 0)
    assert count_matches([], [], [box(0, 0, 9, 9)]) == (0, 1, 0, 0, 0)
    assert list(detection_scores([]).as_dict()) == [
        "images",
        "instances",
        "precision",
        "recall",
        "hmean",
        "coverage_precision",
        "coverage_recall",
    ]
