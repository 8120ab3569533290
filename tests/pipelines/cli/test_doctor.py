"""`ocrmill doctor`, and the groups of commands in the help."""

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.main import COMMANDS, app
from pipelines.reports import environment
from pipelines.reports.environment import find_extras, library_versions
from synthtext.fonts import FontInventory, FontOptions, find_fonts

WIDE = {"COLUMNS": "200", "TERM": "dumb"}


def test_extras_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "numpy>=2",
        "onnx; extra == 'onnx'",
        'nothing-of-this-name>=1; extra == "onnx"',
        "ocrmill[onnx]; extra == 'all'",
    ]
    monkeypatch.setattr(environment, "requires", lambda _: lines)
    (extra,) = find_extras()
    assert (extra.name, extra.packages, extra.missing[-1]) == (
        "onnx",
        ("onnx", "nothing-of-this-name"),
        "nothing-of-this-name",
    )
    assert extra.state.endswith('missing: pip install "ocrmill[onnx]"')
    assert library_versions().keys() == {"numpy"}


def test_doctor_says_what_is_there_and_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = find_fonts(FontOptions())
    monkeypatch.setattr("synthtext.fonts.find_fonts", lambda options: FontInventory(bundled.fonts[:6], {}))
    result = CliRunner().invoke(app, ["doctor"], env=WIDE)
    assert result.exit_code == 0, result.output
    for text in ("GPU: ", "CPU: ", "numpy", "Latin", "no font covers", "make fonts"):
        assert text in result.output


def test_every_command_is_in_a_group() -> None:
    shown = CliRunner().invoke(app, ["--help"], env=WIDE).output
    names = [name for commands in COMMANDS.values() for name in commands]
    assert sorted(names) == sorted(typer.main.get_command(app).commands)
    places = [shown.index(f"─ {panel} ") for panel in COMMANDS]
    assert places == sorted(places)


def test_presets_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.cli.options import complete_recipe, complete_training

    assert "lines-serial" in complete_recipe("lines-s")
    assert complete_recipe("zz") == []
    assert complete_training("rec-t") == ["rec-tiny"]
