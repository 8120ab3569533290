"""Corrected labels: files of changes and their application to a source of lines."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.datasets.label_changes import CHANGES_FORMAT
from pipelines.datasets.open import open_line_source
from pipelines.io.line_row import LineRow
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.corrections import import_corrected
from pipelines.jobs.export import export_data
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.stored_lines import lines_digest
from synthtext.core import Clusters, InputError

BOX = np.array([[[4, 4], [50, 4], [50, 28], [4, 28]]], np.float32)
WORDS = ["one", "two", "three", "four", "five", "six"]


@pytest.fixture(params=["label file", "lmdb", "dataset"])
def source(request, tmp_path, draw_lines, dataset) -> Path:
    """The same lines in each kind of source."""
    labels = Path(draw_lines(tmp_path / "lines", WORDS))
    if request.param == "label file":
        return labels
    if request.param == "lmdb":
        export_data(labels, "lmdb", tmp_path / "lmdb")
        return tmp_path / "lmdb"
    rows = [
        LineRow(
            key=f"0badcafe{index:010d}",
            image=line.image,
            path="a.png",
            text=line.text,
            width=8 + 20 * len(line.text),
            height=32,
            clusters=Clusters(np.array([0, len(line.text)], np.int32), BOX),
            font="Lato",
            meta='{"origin": "rendered"}',
        )
        for index, line in enumerate(open_line_source(labels).read(np.arange(len(WORDS))))
    ]
    return dataset(tmp_path / "data", rows)


def save(source: Path, lines: dict[int, tuple[str, str, bool]], **other: object) -> Path:
    """Write a file of changes beside a source; lines are old label, new label, and whether it is ignored, by row."""
    entries = [
        {"row": row, "key": str(row), "old": old, "new": new, "ignored": ignored}
        for row, (old, new, ignored) in lines.items()
    ]
    settings = {"format": CHANGES_FORMAT, "source": "labels", "digest": lines_digest(source), "lines": entries}
    path = source.parent / "changes.json"
    path.write_text(json.dumps(settings | other), encoding="utf-8")
    return path


CHANGES = {0: ("one", "eins", False), 2: ("three", "three", False), 4: ("five", "five", True)}


def test_labels_are_corrected_and_images_and_columns_are_kept(source, tmp_path):
    before = open_line_source(source)
    summary = import_corrected(source, save(source, CHANGES), tmp_path / "out", workers=0, shard_size=4)
    assert summary.source.notes == ("labels checked: accepted (1), corrected (1), unreadable (1)",)
    assert summary.skipped == {"marked as unreadable": 1}
    after = open_line_source(tmp_path / "out")
    assert list(after.texts()) == ["eins", "two", "three", "four", "six"]
    images = [line.image for line in before.read(np.array([0, 1, 2, 3, 5]))]
    assert [line.image for line in after.read(np.arange(5))] == images
    columns = after.columns(["font", "cluster_offsets"])
    if any(before.columns(["font"]).get("font", [])):
        assert columns["font"] == ["Lato"] * 5
        assert columns["cluster_offsets"] == [[0], [0, 3], [0, 5], [0, 4], [0, 3]]
    assert not check_dataset(tmp_path / "out").problems.counts


def test_only_checked_lines_are_imported_if_wanted(source, tmp_path):
    summary = import_corrected(source, save(source, CHANGES), tmp_path / "out", workers=0, checked_only=True)
    assert list(open_line_source(tmp_path / "out").texts()) == ["eins", "three"]
    assert summary.skipped == {"not checked": 3, "marked as unreadable": 1}


@pytest.fixture
def labels(tmp_path, draw_lines) -> Path:
    return Path(draw_lines(tmp_path / "lines", WORDS))


def test_a_damaged_dataset_of_corrected_lines_is_repaired(labels, tmp_path):
    import_corrected(labels, save(labels, CHANGES), tmp_path / "out", workers=0)
    (shard,) = (tmp_path / "out" / "shards").iterdir()
    content = shard.read_bytes()
    shard.write_bytes(content[:-10])
    repair_dataset(check_dataset(tmp_path / "out"), 0)
    assert shard.read_bytes() == content


def test_changes_of_another_source_are_refused(labels, tmp_path):
    changes = save(labels, CHANGES)
    labels.write_text(labels.read_text().replace("two", "zwei"), encoding="utf-8")
    with pytest.raises(InputError, match="it is another source, or was changed"):
        import_corrected(labels, changes, tmp_path / "out", workers=0)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("row", [1, 17])
def test_an_old_label_that_differs_is_named(labels, tmp_path, row):
    changes = save(labels, CHANGES | {row: ("zwei", "two", False)})
    with pytest.raises(InputError, match=f"1 of 4 old labels differ .* is that of {row}, 'zwei'"):
        import_corrected(labels, changes, tmp_path / "out", workers=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is no file of changes"),
        ('{"format": "other"}', "is no file of changes"),
        (json.dumps({"format": CHANGES_FORMAT, "source": "", "digest": "", "lines": [{"row": -1}]}), "lines.0"),
        (
            json.dumps(
                {
                    "format": CHANGES_FORMAT,
                    "source": "",
                    "digest": "",
                    "lines": [{"row": 3, "key": "", "old": "", "new": ""}] * 2,
                }
            ),
            "row 3 twice",
        ),
    ],
)
def test_a_file_that_the_page_did_not_write_is_refused(labels, tmp_path, content, message):
    changes = tmp_path / "changes.json"
    changes.write_text(content)
    with pytest.raises(InputError, match=f"changes.json.*{re.escape(message)}"):
        import_corrected(labels, changes, tmp_path / "out", workers=0)


def test_an_emptied_label_is_skipped(labels, tmp_path):
    summary = import_corrected(labels, save(labels, {1: ("two", " ", False)}), tmp_path / "out", workers=0)
    assert summary.skipped == {"empty label": 1}


def test_scenes_are_refused(tmp_path, draw_scenes, labels):
    with pytest.raises(InputError, match="changes correct the labels of lines"):
        import_corrected(draw_scenes(tmp_path / "scenes", 2), save(labels, {}), tmp_path / "out", workers=0)


@pytest.mark.parametrize("options", [["--checked-only"], ["--source-format", "icdar", "--changes", "changes.json"]])
def test_options_that_need_each_other_or_exclude_each_other_are_refused(labels, tmp_path, options):
    with pytest.raises(InputError, match="--c"):
        CliRunner().invoke(app, ["import", str(labels), "-o", str(tmp_path / "out"), *options], catch_exceptions=False)
