import json
import unicodedata

import cv2
import lmdb
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.data import import_command
from pipelines.datasets.open import open_line_source
from pipelines.jobs.importing import ImportSource, import_data
from synthtext.core import InputError

BAD = {
    "absent.png\tabsent\n": "image missing",
    "text.png\ttext\n": "image broken",
    "short.jpg\tshort\n": "image broken",
    "good3.jpg\t\n": "empty label",
    "good4.png\t  \n": "empty label",
}


def encoded(index, suffix):
    image = np.random.default_rng(index).integers(0, 256, (20 + index, 50, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.fixture
def labels(tmp_path):
    """Ten good lines, and after the third one all bad ones."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = []
    for index in range(10):
        suffix = (".png", ".jpg")[index % 2]
        (folder / f"good{index}{suffix}").write_bytes(encoded(index, suffix))
        lines.append(f"good{index}{suffix}\tcafe\u0301 {index}\n")
    (folder / "text.png").write_text("no picture")
    (folder / "short.jpg").write_bytes(encoded(11, ".jpg")[:-300])
    (folder / "good4.png").write_bytes(encoded(4, ".png"))
    (folder / "labels.tsv").write_text("".join([*lines[:3], *BAD, *lines[3:]]))
    return folder / "labels.tsv"


def small_shards(path, out):
    return import_data(path, out, workers=0, shard_size=6)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").glob("*.parquet"))}


def test_lines_are_imported_byte_for_byte_and_others_are_counted(tmp_path, labels):
    statistics = import_data(labels, tmp_path / "data", workers=0).statistics
    source = open_line_source(tmp_path / "data")
    assert len(source) == statistics.rows == 10
    assert dict(statistics.skipped) == {"image missing": 1, "image broken": 2, "empty label": 2}
    lines = source.read(np.arange(10))
    for index, line in enumerate(lines):
        assert line.image == encoded(index, (".png", ".jpg")[index % 2])
        assert line.text == f"café {index}"
        assert unicodedata.is_normalized("NFC", line.text)
    assert source.sizes().tolist() == [[50, 20 + index] for index in range(10)]
    assert len({line.key for line in lines}) == 10
    assert [int(line.key[8:]) for line in lines] == [0, 1, 2, *range(8, 15)]  # the bad lines keep their numbers
    description = json.loads((tmp_path / "data" / "dataset.json").read_text())
    assert (description["complete"], description["rows"], description["kind"]) == (True, 10, "lines")


def test_an_interrupted_import_is_resumed(tmp_path, labels, interrupt_after):
    small_shards(labels, tmp_path / "whole")
    part = tmp_path / "part"
    interrupt_after(1, lambda: small_shards(labels, part))
    first = (part / "shards" / "part-000000.parquet").stat()
    assert not json.loads((part / "dataset.json").read_text())["complete"]
    assert len(list(open_line_source(part).texts())) == 3
    small_shards(labels, part)
    assert (part / "shards" / "part-000000.parquet").stat().st_mtime_ns == first.st_mtime_ns
    assert content(part) == content(tmp_path / "whole")
    assert len(content(part)) == 3


def test_an_lmdb_is_imported(tmp_path, labels):
    with lmdb.open(str(tmp_path / "words")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", b"2")
        for number, text in ((1, "one"), (2, "")):
            transaction.put(f"image-{number:09d}".encode(), encoded(number, ".png"))
            transaction.put(f"label-{number:09d}".encode(), text.encode())
    statistics = import_data(tmp_path / "words", tmp_path / "data", source_format="lmdb", workers=0).statistics
    assert dict(statistics.skipped) == {"empty label": 1}
    (line,) = open_line_source(tmp_path / "data").read(np.array([0]))
    assert (line.image, line.text) == (encoded(1, ".png"), "one")


def test_a_folder_of_another_import_is_refused(tmp_path, labels):
    import_data(labels, tmp_path / "data", workers=0)
    before = content(tmp_path / "data")
    labels.write_text(labels.read_text().replace("1\n", "2\n"))
    with pytest.raises(InputError, match="labels has changed"):
        import_data(labels, tmp_path / "data", workers=0)
    assert content(tmp_path / "data") == before


def test_an_import_without_a_usable_line_leaves_nothing(tmp_path, labels):
    labels.write_text("".join(BAD))
    with pytest.raises(InputError, match=r"not one of 5 lines .*: empty label \(2\), image broken \(2\), image"):
        import_data(labels, tmp_path / "data", workers=0)
    assert not (tmp_path / "data").exists()


def test_invalid_paths_and_formats_are_refused(tmp_path, labels):
    with pytest.raises(InputError, match="there is no such"):
        ImportSource.from_path(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is no LMDB"):
        ImportSource.from_path(labels, "lmdb")
    with pytest.raises(InputError, match="name the label file in it"):
        ImportSource.from_path(labels.parent, "paddleocr")
    import_data(labels, tmp_path / "data", workers=0)
    with pytest.raises(InputError, match="needs no import"):
        ImportSource.from_path(tmp_path / "data")


def test_the_command_reports_skipped_lines(tmp_path, labels):
    app = typer.Typer()
    app.command()(import_command)
    result = CliRunner().invoke(app, [str(labels), "-o", str(tmp_path / "data"), "--source-format", "paddleocr"])
    assert result.exit_code == 0, result.output
    assert "skipped: empty label (2), image broken (2), image missing (1)" in result.output
    assert len(open_line_source(tmp_path / "data")) == 10
