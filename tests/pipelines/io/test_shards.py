"""Plans, rows in both formats as other libraries read them, manifests, and statistics."""

import json
import time

import cv2
import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import JobError
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.line_row import LineRow
from pipelines.io.location import RemotePath
from pipelines.io.plan import ShardPlan, ShardSpec, read_manifest
from pipelines.io.row import to_json
from pipelines.io.shard_writer import write_shard
from pipelines.io.statistics import Statistics
from synthtext.core import AppliedEffect, Clusters, InputError, Provenance, Sample, SkippedSample
from tests.pipelines.s3_answers import Answers, refused

COUNT = 1300  # more than two row groups


def make_rows(count: int = COUNT) -> list[LineRow]:
    rng = np.random.default_rng(5)
    rows = []
    for number in range(count):
        text = "ÅßΩ漢"[number % 5 :] + str(number)
        quads = rng.random((len(text), 4, 2)).astype(np.float32)
        clusters = Clusters(np.arange(len(text) + 1, dtype=np.int32), quads)
        effects = (AppliedEffect("blur", {"sigma": np.float64(0.5)}),) * (number % 3)
        meta = Provenance("Lato Bold", "Latn", "words", number % 255, effects, {"em_size": np.int64(number)})
        image = rng.integers(0, 256, (8, 8 + number % 40, 3)).astype(np.uint8)
        encoded = cv2.imencode(".png", image)[1].tobytes()
        rows.append(LineRow.from_sample(Sample(f"k{number}", image, text, clusters, meta), encoded, ".png"))
    return rows


def unlabelled_row() -> LineRow:
    image = np.zeros((4, 4, 3), np.uint8)
    return LineRow.from_sample(Sample("plain", image, "x"), cv2.imencode(".png", image)[1].tobytes(), ".png")


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture
def folder(tmp_path):
    folder = DatasetFolder(tmp_path / "data")
    with folder.open():
        yield folder


def write(folder, rows, format="parquet", spec=None):
    spec = spec or ShardSpec(0, 0, len(rows))
    pending = write_shard(iter(rows), LineRow, spec, "d" * 64, folder.shards, format)
    folder.commit(pending)
    return folder.shards / pending.manifest.file


@given(st.integers(1, 5000), st.integers(0, 10**9), st.integers(1, 700))
def test_plan_covers_every_sample_once_and_in_order(count, start, size):
    plan = ShardPlan(count, start, size)
    samples = [index for spec in plan for index in spec.samples]
    assert samples == list(range(start, start + count))
    assert [spec.index for spec in plan] == list(range(len(plan)))


def test_plan_of_a_hundred_million_samples():
    plan = ShardPlan(100_000_000)
    assert len(plan) == 24415
    last = plan[len(plan) - 1]
    assert last.samples[-1] == 99_999_999


def test_larger_plan_has_the_same_full_shards():
    small, large = ShardPlan(1000, 7, 300), ShardPlan(2000, 7, 300)
    assert [small[i] for i in range(3)] == [large[i] for i in range(3)]
    assert small[3].start == large[3].start


@pytest.mark.parametrize(
    ("count", "start", "size"), [(0, 0, 1), (-5, 0, 1), (1, -1, 1), (2, 2**32 - 1, 1), (2**40, 0, 1), (1, 0, 0)]
)
def test_invalid_plans_are_refused(count, start, size):
    with pytest.raises(InputError):
        ShardPlan(count, start, size)


@pytest.mark.parametrize("format", ["parquet", "lmdb"])
def test_same_rows_give_the_same_bytes(tmp_path, rows, format):
    data = []
    for name in ("one", "two"):
        folder = DatasetFolder(tmp_path / name)
        with folder.open():
            path = write(folder, rows, format)
            time.sleep(0.01)  # a time stamp in the file would differ
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        assert [file.name for file in files] in (["data.mdb"], ["part-000000.parquet"])
        data.append([file.read_bytes() for file in files])
    assert data[0] == data[1]


def test_parquet_holds_all_columns(folder, rows):
    rows = [*rows, unlabelled_row()]
    table = pq.read_table(write(folder, rows))
    assert table.schema.names == LineRow.SCHEMA.names
    assert table.num_rows == len(rows)
    for row, record in zip(rows, table.to_pylist(), strict=True):
        assert record["image"] == {"bytes": row.image, "path": row.path}
        assert (record["key"], record["text"]) == (row.key, row.text)
        assert (record["width"], record["height"]) == (row.width, row.height)
        assert record["cluster_offsets"] == row.clusters.offsets.tolist()
        assert record["cluster_quads"] == row.clusters.quads.ravel().tolist()
        assert record["effects"] == list(row.effects)
        np.testing.assert_equal(record["contrast"], row.contrast)
        assert json.loads(record["meta"]) == json.loads(row.meta)


def test_row_groups_are_small_enough_to_shuffle(folder, rows):
    metadata = pq.ParquetFile(write(folder, rows)).metadata
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert all(256 <= size <= 1000 for size in sizes[:-1])
    assert sum(sizes) == COUNT


