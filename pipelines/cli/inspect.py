"""`ocrmill inspect`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import on_this_machine
from pipelines.cli.out import check_file

if TYPE_CHECKING:
    from pipelines.pages import Finding, SceneFacts


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A data set, a label file or an LMDB.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="HTML", help="The page.")
    ] = Path("report.html"),
    samples: Annotated[int, typer.Option(min=1, max=2000, metavar="N", help="Samples to show.")] = 120,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Other seeds show other samples.")] = 0,
) -> None:
    """Look at labelled lines or scenes: what is odd, what is in them, and a grid of samples, as one HTML page.

    The page needs no network and no other file. Of lines, labels and sizes are checked in full and 20,000 of the
    pictures of a large set; of scenes, 5,000 of a large set are looked at: the page says so. The texts of scenes are
    outlined over their pictures.

    Example: ocrmill inspect data/train -o train.html
    """
    check_file(out)

    from pipelines.reader.kind import kind_of

    if kind_of(source) == "scenes":
        _inspect_scenes(source, out, samples, seed)
    else:
        _inspect_lines(source, out, samples, seed)


def _inspect_lines(source: str, out: Path, samples: int, seed: int) -> None:
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


def _inspect_scenes(source: str, out: Path, samples: int, seed: int) -> None:
    import numpy as np

    from pipelines.pages import choose_scenes, gather_scenes, scene_findings, scenes_page
    from pipelines.reader import open_scenes
    from pipelines.shards.files import write_file

    looking, choosing = np.random.default_rng(seed).spawn(2)
    facts = gather_scenes(open_scenes(source), looking)
    found = scene_findings(facts)
    rows = choose_scenes(facts, samples, choosing)
    write_file(out, scenes_page(facts, found, rows))
    print(f"{source}: {len(facts):,} scenes with {len(facts.texts):,} texts{_looked(facts)}")
    print(_spoken(found))
    print(f"page: {out} ({len(rows):,} of {len(facts):,} scenes, {out.stat().st_size / 2**20:.1f} MB)")


def _looked(facts: "SceneFacts") -> str:
    return "" if facts.looked_at == len(facts) else f" in the {facts.looked_at:,} that were looked at"


def _spoken(found: Sequence["Finding"]) -> str:
    odd = [f"  {finding.level}: {finding.says}{_examples(finding)}" for finding in found if finding.level != "fine"]
    fine = ", ".join(finding.check for finding in found if finding.level == "fine")
    return "\n".join([*odd, *([f"  fine: looked for and not found: {fine}"] if fine else [])])


def _examples(finding: "Finding") -> str:
    # On a terminal a label must not move the cursor or turn the line around.
    shown = ", ".join("".join(c if c.isprintable() else "�" for c in example) for example in finding.examples[:4])
    return f" ({shown}{', …' if len(finding.examples) > 4 else ''})" if shown else ""
