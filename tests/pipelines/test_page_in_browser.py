"""The script of the pages, in a real browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.detection_outcomes import DetectionOutcome
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.provenance import SampleProvenance
from pipelines.evaluation.outcomes import EvaluatedInstance, WorstPicture, worst_pictures
from pipelines.reports.page import Section, render_page
from pipelines.reports.samples import LineExample, sample_grid
from pipelines.reports.scene_dataset import profile_scenes, scenes_page
from pipelines.reports.scores import MisreadLine, misread_table
from synthtext.core import Clusters, Provenance, Size

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = "<script>document.title='gone'</script>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH (apt-get install chromium)")


def picture() -> bytes:
    return cv2.imencode(".png", np.full((20, 60, 3), 200, np.uint8))[1].tobytes()


def example(number: int, text: str, font: str) -> LineExample:
    quads = np.array([[[2, 2], [58, 2], [58, 18], [2, 18]]], np.float32)
    made = SampleProvenance(Provenance(font=font), Clusters(np.array([0, len(text)], np.int32), quads))
    return LineExample(f"key-{number}", picture(), text, Size(60, 20), made)


def dom(path: Path, fragment: str, profile: Path) -> str:
    """The page as it is when its script has run."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", f"{path.as_uri()}#{fragment}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert " data-ready" in opening(done.stdout, "html")
    assert "data-error" not in opening(done.stdout, "html")
    return done.stdout


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Path:
    """Where the browser keeps its own files, which it makes at its first start."""
    return tmp_path_factory.mktemp("profile")


def opening(markup: str, tag: str) -> str:
    return re.search(f"<{tag}[^>]*>", markup).group()


def shown(markup: str, tag: str, key: str) -> list[str]:
    """What `key` finds in the items that are not hidden, in the order in which they stand."""
    items = re.findall(rf"<{tag}[^>]* data-words=.*?</{tag}>", markup, re.S)
    return [re.search(key, item).group(1) for item in items if " hidden" not in opening(item, tag)]


def test_samples_are_filtered_ordered_and_outlined_by_the_address(tmp_path, profile):
    examples = [example(0, "ab", "Lato"), example(1, HOSTILE, "Lato"), example(2, "abcd", "Serif"), example(3, "", "L")]
    path = tmp_path / "page.html"
    path.write_text(render_page("test", "as it was", {}, [Section("Samples", sample_grid(examples))]), encoding="utf-8")

    plain = dom(path, "", profile)
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2", "key-3"]
    assert 'data-shown="4"' in opening(plain, "html")
    assert "data-overlay" not in opening(plain, "html")
    assert "<title>as it was – test</title>" in plain

    chosen = dom(path, "filter=LATO&order=length&overlay=1", profile)
    assert shown(chosen, "figure", r"(key-\d)") == ["key-1", "key-0"]
    assert "data-overlay" in opening(chosen, "html")


def test_worst_lines_are_ordered_by_confidence(tmp_path, profile):
    rows = [MisreadLine(picture(), "image/png", "one", "two", c / 10, f"key-{c}") for c in (2, 9, 4)]
    path = tmp_path / "page.html"
    path.write_text(render_page("test", "run", {}, [Section("Worst", misread_table(rows))]), encoding="utf-8")
    markup = dom(path, "order=confidence", profile)
    assert shown(markup, "tr", r"(key-\d)") == ["key-9", "key-4", "key-2"]


def test_scenes_are_outlined_to_begin_with_filtered_and_ordered(tmp_path, profile):
    entries = [
        [{"transcription": f"text{number}", "points": [[2, 2], [50, 2], [50, 2 + 4 * number], [2, 2 + 4 * number]]}]
        * number
        for number in (2, 4, 1, 3)
    ]
    entries[3].append({"transcription": HOSTILE, "points": [[2, 2], [9, 2], [9, 9], [2, 9]]})
    for number in range(4):
        (tmp_path / f"key-{number}.png").write_bytes(picture())
    lines = (f"key-{number}.png\t{json.dumps(label)}\n" for number, label in enumerate(entries))
    (tmp_path / "labels.tsv").write_text("".join(lines))
    source = open_scene_source(tmp_path / "labels.tsv")
    facts = profile_scenes(source, np.random.default_rng(0))
    path = tmp_path / "page.html"
    path.write_text(scenes_page(facts, [], np.arange(4)), encoding="utf-8")

    plain = dom(path, "", profile)
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2", "key-3"]
    assert "data-overlay" in opening(plain, "html")
    assert "<title>gone</title>" not in plain

    chosen = dom(path, "order=texts&overlay=0", profile)
    assert shown(chosen, "figure", r"(key-\d)") == ["key-1", "key-3", "key-0", "key-2"]
    assert "data-overlay" not in opening(chosen, "html")

    smallest = dom(path, "filter=WORD+text&order=small", profile)
    assert shown(smallest, "figure", r"(key-\d)") == ["key-2", "key-3", "key-0", "key-1"]
    assert shown(dom(path, "filter=text3", profile), "figure", r"(key-\d)") == ["key-3"]


def test_worst_pictures_are_filtered_and_ordered_by_what_is_wrong(tmp_path, profile):
    box = np.array([[2, 2], [50, 2], [50, 12], [2, 12]], np.float32)
    missed, merged = (
        EvaluatedInstance("text", outcome, box, HOSTILE, covered=False)
        for outcome in (DetectionOutcome.ALONE, DetectionOutcome.MERGED)
    )
    line, invented = (
        EvaluatedInstance("detection", DetectionOutcome.MERGED, box, "90 %", True, 3),
        EvaluatedInstance("detection", DetectionOutcome.ALONE, box, "61 %", covered=False),
    )
    pictures = [
        WorstPicture("photos", f"key-{number}", picture(), found)
        for number, found in enumerate(((missed, merged, merged, line), (missed, invented), (missed,) * 3))
    ]
    path = tmp_path / "page.html"
    path.write_text(render_page("test", "worst", {}, [Section("Worst", worst_pictures(pictures))]), encoding="utf-8")
    plain = dom(path, "", profile)
    assert shown(plain, "figure", r"(key-\d)") == ["key-0", "key-1", "key-2"]
    assert "data-overlay" in opening(plain, "html")
    assert "<title>gone</title>" not in plain
    assert shown(dom(path, "order=merged&overlay=0", profile), "figure", r"(key-\d)")[0] == "key-0"
    assert shown(dom(path, "filter=INVENTED&order=missed", profile), "figure", r"(key-\d)") == ["key-1"]
