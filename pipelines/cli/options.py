"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypedDict

import typer

from synthtext.core import InputError, Level

Out: TypeAlias = Annotated[
    str, typer.Option("-o", "--out", metavar="DIR|URI", help="Folder of the dataset, on a disk or on object storage.")
]
Count: TypeAlias = Annotated[int, typer.Option("-n", "--count", metavar="N", help="Samples of the whole dataset.")]
Seed: TypeAlias = Annotated[int, typer.Option(metavar="S", help="Seed of the random numbers.")]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(metavar="W", help="Number of Ray processes; 0: only this process.", show_default="all CPUs"),
]
CheckWorkers: TypeAlias = Annotated[
    int, typer.Option("--workers", metavar="W", help="Number of Ray processes; 0: only this process.")
]
ShardSize: TypeAlias = Annotated[
    int | None, typer.Option(metavar="K", help="Samples in a shard.", show_default="4096 lines or 256 scenes")
]
Address: TypeAlias = Annotated[
    str | None, typer.Option(metavar="A", help="HOST:PORT of a Ray cluster to join, or auto.", show_default="none")
]
Format: TypeAlias = Annotated[str, typer.Option("--shard-format", metavar="parquet|lmdb", help="Format of the shards.")]

RealData: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="REAL", help="Real lines or scenes: a dataset, label file or LMDB; or a folder of images of lines."
    ),
]
TextLevel: TypeAlias = Annotated[
    Level, typer.Option(help="Scenes: level of the texts, in data that label blocks, lines and words.")
]
CharsetFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Dictionary for an ONNX recognizer that does not contain one, one character per line."
    ),
]
MinSide: TypeAlias = Annotated[
    int | None, typer.Option(min=32, help="Detector: enlarge images whose shorter side is below it. \\[736]")
]
MaxSide: TypeAlias = Annotated[
    int | None, typer.Option(min=32, help="Detector: shrink images whose longer side is above it, instead.")
]


def _allow_outside(allowed: bool) -> bool:
    if allowed:
        from pipelines.datasets.outside import ALLOW_OUTSIDE

        os.environ[ALLOW_OUTSIDE] = "1"
    return allowed


AllowOutside: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-outside",
        callback=_allow_outside,
        help="Also read images outside of the folder of a label file that names them, or that links lead to.",
    ),
]
Last: TypeAlias = Annotated[
    bool, typer.Option("--last", help="Run directories: the last weights of the training, not the best ones.")
]


def complete_recipe(incomplete: str) -> list[str]:
    """Return the presets of recipes that begin with what was typed, for the completion of a shell."""
    from pipelines.recipes.presets import recipe_preset_names

    return [name for name in recipe_preset_names() if name.startswith(incomplete)]


def complete_training(incomplete: str) -> list[str]:
    """Return the presets of trainings that begin with what was typed."""
    from pipelines.training.resolve import training_preset_names

    return [name for name in training_preset_names() if name.startswith(incomplete)]


class ShardOptions(TypedDict):
    """Options of the jobs that write shards, for `**`."""

    workers: int | None
    address: str | None
    shard_size: int | None
    format: str


def settings_argument(help: str) -> Any:
    """Return the argument for overrides of settings."""
    return typer.Argument(metavar="[KEY=VALUE]...", help=help)


def output_option(metavar: str, help: str) -> Any:
    """Return the option for the path of an output that must be on a disk."""
    return typer.Option("-o", "--out", callback=_require_local_path, metavar=metavar, help=help)


def _require_local_path(out: Path | None) -> Path | None:
    if ":/" in str(out):
        from pipelines.io.paths import local_path

        return local_path(str(out), "the output of this command")
    return out


def check_writable_recipe(out: Path) -> None:
    """Check the path of a recipe before the work that makes it; raises InputError."""
    check_writable_file(out)
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"{out}: a recipe is a YAML file; name it so, as in {out.with_suffix('.yaml').name}")


def check_writable_png(out: Path, noun: str) -> None:
    """Check the path of a PNG image of something (`noun`) before the work that makes it; raises InputError."""
    if out.suffix.lower() != ".png":
        raise InputError(f"{out}: the {noun} is a PNG image; name it so, as in {out.with_suffix('.png').name}")
    check_writable_file(out)


def check_writable_file(out: Path) -> None:
    """Check the path of a file before the work that makes it.

    Raises:
        InputError: it is a folder, or its folder does not exist or cannot be written.
    """
    folder = out.absolute().parent
    if out.is_dir():
        raise InputError(f"{out} cannot be written: it is a folder; name a file")
    if not folder.is_dir():
        raise InputError(f"{out} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{out} cannot be written: you have no permission to write to {folder}")
