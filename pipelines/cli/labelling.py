"""`ocrmill select`, and the page of `ocrmill inspect --edit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import options
from pipelines.cli.output import write_output
from pipelines.errors import format_counts
from synthtext.core import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.datasets.source import LineSource
    from pipelines.reports.edit_page import Reading
    from synthtext.core import Charset

MAX_EDITED = 5000
"""Lines on a page of `inspect --edit` unless -n says otherwise."""

PAGE_FILE = "to_label.html"
"""The page in which the chosen lines are labelled, beside them."""


def select_command(
    run: Annotated[Path, typer.Argument(metavar="MODEL", help="The run directory of a recognizer.")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="Unlabelled lines: a folder of images, a dataset, a label file, an LMDB."
        ),
    ],
    out: Annotated[Path, options.output_option("DIR", "New or empty folder.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, metavar="N", help="Maximum number of lines.")] = 200,
    allow_outside: options.AllowOutside = False,
    last: options.Last = False,
) -> None:
    """Choose the lines that a person should label next, and write a page to label them in.

    Lines are chosen that the recognizer is uncertain about (low confidence, or another text after small changes of the
    image), that look like many others, and that differ from each other; near duplicates are left out. Labels of SOURCE
    are not used. DIR gets the images, to_label.tsv (path, suggested text, confidence, key in SOURCE; the most useful
    line first), and to_label.html: open it in a browser, correct the suggestions, and save them. ocrmill import
    DIR/to_label.tsv --changes changes.json --checked-only makes a dataset of the labels.

    Example: ocrmill select runs/first photos/crops -n 200 -o photos/round-1
    """
    from pipelines.active.select import select_lines
    from pipelines.datasets.image_folder import open_unlabelled_lines
    from pipelines.inference.run import RecognizerRun
    from pipelines.io.staged_folder import check_new_folder
    from pipelines.progress import progress_bar

    check_new_folder(out)
    opened, lines = RecognizerRun.open(run), open_unlabelled_lines(source)
    if last:
        opened = RecognizerRun(opened.folder, last=True)
    with progress_bar("reading", total=len(lines), unit="lines") as bar:
        selected = select_lines(opened, lines, out, count, advance=bar.advance)
    chosen, overall = selected.confidence
    print(f"{selected.labels}: {selected.count:,} of {selected.readable:,} lines")
    if selected.count < min(count, selected.readable):
        print("the other lines are near duplicates of these")
    print(f"mean confidence: {chosen:.3f} of these, {overall:.3f} of all")
    if selected.left_out:
        print(f"lines left out: {format_counts(selected.left_out)}")
    write_edit_page(str(selected.labels), out / PAGE_FILE, count, 0, None, None, opened.charset)


def write_edit_page(
    spec: str,
    out: Path,
    count: int,
    seed: int,
    model: Path | None,
    charset_name: str | None,
    charset: "Charset | None" = None,
) -> None:
    """Write the page in which labels are corrected, and print what it shows.

    Args:
        spec: A dataset of lines, a label file or an LMDB, on this machine.
        out: The page.
        count: Maximum number of lines to show.
        seed: Of the choice of lines, if there are more and no model is given.
        model: A recognizer: lines that it reads otherwise are shown, the worst first; or None.
        charset_name: Name or file of the charset of labels, or None.
        charset: Of labels, if there is no name; None: that of the model or the dataset, if there is one.

    Raises:
        InputError: The source or the model cannot be read, the source holds scenes, or no line is to be shown.
        JobError: The page cannot be written.
    """
    import numpy as np

    from pipelines.jobs.stored_lines import lines_digest
    from pipelines.reports.edit_page import EditedSource, edit_page

    path, source = _open_lines(spec)
    readings = dict[int, "Reading"]()
    if model is not None:
        readings, model_charset = _misread(model, source, count)
        charset = charset or model_charset
    rows = np.array(list(readings), np.int64) if model else _choose_rows(len(source), count, seed)
    charset = _find_charset(source, charset_name, charset)
    page = edit_page(EditedSource(source, lines_digest(path), rows, charset, readings))
    if not page.lines:
        raise InputError(f"{spec}: no line can be shown: {format_counts(page.left_out)}")
    write_output(out, page.html)
    print(f"page: {out} ({page.lines:,} of {len(source):,} lines, {out.stat().st_size / 2**20:.1f} MB)")
    if page.left_out:
        print(f"lines left out of the page: {format_counts(page.left_out)}")


def _open_lines(spec: str) -> "tuple[Path, LineSource]":
    from pipelines.datasets.open import SceneDataset, resolve_dataset
    from pipelines.io.paths import local_path

    path = local_path(spec, "what is corrected")
    dataset = resolve_dataset(path)
    if isinstance(dataset, SceneDataset):
        raise InputError(f"{spec} holds scenes: --edit corrects the labels of lines, which ocrmill crops makes of them")
    return path, dataset.source


def _find_charset(source: "LineSource", name: str | None, charset: "Charset | None") -> "Charset | None":
    """Return the charset of a name; without one the given charset, or else that of the dataset, if it has one."""
    from pipelines.datasets.line_profile import load_description
    from synthtext.core import Charset
    from synthtext.corpora import resolve_charset

    if name is not None:
        return resolve_charset(name, Path.cwd())
    description, _ = load_description(source.name)
    if charset is None and description and description.charset:
        return Charset(tuple(description.charset))
    return charset


def _choose_rows(total: int, count: int, seed: int) -> "NDArray[np.int64]":
    import numpy as np

    if total <= count:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, count, replace=False))


def _misread(model: Path, source: "LineSource", count: int) -> "tuple[dict[int, Reading], Charset]":
    """Return the readings of the worst lines of a source by row, the worst first, and the charset of the recognizer."""
    from pipelines.evaluation.recognizer import evaluate_recognizer, worst_predictions
    from pipelines.inference.resolve import open_recognizer
    from pipelines.progress import progress_bar
    from pipelines.reports.edit_page import Reading

    recognizer = open_recognizer(model, runtime="torch")
    with progress_bar("reading", total=len(source), unit="lines") as bar:
        evaluation = evaluate_recognizer(recognizer, source, advance=bar.advance)
    worst = worst_predictions(evaluation, count)
    if not worst:
        raise InputError(f"{model} reads all {len(source):,} lines as they are labelled: leave out --model to see them")
    return {p.row: Reading(p.prediction, p.confidence) for p in worst}, recognizer.charset
