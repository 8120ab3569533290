"""Labels corrected by keyboard in a browser, saved, imported and trained on."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.inspection import inspect_command
from pipelines.datasets.open import open_line_source
from pipelines.jobs.corrections import import_corrected
from pipelines.training.job import train
from tests.pipelines.reports.chromium import CHROMIUM, CTRL, SHIFT, Tab, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH (apt-get install chromium)"),
]

TEXTS = [f"{number:02} right" for number in range(30)]
WRONG = range(5, 25)
_numbers = count()


@pytest.fixture(scope="module")
def downloads(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def tab(tmp_path_factory, downloads) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile"), downloads) as opened:
        yield opened


@pytest.fixture
def page(tmp_path, draw_lines) -> Path:
    """A page of 30 lines, of which 20 have wrong labels; each is new to the browser, for which the content counts."""
    labels = Path(draw_lines(tmp_path / "lines", TEXTS))
    rows = [f"{n}.png\t{'wrong ' * (n in WRONG)}{text}\n" for n, text in enumerate(TEXTS)]
    labels.write_text("".join(rows) + "\n" * next(_numbers), encoding="utf-8")
    inspect_command(str(labels), tmp_path / "page.html", edit=True, charset="ascii")
    return tmp_path / "page.html"


def focused(tab: Tab) -> int:
    return int(tab.run("document.activeElement.closest('.edit').dataset.index"))


def counts(tab: Tab) -> list[int]:
    return [int(tab.run(f"document.documentElement.dataset.{name}")) for name in ("checked", "corrected", "unreadable")]


def saved(tab: Tab, downloads: Path, name: str) -> str:
    tab.downloaded()
    content = (downloads / name).read_text(encoding="utf-8")
    (downloads / name).unlink()
    return content


@pytest.mark.train
def test_twenty_corrected_labels_are_saved_imported_and_trained_on(tab, page, downloads):
    tab.open(page)
    for number, text in enumerate(TEXTS[:25]):
        assert focused(tab) == number
        if number in WRONG:
            tab.replace(text)
        tab.press("Enter")
    tab.press("Enter", CTRL)
    assert counts(tab) == [26, 20, 1]
    tab.press("s", CTRL)
    changes = page.parent / "changes.json"
    changes.write_text(saved(tab, downloads, "changes.json"), encoding="utf-8")
    labels, out = page.parent / "lines" / "labels.tsv", page.parent / "corrected"
    summary = import_corrected(labels, changes, out, workers=0)
    assert summary.source.notes == ("labels checked: corrected (20), accepted (5), unreadable (1)",)
    assert list(open_line_source(out).texts()) == TEXTS[:25] + TEXTS[26:]
    overrides = ["samples=64", "batch_size=16", "validate_every=4", "charset=ascii", "data_workers=0"]
    run = train("rec-tiny", page.parent / "run", [str(out)], [str(out)], overrides, lambda message: None)
    assert (run.folder / "weights.safetensors").is_file()


def test_changes_are_kept_undone_and_restored(tab, page):
    tab.open(page)
    tab.replace("typed")
    tab.press("Enter")
    tab.press("Enter", CTRL)
    tab.press("Tab")
    assert focused(tab) == 3
    tab.press("Tab", SHIFT)
    tab.press("Enter", SHIFT)
    assert (focused(tab), counts(tab)) == (1, [2, 1, 1])
    tab.open(page)  # as after a crash: the state is that of before, and the next line is focused
    assert (focused(tab), counts(tab)) == (2, [2, 1, 1])
    tab.replace("once more")
    tab.press("Enter")
    tab.press("z", CTRL)  # accepting
    tab.press("z", CTRL)  # typing
    assert (focused(tab), counts(tab)) == (2, [2, 1, 1])
    assert tab.run("document.activeElement.value") == TEXTS[2]
    tab.press("Tab", SHIFT)
    tab.press("Tab", SHIFT)
    tab.press("Escape")
    assert (tab.run("document.activeElement.value"), counts(tab)) == (TEXTS[0], [1, 0, 1])


def test_labels_with_a_problem_are_marked_before_they_are_saved(tab, page, downloads):
    tab.open(page)
    tab.press("Tab")
    tab.replace("café")
    tab.press("s", CTRL)
    assert tab.run("[...document.querySelectorAll('.edit')].map((item) => item.dataset.index).join()") == "1"
    assert "é (U+00E9)" in tab.run("document.querySelector('.problem').textContent")
    assert "Not saved: 1 of" in tab.run("document.querySelector('.message').textContent")
    assert not list(downloads.iterdir())
    tab.press("s", CTRL)
    (line,) = json.loads(saved(tab, downloads, "changes.json"))["lines"]
    assert line == {"row": 1, "key": "1.png", "old": TEXTS[1], "new": "café", "ignored": False}


def test_a_label_file_is_saved_without_unreadable_lines(tab, page, downloads):
    tab.open(page)
    tab.press("Enter", CTRL)
    tab.replace("second")
    tab.click("[name=labels]")
    path = page.parent / "lines" / "corrected.tsv"
    path.write_text(saved(tab, downloads, "labels.tsv"), encoding="utf-8")
    lines = open_line_source(path).read(np.arange(29))
    assert [line.key for line in lines] == [f"{number}.png" for number in range(1, 30)]
    assert [line.text for line in lines[:2]] == ["second", TEXTS[2]]
    tab.click("[name=checked]")
    tab.click("[name=labels]")
    assert saved(tab, downloads, "labels.tsv") == "1.png\tsecond\n"


def test_a_long_line_keeps_its_height_and_is_scrolled_with_its_label(tab, tmp_path, draw_lines):
    labels = draw_lines(tmp_path / "lines", ["short", "a line that is much wider than the page " * 3])
    inspect_command(labels, tmp_path / "page.html", edit=True)
    tab.open(tmp_path / "page.html")
    tab.press("Enter")
    picture = "document.querySelector('[data-index=\"1\"] .picture')"
    assert tab.run(f"{picture}.querySelector('img').getBoundingClientRect().height") == pytest.approx(32, abs=1)
    assert tab.run(f"{picture}.scrollLeft") == 0
    tab.run("document.activeElement.scrollLeft = 1e6")
    tab.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))", wait=True)
    left, end = tab.run(f"[{picture}.scrollLeft, {picture}.scrollWidth - {picture}.clientWidth]")
    assert left == pytest.approx(end, abs=2)
    assert end > 100


def test_lines_are_filtered_paged_and_written_in_their_direction(tab, tmp_path, draw_lines):
    labels = Path(draw_lines(tmp_path / "lines", [f"line {number}" for number in range(120)]))
    labels.write_text(labels.read_text().replace("line 1\n", "שלום 12\n"), encoding="utf-8")
    inspect_command(str(labels), tmp_path / "page.html", edit=True)
    tab.open(tmp_path / "page.html")
    assert tab.run("document.querySelectorAll('.edit').length") == 50
    directions = "[...document.querySelectorAll('.edit input')].map((input) => input.dir)"
    assert tab.run(directions)[:3] == ["ltr", "rtl", "ltr"]
    tab.run("document.querySelector('[data-index=\"49\"] input').focus()")
    tab.press("Enter")
    assert focused(tab) == 50
    for value, shown in (("unseen", 119), ("corrected", 0), ("all", 120)):
        select = f"(show.value = '{value}', show.dispatchEvent(new Event('input')))"
        tab.run(select)
        assert int(tab.run("document.documentElement.dataset.shown")) == shown
    tab.run("(search.value = '11', search.dispatchEvent(new Event('input')))")
    assert int(tab.run("document.documentElement.dataset.shown")) == 11  # 11, and 110 to 119, by label or key
