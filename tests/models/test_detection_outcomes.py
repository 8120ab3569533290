from itertools import pairwise

import numpy as np
import pytest

from models.detection_metric import ImageMatchCounts, count_matches
from models.detection_outcomes import DetectionOutcome, compare_detections


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


SPANNING = (DetectionOutcome.MERGED, DetectionOutcome.OVERSIZED, DetectionOutcome.UNDERSIZED)


def outcomes(texts, detections, ignore=None):
    found = compare_detections(texts, ignore or [False] * len(texts), detections)
    return [DetectionOutcome(o).name for o in found.texts], [DetectionOutcome(o).name for o in found.detections]


WORDS = [box(0, 0, 30, 10), box(35, 0, 60, 10), box(65, 0, 99, 10)]
LINE = box(0, 0, 100, 10)

CASES = {
    "words in a line": (WORDS, [LINE], ["MERGED"] * 3, ["MERGED"]),
    "a long word and a short one": (
        [box(0, 0, 80, 10), box(85, 0, 99, 10)],
        [LINE],
        ["MATCHED", "MERGED"],
        ["MATCHED"],
    ),
    "a line in pieces": ([LINE], [box(0, 0, 45, 10), box(50, 0, 95, 10)], ["SPLIT"], ["SPLIT"] * 2),
    "halves that no detection contains": (
        [LINE],
        [box(0, -99, 40, 109), box(60, -99, 100, 109)],
        ["SPLIT"],
        ["NO_OVERLAP"] * 2,
    ),
    "a box that is too large": ([box(40, 0, 60, 10)], [box(30, -4, 70, 11)], ["OVERSIZED"], ["OVERSIZED"]),
    "a box that is too small": ([LINE], [box(10, 0, 40, 10)], ["UNDERSIZED"], ["UNDERSIZED"]),
    "one text detected twice": ([LINE], [box(0, 0, 100, 9), LINE], ["MATCHED"], ["MATCHED", "DUPLICATE"]),
    "two labels on one text": ([LINE, LINE], [LINE], ["MATCHED", "MERGED"], ["MATCHED"]),
    "a detection beside the text": ([LINE], [box(0, 50, 100, 60)], ["NO_OVERLAP"], ["NO_OVERLAP"]),
    "a small overlap": ([LINE], [box(90, 5, 190, 15)], ["NO_OVERLAP"], ["NO_OVERLAP"]),
    "an outline that crosses itself": ([LINE[[0, 2, 1, 3]]], [LINE[[0, 2, 1, 3]]], ["IGNORED"], ["IGNORED"]),
    "no detection": (WORDS, [], ["NO_OVERLAP"] * 3, []),
    "no text": ([], [LINE], [], ["NO_OVERLAP"]),
}


@pytest.mark.parametrize("name", CASES)
def test_outcomes_by_construction(name):
    texts, detections, *expected = CASES[name]
    assert list(outcomes(texts, detections)) == expected


def test_ignored_texts_absorb_detections_and_can_be_contained():
    texts, ignore = [box(0, 0, 30, 10), box(35, 0, 65, 10), box(70, 0, 100, 10)], [False, True, True]
    assert outcomes(texts, [LINE], ignore) == (["MERGED", "IGNORED", "IGNORED"], ["MERGED"])
    assert compare_detections(texts, ignore, [LINE]).contained_texts.tolist() == [3]
    assert outcomes(texts, [box(35, 0, 65, 10)], ignore) == (["NO_OVERLAP", "IGNORED", "IGNORED"], ["IGNORED"])


def page(rows, columns, pitch=16):
    ys, xs = (range(5, 5 + step * count, step) for step, count in ((pitch, rows), (40, columns)))
    return [box(x, y, x + 34, y + 10) for y in ys for x in xs]


@pytest.mark.parametrize("texts", [page(20, 9), page(1, 1), page(2, 1, 300), page(9, 1)], ids=len)
@pytest.mark.parametrize("boxes", [1, 2])
def test_boxes_over_everything_cover_nothing(texts, boxes):
    edges = np.linspace(0, 600, boxes + 1)
    found = compare_detections(texts, [False] * len(texts), [box(0, a, 600, b) for a, b in pairwise(edges)])
    counts = ImageMatchCounts.from_outcomes(found)
    assert (counts.covered, counts.on_text) == (0, 0)
    assert DetectionOutcome.MATCHED not in found.texts
    assert found.contained_texts.sum() == len(texts)


@pytest.mark.parametrize("degrees", [0, 30, 90])
@pytest.mark.parametrize("words", [1, 4, 25])
def test_boxes_of_lines_cover_every_word(words, degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    texts = [polygon @ turn for polygon in page(12, words)]
    lines = [box(0, y, 40 * words + 5, y + 15) @ turn for y in range(2, 190, 16)]
    for detections in (lines, [*lines, box(-2000, -2000, 2000, 2000)]):
        counts = count_matches(texts, [False] * len(texts), detections)
        assert (counts.covered, counts.on_text) == (len(texts), len(lines))


def random_boxes(rng, count):
    corners = rng.uniform((0, 0), (150, 60), (count, 2))
    return [box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, rng.uniform(4, 70, (count, 2)), strict=True)]


def test_counts_follow_from_outcomes_and_agree_on_both_sides():
    rng, seen = np.random.default_rng(0), set()
    for _ in range(400):
        texts = random_boxes(rng, rng.integers(0, 9))
        near = [text + rng.normal(0, 2, 2).astype(np.float32) for text in texts if rng.random() < 0.6]
        detections, ignore = near + random_boxes(rng, rng.integers(0, 4)), (rng.random(len(texts)) < 0.3).tolist()
        found, match = compare_detections(texts, ignore, detections), count_matches(texts, ignore, detections)
        assert match == ImageMatchCounts.from_outcomes(found)
        assert [len(part) for part in found] == [len(texts)] * 2 + [len(detections)] * 3
        assert match.ground_truths == len(texts) - sum(ignore)
        assert match.matched == (found.detections == DetectionOutcome.MATCHED).sum()
        assert not found.covered[found.texts == DetectionOutcome.IGNORED].any()
        assert not found.covered[found.texts == DetectionOutcome.NO_OVERLAP].any()
        outside = np.isin(found.detections, (DetectionOutcome.IGNORED, DetectionOutcome.NO_OVERLAP))
        assert not (found.on_text & outside).any()
        assert (found.on_text | outside | np.isin(found.detections, SPANNING))[
            found.detections != DetectionOutcome.MATCHED
        ].all()
        assert (found.contained_texts[found.detections == DetectionOutcome.MERGED] > 1).all()
        assert DetectionOutcome.DUPLICATE not in found.texts
        seen |= {("text", o) for o in found.texts.tolist()} | {("detection", o) for o in found.detections.tolist()}
    assert len(seen) == 2 * len(DetectionOutcome) - 1  # every one of them occurred


def test_outcomes_do_not_depend_on_the_position():
    rng = np.random.default_rng(1)
    for _ in range(50):
        texts, detections = random_boxes(rng, 6), random_boxes(rng, 8)
        turned = [[p[:, ::-1][::-1] * 3 + 40 for p in part] for part in (texts, detections)]
        assert outcomes(texts, detections) == outcomes(*turned)
