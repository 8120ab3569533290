"""`ocrmill adapt`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli import options
from pipelines.cli.output import print_table, write_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.adaptation.adapt import Adaptation
    from pipelines.adaptation.round import RoundResult

_REPORT_FILE = "report.html"
_TO_LABEL_FOLDER = "to_label"


def adapt_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The run directory of a recognizer or a detector.")],
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTOS...",
            help="Photographs without labels: crops of lines or whole pictures; folders, files, globs, datasets.",
        ),
    ],
    out: Annotated[Path, options.output_option("DIR", "Folder of the adaptation.")],
    base: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE",
            help="Recipe of lines to fit to the photographs; of scenes for a detector.",
            show_default="lines or scenes",
        ),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(metavar="DATA|RECIPE", help="Data like those that MODEL was trained on.", show_default="the base"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, metavar="N", help="Maximum number of rounds.")] = 3,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Training samples of a round.", show_default="10000 lines or 1000 pictures"
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", help="Training time of a round, instead of --samples.")
    ] = None,
    val: Annotated[
        str | None,
        typer.Option(
            metavar="LABELLED", help="Labelled lines, or scenes for a detector, that decide about each round."
        ),
    ] = None,
    kind: Annotated[
        Literal["auto", "crops", "pictures"],
        typer.Option(help="What images show: one line each, or pictures; auto: by their sizes."),
    ] = "auto",
    det: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Detector that finds the lines of pictures.", show_default="the published"),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words or texts that occur, one a line; other readings are not used."),
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Expression that every text matches, as in '[A-Z]{2}[0-9]{4}'.")
    ] = None,
    train: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Setting of the training, as of ocrmill train. May be repeated."),
    ] = None,
    select: Annotated[
        int, typer.Option(min=0, metavar="N", help="Number of lines to choose at the end for a person to label.")
    ] = 100,
    seed: options.Seed = 0,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Adapt a recognizer or a detector to photographs, without labels.

    In rounds, the recognizer reads the photographs in several views. Readings on which the views agree with confidence
    become labels, and the texts a corpus of the recipe. The recognizer is trained on lines of the recipe, on the
    labelled photographs and on lines as before, with the first recognizer as a frozen teacher. A part of the
    photographs is held out: without labels, the agreement of the views and the confidence there, calibrated on
    generated lines, decide whether a round brought a gain; with --val, the accuracy on these lines decides. The first
    round without a gain ends the adaptation.

    A detector learns from texts that it finds at several scales; uncertain ones are ignored, and stable ones are pasted
    into other pictures. The agreement of the scales decides.

    DIR gets the best network (model), every step of each round, a page (report.html), and the lines that a person
    should label next (to_label, as of ocrmill select). Re-run the same command to resume. Nothing is trained on the
    held-out photographs, or on near duplicates of the images of --val.

    Example: ocrmill adapt runs/first photos/crops -o adapted

    Example: ocrmill adapt runs/first 'phone/*.jpg' -o adapted --base lines-receipt --val receipts/labels.tsv
    """
    from pipelines.adaptation.adapt import adapt
    from pipelines.adaptation.round import MODEL_FOLDER
    from pipelines.adaptation.settings import DEFAULTS, AdaptSettings
    from pipelines.config import validate_model
    from pipelines.inference.run import open_run
    from pipelines.reports.adaptation_page import adaptation_page

    kind_of_model = open_run(model).kind
    given = {"base": base, "samples": samples}
    settings = validate_model(
        AdaptSettings,
        {
            **DEFAULTS[kind_of_model],
            **{name: value for name, value in given.items() if value is not None},
            **{"replay": replay, "rounds": rounds, "minutes": minutes, "val": val, "kind": kind, "det": det},
            **{"lexicon": lexicon, "pattern": pattern, "train": train or (), "seed": seed},
        },
        "adapt",
    )
    stages: list[Adaptation] = []
    result = adapt(model, photos, out, settings, stages.append)
    write_output(out / _REPORT_FILE, adaptation_page(stages[-1], result, out))
    _print_rounds(result.rounds)
    if select and kind_of_model == "recognizer":
        _select_lines(out, select)
    print(f"{result.reason[:1].upper()}{result.reason[1:]}.")
    kept = f"the network of round {result.best}" if result.best else f"a copy of {model}, which no round improved"
    print(f"{out / MODEL_FOLDER}: {kept}; page: {out / _REPORT_FILE}")


def _print_rounds(rounds: "Sequence[RoundResult]") -> None:
    rows = [
        (
            *(f"{found.number}", f"{found.kept:,} of {found.candidates:,}", f"{found.corpus:,}"),
            *(f"{score.decisive:.3f}" for score in (found.before, found.after)),
            "yes" if found.decision.accepted else "no",
        )
        for found in rounds
    ]
    print_table(("round", "pseudo-labels", "corpus", "score before", "score after", "accepted"), rows)


def _select_lines(out: Path, count: int) -> None:
    """Write the lines that a person should label next, unless an earlier call has."""
    from pipelines.active.select import select_lines
    from pipelines.adaptation.photos import adapt_source
    from pipelines.adaptation.round import MODEL_FOLDER
    from pipelines.cli.labelling import PAGE_FILE, write_edit_page
    from pipelines.inference.run import RecognizerRun
    from pipelines.progress import progress_bar

    folder = out / _TO_LABEL_FOLDER
    if folder.exists():
        return
    run, source = RecognizerRun.open(out / MODEL_FOLDER), adapt_source(out / "photos")
    with progress_bar("choosing lines to label", total=len(source), unit="lines") as bar:
        selected = select_lines(run, source, folder, count, advance=bar.advance)
    write_edit_page(str(selected.labels), folder / PAGE_FILE, count, 0, None, None, run.charset)
