"""Data sets at URIs, on a real S3 server of this machine."""

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
from pipelines.datasets.selection import select_lines
from pipelines.datasets.stream import RecognitionStream
from pipelines.errors import JobError
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import open_dataset_folder
from pipelines.io.plan import ShardPlan
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.crops import CropsSource
from pipelines.jobs.import_formats import open_import_source
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.shard_job import generate
from synthtext.core import Charset, InputError

RECIPE = "digits"
SIZE = 20


def run(out, count=50, **options):
    return generate(RECIPE, out, count, **{"workers": 0, "shard_size": SIZE, **options})


def sums(folder: Path) -> dict[str, str]:
    """The checksums that marks tell, by shard; empty marks count for nothing."""
    marks = sorted((folder / "shards").glob("*.json"))
    return {mark.stem: json.loads(mark.read_text())["sha256"] for mark in marks if mark.stat().st_size}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """50 lines on this disk; every other data set here begins with the same."""
    folder = tmp_path_factory.mktemp("local") / "data"
    run(folder)
    return folder


@pytest.fixture(scope="module")
def remote(s3):
    run(s3.uri("data"))
    return s3.uri("data")


def test_a_storage_that_cannot_be_used_is_told_before_anything_is_drawn(s3, monkeypatch):
    with pytest.raises(InputError, match="there is no bucket 'other'"):
        run(s3.uri("x").replace("//bucket/", "//other/"))
    with pytest.raises(InputError, match="does not answer"):
        run("s3://bucket/x?endpoint_override=127.0.0.1:9&scheme=http")
    with pytest.raises(InputError, match="no ocrmill dataset"):
        open_line_source(s3.uri("nothing"))
    s3.folder("foreign").mkdir()
    (s3.folder("foreign") / "notes.txt").write_text("mine")
    s3.look_again()
    with pytest.raises(InputError, match=r"holds 'notes.txt'"):
        run(s3.uri("foreign"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(InputError, match="refuses access to 'bucket'"):
        run(s3.uri("x", "&region=eu-central-1"))
    assert not s3.folder("x").exists()


def test_shards_are_those_of_a_disk(s3, local, remote):
    assert sums(s3.folder("data")) == sums(local)
    for path in (local / "shards").glob("*.parquet"):
        assert file_sha256(s3.folder("data") / "shards" / path.name) == file_sha256(path)
    for name in ("recipe.yaml", "statistics.json"):
        assert (s3.folder("data") / name).read_bytes() == (local / name).read_bytes()
    assert run(remote).new_shards == 0


def test_a_larger_number_extends_and_other_samples_are_refused(s3, remote, tmp_path):
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


def test_data_without_a_whole_mark_do_not_count(s3, local, remote):
    shards = s3.copy(s3.folder("data"), "half") / "shards"
    whole = (shards / "part-000001.parquet").read_bytes()
    (shards / "part-000001.parquet").write_bytes(whole[: len(whole) // 2])  # as a broken upload may be seen
    (shards / "part-000001.json").unlink()
    mark = (shards / "part-000002.json").read_bytes()
    (shards / "part-000002.json").write_bytes(mark[:50])
    s3.look_again()
    with pytest.raises(InputError, match=r"part-000002.json.* is not a manifest"):
        open_line_source(s3.uri("half"))
    (shards / "part-000002.json").write_bytes(b"")  # withdrawn
    s3.look_again()
    with pytest.raises(InputError, match=r"complete with 50 rows, but .* 20; .*check names"):
        open_line_source(s3.uri("half"))
    about = (shards.parent / "dataset.json").read_text()
    (shards.parent / "dataset.json").write_text(about.replace('"complete": true', '"complete": false'))
    s3.look_again()
    assert len(open_line_source(s3.uri("half"))) == SIZE  # as while a job is at work
    assert run(s3.uri("half")).new_shards == 2
    assert sums(s3.folder("half")) == sums(local)
    (shards / "part-000000.parquet").write_bytes(whole[:-1])  # marked, but not whole
    s3.look_again()
    with pytest.raises(InputError, match=r"part-000000.parquet is incomplete"):
        open_line_source(s3.uri("half"))
    assert run(s3.uri("half")).new_shards == 1


def test_only_a_mark_that_does_not_hold_is_withdrawn(s3_of_my_own, local):
    server, plan = s3_of_my_own, ShardPlan(80, size=SIZE)
    shards = server.copy(local, "data") / "shards"
    folder = open_dataset_folder(server.uri("data"))
    digest = json.loads((local / "dataset.json").read_text())["digest"]
    marks = {mark.name: mark.read_bytes() for mark in sorted(shards.glob("*.json"))}
    (shards / "part-000001.json").write_bytes(b"{}")
    server.look_again()
    assert folder.indices_with_manifest(plan) == {0, 1, 2}
    assert [mark.index for mark in folder.finished_manifests(plan, digest)] == [0]  # 1 is none, 2 of a shorter shard
    (shards / "part-000001.json").write_bytes(marks["part-000001.json"])  # another job was faster
    server.look_again()
    for spec in plan:
        folder.invalidate_shard(spec, digest)
    sizes = {name: size for name, size in folder.shards.list_files().items() if name.endswith(".json")}
    assert sizes == {name: 0 if name == "part-000002.json" else len(mark) for name, mark in marks.items()}
    server.kill()
    for spec in (plan[0], plan[3]):  # nothing has to be asked about these
        folder.invalidate_shard(spec, digest)


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_reading_is_that_of_a_disk(s3, local, tmp_path, monkeypatch, form):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    if form == "lmdb":
        run(tmp_path / "data", form="lmdb")
        run(s3.uri("lmdb"), form="lmdb")
        there, here = s3.uri("lmdb"), tmp_path / "data"
        assert sums(s3.folder("lmdb")) == sums(here)
    else:
        run(s3.uri("data"))
        there, here = s3.uri("data"), local
    mine, others = (pickle.loads(pickle.dumps(open_line_source(spec))) for spec in (here, there))
    assert (others.name, dataset_kind(there)) == (there, "lines")
    assert np.array_equal(mine.groups, others.groups)
    assert np.array_equal(mine.sizes(), others.sizes())
    assert list(mine.texts()) == list(others.texts())
    assert mine.columns(["font", "contrast"]) == others.columns(["font", "contrast"])
    rows = np.random.default_rng(0).permutation(len(mine))
    for one, other in zip(mine.read(rows), others.read(rows), strict=True):
        assert (one.image, one.text) == (other.image, other.text)
    with pytest.raises(InputError, match="not scenes"):
        open_scene_source(there)
    assert not check_dataset(there).problems.counts
    if form == "lmdb":  # nothing is fetched twice
        kept = sorted((tmp_path / "cache").rglob("data.mdb"))
        times = [path.stat().st_mtime_ns for path in kept]
        open_line_source(there)
        assert [path.stat().st_mtime_ns for path in kept] == times
        assert len(kept) == 3


def test_a_shuffled_epoch_is_that_of_a_disk(local, remote):
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


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_scenes_and_their_crops(s3, draw_scenes, tmp_path, monkeypatch, form):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    here = tmp_path / "scenes"
    open_import_source(Path(draw_scenes(tmp_path / "drawn", 3))).write(here)
    s3.copy(here, f"scenes-{form}")
    there = s3.uri(f"scenes-{form}")
    assert dataset_kind(there) == "scenes"
    mine, other = open_scene_source(here), open_scene_source(there)
    rows = np.array([2, 0, 1])
    for one, same in zip(mine.read(rows), other.read(rows), strict=True):
        assert one.image == same.image
        assert all(np.array_equal(a.polygon, b.polygon) for a, b in zip(one.instances, same.instances, strict=True))
    crops = [CropsSource.from_scenes(spec) for spec in (here, there)]
    for recipe, out in zip(crops, (tmp_path / "crops", s3.uri(f"crops-{form}")), strict=True):
        generate(recipe, out, recipe.index.line_count, workers=0, form=form)
    lines, others = (open_line_source(spec) for spec in (tmp_path / "crops", s3.uri(f"crops-{form}")))
    assert len(lines) == 6
    for one, same in zip(lines.read(np.arange(6)), others.read(np.arange(6)), strict=True):
        assert (one.image, one.text) == (same.image, same.text)


def test_a_server_that_dies_in_mid_job(s3_of_my_own, tmp_path):
    server, count, size = s3_of_my_own, 150, 5
    uri, folder = server.uri("data"), server.folder("data")

    def kill_at_the_first_mark():
        while not list(folder.glob("shards/*.json")):
            time.sleep(0.001)
        server.kill()

    killer = Thread(target=kill_at_the_first_mark, daemon=True)
    killer.start()
    with pytest.raises(JobError, match=r"cannot be written: the S3 server .* does not answer; the same command"):
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


def test_check_names_what_is_damaged_at_a_uri(s3, remote):
    shards = s3.copy(s3.folder("data"), "damaged") / "shards"
    data = bytearray((shards / "part-000000.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    (shards / "part-000000.parquet").write_bytes(data)
    (shards / "part-000001.parquet").unlink()
    (shards / "part-000002.json").unlink()
    (s3.folder("damaged") / "notes.txt").write_text("mine")
    s3.look_again()
    found = check_dataset(s3.uri("damaged"))
    assert dict(found.problems.counts) == {
        "checksum differs": 1,
        "data missing": 1,
        "mark missing": 1,
        "no part of this data set": 1,
    }
    with pytest.raises(InputError, match="remove the marks"):
        repair_dataset(found)
    with pytest.raises(InputError, match="no data set of ours"):
        check_dataset(s3.uri("nothing"))
    for spoil in (lambda path: path.write_text("{"), Path.unlink):
        spoil(shards.parent / "dataset.json")
        s3.look_again()
        (line,) = check_dataset(s3.uri("damaged")).problems.lines("")
        assert re.match(
            rf"dataset.json: .*{re.escape(s3.uri('damaged/dataset.json'))} .*; 2 shards have their marks", line
        )


def test_commands_at_a_uri(s3, remote, tmp_path):
    page = tmp_path / "page.html"
    assert call("inspect", remote, "-o", page) == 0
    assert "50 lines" in page.read_text()
    assert call("check", remote) == 0
    assert call("generate", RECIPE, "-o", s3.uri("command"), "-n", "5", "--workers", "0", "--format", "lmdb") == 0
    for arguments in (
        ("inspect", remote, "-o", s3.uri("page.html")),
        ("train", "rec-tiny", "-o", s3.uri("run"), "--data", remote, "--val", remote),
        ("copypaste", "x", "-o", s3.uri("pasted"), "-n", "5"),
        ("import", "x", "-o", s3.uri("imported")),
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
