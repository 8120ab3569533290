import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.inspection import inspect_command
from pipelines.datasets import scene_profile
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_profile import count_overlaps, profile_scenes
from pipelines.io.scene_row import SceneRow
from pipelines.reports.dataset_page import scene_page
from pipelines.reports.findings import Severity
from pipelines.reports.scene_checks import run_scene_checks
from synthtext.core import Box, Origin, Scene, SkippedSample, TextInstance

HOSTILE = "<script>alert(1)</script>"
WIDTH, HEIGHT = 200, 120


def pixels(number):
    return np.full((HEIGHT, WIDTH, 3), number, np.uint8)


def encode(image):
    return cv2.imencode(".png", image)[1].tobytes()


def text(label, left=20.0, top=20.0, width=60.0, height=20.0, **changes):
    return TextInstance(label, Box(left, top, left + width, top + height).polygon(), **changes)


def row(number, *texts, image=None):
    scene = Scene(f"0badcafe{number:010d}", pixels(number), texts)
    return SceneRow.from_scene(scene, encode(pixels(number)) if image is None else image, ".png")


def profile_of(path):
    return profile_scenes(open_scene_source(path), np.random.default_rng(0))


def problems(path):
    findings = run_scene_checks(profile_of(path))
    return {finding.check: finding for finding in findings if finding.severity != Severity.OK}


GOOD = [row(1, text("one")), row(2, text("two"), text("three", top=60)), row(3, text("four"))]


def test_good_scenes_pass_all_checks(dataset, tmp_path):
    assert problems(dataset(tmp_path / "data", GOOD, size=3)) == {}


@pytest.mark.parametrize(
    ("check", "severity", "bad"),
    [
        ("texts outside the image", "error", row(9, text("gone", left=WIDTH))),
        ("texts outside the image", "error", row(9, text("gone", top=-40))),
        ("polygons crossing the edge", "info", row(9, text("over", left=WIDTH - 30))),
        ("polygons crossing the edge", "info", row(9, text("over", left=-5))),
        ("tiny texts", "warning", row(9, text("low", height=7))),
        ("tiny texts", "warning", row(9, text("thin", width=6))),
        ("overlapping texts", "warning", row(9, text("a"), text("b", left=30))),
        ("texts without a transcription", "info", row(9, text(""))),
        ("scenes of ignored texts only", "warning", row(9, text("###", ignore=True))),
        ("scenes without a text", "info", row(9)),
        ("duplicate images", "error", row(9, text("other"), image=GOOD[0].image)),
        ("duplicate images", "warning", row(9, text("one"), image=GOOD[0].image)),
        ("invalid parents", "error", row(9, text("part", parent=5))),
        ("unreadable scenes", "error", row(9, text("broken"), image=b"no picture")),
        ("skipped samples", "info", SkippedSample(3, ("no room",))),
    ],
)
def test_check_finds_one_bad_scene(dataset, tmp_path, check, severity, bad):
    found = problems(dataset(tmp_path / "data", [*GOOD, bad], size=3))
    assert list(found) == [check]
    assert found[check].severity == severity
    assert found[check].message.startswith("1 of ")


@pytest.mark.parametrize(
    "texts",
    [
        (text("over", left=WIDTH - 59.5),),  # within a pixel
        (text("low", height=7, ignore=True), text("fine", top=60)),
        (text("a"), text("b", left=51)),  # less than half
        (text("a"), text("###", ignore=True)),
        (text("line", level="line"), text("word", parent=0)),
        (text("", ignore=True), text("fine", top=60)),
    ],
)
def test_checks_accept_valid_scenes(dataset, tmp_path, texts):
    assert problems(dataset(tmp_path / "data", [*GOOD, row(9, *texts)], size=3)) == {}


def test_overlaps_agree_with_masks():
    rng = np.random.default_rng(0)
    for _ in range(10):
        texts = []
        for _ in range(12):
            angle, middle = rng.uniform(-0.6, 0.6), rng.uniform(40, 160, 2)
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            half = rng.uniform((15, 5), (30, 12))
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn + middle
            texts.append(TextInstance("a", corners.astype(np.float32), ignore=bool(rng.random() < 0.2)))
        masks = [cv2.fillPoly(np.zeros((800, 800), np.uint8), [np.int32(t.polygon * 4)], 1) for t in texts]
        for place, found in enumerate(count_overlaps(texts)):
            shares = [
                (masks[place] & masks[other]).sum() / min(masks[place].sum(), masks[other].sum())
                for other in range(place + 1, 12)
                if not (texts[place].ignore or texts[other].ignore)
            ]
            assert sum(share > 0.55 for share in shares) <= found <= sum(share > 0.45 for share in shares)


