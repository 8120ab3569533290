"""`ocrmill fonts`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import on_this_machine
from pipelines.cli.out import check_png
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.fonts import FamilyReport
    from synthtext.fonts import FaceCache


def fonts(
    charset: Annotated[
        str | None, typer.Option(metavar="C", help="A charset's name or dictionary file: how much of it is covered.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", callback=on_this_machine, metavar="PNG", help="Draw a sheet of specimens."),
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
        check_png(out, "sheet")
    if no_system and no_embedded and not folder:
        raise InputError("there is nowhere to look: name a --folder, or take out --no-system or --no-embedded")

    from pipelines.fonts import describe_coverage, describe_families
    from pipelines.progress import progress
    from synthtext.corpora import resolve_charset
    from synthtext.fonts import FaceCache, FontOptions, find_fonts

    wanted = None if charset is None else resolve_charset(charset, Path.cwd())
    cache = FaceCache()
    inventory = find_fonts(FontOptions(tuple(folder or ()), system=not no_system, embedded=not no_embedded))
    with progress("looking", total=len(inventory.fonts), unit="fonts") as bar:
        reports = describe_families(inventory, cache, wanted, lambda: bar.advance(1))
    _print_table(reports)
    print(f"{len(reports):,} families, {len(inventory.fonts):,} faces")
    if charset is not None:
        print(describe_coverage(reports, charset))
    for reason in inventory.left_out.values():
        print(f"left out: {reason}")
    if out is not None:
        _write_sheet(out, reports, cache)


def _print_table(reports: "Sequence[FamilyReport]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from pipelines.fonts import plain_lines, table_rows

    console = Console()
    if not console.is_terminal:
        print("\n".join(plain_lines(reports)))
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

    from pipelines.fonts import draw_sheet
    from pipelines.shards.files import write_file

    _, encoded = cv2.imencode(".png", draw_sheet(reports, cache))
    write_file(out, encoded.tobytes())
    print(f"{out}: {len(reports):,} specimens")
