"""Messages of the packages on the error stream of the command, and the options that select them."""

import logging

import pytest

from pipelines.cli.main import configure_logging
from synthtext.core import InputError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("restore_loggers")]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"verbose": True}, ["debug", "info", "warning"]),
        ({}, ["info", "warning"]),
        ({"quiet": True}, ["warning"]),
    ],
)
def test_messages_by_level(capsys, options, shown):
    configure_logging(**options)
    configure_logging(**options)  # adds no second handler
    for package in ("pipelines.cluster", "synthtext.fonts"):
        for level in ("debug", "info", "warning"):
            getattr(logging.getLogger(package), level)("%s of %s", level, package)
    lines = [
        f"ocrmill: {level} of {package}" for package in ("pipelines.cluster", "synthtext.fonts") for level in shown
    ]
    assert capsys.readouterr().err.splitlines() == lines


def test_verbose_and_quiet_exclude_each_other():
    with pytest.raises(InputError, match="--verbose and --quiet"):
        configure_logging(verbose=True, quiet=True)


def test_only_the_command_line_prints():
    """Other packages log, so that programs that import them control the messages."""
    import ast
    from pathlib import Path

    root = Path(__file__).parents[3]
    files = [
        path for package in ("synthtext", "augment", "models", "pipelines") for path in (root / package).rglob("*.py")
    ]
    printing = {
        path.relative_to(root).as_posix()
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert [path for path in printing if not path.startswith("pipelines/cli/")] == []
