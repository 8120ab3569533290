"""Installation and commands of the generators that are compared."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from fontTools.ttLib import TTFont

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
    python = _install(folder, "doctr", ["doctr-synth-generator"])
    inputs = [str(folder / name) for name in (LINES, FONTS, BACKGROUNDS)]
    worker = str(_HERE / "doctr_worker.py")
    return Job(
        "docTR-synth", lambda count, out: [str(python), worker, str(count), str(out), *inputs], (10, 160), folder
    )


def trdg(folder: Path) -> Job:
    """TextRecognitionDataGenerator, from its command line: random blur, skew and grey, on photographs."""
    python = _install(folder, "trdg", ["trdg", "pillow<10", "numpy<2", "opencv-python<4.12"])
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
    python = _install(folder, "text_renderer", [str(checkout.resolve())])
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
    python = _install(folder, "synthtiger", ["synthtiger==1.2.1", "pillow<10", "numpy<2", "opencv-python<4.12"])
    config = folder / "synthtiger.yaml"
    config.write_text(yaml.safe_dump(_synthtiger_settings(folder, checkout.resolve())), encoding="utf-8")
    for font in (folder / FONTS).iterdir():  # without the list of its characters a font is never chosen
        if font.suffix.lower() in {".ttf", ".otf"}:
            characters = "".join(sorted(filter(str.isprintable, map(chr, TTFont(font).getBestCmap()))))
            font.with_suffix(".txt").write_text(characters, encoding="utf-8")
    template = checkout.resolve() / "examples/synthtiger/template.py"
    command = [str(python.parent / "synthtiger"), "-w", "0", "-s", "1"]
    return Job(
        "SynthTIGER",
        lambda count, out: [*command, "-o", str(out), "-c", str(count), str(template), "SynthTiger", str(config)],
        (4, 40),
        checkout,
    )


def _synthtiger_settings(folder: Path, checkout: Path) -> dict[str, Any]:
    """Return the settings of its repository with the common texts, fonts and backgrounds."""
    settings: dict[str, Any] = yaml.safe_load((checkout / "examples/synthtiger/config_horizontal.yaml").read_text())
    settings |= dict.fromkeys(("coord_output", "mask_output", "glyph_coord_output", "glyph_mask_output"), False)
    settings["corpus"]["weights"] = [1, 0]
    settings["corpus"]["args"][0] |= {
        "paths": [str(folder / LINES)], "weights": [1], "textcase": ["lower"], "augmentation": 0,
    }  # fmt: skip
    settings["font"] |= {"paths": [str(folder / FONTS)], "weights": [1], "size": [28, 44]}
    settings["texture"]["args"] |= {"paths": [str(folder / BACKGROUNDS)], "weights": [1]}
    for name in ("colormap2", "colormap3"):
        settings[name]["paths"] = [str(checkout / path) for path in settings[name]["paths"]]
    return settings


def _install(folder: Path, name: str, packages: Sequence[str]) -> Path:
    """Install packages into an environment of their own, once, and return its Python."""
    environment = folder / "environments" / name
    if not (environment / "installed").exists():
        print(f"installing {', '.join(packages)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        subprocess.run([str(environment / "bin/pip"), "install", "--quiet", *packages], check=True)
        (environment / "installed").touch()
    return environment / "bin/python"
