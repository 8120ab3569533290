"""Label files that name images outside of their folders, and labels that cannot be read."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.datasets.coco import CocoScenes
from pipelines.datasets.icdar import IcdarScenes
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.outside import ALLOW_OUTSIDE
from pipelines.datasets.source import MAX_NAMED, MissingDataError, read_rows
from pipelines.jobs.importing import import_data
from synthtext.core import InputError

POINTS = [[1, 1], [30, 1], [30, 15], [1, 15]]
LABEL = json.dumps([{"transcription": "a", "points": POINTS}])
NAMES: dict[str, Callable[[Path], str]] = {
    "parent": lambda root: "../secret.png",
    "parent within": lambda root: "images/../../secret.png",
    "absolute": lambda root: str(root / "secret.png"),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An image beside the folder `data`, and two in it, one of them a link to the first."""
    monkeypatch.setenv(ALLOW_OUTSIDE, "")
    (tmp_path / "data" / "images").mkdir(parents=True)
    for path in (tmp_path / "secret.png", tmp_path / "data" / "images" / "own.png"):
        path.write_bytes(cv2.imencode(".png", np.full((20, 40, 3), 90, np.uint8))[1].tobytes())
    (tmp_path / "data" / "link.png").symlink_to(tmp_path / "secret.png")
    return tmp_path


def label_file(root: Path, *lines: str, label: str = "a") -> Path:
    path = root / "data" / "labels.tsv"
    path.write_text("".join(f"{line}\t{label}\n" for line in lines))
    return path


@pytest.mark.parametrize("label", ["a", LABEL], ids=["lines", "scenes"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_path_out_of_the_folder_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: Callable[[Path], str], label: str
) -> None:
    path = label_file(root, "images/own.png", name(root), label=label)
    for read in (dataset_kind, lambda path: import_data(path, root / "out", workers=0)):
        with pytest.raises(InputError, match=r"labels\.tsv, line 2: .*secret\.png lies outside .* --allow-outside"):
            read(path)
    monkeypatch.setenv(ALLOW_OUTSIDE, "1")
    source = open_line_source(path) if label == "a" else open_scene_source(path)
    assert [row.image for row in source.read(np.arange(2))] == [(root / "secret.png").read_bytes()] * 2


def test_paths_within_the_folder_are_read(root: Path) -> None:
    own = root / "data" / "images" / "own.png"
    path = label_file(root, "images/own.png", str(own), "images/../images/own.png", "images/..own.png", label="../a")
    own.with_name("..own.png").write_bytes(own.read_bytes())
    (root / "link").symlink_to(root / "data")
    for labels in (path, root / "link" / "labels.tsv"):
        rows = [0, 2, 3] if labels != path else range(4)
        if labels != path:
            label_file(root, "images/own.png", "images/own.png", "images/../images/own.png", "images/..own.png")
        assert len(open_line_source(labels).read(np.array(rows))) == len(rows)


def test_links_out_of_the_folder_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = label_file(root, "link.png", "images/own.png")
    with pytest.raises(MissingDataError, match="symbolic link out of the folder"):
        open_line_source(path).read(np.array([0]))
    summary = import_data(path, root / "out", workers=0)
    assert (summary.rows, summary.skipped) == (1, {"image outside of the folder, see --allow-outside": 1})
    monkeypatch.setenv(ALLOW_OUTSIDE, "1")
    assert len(open_line_source(path).read(np.arange(2))) == 2


def test_other_formats_are_refused_too(root: Path) -> None:
    data = root / "data"
    for name in ("link", "images/own"):
        label = (data / name).with_name(f"gt_{Path(name).name}.txt")
        label.write_text("1,1,30,1,30,15,1,15,a\n")
    first, second = read_rows(IcdarScenes(data), np.arange(2))
    assert isinstance(first, str)
    assert "outside" in first
    assert not isinstance(second, str)
    images = [{"id": 1, "file_name": "link.png"}]
    (data / "coco.json").write_text(json.dumps({"images": images, "annotations": []}))
    with pytest.raises(MissingDataError, match="symbolic link"):
        CocoScenes(data / "coco.json").read(np.array([0]))
    images[0]["file_name"] = "../secret.png"
    (data / "coco.json").write_text(json.dumps({"images": images, "annotations": []}))
    with pytest.raises(InputError, match=r"coco\.json: \.\./secret\.png lies outside"):
        CocoScenes(data / "coco.json")


def test_the_option_allows_them(root: Path) -> None:
    path = label_file(root, "../secret.png", "link.png")
    result = CliRunner().invoke(app, ["inspect", str(path), "-o", str(root / "page.html"), "--allow-outside"])
    assert "2 lines" in result.output
    assert os.environ[ALLOW_OUTSIDE] == "1"  # for the processes that a command starts


BROKEN = ["[{]", "[1]", '[{"points": []}]']


@pytest.fixture
def broken(root: Path) -> Path:
    """A good label, a blank line, and then 24 labels that cannot be parsed."""
    path = root / "data" / "labels.tsv"
    lines = [f"images/own.png\t{label}" for label in [LABEL, *BROKEN * 8, *[LABEL] * 30]]
    path.write_text("\n".join([lines[0], "", *lines[1:]]) + "\n")
    return path


def test_the_first_broken_labels_are_named(broken: Path, caplog: pytest.LogCaptureFixture, root: Path) -> None:
    source = open_scene_source(broken)
    with caplog.at_level(logging.WARNING, "pipelines"):
        assert [isinstance(row, str) for row in read_rows(source, np.arange(26))] == [False, *[True] * 24, False]
    assert [f"labels.tsv, line {number}: images/own.png: not a list" in caplog.text for number in range(2, 14)] == [
        False,
        *[True] * MAX_NAMED,
        False,
    ]
    summary = import_data(broken, root / "out", workers=0, shard_size=20)
    assert summary.skipped == {"label unreadable": 24}
    assert [note.partition(": ")[0] for note in summary.source.notes] == [
        f"{broken}, line {number}" for number in range(3, 3 + MAX_NAMED)
    ]


def test_lines_without_a_text_are_named(root: Path) -> None:
    path = label_file(root, "images/own.png", "images/own.png\t\nimages/own.png")
    assert import_data(path, root / "out", workers=0).source.notes == (
        f"{path}, line 2: there is no text after the path and a tab",
    )


def test_the_same_relative_path_in_another_working_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(root / "data", root / "another_place" / "data", symlinks=True)
    label_file(root, "images/own.png")
    shutil.copy(root / "data" / "labels.tsv", root / "another_place" / "data")
    for folder in (root, root / "another_place"):
        monkeypatch.chdir(folder)
        assert [line.text for line in open_line_source("data/labels.tsv")] == ["a"]
