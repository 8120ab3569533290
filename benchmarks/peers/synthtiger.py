"""SynthTIGER and UnionST, which is made from it: their settings with given texts, fonts and textures, and their words.

Both run from a checkout of their repository, with its templates, color maps and settings.
"""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from fontTools.ttLib import TTFont

from benchmarks.peers.environment import install

PACKAGES = ("synthtiger==1.2.1", "pillow<10", "numpy<2", "opencv-python<4.12")
_PART = 500  # words; a run that was interrupted repeats at most so many

Generator: TypeAlias = Literal["SynthTiger", "UnionST"]
"""Class of the template of a generator."""


@dataclass(frozen=True)
class _Repository:
    """Files of a repository.

    Attributes:
        template: Module with the class of the template.
        settings: Settings that belong to the template.
        program: Arguments of Python that run it, before the options.
        packages: What it needs.
    """

    template: str
    settings: str
    program: tuple[str, ...]
    packages: tuple[str, ...]


_REPOSITORIES: dict[Generator, _Repository] = {
    "SynthTiger": _Repository(
        "examples/synthtiger/template.py",
        "examples/synthtiger/config_horizontal.yaml",
        ("-m", "synthtiger"),
        PACKAGES,
    ),
    "UnionST": _Repository(
        "config/template.py", "config/config.yaml", ("main.py",), (*PACKAGES, "lmdb", "tqdm", "h5py")
    ),
}


def command(generator: Generator, checkout: Path, environments: Path) -> list[str]:
    """Return the command of a generator up to its options; run it in the checkout.

    Args:
        generator: The generator.
        checkout: Folder of its repository.
        environments: Folder that contains its virtual environment, which is made if it does not exist.
    """
    repository = _REPOSITORIES[generator]
    return [str(install(environments, generator.lower(), repository.packages)), *repository.program]


def template(generator: Generator, checkout: Path) -> list[str]:
    """Return the arguments that name the template."""
    return [str(checkout / _REPOSITORIES[generator].template), generator]


def settings(generator: Generator, checkout: Path, texts: Path, fonts: Path, photos: Path) -> dict[str, Any]:
    """Return the settings of a repository with other texts, fonts and textures, and images as the only output.

    Args:
        generator: The generator.
        checkout: Folder of its repository.
        texts: File with one text per line, which are drawn unchanged.
        fonts: Folder of font files, see `list_characters`.
        photos: Folder of photographs.
    """
    found: dict[str, Any] = yaml.safe_load((checkout / _REPOSITORIES[generator].settings).read_text(encoding="utf-8"))
    found |= dict.fromkeys(("coord_output", "mask_output", "glyph_coord_output", "glyph_mask_output"), False)
    corpus = {"paths": [str(texts)], "weights": [1]}
    if generator == "UnionST":
        found["corpus"] |= corpus
    else:
        found["corpus"]["weights"] = [1, 0]
        found["corpus"]["args"][0] |= {**corpus, "textcase": None, "augmentation": 0}
    found["font"] |= {"paths": [str(fonts)], "weights": [1]}
    found["texture"]["args"] |= {"paths": [str(photos)], "weights": [1]}
    for name in ("colormap2", "colormap3"):
        found[name]["paths"] = [str(checkout / path) for path in found[name]["paths"]]
    return found


def list_characters(fonts: Path) -> None:
    """Write the characters of each font of a folder beside it: SynthTIGER never chooses a font without this list."""
    for font in fonts.iterdir():
        if font.suffix.lower() in {".ttf", ".otf"}:
            characters = "".join(sorted(filter(str.isprintable, map(chr, TTFont(font).getBestCmap()))))
            font.with_suffix(".txt").write_text(characters, encoding="utf-8")


def write_words(
    generator: Generator, checkout: Path, texts: Iterable[str], fonts: Path, photos: Path, folder: Path, count: int,
    seed: int, environments: Path,
) -> Path:  # fmt: skip
    """Generate words into a folder, and return their label file; parts that are complete are kept.

    Args:
        generator: The generator.
        checkout: Folder of its repository.
        texts: Texts to draw, each equally often on average.
        fonts: Folder of font files.
        photos: Folder of photographs.
        folder: Folder of the words.
        count: Number of words.
        seed: Seed; that of each part is derived from it.
        environments: Folder that contains its virtual environment.

    Raises:
        subprocess.CalledProcessError: The generator failed; it has printed the reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    corpus, configuration, labels = folder / "texts.txt", folder / "settings.yaml", folder / "labels.tsv"
    corpus.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    list_characters(fonts)
    configuration.write_text(yaml.safe_dump(settings(generator, checkout, corpus, fonts, photos)), encoding="utf-8")
    run, environment = command(generator, checkout, environments), {**os.environ, "OMP_NUM_THREADS": "1"}
    rows = []
    for start in range(0, count, _PART):
        part = folder / f"part-{start:06d}"
        if not part.is_dir():
            unfinished = part.with_suffix(".unfinished")
            options = ["-w", "0", "-s", str(seed + start), "-c", str(min(_PART, count - start)), "-o", str(unfinished)]
            arguments = [*run, *options, *template(generator, checkout), str(configuration)]
            subprocess.run(arguments, cwd=checkout, env=environment, stdout=subprocess.DEVNULL, check=True)
            unfinished.rename(part)
        rows += [f"{part.name}/{row}\n" for row in (part / "gt.txt").read_text(encoding="utf-8").splitlines()]
    labels.write_text("".join(rows), encoding="utf-8")
    return labels
