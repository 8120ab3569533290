"""`ocrmill inspect`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.out import check_file

if TYPE_CHECKING:
    from pipelines.pages import Finding


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A data set, a label file or an LMDB.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="HTML", help="The page.")] = Path("report.html"),
    samples: Annotated[int, typer.Option(min=1, max=2000, metavar="N", help="Samples to show.")] = 120,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Other seeds show other samples.")] = 0,
) -> None:
    """Look at labelled lines: what is odd, what is in them, and a grid of samples, as one HTML page.

    The page needs no network and no other file. Labels and sizes are checked in full; of a large set, 20,000 of the
    pictures are looked at, and the page says so.

    Example: ocrmill inspect data/train -o train.html
    """
    check_file(out)

    import numpy as np

    from pipelines.pages import choose, dataset_page, findings, gather
    from pipelines.reader import open_source
    from pipelines.shards.files import write_file

    opened = open_source(source)
    looking, choosing = np.random.default_rng(seed).spawn(2)
    facts = gather(opened, looking)
    found = findings(facts)
    examples = choose(opened, facts.sizes, samples, choosing)
    write_file(out, dataset_page(facts, found, examples))
    print(f"{source}: {len(facts):,} lines")
    print(_spoken(found))
    print(f"page: {out} ({len(examples):,} of {len(facts):,} samples, {out.stat().st_size / 2**20:.1f} MB)")


def _spoken(found: Sequence["Finding"]) -> str:
    odd = [f"  {finding.level}: {finding.says}{_examples(finding)}" for finding in found if finding.level != "fine"]
    fine = ", ".join(finding.check for finding in found if finding.level == "fine")
    return "\n".join([*odd, *([f"  fine: looked for and not found: {fine}"] if fine else [])])


def _examples(finding: "Finding") -> str:
    # On a terminal a label must not move the cursor or turn the line around.
    shown = ", ".join("".join(c if c.isprintable() else "�" for c in example) for example in finding.examples[:4])
    return f" ({shown}{', …' if len(finding.examples) > 4 else ''})" if shown else ""
