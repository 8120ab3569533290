import pickle

import cv2
import lmdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.datasets import parquet
from pipelines.datasets.image import decode_image, image_size
from pipelines.datasets.lmdb import LmdbSource
from pipelines.datasets.loader import LinesDataset
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import MISSING_IMAGE, MISSING_LABEL, read_rows
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import write_shard
from synthtext.core import Clusters, InputError, SkippedSample

TEXTS = ["Ab", "tab\tin it", "", " spaced ", "é一", "x" * 30, "7"]


def picture(index):
    """Return a different image for every index."""
    return np.random.default_rng(index).integers(0, 256, (20 + index, 30 + 3 * index, 3), np.uint8)


def encoded(image, suffix=".png"):
    return cv2.imencode(suffix, image[..., ::-1])[1].tobytes()


def write_label_file(folder, texts, *, end="\n", start=""):
    (folder / "images").mkdir(parents=True)
    for index in range(len(texts)):
        (folder / "images" / f"{index}.png").write_bytes(encoded(picture(index)))
    lines = [f"images/{index}.png\t{text}{end}" for index, text in enumerate(texts)]
    (folder / "labels.tsv").write_bytes((start + "".join(lines)).encode())
    return folder / "labels.tsv"


def write_lmdb(folder, texts):
    with lmdb.open(str(folder), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(len(texts)).encode())
        for index, text in enumerate(texts):
            transaction.put(f"image-{index + 1:09d}".encode(), encoded(picture(index)))
            transaction.put(f"label-{index + 1:09d}".encode(), text.encode())
    return folder


def describe(kind, count=1, size=1):
    description = DatasetDescription(
        kind=kind, source="test", digest="0" * 64, count=count, shard_size=size, format="parquet"
    )
    return description.to_json()


def write_dataset(folder, texts, *, shard=3, group=2):
    (folder / "shards").mkdir(parents=True)
    (folder / "manifests").mkdir()
    (folder / "dataset.json").write_text(describe("lines", len(texts), shard))
    for number, start in enumerate(range(0, len(texts), shard)):
        indices = range(start, min(start + shard, len(texts)))
        images = [{"bytes": encoded(picture(index)), "path": None} for index in indices]
        table = pa.table(
            {
                "key": [f"key-{index}" for index in indices],
                "image": pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
                "text": [texts[index] for index in indices],
                "width": pa.array([picture(index).shape[1] for index in indices], pa.int32()),
                "height": pa.array([picture(index).shape[0] for index in indices], pa.int32()),
            }
        )
        pq.write_table(table, folder / "shards" / f"part-{number:06d}.parquet", row_group_size=group)
        (folder / "manifests" / f"part-{number:06d}.json").write_text("{}")
    return folder


WRITERS = {"label file": write_label_file, "lmdb": write_lmdb, "dataset": write_dataset}


@pytest.mark.parametrize("kind", WRITERS)
def test_all_kinds_of_sources_read_the_same_lines(tmp_path, kind):
    source = open_line_source(WRITERS[kind](tmp_path / "data", TEXTS))
    assert len(source) == len(TEXTS)
    assert list(source.texts()) == TEXTS
    assert source.sizes().tolist() == [[30 + 3 * index, 20 + index] for index in range(len(TEXTS))]
    assert source.group_offsets[0] == 0
    assert source.group_offsets[-1] == len(TEXTS)
    assert (np.diff(source.group_offsets) > 0).all()
    rows = np.array([4, 0, 6, 2, 2])
    lines = pickle.loads(pickle.dumps(source)).read(rows)
    assert [line.text for line in lines] == [TEXTS[row] for row in rows]
    assert len({line.key for line in lines}) == 4
    for row, line in zip(rows, lines, strict=True):
        assert (decode_image(line.image, line.key) == picture(row)).all()
    assert source.read(rows[:0]) == []


