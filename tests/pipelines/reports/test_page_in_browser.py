"""The script of the pages in a browser."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.db.boxes import PostprocessSettings
from models.detection_outcomes import DetectionOutcome
from models.metrics import recognition_scores
from pipelines.datasets.line_profile import LineExample, profile_lines
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.datasets.provenance import SampleProvenance
from pipelines.datasets.scene_profile import profile_scenes
from pipelines.domain_gap.comparison import compare_lines
from pipelines.domain_gap.line_set import load_lines
from pipelines.evaluation.detector import analyse_detector
from pipelines.evaluation.outcomes import EvaluatedInstance, WorstPicture
from pipelines.evaluation.recognizer import LinePrediction, RecognizerEvaluation, analyse_recognizer
from pipelines.inference.predictors import TextDetector
from pipelines.reports.comparison_page import comparison_page
from pipelines.reports.dataset_page import line_page, scene_page
from pipelines.reports.detector_report import detector_report
from pipelines.reports.recognizer_report import recognizer_report
from synthtext.core import Clusters, Provenance, Size
from tests.pipelines.reports.chromium import CHROMIUM, Tab, chromium

HOSTILE = "<script>document.title='gone'</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH (apt-get install chromium)"),
]


def picture() -> bytes:
    return cv2.imencode(".png", np.full((20, 60, 3), 200, np.uint8))[1].tobytes()


def label_file(folder: Path, labels: Sequence[str]) -> Path:
    for number in range(len(labels)):
        (folder / f"key-{number}.png").write_bytes(picture())
    path = folder / "labels.tsv"
    path.write_text("".join(f"key-{number}.png\t{label}\n" for number, label in enumerate(labels)), encoding="utf-8")
    return path


def example(number: int, text: str, font: str) -> LineExample:
    quads = np.array([[[2, 2], [58, 2], [58, 18], [2, 18]]], np.float32)
    made = SampleProvenance(Provenance(font=font), Clusters(np.array([0, len(text)], np.int32), quads))
    return LineExample(f"key-{number}", picture(), text, Size(60, 20), made)


def dom(tab: Tab, path: Path, fragment: str) -> str:
    """Return the page after its script has run."""
    tab.open(path, fragment)
    return str(tab.run("document.documentElement.outerHTML"))


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("browser")
    with chromium(folder / "profile", folder) as opened:
        yield opened


def opening(markup: str, tag: str) -> str:
    return re.search(f"<{tag}[^>]*>", markup).group()


def shown(markup: str, tag: str, key: str) -> list[str]:
    """Return what `key` matches in each item that is not hidden, in their order."""
    items = re.findall(rf"<{tag}[^>]* data-words=.*?</{tag}>", markup, re.S)
    return [re.search(key, item).group(1) for item in items if " hidden" not in opening(item, tag)]


def test_samples_are_filtered_ordered_and_outlined_by_the_url(tmp_path, tab):
    labels = ["ab", HOSTILE, "abcd", ""]
    examples = [
        example(number, *text) for number, text in enumerate(zip(labels, ("Lato", "Lato", "Serif", "L"), strict=True))
    ]
    lines = profile_lines(open_line_source(label_file(tmp_path, labels)), np.random.default_rng(0))
    path = tmp_path / "page.html"
    path.write_text(line_page(lines, [], examples), encoding="utf-8")

    plain = dom(tab, path, "")
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2", "key-3"]
    assert 'data-shown="4"' in opening(plain, "html")
    assert "data-overlay" not in opening(plain, "html")
    assert "<title>gone</title>" not in plain

    chosen = dom(tab, path, "filter=LATO&order=length&overlay=1")
    assert shown(chosen, "figure", r"(key-\d)") == ["key-1", "key-0"]
    assert "data-overlay" in opening(chosen, "html")


def test_worst_lines_are_ordered_by_confidence(tmp_path, tab):
    source = open_line_source(label_file(tmp_path, ["one"] * 3))
    predictions = [LinePrediction(row, f"key-{c}", "one", "two", c / 10) for row, c in enumerate((2, 9, 4))]
    evaluation = RecognizerEvaluation(source, recognition_scores(["one"] * 3, ["two"] * 3), tuple(predictions))
    path = tmp_path / "page.html"
    path.write_text(recognizer_report("run", [analyse_recognizer(evaluation)]), encoding="utf-8")
    markup = dom(tab, path, "order=confidence")
    assert shown(markup, "tr", r"(key-\d)") == ["key-9", "key-4", "key-2"]


def test_scenes_are_outlined_at_first_filtered_and_ordered(tmp_path, tab):
    entries = [
        [{"transcription": f"text{number}", "points": [[2, 2], [50, 2], [50, 2 + 4 * number], [2, 2 + 4 * number]]}]
        * number
        for number in (2, 4, 1, 3)
    ]
    entries[3].append({"transcription": HOSTILE, "points": [[2, 2], [9, 2], [9, 9], [2, 9]]})
    source = open_scene_source(label_file(tmp_path, [json.dumps(entry) for entry in entries]))
    scenes = profile_scenes(source, np.random.default_rng(0))
    path = tmp_path / "page.html"
    path.write_text(scene_page(scenes, [], np.arange(4)), encoding="utf-8")

    plain = dom(tab, path, "")
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2", "key-3"]
    assert "data-overlay" in opening(plain, "html")
    assert "<title>gone</title>" not in plain

    chosen = dom(tab, path, "order=texts&overlay=0")
    assert shown(chosen, "figure", r"(key-\d)") == ["key-1", "key-3", "key-0", "key-2"]
    assert "data-overlay" not in opening(chosen, "html")

    smallest = dom(tab, path, "filter=WORD+text&order=small")
    assert shown(smallest, "figure", r"(key-\d)") == ["key-2", "key-3", "key-0", "key-1"]
    assert shown(dom(tab, path, "filter=text3"), "figure", r"(key-\d)") == ["key-3"]


def test_worst_images_are_filtered_and_ordered_by_errors(tmp_path, tab):
    box = np.array([[2, 2], [50, 2], [50, 12], [2, 12]], np.float32)
    missed, merged = (
        EvaluatedInstance("text", outcome, box, HOSTILE, covered=False)
        for outcome in (DetectionOutcome.NO_OVERLAP, DetectionOutcome.MERGED)
    )
    line, false_positive = (
        EvaluatedInstance("detection", DetectionOutcome.MERGED, box, "90 %", True, 3),
        EvaluatedInstance("detection", DetectionOutcome.NO_OVERLAP, box, "61 %", covered=False),
    )
    pictures = tuple(
        WorstPicture("photos", f"key-{number}", picture(), instances)
        for number, instances in enumerate(((missed, merged, merged, line), (missed, false_positive), (missed,) * 3))
    )
    blind = TextDetector(lambda images: torch.zeros_like(images[:, 0]), DetectorPreprocessing(), PostprocessSettings())
    analysis = analyse_detector(blind, open_scene_source(label_file(tmp_path, ["[]"])))
    path = tmp_path / "page.html"
    path.write_text(detector_report("worst", [replace(analysis, worst_pictures=pictures)]), encoding="utf-8")
    plain = dom(tab, path, "")
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2"]
    assert "data-overlay" in opening(plain, "html")
    assert "<title>gone</title>" not in plain
    assert shown(dom(tab, path, "order=merged&overlay=0"), "figure", r"(key-\d)")[0] == "key-0"
    assert shown(dom(tab, path, "order=false_negative"), "figure", r"(key-\d)") == ["key-0", "key-2", "key-1"]
    assert shown(dom(tab, path, "filter=FALSE+positive"), "figure", r"(key-\d)") == ["key-1"]


def test_a_comparison_of_blank_lines_opens(tmp_path, tab):
    lines = load_lines(str(label_file(tmp_path, [HOSTILE, "", *["one"] * 10])), 12, 0)
    path = tmp_path / "page.html"
    path.write_text(comparison_page(compare_lines(lines, lines)), encoding="utf-8")
    markup = dom(tab, path, "")
    assert "<title>gone</title>" not in markup
    assert markup.count("<article") > 5
