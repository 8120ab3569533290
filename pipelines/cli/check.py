"""`ocrmill check`."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.check import Findings

_AGAIN = "--repair makes this shard again"


def check(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR|URI", help="A data set of ours: lines or scenes, either format, here or elsewhere."
        ),
    ],
    repair: Annotated[bool, typer.Option("--repair", help="Make exactly the damaged shards again.")] = False,
    workers: Annotated[int, typer.Option(metavar="W", help="Ray processes; 0: this process alone.")] = 0,
) -> None:
    """Look a data set through: every shard, its mark and checksum, every picture, label, polygon and key.

    Each problem is a line: where, what, what to do; of a kind the first five, then their number. Nothing is touched,
    unless a repair is asked for: then the damaged shards are removed and the job that made the data set goes on, to
    the same bytes; it is refused where fonts, files or library versions would give others.

    Exit status: 0 without problems, 1 with problems (after a repair: that are left), 2 if DIR is no data set of ours or
    a repair is refused.

    Example: ocrmill check data/train --repair
    """
    from pipelines.check import check as look
    from pipelines.check import repair as mend

    found = look(folder, workers)
    _tell(found)
    if repair and found.problems.counts:
        found = mend(found, workers)
        print("after the repair:")
        _tell(found)
    if found.problems.counts:
        raise typer.Exit(1)


def _tell(found: "Findings") -> None:
    for line in found.problems.lines(_AGAIN):
        print(line)
    count, damaged = found.problems.counts.total(), len(found.problems.damaged)
    about = found.description
    rows = (
        f"{found.total.rows:,} {about.kind} of digest {about.digest[:8]}" if about else "a data set without description"
    )
    shards = f" in {damaged:,} shards" if damaged else ""
    print(f"{found.path}: {rows}, " + (f"{count:,} problems{shards}" if count else "no problem found"))
