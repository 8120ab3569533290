"""`ocrmill inspect` and `ocrmill fonts`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipelines.cli.labelling import MAX_EDITED, write_edit_page
from pipelines.cli.options import AllowOutside, check_writable_file, check_writable_png, output_option
from pipelines.cli.output import print_table, write_output, write_png
from synthtext.core import InputError

if TYPE_CHECKING:
    from numpy.random import Generator

    from pipelines.datasets.scene_source import SceneSource
    from pipelines.datasets.source import LineSource
    from pipelines.reports.findings import Finding

_DEFAULT_SAMPLES = 120
_MAX_EXAMPLES = 4  # of a finding in the terminal


def inspect_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A dataset, a label file or an LMDB.")],
    out: Annotated[Path, output_option("HTML", "The page to write.")] = Path("report.html"),
    samples: Annotated[
        int | None,
        typer.Option(
            "-n", "--samples", min=1, max=10_000, metavar="N", help="Samples to show.", show_default="120; --edit: 5000"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Seed of the random choice of samples.")] = 0,
    edit: Annotated[bool, typer.Option("--edit", help="Write a page in which labels of lines are corrected.")] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="With --edit: show the lines whose label this recognizer does not read, the worst first.",
        ),
    ] = None,
    charset: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="With --edit: characters that labels may have, by name or file.",
            show_default="that of the dataset or model",
        ),
    ] = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Report problems, statistics and samples of labelled lines or scenes as one HTML page.

    The page needs no network and no other file. All labels and image sizes of lines are checked, but at most 20,000
    images; of scenes at most 5,000 are read. The page says how many were inspected. The texts of scenes are outlined
    on their images.

    --edit: the page shows lines with their labels in text fields and saves what is corrected in it as a file, which
    ocrmill import --changes applies to the same SOURCE.

    Example: ocrmill inspect data/train -o train.html

    Example: ocrmill inspect photos/labels.tsv --edit -o edit.html
    """
    check_writable_file(out)
    if edit:
        write_edit_page(source, out, samples or MAX_EDITED, seed, model, charset)
        return
    if model is not None or charset is not None:
        raise InputError(f"{'--model' if model else '--charset'} is for a page with --edit")
    report = _inspect(source, samples or _DEFAULT_SAMPLES, seed)
    write_output(out, report.page)
    print(f"{source}: {report.content}")
    _print_findings(report.findings)
    print(f"page: {out} ({report.shown}, {out.stat().st_size / 2**20:.1f} MB)")


class _Report(NamedTuple):
    """A page, its findings, and in words the content of the dataset and what the page shows of it."""

    page: str
    findings: "Sequence[Finding]"
    content: str
    shown: str


def _inspect(source: str, samples: int, seed: int) -> _Report:
    import numpy as np

    from pipelines.datasets.open import SceneDataset, resolve_dataset

    dataset, rngs = resolve_dataset(source), np.random.default_rng(seed).spawn(2)
    if isinstance(dataset, SceneDataset):
        return _inspect_scenes(dataset.source, samples, *rngs)
    return _inspect_lines(dataset.source, samples, *rngs)


def _inspect_lines(source: "LineSource", samples: int, profile_rng: "Generator", sample_rng: "Generator") -> _Report:
    from pipelines.datasets.line_profile import profile_lines
    from pipelines.reports.dataset_page import line_page
    from pipelines.reports.line_checks import run_checks

    profile = profile_lines(source, profile_rng)
    findings, examples = run_checks(profile), profile.sample(samples, sample_rng)
    total = f"{len(profile):,} lines"
    return _Report(line_page(profile, findings, examples), findings, total, f"{len(examples):,} of {total}")


