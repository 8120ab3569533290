"""The code in the documentation runs: every block of Python and of shell commands, page by page, in order.

`docs/page_code.py` says which blocks run, and with how few samples.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from docs.notebooks import free_port
from docs.page_code import HOME, PORTS, SHELLS, SMALL_SCENES, read_blocks, reduce_python, reduce_shell
from pipelines import generate, train
from pipelines.cli.main import app
from synthtext.fonts import bundled_fonts

pytestmark = [pytest.mark.docs, pytest.mark.slow, pytest.mark.usefixtures("restore_loggers")]

PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]
TRAINED = ("batch_size=4", "validate_every=4", "data_workers=0", "threads=1", "device=cpu", "samples=8")


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that pages use: fonts, texts, photographs with labels, small datasets and run directories."""
    folder = tmp_path_factory.mktemp("documentation")
    for name in ("fonts", "backgrounds", "icdar2015"):
        (folder / name).mkdir()
    for font in bundled_fonts()[:2]:
        shutil.copy(font, folder / "fonts")
    rng = np.random.default_rng(0)
    grey = rng.integers(150, 170, (600, 800, 3), np.uint8)
    cv2.imwrite(str(folder / "backgrounds" / "wall.jpg"), grey)
    (folder / "street-names.txt").write_text("".join(f"Mill Lane {number}\n" for number in range(60)))
    (folder / "names.txt").write_text("Ada\nBob\n")
    with contextlib.chdir(folder):
        for name, count, seed in (("train", 48, 1), ("val", 16, 2)):
            generate("digits", f"data/{name}", count, seed=seed, workers=0)
        generate("scenes-receipt", "data/scenes", 3, overrides=["fonts.system=false", *SMALL_SCENES], workers=0)
        for out, format in (("photos", "paddleocr"), ("icdar2015/train", "icdar")):
            run("export-data", "data/scenes", "-o", out, "--to", format)
        run("export-data", "data/val", "-o", "photographs", "--to", "paddleocr")
        shutil.copy(next((folder / "photos" / "images").iterdir()), folder / "photo.jpg")
        train("rec-tiny", "runs/first", ["data/train"], ["data/val"], TRAINED)
        copies = {
            "data/train": ("data/lines",),
            "data/scenes": ("data/receipts",),
            "runs/first": ("runs/small", "runs/best"),
        }
        for source, targets in copies.items():
            for target in targets:
                shutil.copytree(source, target)
    return folder


def run(*arguments: str) -> None:
    """Run a command of ocrmill in this process."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = app(list(arguments), standalone_mode=False)
    assert not status, f"ocrmill {shlex.join(arguments)} ended with status {status}"


def run_shell(text: str, ports: Mapping[str, str]) -> None:
    for words in reduce_shell(text, ports):
        if words[0] == "python":
            run_process(words[1:])
        elif "--address" in words:  # Ray keeps the token of the first cluster that a process joins
            run_process(["-c", "from pipelines.cli.main import main; main()", *words[1:]])
        else:
            run(*words[1:])


def run_process(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(arguments)} ended with status {done.returncode}: {done.stderr}"


def remove_outputs(folder: Path, texts: list[str]) -> None:
    """Remove what a page makes itself before it reads it."""
    whole = "\n".join(texts)
    for match in re.finditer(r"-o ([\w/.-]+)", whole):
        if whole.index(match[1]) == match.start(1):
            shutil.rmtree(folder / match[1], ignore_errors=True)


def run_python(text: str, names: dict[str, object], where: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, where, "exec"), names)


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """The names that a page defines; the servers among them are stopped, and the environment is restored."""
    before, names = dict(os.environ), {"__name__": "documentation"}
    folder = tempfile.mkdtemp(prefix="ray-")  # a short path, as it holds sockets
    os.environ["RAY_TMPDIR"] = folder
    yield names
    for value in names.values():
        if isinstance(value, subprocess.Popen):
            value.terminate()
            value.communicate()  # waits, and closes its pipes
    os.environ.clear()
    os.environ.update(before)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.runs for b in read_blocks(page))], ids=lambda page: page.name
)
def test_the_code_of_a_page_runs(
    page: Path, workspace: Path, tmp_path: Path, names: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "page"
    shutil.copytree(workspace, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr("synthtext.fonts.discovery.system_fonts", lambda: [])
    running = [block for block in read_blocks(page) if block.runs]
    remove_outputs(folder, [block.text for block in running])
    ports = {port: str(free_port()) for port in PORTS}
    for block in running:
        where = f"{page.name}, line {block.line}"
        if block.file:
            Path(block.file).write_text(block.text)
        try:
            if block.language in SHELLS:
                run_shell(block.text, ports)
            elif block.language == "python" and not block.file:
                run_python(reduce_python(block.text, ports), names, where)
        except BaseException as error:
            error.add_note(where)
            raise


def test_a_block_without_a_reason_runs(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- no-run: needs a cluster -->\n```sh\na\n```\n\n<!-- no-run: -->\n```sh\nb\n```\n```text\nc\n```\n"
    )
    assert [block.runs for block in read_blocks(page)] == [False, True, False]
