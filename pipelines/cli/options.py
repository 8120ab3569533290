"""Options that several commands have."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from synthtext.core import InputError

OutOption: TypeAlias = Annotated[
    str, typer.Option("-o", "--out", metavar="DIR|URI", help="Folder of the dataset, on a disk or on object storage.")
]
CountOption: TypeAlias = Annotated[
    int, typer.Option("-n", "--count", metavar="N", help="Samples of the whole dataset.")
]
SeedOption: TypeAlias = Annotated[int, typer.Option(metavar="S", help="Seed of the random numbers.")]
WorkersOption: TypeAlias = Annotated[
    int | None, typer.Option(metavar="W", help="Ray processes; 0: this process alone.", show_default="all CPUs")
]
ShardSizeOption: TypeAlias = Annotated[
    int | None, typer.Option(metavar="K", help="Samples in a shard.", show_default="4096 lines or 256 scenes")
]
AddressOption: TypeAlias = Annotated[
    str | None, typer.Option(metavar="A", help="HOST:PORT of a Ray cluster to join, or auto.", show_default="none")
]
FormatOption: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="parquet|lmdb", help="How shards are stored.")
]


def require_local_path(out: Path | None) -> Path | None:
    """What a command writes, which cannot be at a URI.

    Raises:
        InputError: it is a URI.
    """
    if ":/" in str(out):
        from pipelines.io.paths import local_path

        return local_path(str(out), "what this command writes")
    return out


def check_writable_png(out: Path, noun: str) -> None:
    """Refuse a path that a picture could not be written to.

    Args:
        out: as given.
        noun: what is written, for the message.

    Raises:
        InputError: it does not end in .png, is a folder, or its folder does not exist or may not be written to.
    """
    if out.suffix.lower() != ".png":
        raise InputError(f"{out}: the {noun} is a PNG picture; name it so, as in {out.with_suffix('.png').name}")
    check_writable_file(out)


def check_writable_file(out: Path) -> None:
    """Refuse a path that a file could not be written to.

    Raises:
        InputError: it is a folder, or its folder does not exist or may not be written to.
    """
    if out.is_dir():
        raise InputError(f"{out} cannot be written: it is a folder; name a file")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: there is no folder {out.absolute().parent}")
    if not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"{out} cannot be written: you may not write to {out.absolute().parent}")
