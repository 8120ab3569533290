"""`ocrmill copypaste`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import Address, Format, Workers, on_this_machine

if TYPE_CHECKING:
    from pipelines.copypaste import CopyPasteSummary


def copypaste(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", help="Scenes to paste into (a data set, a label file), or a folder of pictures."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="DIR", help="Folder of the data set.")
    ],
    count: Annotated[
        int, typer.Option("-n", "--count", metavar="N", help="Scenes of the whole data set; may exceed the target's.")
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to change, as docs/copypaste.md has.")
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="SOURCE", help="Scenes or lines whose texts are pasted.", show_default="TARGET"),
    ] = None,
    mode: Annotated[str, typer.Option(metavar="natural|released", help="How texts are pasted.")] = "natural",
    seed: Annotated[int, typer.Option(metavar="S", help="Other seeds give other scenes.")] = 0,
    workers: Workers = None,
    address: Address = None,
    shard_size: Annotated[int | None, typer.Option(metavar="K", help="Scenes in a shard.", show_default="256")] = None,
    form: Format = "parquet",
) -> None:
    """Paste texts of some pictures into others, with their labels, into a folder of shards.

    The same command again goes on where an interrupted one stopped; a larger N extends the data set. Every pasted text
    says where it comes from.

    Example: ocrmill copypaste photos/labels.tsv -o data/pasted -n 5000 --from signs.tsv --from data/lines share=0.3
    """
    from pipelines.copypaste import copypaste as run

    summary = run(
        target,
        out,
        count,
        sources=sources or (),
        mode=mode,
        overrides=settings or (),
        seed=seed,
        workers=workers,
        address=address,
        shard_size=shard_size,
        form=form,
    )
    print(_describe(summary))


def _describe(summary: "CopyPasteSummary") -> str:
    from pipelines.cli.generate import describe
    from pipelines.counts import describe_counts
    from pipelines.reader.problems import describe_problems

    lines = [describe(summary.scenes), f"crops to paste: {summary.crops:,}"]
    if summary.left_out:
        lines[-1] += f"; left out: {describe_counts(summary.left_out)}"
    if summary.target_left_out:
        lines.append(f"target pictures left out: {describe_counts(summary.target_left_out)}")
    if summary.problems:
        lines.append(f"labels {describe_problems(summary.problems)}")
    return "\n".join(lines)
