"""The page in which labels are corrected: what it contains. Its script is tested in a browser."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.inspection import inspect_command
from pipelines.datasets.open import open_line_source
from pipelines.jobs.stored_lines import lines_digest
from pipelines.reports.edit_page import EditedSource, Reading, edit_page
from synthtext.core import Charset, InputError

HOSTILE = "</script><script>document.title='gone'</script>"


def data_of(html: str) -> dict:
    (content,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    return json.loads(content)


def edited(labels: Path, rows: list[int], **other) -> EditedSource:
    return EditedSource(open_line_source(labels), lines_digest(labels), np.array(rows), **other)


@pytest.fixture
def labels(tmp_path, draw_lines) -> Path:
    path = Path(draw_lines(tmp_path / "lines", ["one", "two", "three", "four"]))
    path.write_text(path.read_text().replace("two", HOSTILE), encoding="utf-8")
    return path


def test_a_page_has_the_lines_in_the_given_order_and_escapes_them(labels):
    page = edit_page(edited(labels, [3, 1], charset=Charset.named("lowercase"), readings={1: Reading("too", 0.25)}))
    data = data_of(page.html)
    assert [(line["row"], line["key"], line["text"]) for line in data["lines"]] == [
        (3, "3.png", "four"),
        (1, "1.png", HOSTILE),
    ]
    assert [line["reading"] for line in data["lines"]] == [None, {"text": "too", "confidence": 0.25}]
    assert (data["isLabelFile"], data["isSuggested"], data["foldsCase"]) == (True, False, True)
    assert data["digest"] == lines_digest(labels)
    assert page.html.count("<script") == 2
    assert not re.search(r'(src|href)="(?!data:)', page.html)


def test_the_name_of_stored_changes_depends_on_the_content(labels):
    names = [data_of(edit_page(edited(labels, rows)).html)["page"] for rows in ([0, 1], [0, 1], [1, 0])]
    assert names[0] == names[1] != names[2]
    labels.write_text(labels.read_text().replace("four", "for"), encoding="utf-8")
    assert data_of(edit_page(edited(labels, [0, 1])).html)["page"] != names[0]


def test_confidence_and_key_behind_a_suggestion_are_not_part_of_it(labels):
    rows = [f"{line}\t0.{number}000\tkey\n" for number, line in enumerate(labels.read_text().splitlines())]
    labels.write_text("".join(rows), encoding="utf-8")
    source = open_line_source(labels)
    assert list(source.texts()) == ["one", HOSTILE, "three", "four"]
    data = data_of(edit_page(edited(labels, [0, 3])).html)
    assert [line["confidence"] for line in data["lines"]] == [0, 0.3]
    assert data["isSuggested"]
    labels.write_text("".join([*rows[:3], "3.png\tfour\n"]), encoding="utf-8")
    other = open_line_source(labels)
    assert other.columns(["confidence"]) == {}
    assert next(other.texts()) == "one\t0.0000\tkey"


def test_missing_images_are_left_out_and_counted(labels, capsys):
    (labels.parent / "2.png").unlink()
    out = labels.parent / "page.html"
    inspect_command(str(labels), out, edit=True)
    assert [line["row"] for line in data_of(out.read_text(encoding="utf-8"))["lines"]] == [0, 1, 3]
    assert "left out of the page: image missing (1)" in capsys.readouterr().out


def test_a_part_of_the_lines_is_chosen_at_random(labels):
    out = labels.parent / "page.html"
    inspect_command(str(labels), out, samples=2, seed=3, edit=True)
    first = [line["row"] for line in data_of(out.read_text(encoding="utf-8"))["lines"]]
    assert len(first) == 2
    assert first == sorted(first)


def test_scenes_and_options_of_the_other_page_are_refused(labels, tmp_path, draw_scenes):
    with pytest.raises(InputError, match="--edit corrects the labels of lines"):
        inspect_command(draw_scenes(tmp_path / "scenes", 2), tmp_path / "page.html", edit=True)
    with pytest.raises(InputError, match="--charset is for a page with --edit"):
        inspect_command(str(labels), tmp_path / "page.html", charset="ascii")
