"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Workers: TypeAlias = Annotated[
    int | None, typer.Option(metavar="W", help="Ray processes; 0: this process alone.", show_default="all CPUs")
]
Address: TypeAlias = Annotated[
    str | None, typer.Option(metavar="A", help="HOST:PORT of a Ray cluster to join, or auto.", show_default="none")
]
Format: TypeAlias = Annotated[str, typer.Option("--format", metavar="parquet|lmdb", help="How shards are stored.")]


def on_this_machine(out: Path | None) -> Path | None:
    """What a command writes, which cannot be at a URI.

    Raises:
        InputError: it is a URI.
    """
    if ":/" in str(out):
        from pipelines.storage import local_path

        return local_path(str(out), "what this command writes")
    return out
