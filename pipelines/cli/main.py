"""The command `ocrmill`."""

import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from pipelines.cli.adaptation import adapt_command
from pipelines.cli.comparison import compare_command
from pipelines.cli.data import check_command, crops_command, export_data_command, import_command
from pipelines.cli.demo import demo_command
from pipelines.cli.doctor import doctor_command
from pipelines.cli.evaluation import evaluate_command
from pipelines.cli.fitting import fit_command
from pipelines.cli.generation import copypaste_command, generate_command, preview_command
from pipelines.cli.inspection import fonts_command, inspect_command
from pipelines.cli.labelling import select_command
from pipelines.cli.publishing import publish_command, split_command
from pipelines.cli.quality import filter_command, rebalance_command
from pipelines.cli.reading import read_command
from pipelines.cli.training import export_command, import_model_command, train_command
from pipelines.errors import JobError
from pipelines.guard import SIBLING_PACKAGES
from synthtext.core import InputError

app = typer.Typer(
    name="ocrmill",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_INTERRUPTED = 130  # exit status of a program that Ctrl-C ended

COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Generate data": {
        "demo": demo_command,
        "generate": generate_command,
        "copypaste": copypaste_command,
        "fit": fit_command,
        "rebalance": rebalance_command,
    },
    "Import and manage data": {
        "import": import_command,
        "split": split_command,
        "crops": crops_command,
        "select": select_command,
        "filter": filter_command,
        "check": check_command,
        "export-data": export_data_command,
        "publish": publish_command,
    },
    "Train and evaluate": {
        "train": train_command,
        "adapt": adapt_command,
        "evaluate": evaluate_command,
    },
    "Use networks": {
        "read": read_command,
        "import-model": import_model_command,
        "export": export_command,
    },
    "Inspect": {
        "preview": preview_command,
        "compare": compare_command,
        "fonts": fonts_command,
        "inspect": inspect_command,
        "doctor": doctor_command,
    },
}
"""The commands by name, in the groups of the help."""

for _panel, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        app.command(_name, rich_help_panel=_panel)(_command)


class _ErrorStreamHandler(logging.Handler):
    """Writes messages as "ocrmill: message" to the present `sys.stderr`, which a progress bar replaces meanwhile."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"ocrmill: {self.format(record)}", file=sys.stderr, flush=True)


def _print_version(value: bool) -> None:
    if value:
        print(f"ocrmill {version('ocrmill')}")
        raise typer.Exit


@app.callback()
def configure_logging(
    verbose: Annotated[bool, typer.Option("--verbose", help="Also show messages for debugging.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show only warnings and errors, and no progress.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Make OCR training data and train OCR models on it.

    Example: ocrmill preview lines -o grid.png

    Every command has a page of help with an example: ocrmill COMMAND --help
    """
    if verbose and quiet:
        raise InputError("--verbose and --quiet exclude each other: give one of them")
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    for package in (*SIBLING_PACKAGES, "pipelines"):
        logger = logging.getLogger(package)
        logger.setLevel(level)
        logger.handlers = [_ErrorStreamHandler()]


def main() -> NoReturn:
    """Run the command line: exit status 2 for bad input, 1 for a failed job, with a message of one sentence."""
    try:
        app()
    except InputError as error:
        _exit(str(error), 2)
    except JobError as error:
        _exit(str(error), 1)
    except SystemExit as error:
        if error.code == _INTERRUPTED:
            _exit("interrupted; re-run the same command to resume", _INTERRUPTED)
        raise
    sys.exit(0)


def _exit(message: str, status: int) -> NoReturn:
    print(f"ocrmill: {message}", file=sys.stderr)
    sys.exit(status)
