"""The command `ocrmill`."""

import sys
from typing import NoReturn

import typer

from pipelines.cli.data import check_command, crops_command, export_data_command, import_command
from pipelines.cli.demo import demo_command
from pipelines.cli.evaluation import evaluate_command
from pipelines.cli.generation import copypaste_command, generate_command, preview_command
from pipelines.cli.inspection import fonts_command, inspect_command
from pipelines.cli.quality import filter_command, rebalance_command
from pipelines.cli.reading import read_command
from pipelines.cli.training import export_command, import_model_command, train_command
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
    demo_command,
    generate_command,
    preview_command,
    fonts_command,
    import_command,
    copypaste_command,
    crops_command,
    export_data_command,
    check_command,
    train_command,
    evaluate_command,
    rebalance_command,
    filter_command,
    inspect_command,
    import_model_command,
    export_command,
    read_command,
):
    app.command(_command.__name__.removesuffix("_command").replace("_", "-"))(_command)


def main() -> NoReturn:
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
