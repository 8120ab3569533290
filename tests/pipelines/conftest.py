"""The published models in RUNs and files, made once; data sets of given rows; scenes that tests draw."""

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
from pipelines.io.shard_writer import write_shard
from pipelines.jobs.shard_job import generate
from synthtext.core import SkippedSample

os.environ.update(AWS_ACCESS_KEY_ID="tester", AWS_SECRET_ACCESS_KEY="not-a-secret")  # of the S3 server here


def silent(_line: str) -> None:
    pass


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the RUNs `recognizer` and `detector`."""
    folder = tmp_path_factory.mktemp("published")
    import_onnx(published_file(RECOGNIZER_FILE), "recognizer", folder / "recognizer", log=silent)
    import_onnx(published_file(DETECTOR_FILE), "detector", folder / "detector", log=silent)
    return folder


@pytest.fixture(scope="session")
def exported(published: Path) -> Path:
    """The same as `recognizer.onnx` and `detector.onnx`."""
    from pipelines.inference.run import open_run

    for kind in ("recognizer", "detector"):
        export_onnx(open_run(published / kind), published / f"{kind}.onnx", silent)
    return published


def _draw_scenes(
    folder: Path, count: int, seed: int = 0, size: tuple[int, int] = (96, 96), texts: int = 2, word: str = "a"
) -> str:
    """A label file of pictures, width x height, each with dark boxes, one below the other, that stand for texts."""
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
    """The function above."""
    return _draw_scenes


@pytest.fixture(scope="session")
def dataset() -> Callable[..., Path]:
    """Write rows or gaps of one kind into a folder of shards."""

    def write(
        path: Path, rows: Sequence[LineRow | SceneRow | SkippedSample], form: str = "parquet", size: int = 4
    ) -> Path:
        kind = next(type(row) for row in rows if not isinstance(row, SkippedSample))
        plan, folder, digest = ShardPlan(len(rows), size=size), DatasetFolder(path), "0badcafe" * 8
        about = DatasetDescription(
            kind=kind.KIND, source="test", digest=digest, count=len(rows), shard_size=size, format=form
        )
        with folder.open():
            folder.write_description(about)
            for spec in plan:
                drawn = rows[spec.start : spec.start + spec.count]
                folder.commit(write_shard(drawn, kind, spec, digest, folder.shards, form))
        return path

    return write


def _draw_lines(folder: Path, texts: Sequence[str]) -> str:
    """A label file of pictures with these texts, 32 pixels high and 20 wide for a character."""
    folder.mkdir()
    for index, text in enumerate(texts):
        image = np.full((32, 8 + 20 * len(text), 3), 255, np.uint8)
        cv2.putText(image, text, (4, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{index}.png"), image)
    labels = folder / "labels.tsv"
    labels.write_text("".join(f"{index}.png\t{text}\n" for index, text in enumerate(texts)), encoding="utf-8")
    return str(labels)


@pytest.fixture(scope="session")
def draw_lines() -> Callable[..., str]:
    """Draws lines."""
    return _draw_lines


class _StoppedError(RuntimeError):
    pass


def _crash_after(step: int, start: Callable[[Callable[[str], None]], object]) -> None:
    def say(line: str) -> None:
        if line.startswith(f"step {step}:"):
            raise _StoppedError

    with pytest.raises(_StoppedError):
        start(say)


@pytest.fixture(scope="session")
def crash_after() -> Callable[..., None]:
    """Starts a training, which is handed what it says to, and ends it like a crash once a step is validated."""
    return _crash_after


@pytest.fixture
def run_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `ocrmill preview` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(preview_command)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="session", params=["parquet", "lmdb"])
def checked_lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of 70 drawn lines in three shards, in either form."""
    folder = tmp_path_factory.mktemp("checked")
    tree = {
        "kind": "lines",
        "charset": "digits",
        "corpus": [{"use": "pattern", "pattern": "[0-9]{1,6}"}],
        "fonts": {"system": False, "bundled": True, "size_range": [20, 30]},
        "output": {"height": 24, "width": "free"},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(tree))
    generate(str(folder / "recipe.yaml"), folder / "data", 70, workers=0, shard_size=30, form=request.param)
    return folder / "data"


class S3Server:
    """An S3 server on this machine, whose buckets are the folders of `root`; one bucket, `bucket`, is there."""

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
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("the S3 server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def copy(self, source: str | Path, path: str) -> Path:
        """Put a copy of a folder into the bucket, behind the server's back, which is then told to look again."""
        shutil.copytree(source, self.folder(path))
        self.look_again()
        return self.folder(path)

    def look_again(self) -> None:
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)

    def uri(self, path: str, more: str = "") -> str:
        return f"s3://bucket/{path}?endpoint_override=127.0.0.1:{self.port}&scheme=http{more}"

    def folder(self, path: str) -> Path:
        """Where what lies at a URI is on this disk."""
        return self.root / "bucket" / path


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server; it ends with the tests."""
    server = S3Server(tmp_path_factory.mktemp("s3") / "buckets")
    yield server
    server.kill()


@pytest.fixture
def s3_of_my_own(tmp_path: Path) -> Iterator[S3Server]:
    """An S3 server that a test may kill."""
    server = S3Server(tmp_path / "buckets")
    yield server
    server.kill()