def _inspect_scenes(source: "SceneSource", samples: int, profile_rng: "Generator", sample_rng: "Generator") -> _Report:
    from pipelines.datasets.scene_profile import profile_scenes
    from pipelines.reports.dataset_page import scene_page
    from pipelines.reports.scene_checks import run_scene_checks

    profile = profile_scenes(source, profile_rng)
    findings, rows = run_scene_checks(profile), profile.sample(samples, sample_rng)
    content = f"{len(profile):,} scenes with {len(profile.texts):,} texts"
    if profile.sampled < len(profile):
        content += f" in the {profile.sampled:,} inspected ones"
    shown = f"{len(rows):,} of {len(profile):,} scenes"
    return _Report(scene_page(profile, findings, rows), findings, content, shown)


def _print_findings(findings: "Sequence[Finding]") -> None:
    for finding in findings:
        if finding.message:
            print(f"  {finding.severity}: {finding.message}{_format_examples(finding)}")
    if passed := [finding.check for finding in findings if not finding.message]:
        print(f"  ok: checks passed: {', '.join(passed)}")


def _format_examples(finding: "Finding") -> str:
    # In a terminal, a label must not move the cursor or change the direction of the line.
    shown = ["".join(c if c.isprintable() else "�" for c in text) for text in finding.examples[:_MAX_EXAMPLES]]
    more = ["…"] if len(finding.examples) > _MAX_EXAMPLES else []
    return f" ({', '.join(shown + more)})" if shown else ""


def fonts_command(
    charset: Annotated[
        str | None,
        typer.Option(metavar="C", help="A charset, by name or file, whose coverage and look-alikes are reported."),
    ] = None,
    out: Annotated[Path | None, output_option("PNG", "Draw a specimen sheet.")] = None,
    folder: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="A folder of your own fonts. May be repeated.")
    ] = None,
    no_system: Annotated[bool, typer.Option("--no-system", help="Leave out the fonts of the system.")] = False,
    no_bundled: Annotated[
        bool, typer.Option("--no-bundled", help="Leave out the fonts installed with the package.")
    ] = False,
) -> None:
    """List the fonts that are found, the scripts that each family covers, and the fonts that are skipped.

    A script without a number is covered completely. Look-alikes are characters of the charset that a face of the family
    cannot tell apart, such as 0O and Il.

    Example: ocrmill fonts --folder fonts --charset latin1 -o sheet.png
    """
    if out is not None:
        check_writable_png(out, "specimen sheet")
    if no_system and no_bundled and not folder:
        raise InputError("there are no fonts to list: add --folder, or remove --no-system or --no-bundled")

    from pipelines.jobs.first_fonts import describe_lookalikes
    from pipelines.progress import progress_bar
    from pipelines.reports.font_report import describe_coverage, describe_families, table_rows
    from synthtext.corpora import resolve_charset
    from synthtext.fonts import FaceCache, FontOptions, find_fonts

    wanted = None if charset is None else resolve_charset(charset, Path.cwd())
    cache = FaceCache()
    inventory = find_fonts(FontOptions(tuple(folder or ()), system=not no_system, bundled=not no_bundled))
    with progress_bar("inspecting", total=len(inventory.fonts), unit="fonts") as bar:
        reports = describe_families(inventory, cache, wanted, bar.advance)
    _print_families(table_rows(reports))
    print(f"{len(reports):,} families, {len(inventory.fonts):,} faces")
    if charset is not None:
        print(describe_coverage(reports, charset))
        if lookalikes := describe_lookalikes({report.family: report.lookalikes for report in reports}):
            print(f"look-alikes: {lookalikes}; `fonts.distinguish` of a recipe avoids them")
    for reason in inventory.skipped.values():
        print(f"skipped: {reason}")
    if out is not None:
        from pipelines.reports.font_sheet import draw_specimen_sheet

        write_png(out, draw_specimen_sheet(reports, cache))
        print(f"{out}: {len(reports):,} specimens")


def _print_families(rows: "Sequence[tuple[str, ...]]") -> None:
    """Print a table to a terminal, or one line per family separated by tabs to a file or a pipe."""
    from rich.console import Console

    if Console().is_terminal:
        print_table(rows[0], rows[1:], numbers=slice(1, 2), folded=-1)
    else:
        for row in rows:
            print("\t".join(row))
