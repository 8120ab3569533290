"""Downloads from URIs and their cache: files of recipes and shards, from real servers of this machine."""

import hashlib
import json
import pickle
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipelines.datasets import parquet
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import ConcatenatedLines
from pipelines.errors import IncompatibleNodeError
from pipelines.io.atomic import file_sha256
from pipelines.io.cache import fetch_file, fetch_path
from pipelines.io.connection import StorageError
from pipelines.io.location import RemotePath
from pipelines.io.paths import parse_path
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.jobs.executor import ShardTask, machine_fingerprint, write_task_on_worker
from pipelines.jobs.generation import GeneratedSource, generate
from pipelines.recipes.digest import fingerprint_digest
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError
from synthtext.fonts import FontOptions, find_fonts
from tests.pipelines.s3_answers import Answer, Answers, listed, refused

pytestmark = pytest.mark.slow


def sums(folder: Path) -> dict[str, str]:
    """The checksums in the manifests, by shard; empty manifests count for nothing."""
    manifests = sorted((folder / "manifests").glob("*.json"))
    return {
        manifest.stem: json.loads(manifest.read_text())["sha256"] for manifest in manifests if manifest.stat().st_size
    }


def test_fetch_file(s3, tmp_path):
    s3.folder("fonts").mkdir()
    (s3.folder("fonts") / "a.ttf").write_bytes(b"a font")
    s3.refresh()
    digest, uri = file_sha256(s3.folder("fonts") / "a.ttf"), s3.uri("fonts/a.ttf")
    path = fetch_file(uri, digest, tmp_path / "cache")
    assert (path.name, path.read_bytes()) == ("a.ttf", b"a font")
    (s3.folder("fonts") / "a.ttf").write_bytes(b"another")
    assert fetch_file(uri, digest, tmp_path / "cache") == path
    with pytest.raises(InputError, match="has changed: its SHA-256"):
        fetch_file(uri, digest, tmp_path / "empty")
    with pytest.raises(InputError, match="no such file"):
        fetch_file(s3.uri("fonts/b.ttf"), digest, tmp_path / "empty")
    assert not list((tmp_path / "empty").iterdir())
    assert fetch_file(path, digest) == path
    with pytest.raises(InputError, match="has changed"):
        fetch_file(path, "0" * 64)


