"""The command `ocrmill`."""

import sys
from typing import NoReturn

import typer

from pipelines.cli.data import check, crops, export_data, import_
from pipelines.cli.demo import demo
from pipelines.cli.evaluation import evaluate
from pipelines.cli.generation import copypaste, generate, preview
from pipelines.cli.inspection import fonts, inspect
from pipelines.cli.quality import filter_, rebalance
from pipelines.cli.reading import read
from pipelines.cli.training import export, import_model, train
from pipelines.errors import JobError
from synthtext.core import InputError

app = typer.Typer(
    name="ocrmill",
    help="Make OCR training data and train OCR models on it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)

_INTERRUPTED = 130  # what a shell says of a program that Ctrl-C stopped

for _command in (
    demo,
    generate,
    preview,
    fonts,
    import_,
    copypaste,
    crops,
    export_data,
    check,
    train,
    evaluate,
    rebalance,
    filter_,
    inspect,
    import_model,
    export,
    read,
):
    app.command(_command.__name__.rstrip("_").replace("_", "-"))(_command)


def run() -> NoReturn:
    """Run the command line: status 2 for bad input, 1 for a failed job, one sentence for either."""
    try:
        app()
    except InputError as error:
        _fail(str(error), 2)
    except JobError as error:
        _fail(str(error), 1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            _fail("interrupted; the same command again goes on where it stopped", _INTERRUPTED)
        raise
    sys.exit(0)


def _fail(message: str, status: int) -> NoReturn:
    print(f"ocrmill: {message}", file=sys.stderr)
    sys.exit(status)