def test_datasets_shows_images(folder, rows, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    path = write(folder, rows)
    dataset = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert isinstance(dataset.features["image"], datasets.Image)
    assert dataset[7]["image"].size == (rows[7].width, rows[7].height)
    assert dataset[7]["text"] == rows[7].text
    assert dataset["text"][:] == [row.text for row in rows]


def test_duckdb_reads_parquet(folder, rows):
    import duckdb

    path = write(folder, rows)
    query = f"select text, octet_length(image.bytes), len(cluster_offsets) from '{path}' where width >= 30"
    wide = [(row.text, len(row.image), len(row.text) + 1) for row in rows if row.width >= 30]
    assert wide
    assert duckdb.sql(query).fetchall() == wide


def test_polars_reads_parquet(folder, rows):
    import polars

    frame = polars.read_parquet(write(folder, rows))
    assert frame["text"].to_list() == [row.text for row in rows]
    assert frame["image"].struct.field("bytes").to_list() == [row.image for row in rows]
    assert frame["effects"].list.len().to_list() == [len(row.effects) for row in rows]


def test_lmdb_has_the_keys_of_deep_text_recognition_benchmark(folder, rows):
    path = write(folder, rows, "lmdb")
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert int(transaction.get(b"num-samples")) == COUNT
        assert environment.stat()["entries"] == 3 * COUNT + 1
        for number, row in enumerate(rows, 1):
            assert transaction.get(b"image-%09d" % number) == row.image
            assert transaction.get(b"label-%09d" % number).decode() == row.text
            meta = json.loads(transaction.get(b"meta-%09d" % number))
            assert (meta["key"], meta["width"], meta["effects"]) == (row.key, row.width, list(row.effects))
            assert meta["cluster_offsets"] == row.clusters.offsets.tolist()
            np.testing.assert_allclose(meta["cluster_quads"], row.clusters.quads.ravel(), atol=1e-3)


def test_map_of_an_lmdb_is_little_larger_than_its_data(folder, rows):
    path = write(folder, rows, "lmdb")
    with lmdb.open(str(path), readonly=True, lock=False) as environment:
        assert environment.info()["map_size"] <= (path / "data.mdb").stat().st_size + 16 * 2**20


@pytest.mark.parametrize("format", ["parquet", "lmdb"])
def test_shard_of_skipped_samples_can_be_read(folder, format):
    path = write(folder, [SkippedSample(0, ("no ink", "no ink", "too long"))], format)
    manifest = folder.finished_manifest(ShardSpec(0, 0, 1), "d" * 64)
    assert manifest is not None
    assert (manifest.rows, manifest.skipped) == (0, {"no ink": 1})
    if format == "parquet":
        assert pq.read_table(path).num_rows == 0


def test_manifest_of_a_finished_shard_alone_counts(folder, rows):
    spec = ShardSpec(0, 0, COUNT)
    path = write(folder, rows, spec=spec)
    manifest = folder.finished_manifest(spec, "d" * 64)
    assert manifest is not None
    assert (manifest.rows, manifest.bytes) == (COUNT, path.stat().st_size)
    assert folder.finished_manifest(spec, "e" * 64) is None
    assert folder.finished_manifest(ShardSpec(0, 0, COUNT + 1), "d" * 64) is None
    with path.open("ab") as file:
        file.truncate(path.stat().st_size - 1)
    assert folder.finished_manifest(spec, "d" * 64) is None


def test_unreadable_manifest_counts_as_missing(tmp_path):
    (tmp_path / "part-000000.json").mkdir()
    assert read_manifest(tmp_path / "part-000000.json") is None
    with (
        Answers(lambda *_: refused(403, "AccessDenied")) as server,
        pytest.raises(StorageError, match="refuses access"),
    ):
        read_manifest(RemotePath(server.uri("part-000000.json")))


def test_broken_manifest_counts_as_missing(folder, rows):
    spec = ShardSpec(0, 0, COUNT)
    write(folder, rows, spec=spec)
    manifest = folder.manifests / "part-000000.json"
    manifest.write_text(manifest.read_text()[:100])
    assert folder.finished_manifest(spec, "d" * 64) is None


def test_failed_write_leaves_no_file(folder, rows):
    def broken():
        yield from rows[:600]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_shard(broken(), LineRow, ShardSpec(0, 0, 10), "d" * 64, folder.shards, "parquet")
    assert list(folder.shards.iterdir()) == []


def test_missing_folder_is_one_sentence(tmp_path, rows):
    with pytest.raises(JobError, match=r"part-000000.*cannot be written"):
        write_shard(iter(rows), LineRow, ShardSpec(0, 0, 10), "d" * 64, tmp_path / "gone", "parquet")


def test_statistics_of_parts_add_up(rows):
    whole, first, second = Statistics(), Statistics(), Statistics()
    for number, row in enumerate(rows):
        row.add_to(whole)
        row.add_to(first if number % 3 else second)
    for statistics in (whole, second):
        statistics.add_skipped(SkippedSample(1, ("no ink",)))
    second.merge(first)
    assert second.to_json() == whole.to_json()
    assert whole.rows == sum(whole.lengths.values()) == sum(whole.widths.values()) == COUNT
    assert whole.effects["blur"] == sum(bool(row.effects) for row in rows)
    assert Statistics.model_validate_json(whole.to_json()) == whole


def test_json_of_numpy_values():
    values = {"a": np.float32(0.5), "b": np.arange(2), "c": np.bool_(True)}
    assert json.loads(to_json(values)) == {"a": 0.5, "b": [0, 1], "c": True}
    with pytest.raises(TypeError):
        to_json({"a": object()})