def test_profile_agrees_with_labels(dataset, tmp_path):
    turned = np.array([[100, 20], [100, 80], [80, 80], [80, 20]], np.float32)  # its top is at the right
    rows = [*GOOD, row(4, text("first", ignore=True), TextInstance("down", turned, level="line"))]
    profile = profile_of(dataset(tmp_path / "data", rows, size=3))
    assert profile.scenes["texts"].tolist() == [1, 2, 1, 2]
    assert profile.scenes["ignored"].tolist() == [0, 0, 0, 1]
    assert set(zip(profile.scenes["width"], profile.scenes["height"], strict=True)) == {(WIDTH, HEIGHT)}
    assert profile.texts["scene"].tolist() == [0, 1, 1, 2, 3, 3]
    down = profile.texts[-1]
    assert (down["angle"], down["width"], down["height"], down["level"]) == (90, 60, 20, 1)
    assert (profile.texts["angle"][:-1] == 0).all()
    assert dict(profile.characters) == {c: "onetwothreefourdown".count(c) for c in set("onetwothreefourdown")}
    assert profile.labels([1]) == ("two in 0badcafe0000000002",)


def test_number_of_inspected_scenes_is_limited(dataset, tmp_path, monkeypatch):
    rows = [row(number, text(f"text {number}")) for number in range(40)]
    source = open_scene_source(dataset(tmp_path / "data", rows, size=4))
    monkeypatch.setattr(scene_profile, "MAX_INSPECTED_SCENES", 12)
    profile = profile_scenes(source, np.random.default_rng(1))
    assert (len(profile), profile.sampled) == (40, 12)
    assert profile.scenes["row"].tolist() == sorted(set(profile.scenes["row"].tolist()))
    chosen = profile.sample(5, np.random.default_rng(0))
    assert set(chosen.tolist()) <= set(profile.scenes["row"].tolist())
    assert "12 of 40 scenes inspected" in scene_page(profile, run_scene_checks(profile), chosen)


class Checker(HTMLParser):
    """Checks that every element is closed in order, and collects the tags."""

    VOID = frozenset({"meta", "img", "input", "br", "col"})

    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_shows_every_outline_and_escapes_labels(dataset, tmp_path):
    bent = np.array([[20, 60], [50, 40], [90, 60], [90, 80], [50, 60], [20, 80]], np.float32)
    texts = (
        text(HOSTILE, level="line"),
        text("part", width=30, parent=0),
        TextInstance("bent", bent, origin=Origin("pasted", "bank", 1)),
        text("###", top=90, ignore=True),
    )
    profile = profile_of(dataset(tmp_path / "data", [*GOOD, row(9, *texts), row(10)], size=3))
    page = scene_page(profile, run_scene_checks(profile), profile.scenes["row"])
    parsed = Checker()
    parsed.feed(page)
    assert parsed.open == []
    assert HOSTILE not in page
    kinds = [attributes["class"] for tag, attributes in parsed.tags if tag == "path"]
    assert kinds[:5] == ["word", "line", "block", "pasted", "ignored"]  # the legend
    assert kinds[5:] == ["word"] * 4 + ["line", "word", "pasted", "ignored"]
    assert "M20.0 60.0L50.0 40.0L90.0 60.0L90.0 80.0L50.0 60.0L20.0 80.0Z" in page
    assert page.count("data:image/jpeg") == 5
    for heading in ("Polygon points", "Text height, pasted", "Text height, real", "Origins", "Levels"):
        assert heading in page
    assert "http" not in re.sub(r"http-equiv|http_equiv", "", page)


def label_file(folder, labels):
    folder.mkdir()
    lines = []
    for number, label in enumerate(labels):
        (folder / f"{number}.png").write_bytes(encode(pixels(number)))
        lines.append(f"{number}.png\t{json.dumps(label)}\n")
    (folder / "labels.tsv").write_text("".join(lines))
    return folder / "labels.tsv"


def command(*arguments):
    app = typer.Typer()
    app.command()(inspect_command)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_command_reports_invalid_scenes(tmp_path):
    square = [[10, 10], [60, 12], [60, 30], [10, 28]]
    labels = [
        [{"transcription": "good", "points": square}],
        [{"transcription": "tied", "points": [square[0], square[2], square[1], square[3]]}],
        [{"transcription": "two", "points": square[:2]}, {"transcription": "nan", "points": [[float("nan"), 1]] * 4}],
        [{"transcription": "###", "points": square}],
        [{"transcription": "lost", "points": square}],
        [{"transcription": "broken", "points": square}],
    ]
    path = label_file(tmp_path / "photos", labels)
    (path.parent / "4.png").unlink()
    (path.parent / "5.png").write_text("no picture")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"0.png\t[{\n")
    result = command(path, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "7 scenes with 3 texts" in result.output
    assert "error: 3 of 7 scenes (42.9 %) cannot be read" in result.output
    for reason in ("image missing × 1", "image broken × 1", "label unreadable × 1"):
        assert reason in result.output
    assert "warning: 3 labels were invalid (repaired: self-intersecting quadrilateral (1); left out: " in result.output
    assert "4 of 7 scenes" in result.output
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count('<figure class="sample scene"') == 4


def test_page_of_unreadable_scenes(tmp_path):
    path = label_file(tmp_path / "photos", [[]] * 3)
    for number in range(3):
        (path.parent / f"{number}.png").unlink()
    result = command(path, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "error: 3 of 3 scenes (100.0 %) cannot be read" in result.output


def test_command_inspects_a_label_file_of_lines(tmp_path):
    (tmp_path / "0.png").write_bytes(encode(pixels(0)))
    (tmp_path / "labels.tsv").write_text("0.png\t[06]\n")
    result = command(tmp_path / "labels.tsv", "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "1 lines" in result.output
