"""Installation and commands of the generators that are compared."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.peers import synthtiger as tiger
from benchmarks.peers.environment import install
from benchmarks.peers.inputs import BACKGROUNDS, FONTS, LINES

_HERE = Path(__file__).resolve().parent
_RECIPE = _HERE.parent / "like_peers.yaml"


@dataclass(frozen=True)
class Job:
    """How a generator makes a number of images.

    Attributes:
        name: Name of the generator.
        command: Arguments of the process, from the number of images and the output folder.
        counts: Numbers of images of the two runs whose difference is the rate.
        folder: Working directory.
        environment: Additional environment variables, from the same as `command`.
    """

    name: str
    command: Callable[[int, Path], list[str]]
    counts: tuple[int, int]
    folder: Path
    environment: Callable[[int, Path], dict[str, str]] = field(default=lambda count, out: {})


def ocrmill(folder: Path) -> Job:
    """This package, in one process."""
    recipe = folder / _RECIPE.name
    recipe.write_bytes(_RECIPE.read_bytes())
    run = [sys.executable, "-c", "from pipelines.cli.main import main; main()", "generate", str(recipe)]
    return Job(
        "ocrmill",
        lambda count, out: [*run, "-o", str(out), "-n", str(count), "--workers", "0", "--seed", "1"],
        (500, 4000),
        Path.cwd(),
    )


def doctr_synth(folder: Path) -> Job:
    """docTR-Synth-Generator, as a library with its default effects."""
    python = install(folder, "doctr", ["doctr-synth-generator"])
    inputs = [str(folder / name) for name in (LINES, FONTS, BACKGROUNDS)]
    worker = str(_HERE / "doctr_worker.py")
    return Job(
        "docTR-synth", lambda count, out: [str(python), worker, str(count), str(out), *inputs], (10, 160), folder
    )


def trdg(folder: Path) -> Job:
    """TextRecognitionDataGenerator, from its command line: random blur, skew and grey, on photographs."""
    python = install(folder, "trdg", ["trdg", "pillow<10", "numpy<2", "opencv-python<4.12"])
    options = [
        "-i", str(folder / LINES), "-fd", str(folder / FONTS), "-id", str(folder / BACKGROUNDS), "-b", "3", "-f", "48",
        "-bl", "2", "-rbl", "-k", "2", "-rk", "-tc", "#000000,#888888", "-e", "jpg", "-na", "2", "-t", "1",
    ]  # fmt: skip
    return Job(
        "TRDG",
        lambda count, out: [str(python.parent / "trdg"), *options, "-c", str(count), "--output_dir", str(out)],
        (10, 160),
        folder,
    )


def text_renderer(folder: Path, checkout: Path) -> Job:
    """text_renderer of oh-my-ocr, from a checkout of its repository; it writes images in a second process."""
    python = install(folder, "text_renderer", [str(checkout.resolve())])
    config = str(_HERE / "text_renderer_config.py")
    command = [str(python), "main.py", "--config", config, "--dataset", "img", "--num_processes", "1"]
    return Job(
        "text_renderer",
        lambda count, out: command,
        (20, 320),
        checkout,
        lambda count, out: {"COUNT": str(count), "OUT": str(out), "INPUTS": str(folder), "PYTHONPATH": str(checkout)},
    )


def synthtiger(folder: Path, checkout: Path) -> Job:
    """SynthTIGER, from a checkout of its repository: its horizontal template without masks and coordinates."""
    checkout = checkout.resolve()
    found = tiger.settings("SynthTiger", checkout, folder / LINES, folder / FONTS, folder / BACKGROUNDS)
    found["corpus"]["args"][0]["textcase"] = ["lower"]
    found["font"]["size"] = [28, 44]
    config = folder / "synthtiger.yaml"
    config.write_text(yaml.safe_dump(found), encoding="utf-8")
    tiger.list_characters(folder / FONTS)
    command, template = tiger.command("SynthTiger", checkout, folder), tiger.template("SynthTiger", checkout)
    return Job(
        "SynthTIGER",
        lambda count, out: [*command, "-w", "0", "-s", "1", "-o", str(out), "-c", str(count), *template, str(config)],
        (4, 40),
        checkout,
    )
