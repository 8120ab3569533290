"""The code in the documentation runs: every block of Python and of shell commands, page by page, in order.

A block after the comment `<!-- no-run: reason -->` is left out. A block that begins with the name of a file, such as
`# signs.yaml`, is written to that file; of shell blocks, the commands of `ocrmill` and `python` run. Numbers of
samples are reduced (`LIMITS`), so that a page takes seconds.
"""

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines import generate, train
from pipelines.cli.main import app
from synthtext.fonts import bundled_fonts

pytestmark = [pytest.mark.docs, pytest.mark.slow, pytest.mark.usefixtures("restore_loggers")]

HOME = Path(__file__).resolve().parent.parent
PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]
LANGUAGES = ("python", "sh", "bash", "yaml")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NO_RUN = re.compile(r"<!-- no-run: [^>]+-->\s*$")
FILE_NAME = re.compile(r"^# ([\w-]+\.(?:py|yaml))\b")

LIMITS = {"-n": 16, "samples": 16, "count": 16}
SCENES = 3  # scenes take longer than lines
QUICK = ["batch_size=8", "validate_every=4", "data_workers=0", "threads=1", "device=cpu"]
WITH_WORKERS = ("generate", "copypaste", "crops", "import", "filter")


@dataclass(frozen=True)
class Block:
    """A block of code of a page, with its language, the line where it begins, and whether it runs."""

    language: str
    text: str
    line: int
    runs: bool


def blocks(page: Path) -> list[Block]:
    content = page.read_text(encoding="utf-8")
    return [
        Block(
            match[1],
            match[2],
            content.count("\n", 0, match.start()) + 1,
            match[1] in LANGUAGES and not NO_RUN.search(content[: match.start()]),
        )
        for match in FENCE.finditer(content)
    ]


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
        generate("scenes-receipt", "data/scenes", 3, overrides=["fonts.system=false"], workers=0)
        for out, format in (("photos", "paddleocr"), ("icdar2015/train", "icdar")):
            run("export-data", "data/scenes", "-o", out, "--to", format)
        run("export-data", "data/val", "-o", "photographs", "--to", "paddleocr")
        shutil.copy(next((folder / "photos" / "images").iterdir()), folder / "photo.jpg")
        train("rec-tiny", "runs/first", ["data/train"], ["data/val"], ["samples=16", *QUICK])
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


def limited(argument: str, previous: str) -> str:
    if previous in LIMITS and argument.isdigit():
        return str(min(int(argument), LIMITS[previous]))
    key, _, value = argument.partition("=")
    return f"{key}={min(int(value), LIMITS[key])}" if key in LIMITS and value.isdigit() else argument


def run_shell(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        words = [limited(word, previous) for word, previous in zip(words, ["", *words], strict=False)]
        if not words:
            continue
        if words[0] == "python":
            subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True)
            continue
        assert words[0] == "ocrmill", f"the page runs {words[0]}: mark the block with <!-- no-run: reason -->"
        command = words[1]
        if command == "copypaste" or words[2].startswith("scenes"):
            words = [str(min(int(word), SCENES)) if before == "-n" else word for before, word in pairwise(["", *words])]
        if command == "train":
            assert any(word.startswith("samples=") for word in words), "a training without samples=N would not end"
            words += [setting for setting in QUICK if not any(word.startswith(setting[:10]) for word in words)]
        if command == "preview" and "-n" not in words:
            words += ["-n", str(SCENES)]
        if command in WITH_WORKERS and "--workers" not in words:
            words += ["--workers", "0"]
        run(*words[1:])


def remove_outputs(folder: Path, texts: list[str]) -> None:
    """Remove what a page makes itself before it reads it."""
    whole = "\n".join(texts)
    for match in re.finditer(r"-o ([\w/.-]+)", whole):
        if whole.index(match[1]) == match.start(1):
            shutil.rmtree(folder / match[1], ignore_errors=True)


def run_python(text: str, names: dict[str, object], where: str) -> None:
    text = re.sub(r"\bcount=([\d_]+)", lambda match: limited(f"count={match[1].replace('_', '')}", ""), text)
    quick = ", ".join(map(repr, ["samples=16", *QUICK]))
    text = re.sub(r'"samples=\d+"', quick, text)
    assert "train(" not in text or quick in text, f"{where}: a training without samples=N would not end"
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, where, "exec"), names)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.runs for b in blocks(page))], ids=lambda page: page.name
)
def test_the_code_of_a_page_runs(page: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "page"
    shutil.copytree(workspace, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr("synthtext.fonts.discovery.system_fonts", lambda: [])
    remove_outputs(folder, [block.text for block in blocks(page) if block.runs])
    names: dict[str, object] = {"__name__": "documentation"}
    for block in (block for block in blocks(page) if block.runs):
        where = f"{page.name}, line {block.line}"
        file = FILE_NAME.match(block.text)
        if file:
            Path(file[1]).write_text(block.text)
        try:
            if block.language in ("sh", "bash"):
                run_shell(block.text)
            elif block.language == "python" and not file:
                run_python(block.text, names, where)
        except BaseException as error:
            error.add_note(where)
            raise


def test_a_block_without_a_reason_runs(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- no-run: needs a cluster -->\n```sh\na\n```\n\n<!-- no-run: -->\n```sh\nb\n```\n```text\nc\n```\n"
    )
    assert [block.runs for block in blocks(page)] == [False, True, False]
