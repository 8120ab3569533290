"""The command line: invalid input gives status 2 and one sentence, and leaves no finished dataset."""

import re
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.main import app, main
from synthtext.fonts import bundled_fonts

COMMANDS = (
    *("demo", "generate", "preview", "fonts", "import", "crops", "export-data"),
    *("train", "evaluate", "rebalance", "filter", "inspect", "doctor"),
)
EFFECT = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Fade:
    strength: float = 0.5

    def draw(self, rng, size):
        return {}

    def apply(self, image, parameters):
        return image
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe that works, with everything it names."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fonts").mkdir()
    shutil.copy(bundled_fonts()[0], tmp_path / "fonts" / "some.ttf")
    (tmp_path / "photos").mkdir()
    cv2.imwrite(
        str(tmp_path / "photos" / "some.jpg"), np.random.default_rng(0).integers(90, 110, (60, 90, 3), np.uint8)
    )
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    monkeypatch.setattr("pipelines.recipes.components._SOURCES", {})
    sys.modules.pop("fade_of_cli", None)
    (tmp_path / "fade_of_cli.py").write_text(EFFECT)
    recipe = {
        "corpus": [{"use": "text_file", "path": "lines.txt"}],
        "fonts": {"folders": ["fonts"], "bundled": False},
        "background": {"photos": {"folder": "photos"}},
        "effects": [{"use": "fade_of_cli.Fade", "strength": 0.3}],
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path


def ocrmill(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ocrmill", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def generate(monkeypatch: pytest.MonkeyPatch, *arguments: str, count: str = "12") -> int:
    return ocrmill(monkeypatch, "generate", "recipe.yaml", "-o", "out", "-n", count, "--workers", "0", *arguments)


def test_the_recipe_is_valid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate(monkeypatch) == 0
    assert (folder / "out" / "statistics.json").exists()


def truncate(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


BAD = {
    "a corpus that no font covers": (
        lambda f: (f / "lines.txt").write_text("漢字\n仮名\n"),
        ["charset=kanji.txt"],
        "lines.txt",
    ),
    "a corpus outside of the charset": (lambda f: (f / "lines.txt").write_text("漢字\n仮名\n"), [], "lines.txt"),
    "an unknown key": (lambda f: None, ["fonts.siz=3"], "fonts.siz"),
    "an unknown key of a user's effect": (lambda f: None, ["effects.0.strenght=0.2"], "strenght"),
    "a missing folder": (lambda f: shutil.rmtree(f / "photos"), [], "photos"),
    "a missing font folder": (lambda f: shutil.rmtree(f / "fonts"), [], "fonts"),
    "a broken font": (lambda f: truncate(f / "fonts" / "some.ttf"), [], "some.ttf"),
    "a truncated photograph": (lambda f: truncate(f / "photos" / "some.jpg"), [], "some.jpg"),
    "a binary file as corpus": (lambda f: (f / "lines.txt").write_bytes(bytes(range(256))), [], "lines.txt"),
    "an empty corpus": (lambda f: (f / "lines.txt").write_bytes(b""), [], "lines.txt"),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_input_is_refused_and_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    spoil, settings, message = BAD[name]
    (folder / "kanji.txt").write_text("漢\n字\n仮\n名\n")
    spoil(folder)
    assert generate(monkeypatch, *settings) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.startswith("ocrmill: ")
    assert "\n" not in error
    assert not (folder / "out").exists()


@pytest.mark.parametrize("count", ["-3", "0"])
def test_an_invalid_count_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    assert generate(monkeypatch, count=count) == 2
    assert count in capsys.readouterr().err
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "lines.txt").write_text("one\ntwo\nthree\n"), "corpus.0.path has changed"),
        (lambda f: shutil.copy(bundled_fonts()[1], f / "fonts"), "is new"),
    ],
)
def test_the_folder_of_another_recipe_is_refused(  # type: ignore[no-untyped-def]
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoil, message: str
) -> None:
    assert generate(monkeypatch) == 0
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    spoil(folder)
    assert generate(monkeypatch, count="20") == 2
    assert message in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == 0
    docstring = shown.output.split("Arguments")[0].split("Options")[0]
    assert re.search(rf"Example: ocrmill {command} .*[^.]\s*[^\w]*$", docstring.strip(), re.DOTALL)


def test_every_command_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    assert [command for command in COMMANDS if f"`{command}`" not in readme] == []


@pytest.mark.parametrize("command", ["import-model", "read"])
def test_brackets_are_shown_in_help(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert "ocrmill[ppocrv2]" in shown.output


def test_version_is_that_of_the_package():
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"ocrmill {version('ocrmill')}\n")
