"""Sources as Python sequences: length, index, slice, iteration; rows show themselves in a notebook."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines import LinesDataset, generate, open_dataset
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine
from pipelines.jobs.export import export_data
from synthtext.core import Sample, Scene

COUNT = 37  # two pieces of an iteration, and a part of one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    generate("digits", folder / "parquet", COUNT, shard_size=20, workers=0)
    generate("digits", folder / "lmdb", COUNT, workers=0, format="lmdb")
    export_data(str(folder / "parquet"), "paddleocr", folder / "labels", lambda _: None)
    return folder


@pytest.mark.parametrize("name", ["parquet", "lmdb", "labels/labels.tsv"])
def test_a_source_is_a_sequence_of_its_rows(folder: Path, name: str) -> None:
    source = open_dataset(folder / name)
    rows = list(source.read(np.arange(COUNT)))
    assert len(source) == COUNT
    assert list(source) == rows
    assert (source[0], source[-1], source[np.int64(5)]) == (rows[0], rows[-1], rows[5])
    assert list(source[3:30:4]) == rows[3:30:4]
    assert list(source[::-1]) == rows[::-1]
    part = source[10:][:5]
    assert (len(part), part[-1], list(reversed(part))) == (5, rows[14], rows[10:15][::-1])
    assert rows[20] in source
    for index in (COUNT, -COUNT - 1):
        with pytest.raises(IndexError, match="the source has 37"):
            source[index]
    with pytest.raises(IndexError):
        part[5]


def test_a_line_shows_its_picture(folder: Path) -> None:
    line = open_dataset(folder / "parquet")[4]
    assert isinstance(line, EncodedLine)
    sample = line.decode()
    assert isinstance(sample, Sample)
    assert (sample.key, sample.text) == (line.key, line.text)
    assert sample.image.dtype == np.uint8
    assert line._repr_html_() == sample._repr_html_()
    assert repr(line) == f"EncodedLine(key={line.key!r}, text={line.text!r}, {len(line.image):,} bytes)"


def test_a_scene_shows_its_picture() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    import cv2

    scene = EncodedScene("key", cv2.imencode(".png", image)[1].tobytes(), ())
    decoded = scene.decode()
    assert isinstance(decoded, Scene)
    assert decoded.image.shape == (4, 6, 3)
    assert scene._repr_html_() == decoded._repr_html_()
    assert repr(scene).startswith("EncodedScene(key='key', 0 texts, ")


def test_a_torch_dataset_has_slices(folder: Path) -> None:
    dataset = LinesDataset(folder / "parquet")
    part = dataset[30:]
    assert [text for _, text in part] == [dataset[row][1] for row in range(30, COUNT)]


def test_a_dataset_that_was_written_again_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    for seed, name in ((1, "first"), (2, "second"), (3, "second")):
        folder = tmp_path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        monkeypatch.chdir(folder)
        generate("digits", "data", 3, seed=seed, workers=0)
        texts.append([line.text for line in open_dataset("data")])
    assert len({tuple(found) for found in texts}) == 3
