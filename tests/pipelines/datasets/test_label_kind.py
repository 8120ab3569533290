"""One rule decides whether labels are those of lines or of scenes."""

import json

import cv2
import lmdb
import numpy as np
import pytest

from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.jobs.copypaste_inputs import open_crop_source
from pipelines.jobs.importing import ImportSource, import_data
from synthtext.core import InputError

TEXT = json.dumps([{"transcription": "ok", "points": [[10, 10], [60, 10], [60, 30], [10, 30]]}])
BROKEN = '[{"transcription": oops]'
KINDS = [
    ([TEXT, BROKEN], "scenes"),
    ([BROKEN, TEXT], "scenes"),
    ([BROKEN], "scenes"),
    (["[]", BROKEN, "[]"], "scenes"),
    (["[]"] * 3, "scenes"),
    (["[ ]", '[ {"points": []} ]'], "scenes"),
    (["oops", TEXT, TEXT], "scenes"),
    (["[1,2,3]"], "lines"),
    (["[06]", "[]"], "lines"),
    (["[]", "[06]"], "lines"),
    (["hello", "[]", "[{", "there"], "lines"),
    (["{}", '"[{"', "[", ""], "lines"),
]


@pytest.mark.parametrize(("labels", "kind"), KINDS)
def test_all_functions_agree_on_the_kind_of_a_label_file(tmp_path, labels, kind):
    path = tmp_path / "labels.txt"
    path.write_text("".join(f"{i}.png\t{label}\n" for i, label in enumerate(labels)))
    assert dataset_kind(path) == kind
    assert ImportSource.from_path(path).kind == kind
    opened, rejected = (
        (open_scene_source, open_line_source) if kind == "scenes" else (open_line_source, open_scene_source)
    )
    assert len(opened(path)) == len(labels)
    assert type(open_crop_source(path)) is type(opened(path))
    with pytest.raises(InputError, match="labels"):
        rejected(path)


@pytest.mark.parametrize(("labels", "kind"), KINDS)
def test_an_lmdb_has_the_same_kind(tmp_path, labels, kind):
    with lmdb.open(str(tmp_path / "data")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(len(labels) + 2).encode())  # of which two are missing
        for i, label in enumerate(labels):
            transaction.put(f"label-{i + 2:09d}".encode(), label.encode())
    assert dataset_kind(tmp_path / "data") == kind


def test_a_broken_first_label_counts_like_any_other(tmp_path):
    for i in range(2):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((50, 80, 3), 90, np.uint8))
    (tmp_path / "labels.txt").write_text(f"0.png\t{BROKEN}\n1.png\t{TEXT}\n")
    statistics = import_data(tmp_path / "labels.txt", tmp_path / "data", workers=0).statistics
    assert (statistics.rows, statistics.skipped) == (1, {"label unreadable": 1})