def test_file_names_are_kept_and_never_leave_the_folder(s3, tmp_path):
    names = ("100%.txt", "a#1 b.txt", "inside/a?b=c&d.txt", "a%41+.txt", "\u4e00.txt")
    for name in names:
        (s3.folder("named") / name).parent.mkdir(parents=True, exist_ok=True)
        (s3.folder("named") / name).write_text(name)
    s3.refresh()
    tree = fetch_path(s3.uri("named"), tmp_path / "cache")
    assert {file.relative_to(tree).as_posix(): file.read_text() for file in tree.rglob("*.txt")} == {
        n: n for n in names
    }
    for name in ("../b.txt", "a/../../b.txt", "/b.txt"):
        with (
            Answers(lambda *_, name=name: listed("tree/a.txt", f"tree/{name}")) as server,
            pytest.raises(InputError, match="which cannot be stored locally"),
        ):
            fetch_path(server.uri("tree"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_one_of_several_processes_downloads_and_removes_abandoned_files(tmp_path):
    def answer(method: str, path: str) -> Answer:
        if "list-type" in path:
            return listed("tree/a.txt")
        time.sleep(0.3 if method == "GET" else 0)
        return 200, b"abc"

    cache, digest = tmp_path / "cache", hashlib.sha256(b"abc").hexdigest()
    with Answers(answer) as server, ThreadPoolExecutor(4) as pool:
        for fetch in (
            lambda: fetch_path(server.uri("tree"), cache) / "a.txt",
            lambda: fetch_file(server.uri("tree/a.txt"), digest, cache),
        ):
            for again in range(2):
                before = server.requested.count("/bucket/tree/a.txt")
                (path, *others) = pool.map(lambda _, fetch=fetch: fetch(), range(4))
                assert {*others} == {path}
                assert path.read_bytes() == b"abc"
                assert server.requested.count("/bucket/tree/a.txt") == before + 1
                kept = path.parents[1] if path.parts[-2] == "tree" else path.parent
                assert [file for file in kept.parent.iterdir() if file.is_file() or file.name.startswith(".")] == []
                if not again:
                    kept.rename(kept.with_name(f".tmp-{kept.name}-1-0badcafe"))  # as if it were not finished


def test_requests_to_a_busy_storage_are_retried():
    busy = []
    with Answers(lambda *_: busy.pop() if busy else listed("tree/a.txt")) as server:
        path = parse_path(server.uri("tree"))
        for request in (path.list_files, path.check_access):
            busy += [refused(503, "SlowDown")] * 5
            request()
            assert not busy


def test_key_with_access_to_a_prefix_alone_passes():
    answers = {"GET": listed(), "HEAD": refused(403, "AccessDenied")}
    with Answers(lambda method, _: answers[method]) as server:
        parse_path(server.uri("tree")).check_access()
        answers["HEAD"] = refused(404, "NoSuchBucket")
        with pytest.raises(StorageError, match="there is no bucket 'bucket'"):
            parse_path(server.uri("tree")).check_access()
        answers["GET"] = refused(403, "AccessDenied")
        with pytest.raises(StorageError, match="refuses access to 'bucket'"):
            parse_path(server.uri("tree")).check_access()


def test_untrusted_certificate_is_refused(tmp_path):
    made, certificate = tmp_path / "made.pem", tmp_path / "certificate.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        made,
        "-out",
        certificate,
        *subject,
    ]
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + certificate.read_bytes())
    with Answers(lambda *_: listed("tree/a.txt"), made) as server:
        uri = server.uri("tree", "https")
        with pytest.raises(InputError, match=r"127.0.0.1:\d+ has a certificate that is not trusted here"):
            fetch_path(uri, tmp_path / "cache")
        with pytest.raises(InputError, match="the file that tls_ca_file_path names"):
            fetch_path(f"{uri}&tls_ca_file_path={tmp_path}/none", tmp_path / "cache")
        assert parse_path(f"{uri}&tls_ca_file_path={certificate}").list_files() == {"a.txt": 3}
    with Answers(lambda *_: listed()) as server, pytest.raises(InputError, match="does not answer in TLS"):
        fetch_path(server.uri("tree", "https"), tmp_path / "cache")


def test_memory_of_row_groups_is_bounded(s3, monkeypatch):
    uri = s3.uri("many")
    generate("digits", uri, 50, workers=0, shard_size=4)
    monkeypatch.setattr(parquet, "ROW_GROUP_CACHE", parquet.RowGroupCache(budget=1))  # keeps the last group alone
    source, before = open_line_source(uri), pa.total_allocated_bytes()
    for group in source.group_offsets[:-1]:
        source.read(np.array([group]))
    sizes = [path.stat().st_size for path in s3.folder("many").glob("shards/*.parquet")]
    assert len(sizes) == 13
    assert pa.total_allocated_bytes() - before < sum(sizes) / 3


def test_parts_on_a_storage_are_read_concurrently():
    met = threading.Barrier(3)

    class Part(parquet.ParquetSource):
        def texts(self):
            met.wait(20)
            return iter([self.path.name])

        def sizes(self):
            met.wait(20)
            return np.array([[1, 2]])

        def columns(self, names):
            met.wait(20)
            return {name: [self.path.name + name] for name in names}

    source = ConcatenatedLines("all", tuple(Part(RemotePath(f"s3://bucket/{name}")) for name in "abc"))
    assert list(source.texts()) == ["a", "b", "c"]
    assert source.sizes().tolist() == [[1, 2]] * 3
    assert source.columns(["x"]) == {"x": ["ax", "bx", "cx"]}


