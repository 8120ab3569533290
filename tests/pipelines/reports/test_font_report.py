"""`ocrmill fonts`: listing, coverage and specimen sheet."""

import shutil
import sys
from pathlib import Path

import cv2
import pytest

from pipelines.cli.main import main
from pipelines.reports.font_report import SCRIPTS, describe_coverage, describe_families, table_rows
from pipelines.reports.font_sheet import draw_specimen_sheet
from synthtext.core import Charset
from synthtext.fonts import FaceCache, FontInventory, FontOptions, bundled_fonts, find_fonts

pytestmark = pytest.mark.slow


@pytest.fixture
def ocrmill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["ocrmill", "fonts", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    return call


@pytest.fixture(scope="module")
def inventory() -> FontInventory:
    return find_fonts(FontOptions())


@pytest.fixture(scope="module")
def reports(inventory: FontInventory):
    return {report.family: report for report in describe_families(inventory, FaceCache(), Charset.named("latin1"))}


def test_families_and_scripts(reports, inventory: FontInventory) -> None:
    assert list(reports) == sorted(reports, key=str.casefold)
    assert sum(len(report.faces) for report in reports.values()) == len(inventory.fonts)
    dejavu, caladea = reports["DejaVu Sans"].scripts, reports["Caladea"].scripts
    assert dejavu["Latin"] == dejavu["Cyrillic"] == dejavu["Greek"] == dejavu["Hebrew"] == 1
    assert 0.9 < dejavu["Arabic"] < 1
    assert dejavu["Han"] == dejavu["Thai"] == 0
    assert caladea["Latin"] == 1
    assert caladea["Cyrillic"] == 0
    assert reports["Amatic SC"].case == "upper"
    assert reports["Lato"].case == "both"
    assert reports["Lato"].specimen.style == "Regular"
    assert "OFL" in reports["Lato"].licence


def test_charset_is_compared(reports) -> None:
    assert reports["Lato"].charset.share == 1
    assert reports["Intuitive"].charset.missing == "¯"
    assert describe_coverage(list(reports.values()), "latin1") == "charset latin1: 6 of 7 families cover it"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_sample_of_a_script_uses_its_letters(script) -> None:
    letters = frozenset().union(*script.repertoires)
    assert sum(c in letters for c in script.sample) > len(script.sample) / 2
    assert 20 < min(map(len, script.repertoires)) <= max(map(len, script.repertoires)) < 6000
    assert script.share(frozenset()) == 1
    assert script.share(letters) == 0


def test_rows_have_a_value_for_each_heading(reports) -> None:
    rows = table_rows(list(reports.values()))
    assert rows[0] == ("family", "faces", "scripts", "charset", "look-alikes", "remarks", "licence")
    assert {len(row) for row in rows} == {7}


def test_look_alikes_are_named_by_family(reports) -> None:
    assert any({"I", "l"} <= set(group) for group in reports["Lato"].lookalikes)
    assert not any({"I", "l"} <= set(group) for group in reports["Source Sans Pro"].lookalikes)


def test_specimen_sheet_has_a_row_per_family(reports) -> None:
    cache = FaceCache()
    one, two = (draw_specimen_sheet([reports[name]], cache) for name in ("Lato", "DejaVu Sans"))
    both = draw_specimen_sheet([reports["Lato"], reports["DejaVu Sans"]], cache)
    assert (both[: len(one)] == one).all()
    assert (both[len(one) :] == two).all()
    assert one[:, :400].min() < 50  # the name
    assert one[:, 400:].min() < 50  # the specimen
    assert (one == 255).mean() > 0.8


def test_table_and_sheet(ocrmill, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ocrmill("--no-system", "--charset", "ascii", "-o", "sheet.png") == 0
    printed = capsys.readouterr().out
    lato = next(line for line in printed.splitlines() if line.startswith("Lato\t"))
    assert lato.split("\t")[1] == str(sum(path.stem.startswith("Lato") for path in bundled_fonts()))
    assert "100%" in lato
    assert "Amatic SC\t2\tLatin, Greek 7%, Hebrew\t100%\t-\tcapitals only" in printed
    assert "look-alikes: 3 of 7 cannot tell apart I l (2: DejaVu Sans, Lato)" in printed
    assert cv2.imread("sheet.png").shape[1] == 1480
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_charset_that_no_family_covers_is_reported(ocrmill, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kanji.txt").write_text("A\n漢\n字\n")
    assert ocrmill("--no-system", "--charset", "kanji.txt") == 0
    assert "none of the 7 families covers it" in (printed := capsys.readouterr().out)
    assert "lacks 漢 字" in printed


def test_skipped_font_is_reported_with_the_reason(
    ocrmill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.ttf").write_bytes(b"no font at all")
    monkeypatch.setattr("synthtext.fonts.discovery.system_fonts", lambda: [tmp_path / "odd.ttf"])
    assert ocrmill() == 0
    assert "odd.ttf' is broken or not a font" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folder", "mine"), "broken.ttf"),
        (("--folder", "absent"), "absent"),
        (("--no-system", "--no-bundled"), "no fonts to list"),
        (("--charset", "latin9"), "latin9"),
        (("-o", "absent/sheet.png"), "absent/sheet.png"),
        (("-o", "sheet.jpg"), "sheet.png"),
    ],
)
def test_invalid_input_prints_one_sentence(
    ocrmill, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "mine").mkdir()
    shutil.copy(bundled_fonts()[0], tmp_path / "mine" / "whole.ttf")
    (tmp_path / "mine" / "broken.ttf").write_bytes(bundled_fonts()[0].read_bytes()[:999])
    assert ocrmill(*arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert not printed.out
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_unwritable_sheet_is_rejected_before_fonts_are_read(ocrmill, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: FontOptions) -> FontInventory:
        raise AssertionError

    monkeypatch.setattr("synthtext.fonts.find_fonts", fail)
    assert ocrmill("-o", "absent/sheet.png") == 2