def line_row(index):
    width, height = picture(index).shape[1::-1]
    return LineRow(f"key-{index}", encoded(picture(index)), "a.png", TEXTS[index], width, height, Clusters.empty())


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_shards_of_either_format_are_read(tmp_path, form):
    folder, digest = DatasetFolder(tmp_path / "data"), "0" * 64
    with folder.open():
        folder.write_description(DatasetDescription.model_validate_json(describe("lines", 7, 4)))
        for spec in ShardPlan(7, size=4):
            items = [SkippedSample(index, ("a reason",)) if index == 1 else line_row(index) for index in spec.samples]
            folder.commit(write_shard(items, LineRow, spec, digest, folder.shards, form))
    source = open_line_source(tmp_path / "data")
    indices = [0, *range(2, 7)]
    assert list(source.texts()) == [TEXTS[index] for index in indices]
    assert source.sizes().tolist() == [[30 + 3 * index, 20 + index] for index in indices]
    assert all(source.read(np.array([row]))[0].text == text for row, text in enumerate(source.texts()))
    assert [line.image for line in source.read(np.arange(6))] == [encoded(picture(index)) for index in indices]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_torch_dataset_over_a_source(tmp_path, kind):
    lines = LinesDataset(WRITERS[kind](tmp_path / "data", TEXTS))
    assert [text for _, text in lines] == TEXTS
    assert (lines[-1][0] == picture(6)).all()
    with pytest.raises(IndexError):
        lines[7]


def test_only_finished_shards_are_read(tmp_path):
    folder = write_dataset(tmp_path / "data", TEXTS)
    (folder / "manifests" / "part-000001.json").unlink()
    assert list(open_line_source(folder).texts()) == TEXTS[:3] + TEXTS[6:]
    (folder / "shards" / "part-000000.parquet").unlink()
    with pytest.raises(InputError, match=r"part-000000\.json marks a finished shard"):
        open_line_source(folder)


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_a_complete_dataset_without_a_shard_is_rejected(tmp_path, dataset, form):
    rows = [SkippedSample(index, ("a reason",)) if index == 1 else line_row(index) for index in range(7)]
    path = dataset(tmp_path / "data", rows, form)
    about = read_description(path / "dataset.json")
    DatasetFolder(path).write_description(about.model_copy(update={"complete": True, "rows": 6}))
    assert len(open_line_source(path)) == 6
    (path / "manifests" / "part-000001.json").unlink()
    with pytest.raises(InputError, match=r"complete with 6 rows, but .* 3; .*check lists"):
        open_line_source(path)
    DatasetFolder(path).write_description(about)  # an unfinished job
    assert len(open_line_source(path)) == 3


def test_row_groups_are_cached_within_the_budget(tmp_path, monkeypatch):
    source = open_line_source(write_dataset(tmp_path / "data", TEXTS, shard=7, group=2))
    cache = parquet.RowGroupCache(budget=1)
    monkeypatch.setattr(parquet, "ROW_GROUP_CACHE", cache)
    assert [line.text for line in source.read(np.arange(7))] == TEXTS
    assert len(cache._groups) == 1
    large = parquet.RowGroupCache(budget=2**20)
    monkeypatch.setattr(parquet, "ROW_GROUP_CACHE", large)
    source.read(np.arange(7))
    assert len(large._groups) == 4