@pytest.fixture
def task(tmp_path, monkeypatch):
    """A shard of a recipe with a text from a server, the server, and a list of the answer to all requests, if any."""
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    instead, text = [], (200, b"12\n34\n")
    with Answers(lambda _, path: instead[0] if instead else listed("a.txt") if "list-type" in path else text) as server:
        recipe = {"charset": "digits", "fonts": {"system": False}}
        recipe["corpus"] = [{"use": "text_file", "path": server.uri("words")}]
        (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        source = GeneratedSource(resolve_recipe(str(tmp_path / "recipe.yaml")))
        machine = fingerprint_digest(machine_fingerprint(source))
        yield ShardTask(source, source.digest, machine, ShardSpec(0, 0, 2), tmp_path, "parquet"), server, instead


def with_seed_1(task):
    """A copy of a task, as on another node, that the worker does not know yet."""
    return pickle.loads(pickle.dumps(replace(task, source=replace(task.source, seed=1))))


def test_worker_downloads_the_files_of_a_recipe_once(task):
    shard, server, _ = task
    write_task_on_worker(pickle.loads(pickle.dumps(shard)))
    requested = len(server.requested)
    write_task_on_worker(pickle.loads(pickle.dumps(replace(shard, spec=ShardSpec(1, 2, 2)))))
    assert len(server.requested) == requested


def test_node_without_cache_or_storage_is_incompatible_the_latter_transiently(task, tmp_path, monkeypatch):
    shard, _, instead = task
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "file").touch()
    with pytest.raises(
        IncompatibleNodeError, match=r"cannot process .* cannot be fetched into .*Not a directory"
    ) as caught:
        write_task_on_worker(with_seed_1(shard))
    assert not caught.value.transient
    instead.append(None)
    with pytest.raises(IncompatibleNodeError, match=r"cannot process .* cannot be read: .*does not answer") as caught:
        write_task_on_worker(with_seed_1(shard))
    assert pickle.loads(pickle.dumps(caught.value)).transient


def test_fonts_and_files_of_a_recipe_at_a_uri(s3, tmp_path, monkeypatch):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    font = next(font.path for font in find_fonts(FontOptions(system=False)).fonts)
    for folder in (tmp_path / "mine", s3.folder("mine")):
        (folder / "fonts").mkdir(parents=True)
        shutil.copy(font, folder / "fonts")
        (folder / "words.txt").write_text("12 345\n6\n7890\n")
    s3.refresh()
    recipes = [
        {
            "kind": "lines",
            "charset": "digits",
            "fonts": {"system": False, "bundled": False, "folders": [fonts]},
            "corpus": [{"use": "text_file", "path": words}],
        }
        for fonts, words in (("mine/fonts", "mine/words.txt"), (s3.uri("mine/fonts"), s3.uri("mine/words.txt")))
    ]
    for name, recipe in zip(("here", "there"), recipes, strict=True):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
        generate(str(tmp_path / f"{name}.yaml"), tmp_path / name, 20, workers=0)
    assert sums(tmp_path / "here") == sums(tmp_path / "there")
    kept = yaml.safe_load((tmp_path / "there" / "recipe.yaml").read_text())
    assert (kept["fonts"]["folders"], kept["corpus"][0]["path"]) == ([s3.uri("mine/fonts")], s3.uri("mine/words.txt"))

    source = GeneratedSource(resolve_recipe(str(tmp_path / "there.yaml")))
    spec = next(iter(ShardPlan(20)))
    (tmp_path / "drawn").mkdir()
    machine = fingerprint_digest(machine_fingerprint(source))
    task = ShardTask(source, source.digest, machine, spec, tmp_path / "drawn", "parquet")
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "of another node"))
    write_task_on_worker(pickle.loads(pickle.dumps(task)))
    assert len(list((tmp_path / "of another node").rglob("words.txt"))) == 1
    (s3.folder("mine") / "words.txt").write_text("changed 1\n")
    s3.refresh()
    with pytest.raises(IncompatibleNodeError, match="would produce other rows"):
        write_task_on_worker(with_seed_1(task))
    nothing = s3.uri("none")
    with pytest.raises(InputError, match="no such file or folder"):
        resolve_recipe(str(tmp_path / "there.yaml"), [f"fonts.folders=['{nothing}']"])
