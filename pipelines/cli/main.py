"""The command `ocrmill`."""

import sys
from typing import NoReturn

import typer

from pipelines.cli.check import check
from pipelines.cli.copypaste import copypaste
from pipelines.cli.crops import crops
from pipelines.cli.demo import demo
from pipelines.cli.evaluate import evaluate
from pipelines.cli.export import export
from pipelines.cli.export_data import export_data
from pipelines.cli.filter_ import filter_
from pipelines.cli.fonts import fonts
from pipelines.cli.generate import generate
from pipelines.cli.import_ import import_
from pipelines.cli.import_model import import_model
from pipelines.cli.inspect import inspect
from pipelines.cli.preview import preview
from pipelines.cli.read import read
from pipelines.cli.rebalance import rebalance
from pipelines.cli.train import train
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