@pytest.mark.parametrize(("start", "end"), [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n"), ("\r\n\n", "\n\n")])
def test_byte_order_marks_and_line_ends_of_other_systems_are_accepted(tmp_path, start, end):
    source = open_line_source(write_label_file(tmp_path / "data", TEXTS, start=start, end=end))
    assert list(source.texts()) == TEXTS
    assert source.read(np.array([0]))[0].key == "images/0.png"


def test_a_label_file_may_lack_the_last_line_end(tmp_path):
    path = write_label_file(tmp_path / "data", TEXTS)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert list(open_line_source(path).texts()) == TEXTS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a label file"),
        (b" \n\r\n", "not a label file"),
        (b"no tab here\n", "first line must be"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8 text"),
        (b'a.png\t[{"transcription": "a"}]', "scenes"),
    ],
)
def test_invalid_label_files_are_rejected(tmp_path, content, sentence):
    path = tmp_path / "labels.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"labels.tsv.*{sentence}"):
        open_line_source(path)


def test_a_missing_image_is_named(tmp_path):
    path = write_label_file(tmp_path / "data", TEXTS)
    (path.parent / "images" / "3.png").unlink()
    source = open_line_source(path)
    assert len(source.read(np.array([2, 4]))) == 2
    with pytest.raises(InputError, match=r"images/3\.png is missing"):
        source.read(np.array([2, 3]))
    with pytest.raises(InputError, match=r"images/3\.png is missing"):
        source.sizes()


def test_folders_without_data_are_rejected(tmp_path):
    with pytest.raises(InputError, match="there is no such dataset"):
        open_line_source(tmp_path / "nowhere")
    write_label_file(tmp_path / "data", TEXTS)
    with pytest.raises(InputError, match=r"did you mean .*labels\.tsv\?"):
        open_line_source(tmp_path / "data")
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    (scenes / "dataset.json").write_text(describe("scenes"))
    with pytest.raises(InputError, match="holds scenes, not lines"):
        open_line_source(scenes)
    (scenes / "dataset.json").write_text(describe("lines"))
    with pytest.raises(InputError, match="no finished shard"):
        open_line_source(scenes)
    (scenes / "dataset.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset\.json is not the description"):
        open_line_source(scenes)


def test_an_lmdb_in_another_format_is_rejected(tmp_path):
    with lmdb.open(str(tmp_path / "a")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"key", b"value")
    with pytest.raises(InputError, match="num-samples"):
        open_line_source(tmp_path / "a")
    with pytest.raises(InputError, match="holds no line"):
        open_line_source(write_lmdb(tmp_path / "c", []))
    folder = write_lmdb(tmp_path / "b", TEXTS)
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        transaction.delete(b"image-000000005")
    with pytest.raises(InputError, match="'image-000000005', which is missing"):
        open_line_source(folder).read(np.array([4]))


def test_images_of_any_depth_become_8_bit_rgb():
    grey = picture(3)[..., 0]
    assert (decode_image(encoded_as(grey), "grey") == grey[..., None]).all()
    deep = grey.astype(np.uint16) * 257
    assert np.abs(decode_image(encoded_as(deep), "deep").astype(int) - grey[..., None]).max() <= 1
    clear = np.dstack([picture(3), np.zeros_like(grey)])
    assert (decode_image(encoded_as(clear), "clear") == 255).all()
    solid = np.dstack([picture(3)[..., ::-1], np.full_like(grey, 255)])
    assert (decode_image(encoded_as(solid), "solid") == picture(3)).all()


def encoded_as(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_the_size_is_that_of_the_decoded_image_with_exif_orientation(tmp_path, mode):
    exif = Image.Exif()
    for orientation in (1, 3, 6, 8):
        exif[0x0112] = orientation
        path = tmp_path / f"{orientation}.jpg"
        Image.new(mode, (40, 20)).save(path, exif=exif)
        data = path.read_bytes()
        width, height = image_size(data, "a")
        assert decode_image(data, "a").shape == (height, width, 3)
        assert (width, height) == ((40, 20) if orientation < 5 else (20, 40))


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + bytes(30)])
def test_bytes_that_are_not_an_image_are_named(data):
    for function in (decode_image, image_size):
        with pytest.raises(InputError, match="shard 7, line 3: this is not a readable image"):
            function(data, "shard 7, line 3")


@pytest.mark.parametrize("budget", [1, 2**26])
def test_cached_groups_of_an_lmdb_equal_single_rows(tmp_path, monkeypatch, budget):
    monkeypatch.setattr("pipelines.datasets.lmdb.ROW_GROUP_CACHE", parquet.RowGroupCache(budget))
    monkeypatch.setattr(LmdbSource, "READ_GROUP_SIZE", 3)
    source = LmdbSource(write_lmdb(tmp_path / "a", [f"{number}\u00e9" for number in range(8)]))
    alone = [source.read(np.array([row]))[0] for row in range(8)]
    rows = np.random.default_rng(0).integers(0, 8, 200)
    assert source.read(rows) == [alone[row] for row in rows]  # many rows of a group, so groups are read
    assert source.read(rows[:2]) == [alone[row] for row in rows[:2]]


def test_missing_values_of_an_lmdb_fail_only_their_own_rows(tmp_path):
    folder = write_lmdb(tmp_path / "a", [str(number) for number in range(8)])
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        transaction.delete(b"image-000000005")
        transaction.delete(b"label-000000006")
        transaction.put(b"label-000000007", b"\xff")
    source = LmdbSource(folder)
    rows = np.array([0, 1, 2, 3, 7])
    assert [line.text for line in source.read(rows)] == ["0", "1", "2", "3", "7"]
    for row, sentence in ((4, "'image-000000005'"), (5, "'label-000000006'"), (6, "'label-000000007' is not UTF-8")):
        with pytest.raises(InputError, match=sentence):
            source.read(np.append(rows, row))
    assert read_rows(source, np.append(rows, [5, 4]))[-2:] == [MISSING_LABEL, MISSING_IMAGE]
