"""Datasets at URIs, on a real S3 server of this machine."""

import json
import pickle
import re
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch

from models.ctc import CTCCodec
from pipelines.cli.main import app
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.stream import RecognitionStream, select_lines
from pipelines.errors import JobError
from pipelines.io import connection
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.plan import ShardPlan
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.crops import crops
from pipelines.jobs.generation import generate
from pipelines.jobs.importing import import_data
from pipelines.jobs.repair import repair_dataset
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.slow

RECIPE = "digits"
SIZE = 20


def run(out, count=50, **options):
    return generate(RECIPE, out, count, **{"workers": 0, "shard_size": SIZE, **options})


def sums(folder: Path) -> dict[str, str]:
    """The checksums in the manifests, by shard; empty manifests count for nothing."""
    manifests = sorted((folder / "manifests").glob("*.json"))
    return {
        manifest.stem: json.loads(manifest.read_text())["sha256"] for manifest in manifests if manifest.stat().st_size
    }


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """50 lines on this disk; every other dataset of this file begins with the same."""
    folder = tmp_path_factory.mktemp("local") / "data"
    run(folder)
    return folder


@pytest.fixture(scope="module")
def remote(s3):
    run(s3.uri("data"))
    return s3.uri("data")


def test_unusable_storage_is_refused_before_the_job_starts(s3, monkeypatch):
    with pytest.raises(InputError, match="there is no bucket 'other'"):
        run(s3.uri("x").replace("//bucket/", "//other/"))
    with pytest.raises(InputError, match="does not answer"):
        run("s3://bucket/x?endpoint_override=127.0.0.1:9&scheme=http")
    with pytest.raises(InputError, match=r"data ?set"):
        open_line_source(s3.uri("nothing"))
    s3.folder("foreign").mkdir()
    (s3.folder("foreign") / "notes.txt").write_text("mine")
    s3.refresh()
    with pytest.raises(InputError, match=r"holds 'notes.txt'"):
        run(s3.uri("foreign"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(InputError, match="refuses access to 'bucket'"):
        run(s3.uri("x", "&region=eu-central-1"))
    assert not s3.folder("x").exists()


def test_shards_equal_those_on_a_disk(s3, local, remote):
    assert sums(s3.folder("data")) == sums(local)
    for path in (local / "shards").glob("*.parquet"):
        assert file_sha256(s3.folder("data") / "shards" / path.name) == file_sha256(path)
    for name in ("recipe.yaml", "statistics.json"):
        assert (s3.folder("data") / name).read_bytes() == (local / name).read_bytes()
    assert run(remote).new_shards == 0


def test_data_set_is_extended_and_other_samples_are_refused(s3, remote, tmp_path):
    s3.copy(s3.folder("data"), "extended")
    uri = s3.uri("extended")
    with pytest.raises(InputError, match="seed was 0, is 1"):
        run(uri, seed=1)
    with pytest.raises(InputError, match="more than 30"):
        run(uri, count=30)
    assert run(uri, count=70).new_shards == 2  # the last one was shorter
    run(tmp_path / "data", count=70)
    assert sums(s3.folder("extended")) == sums(tmp_path / "data")
    run(s3.uri("later"), count=SIZE, start=SIZE)
    assert list(sums(s3.folder("later")).values()) == [sums(s3.folder("extended"))["part-000001"]]


def test_data_without_a_valid_manifest_counts_for_nothing(s3, local, remote):
    shards = s3.copy(s3.folder("data"), "half") / "shards"
    manifests = shards.parent / "manifests"
    whole = (shards / "part-000001.parquet").read_bytes()
    (shards / "part-000001.parquet").write_bytes(whole[: len(whole) // 2])  # as after an interrupted upload
    (manifests / "part-000001.json").unlink()
    manifest = (manifests / "part-000002.json").read_bytes()
    (manifests / "part-000002.json").write_bytes(manifest[:50])
    s3.refresh()
    with pytest.raises(InputError, match=r"part-000002.json.* is not a manifest"):
        open_line_source(s3.uri("half"))
    (manifests / "part-000002.json").write_bytes(b"")  # withdrawn
    s3.refresh()
    with pytest.raises(InputError, match=r"complete with 50 rows, but .* 20; .*check lists"):
        open_line_source(s3.uri("half"))
    about = (shards.parent / "dataset.json").read_text()
    (shards.parent / "dataset.json").write_text(about.replace('"complete": true', '"complete": false'))
    s3.refresh()
    assert len(open_line_source(s3.uri("half"))) == SIZE  # as during a job
    assert run(s3.uri("half")).new_shards == 2
    assert sums(s3.folder("half")) == sums(local)
    (shards / "part-000000.parquet").write_bytes(whole[:-1])  # has a manifest, but not its full size
    s3.refresh()
    with pytest.raises(InputError, match=r"part-000000.parquet is incomplete"):
        open_line_source(s3.uri("half"))
    assert run(s3.uri("half")).new_shards == 1


def test_only_an_invalid_manifest_is_withdrawn(own_s3, local):
    server, plan = own_s3, ShardPlan(80, size=SIZE)
    folder_of_manifests = server.copy(local, "data") / "manifests"
    folder = DatasetFolder(server.uri("data"))
    digest = json.loads((local / "dataset.json").read_text())["digest"]
    manifests = {manifest.name: manifest.read_bytes() for manifest in sorted(folder_of_manifests.glob("*.json"))}
    (folder_of_manifests / "part-000001.json").write_bytes(b"{}")
    server.refresh()
    assert folder.indices_with_manifest(plan) == {0, 1, 2}
    assert [manifest.index for manifest in folder.finished_manifests(plan, digest)] == [
        0
    ]  # 1 is broken, 2 is of a shorter shard
    (folder_of_manifests / "part-000001.json").write_bytes(manifests["part-000001.json"])  # another job has finished it
    server.refresh()
    for spec in plan:
        folder.invalidate_shard(spec, digest)
    sizes = folder.manifests.list_files()
    assert sizes == {name: 0 if name == "part-000002.json" else len(manifest) for name, manifest in manifests.items()}
    server.kill()
    for spec in (plan[0], plan[3]):  # these need no request
        folder.invalidate_shard(spec, digest)


@pytest.mark.parametrize("format", ["parquet", "lmdb"])
def test_lines_equal_those_on_a_disk(s3, local, tmp_path, monkeypatch, format):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    if format == "lmdb":
        run(tmp_path / "data", format="lmdb")
        run(s3.uri("lmdb"), format="lmdb")
        there, here = s3.uri("lmdb"), tmp_path / "data"
        assert sums(s3.folder("lmdb")) == sums(here)
    else:
        run(s3.uri("data"))
        there, here = s3.uri("data"), local
    mine, others = (pickle.loads(pickle.dumps(open_line_source(spec))) for spec in (here, there))
    assert (others.name, dataset_kind(there)) == (there, "lines")
    assert np.array_equal(mine.group_offsets, others.group_offsets)
    assert np.array_equal(mine.sizes(), others.sizes())
    assert list(mine.texts()) == list(others.texts())
    assert mine.columns(["font", "contrast"]) == others.columns(["font", "contrast"])
    rows = np.random.default_rng(0).permutation(len(mine))
    for one, other in zip(mine.read(rows), others.read(rows), strict=True):
        assert (one.image, one.text) == (other.image, other.text)
    with pytest.raises(InputError, match="not scenes"):
        open_scene_source(there)
    assert not check_dataset(there).problems.counts
    if format == "lmdb":  # nothing is downloaded twice
        kept = sorted((tmp_path / "cache").rglob("data.mdb"))
        times = [path.stat().st_mtime_ns for path in kept]
        open_line_source(there)
        assert [path.stat().st_mtime_ns for path in kept] == times
        assert len(kept) == 3


def test_shuffled_epoch_equals_that_on_a_disk(local, remote):
    codec, preprocessing = CTCCodec(Charset.named("digits")), RecognizerPreprocessing()
    streams = [
        RecognitionStream(
            [select_lines(open_line_source(spec), codec, preprocessing)], (1.0,), codec, preprocessing, 8, seed=3
        )
        for spec in (local, remote)
    ]
    for number in range(14):  # two epochs
        mine, other = (stream[number] for stream in streams)
        assert mine.keys == other.keys
        assert mine.texts == other.texts
        assert torch.equal(mine.images, other.images)


@pytest.mark.parametrize("format", ["parquet", "lmdb"])
def test_scenes_and_crops_equal_those_on_a_disk(s3, draw_scenes, tmp_path, monkeypatch, format):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    here = tmp_path / "scenes"
    import_data(Path(draw_scenes(tmp_path / "drawn", 3)), here, workers=0)
    s3.copy(here, f"scenes-{format}")
    there = s3.uri(f"scenes-{format}")
    assert dataset_kind(there) == "scenes"
    mine, other = open_scene_source(here), open_scene_source(there)
    rows = np.array([2, 0, 1])
    for one, same in zip(mine.read(rows), other.read(rows), strict=True):
        assert one.image == same.image
        assert all(np.array_equal(a.polygon, b.polygon) for a, b in zip(one.instances, same.instances, strict=True))
    for spec, out in zip((here, there), (tmp_path / "crops", s3.uri(f"crops-{format}")), strict=True):
        crops(spec, out, workers=0, format=format)
    lines, others = (open_line_source(spec) for spec in (tmp_path / "crops", s3.uri(f"crops-{format}")))
    assert len(lines) == 6
    for one, same in zip(lines.read(np.arange(6)), others.read(np.arange(6)), strict=True):
        assert (one.image, one.text) == (same.image, same.text)


def test_job_resumes_after_its_server_was_killed(own_s3, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "_EXTENDED_ATTEMPTS", 4)
    server, count, size = own_s3, 150, 5
    uri, folder = server.uri("data"), server.folder("data")

    def kill_at_the_first_manifest():
        while not list(folder.glob("manifests/*.json")):
            time.sleep(0.001)
        server.kill()

    killer = Thread(target=kill_at_the_first_manifest, daemon=True)
    killer.start()
    with pytest.raises(JobError, match=r"cannot be written: the S3 server .* does not answer; re-run the same command"):
        run(uri, count, shard_size=size)
    killer.join()
    with pytest.raises(InputError, match="does not answer"):
        run(uri, count, shard_size=size)
    assert not json.loads((folder / "dataset.json").read_text())["complete"]
    server.start()
    assert 0 < run(uri, count, shard_size=size).new_shards < 30
    run(tmp_path / "data", count, shard_size=size)
    assert sums(folder) == sums(tmp_path / "data")
    assert json.loads((folder / "dataset.json").read_text())["complete"]


def test_check_finds_damage_at_a_uri(s3, remote):
    shards = s3.copy(s3.folder("data"), "damaged") / "shards"
    manifests = shards.parent / "manifests"
    data = bytearray((shards / "part-000000.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    (shards / "part-000000.parquet").write_bytes(data)
    (shards / "part-000001.parquet").unlink()
    (manifests / "part-000002.json").unlink()
    (s3.folder("damaged") / "notes.txt").write_text("mine")
    s3.refresh()
    report = check_dataset(s3.uri("damaged"))
    assert dict(report.problems.counts) == {
        "checksum differs": 1,
        "data missing": 1,
        "manifest missing": 1,
        "not a part of the dataset": 1,
    }
    assert dict(repair_dataset(report).problems.counts) == {"not a part of the dataset": 1}
    assert sums(s3.folder("damaged")) == sums(s3.folder("data"))
    with pytest.raises(InputError, match=r"data ?set"):
        check_dataset(s3.uri("nothing"))
    for spoil in (lambda path: path.write_text("{"), Path.unlink):
        spoil(shards.parent / "dataset.json")
        s3.refresh()
        (line,) = check_dataset(s3.uri("damaged")).problems.lines("")
        assert re.match(
            rf"dataset.json: .*{re.escape(s3.uri('damaged/dataset.json'))} .*; 3 shards have a manifest", line
        )


def test_commands_at_a_uri(s3, remote, tmp_path):
    page = tmp_path / "page.html"
    assert call("inspect", remote, "-o", page) == 0
    assert "50 lines" in page.read_text()
    assert call("check", remote) == 0
    assert call("generate", RECIPE, "-o", s3.uri("command"), "-n", "5", "--workers", "0", "--shard-format", "lmdb") == 0
    for arguments in (
        ("inspect", remote, "-o", s3.uri("page.html")),
        ("train", "rec-tiny", "-o", s3.uri("run"), "--data", remote, "--val", remote),
        ("import", remote, "-o", tmp_path / "imported"),
        ("export-data", remote, "-o", s3.uri("exported"), "--to", "lmdb"),
    ):
        with pytest.raises(InputError, match="on this machine, not at a URI"):
            call(*arguments)


def call(*arguments: object) -> int:
    """The exit status of a command; InputError and JobError come through."""
    try:
        app([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0
