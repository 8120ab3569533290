"""`ocrmill inspect`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import check_writable_file, check_writable_png, require_local_path
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.reports.line_checks import Finding
    from pipelines.reports.scene_dataset import SceneProfile


def inspect_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A data set, a label file or an LMDB.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="HTML", help="The page.")
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
    check_writable_file(out)

    from pipelines.datasets.open import dataset_kind

    if dataset_kind(source) == "scenes":
        _inspect_scenes(source, out, samples, seed)
    else:
        _inspect_lines(source, out, samples, seed)


def _inspect_lines(source: str, out: Path, samples: int, seed: int) -> None:
    import numpy as np

    from pipelines.datasets.open import open_line_source
    from pipelines.io.atomic import write_atomic
    from pipelines.reports.line_checks import run_checks
    from pipelines.reports.line_dataset import dataset_page
    from pipelines.reports.line_facts import profile_lines
    from pipelines.reports.samples import choose_examples

    opened = open_line_source(source)
    looking, choosing = np.random.default_rng(seed).spawn(2)
    facts = profile_lines(opened, looking)
    found = run_checks(facts)
    examples = choose_examples(opened, facts.sizes, samples, choosing)
    write_atomic(out, dataset_page(facts, found, examples))
    print(f"{source}: {len(facts):,} lines")
    print(_spoken(found))
    print(f"page: {out} ({len(examples):,} of {len(facts):,} samples, {out.stat().st_size / 2**20:.1f} MB)")


def _inspect_scenes(source: str, out: Path, samples: int, seed: int) -> None:
    import numpy as np

    from pipelines.datasets.open import open_scene_source
    from pipelines.io.atomic import write_atomic
    from pipelines.reports.scene_checks import run_scene_checks
    from pipelines.reports.scene_dataset import profile_scenes, sample_scene_rows, scenes_page

    looking, choosing = np.random.default_rng(seed).spawn(2)
    facts = profile_scenes(open_scene_source(source), looking)
    found = run_scene_checks(facts)
    rows = sample_scene_rows(facts, samples, choosing)
    write_atomic(out, scenes_page(facts, found, rows))
    print(f"{source}: {len(facts):,} scenes with {len(facts.texts):,} texts{_looked(facts)}")
    print(_spoken(found))
    print(f"page: {out} ({len(rows):,} of {len(facts):,} scenes, {out.stat().st_size / 2**20:.1f} MB)")


def _looked(facts: "SceneProfile") -> str:
    return "" if facts.sampled == len(facts) else f" in the {facts.sampled:,} that were looked at"


def _spoken(found: Sequence["Finding"]) -> str:
    odd = [
        f"  {finding.severity}: {finding.message}{_examples(finding)}"
        for finding in found
        if finding.severity != "fine"
    ]
    fine = ", ".join(finding.check for finding in found if finding.severity == "fine")
    return "\n".join([*odd, *([f"  fine: looked for and not found: {fine}"] if fine else [])])


def _examples(finding: "Finding") -> str:
    # On a terminal a label must not move the cursor or turn the line around.
    shown = ", ".join("".join(c if c.isprintable() else "�" for c in example) for example in finding.examples[:4])
    return f" ({shown}{', …' if len(finding.examples) > 4 else ''})" if shown else ""


if TYPE_CHECKING:
    from pipelines.reports.font_report import FamilyReport
    from synthtext.fonts import FaceCache


def fonts_command(
    charset: Annotated[
        str | None, typer.Option(metavar="C", help="A charset's name or dictionary file: how much of it is covered.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", callback=require_local_path, metavar="PNG", help="Draw a sheet of specimens."),
    ] = None,
    folder: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="A folder of your own fonts. May be repeated.")
    ] = None,
    no_system: Annotated[bool, typer.Option("--no-system", help="Leave out the system's fonts.")] = False,
    no_embedded: Annotated[
        bool, typer.Option("--no-embedded", help="Leave out the fonts installed with the project.")
    ] = False,
) -> None:
    """List the fonts that are found, what each family covers, and why a font is left out.

    A script without a number is covered whole.

    Example: ocrmill fonts --folder fonts --charset latin1 -o sheet.png
    """
    if out is not None:
        check_writable_png(out, "sheet")
    if no_system and no_embedded and not folder:
        raise InputError("there is nowhere to look: name a --folder, or take out --no-system or --no-embedded")

    from pipelines.progress import progress_bar
    from pipelines.reports.font_report import describe_coverage, describe_families
    from synthtext.corpora import resolve_charset
    from synthtext.fonts import FaceCache, FontOptions, find_fonts

    wanted = None if charset is None else resolve_charset(charset, Path.cwd())
    cache = FaceCache()
    inventory = find_fonts(FontOptions(tuple(folder or ()), system=not no_system, bundled=not no_embedded))
    with progress_bar("looking", total=len(inventory.fonts), unit="fonts") as bar:
        reports = describe_families(inventory, cache, wanted, lambda: bar.advance(1))
    _print_table(reports)
    print(f"{len(reports):,} families, {len(inventory.fonts):,} faces")
    if charset is not None:
        print(describe_coverage(reports, charset))
    for reason in inventory.skipped.values():
        print(f"left out: {reason}")
    if out is not None:
        _write_sheet(out, reports, cache)


def _print_table(reports: "Sequence[FamilyReport]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from pipelines.reports.font_report import plain_rows, table_rows

    console = Console()
    if not console.is_terminal:
        print("\n".join(plain_rows(reports)))
        return
    heading, *rows = table_rows(reports)
    table = Table(*heading)
    table.columns[1].justify = "right"
    table.columns[-1].overflow = "fold"
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _write_sheet(out: Path, reports: "Sequence[FamilyReport]", cache: "FaceCache") -> None:
    import cv2

    from pipelines.io.atomic import write_atomic
    from pipelines.reports.font_sheet import draw_specimen_sheet

    _, encoded = cv2.imencode(".png", draw_specimen_sheet(reports, cache))
    write_atomic(out, encoded.tobytes())
    print(f"{out}: {len(reports):,} specimens")
