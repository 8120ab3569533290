"""Fixtures: the published models, datasets of given rows, label files of lines and scenes, and S3 servers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
import yaml
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli.generation import preview_command
from pipelines.inference.onnx_export import export_onnx
from pipelines.inference.onnx_import import import_onnx
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.io.scene_row import SceneRow
from pipelines.io.shard_writer import PendingShard, write_shard
from pipelines.jobs.generation import generate
from synthtext.core import SkippedSample

os.environ.update(AWS_ACCESS_KEY_ID="tester", AWS_SECRET_ACCESS_KEY="not-a-secret")  # of the S3 servers below


def silent(_line: str) -> None:
    pass


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run directories `recognizer` and `detector` of the published models."""
    folder = tmp_path_factory.mktemp("published")
    import_onnx(published_file(RECOGNIZER_FILE), "recognizer", folder / "recognizer", log=silent)
    import_onnx(published_file(DETECTOR_FILE), "detector", folder / "detector", log=silent)
    return folder


@pytest.fixture(scope="session")
def exported(published: Path) -> Path:
    """The same folder, with `recognizer.onnx` and `detector.onnx`."""
    from pipelines.inference.run import open_run

    for kind in ("recognizer", "detector"):
        export_onnx(open_run(published / kind), published / f"{kind}.onnx", silent)
    return published


def _draw_scenes(
    folder: Path, count: int, seed: int = 0, size: tuple[int, int] = (96, 96), texts: int = 2, word: str = "a"
) -> str:
    """Write a label file of images of (width, height), each with dark boxes below each other in place of texts."""
    folder.mkdir(parents=True)
    rng, rows = np.random.default_rng(seed), []
    width, height = size
    for number in range(count):
        image = np.full((height, width, 3), int(rng.integers(150, 240)), np.uint8)
        label = []
        for row in range(texts):
            left, long = int(rng.integers(6, width // 4)), int(rng.integers(width // 3, width // 2))
            top = row * height // texts + int(rng.integers(4, 16))
            right, bottom = left + long, top + 20
            image[top:bottom, left:right] = (60, 20, 20)
            points = [[left, top], [right, top], [right, bottom], [left, bottom]]
            label.append({"transcription": word, "points": points})
        cv2.imwrite(str(folder / f"{number}.png"), image)
        rows.append(f"{number}.png\t{json.dumps(label)}\n")
    (folder / "labels.tsv").write_text("".join(rows))
    return str(folder / "labels.tsv")


@pytest.fixture(scope="session")
def draw_scenes() -> Callable[..., str]:
    """A function that writes a label file of scenes."""
    return _draw_scenes


@pytest.fixture(scope="session")
def dataset() -> Callable[..., Path]:
    """A function that writes rows and skipped samples of one kind to the folder of a dataset."""

    def write(
        path: Path, rows: Sequence[LineRow | SceneRow | SkippedSample], format: str = "parquet", size: int = 4
    ) -> Path:
        kind = next(type(row) for row in rows if not isinstance(row, SkippedSample))
        plan, folder, digest = ShardPlan(len(rows), size=size), DatasetFolder(path), "0badcafe" * 8
        description = DatasetDescription(
            kind=kind.KIND, source="test", digest=digest, count=len(rows), shard_size=size, format=format
        )
        with folder.open():
            folder.write_description(description)
            for spec in plan:
                items = rows[spec.start : spec.start + spec.count]
                folder.commit(write_shard(items, kind, spec, digest, folder.shards, format))
        return path

    return write


def _draw_lines(folder: Path, texts: Sequence[str]) -> str:
    """Write a label file of images with these texts, 32 pixels high and 20 pixels wide per character."""
    folder.mkdir()
    for index, text in enumerate(texts):
        image = np.full((32, 8 + 20 * len(text), 3), 255, np.uint8)
        cv2.putText(image, text, (4, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{index}.png"), image)
    labels = folder / "labels.tsv"
    labels.write_text("".join(f"{index}.png\t{text}\n" for index, text in enumerate(texts)), encoding="utf-8")
    return str(labels)


@pytest.fixture
def interrupt_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], None]:
    """Runs a job and interrupts it before it commits a shard: after so many others."""

    def run(shards: int, job: Callable[[], object]) -> None:
        commit, committed = DatasetFolder.commit, []

        def interrupted(folder: DatasetFolder, pending: PendingShard) -> None:
            if len(committed) == shards:
                raise KeyboardInterrupt
            committed.append(pending)
            commit(folder, pending)

        with monkeypatch.context() as patch:
            patch.setattr(DatasetFolder, "commit", interrupted)
            with pytest.raises(KeyboardInterrupt):
                job()

    return run


@pytest.fixture(scope="session")
def draw_lines() -> Callable[..., str]:
    """A function that writes a label file of lines."""
    return _draw_lines


class _StoppedError(RuntimeError):
    pass


def _crash_after(step: int, start: Callable[[Callable[[str], None]], object]) -> None:
    def log(line: str) -> None:
        if line.startswith(f"step {step}:"):
            raise _StoppedError

    with pytest.raises(_StoppedError):
        start(log)


@pytest.fixture(scope="session")
def crash_after() -> Callable[..., None]:
    """A function that starts a training, which gets a log function, and crashes it once a step is validated."""
    return _crash_after


@pytest.fixture
def run_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs `ocrmill preview` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(preview_command)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="session", params=["parquet", "lmdb"])
def checked_lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of 70 generated lines in three shards, in both formats."""
    folder = tmp_path_factory.mktemp("checked")
    recipe = {
        "kind": "lines",
        "charset": "digits",
        "corpus": [{"use": "pattern", "pattern": "[0-9]{1,6}"}],
        "fonts": {"system": False, "bundled": True, "size_range": [20, 30]},
        "output": {"height": 24, "width": "free"},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    generate(str(folder / "recipe.yaml"), folder / "data", 70, workers=0, shard_size=30, format=request.param)
    return folder / "data"


class S3Server:
    """An S3 server on this machine. Its buckets are the folders of `root`, at first only `bucket`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "bucket").mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        keys = f"{os.environ['AWS_ACCESS_KEY_ID']},{os.environ['AWS_SECRET_ACCESS_KEY']}"
        command = [str(Path(sys.executable).with_name("rclone")), "serve", "s3", "--addr", f"127.0.0.1:{self.port}"]
        options = ["--auth-key", keys, "--etag-hash", "", "--config", "", str(self.root)]
        with (self.root.parent / "s3.log").open("ab") as log:
            self.process = subprocess.Popen([*command, *options], stdout=log, stderr=log)
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("the S3 server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def copy(self, source: str | Path, path: str) -> Path:
        """Copy a folder into the bucket on the disk, and let the server read the disk again."""
        shutil.copytree(source, self.folder(path))
        self.refresh()
        return self.folder(path)

    def refresh(self) -> None:
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)

    def uri(self, path: str, more: str = "") -> str:
        return f"s3://bucket/{path}?endpoint_override=127.0.0.1:{self.port}&scheme=http{more}"

    def folder(self, path: str) -> Path:
        """The local folder of a path in the bucket."""
        return self.root / "bucket" / path


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server for all tests."""
    server = S3Server(tmp_path_factory.mktemp("s3") / "buckets")
    yield server
    server.kill()


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    """An S3 server that a test may kill."""
    server = S3Server(tmp_path / "buckets")
    yield server
    server.kill()
