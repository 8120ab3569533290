import math
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cli.inspection import inspect_command
from pipelines.datasets.open import open_line_source
from pipelines.datasets.provenance import read_provenance
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import write_shard
from pipelines.reports.line_checks import Finding, run_checks
from pipelines.reports.line_facts import LineProfile, profile_lines
from pipelines.reports.page import ImageStatistics
from synthtext.core import AppliedEffect, Clusters, InputError, Provenance, Sample, SkippedSample

HOSTILE = "<script>alert(1)</script>"


def pixels(number: int = 0, width: int = 100, height: int = 32, ink: int = 0) -> np.ndarray:
    """Paper with one stroke, whose place tells pictures apart."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[:, number % width :: 7] = ink
    image[0, number % width] = 128
    return image


def encode(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def label_file(folder: Path, lines: Sequence[tuple[str, np.ndarray]]) -> Path:
    names = [f"{number}.png" for number in range(len(lines))]
    for name, (_, image) in zip(names, lines, strict=True):
        (folder / name).write_bytes(encode(image))
    path = folder / "labels.tsv"
    path.write_text("".join(f"{n}\t{text}\n" for n, (text, _) in zip(names, lines, strict=True)), encoding="utf-8")
    return path


def sample(number: int, text: str, font: str = "Lato Bold", image: np.ndarray | None = None) -> Sample:
    quads = np.zeros((len(text), 4, 2), np.float32) + number
    meta = Provenance(font, "Latn", "words", 90.0, (AppliedEffect("blur", {"sigma": 1.0}),))
    clusters = Clusters(np.arange(len(text) + 1, dtype=np.int32), quads)
    return Sample(f"0badcafe-{number:08d}", pixels(number) if image is None else image, text, clusters, meta)


def dataset(
    path: Path, items: Sequence[Sample | SkippedSample], charset: str, form: str = "parquet", size: int = 5
) -> Path:
    rows = [
        item if isinstance(item, SkippedSample) else LineRow.from_sample(item, encode(item.image), ".png")
        for item in items
    ]
    plan, folder = ShardPlan(len(rows), size=size), DatasetFolder(path)
    description = DatasetDescription(
        kind="lines", source="own.yaml", digest="0badcafe" * 8, seed=3, count=len(rows), shard_size=size, format=form
    )
    with folder.open():
        folder.write_description(description.model_copy(update={"charset": charset}))
        for spec in plan:
            drawn = rows[spec.start : spec.start + spec.count]
            folder.commit(write_shard(drawn, LineRow, spec, description.digest, folder.shards, form))
    return path


def facts_of(path: Path) -> LineProfile:
    return profile_lines(open_line_source(path), np.random.default_rng(0))


def odd(path: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in run_checks(facts_of(path)) if finding.severity != "fine"}


def test_nothing_is_odd_about_good_lines(tmp_path):
    path = label_file(tmp_path, [("one", pixels(1)), ("two", pixels(2)), ("three", pixels(3))])
    assert odd(path) == {}


@pytest.mark.parametrize(
    ("check", "text", "image"),
    [
        ("empty labels", "", pixels(50)),
        ("labels too long for their picture", "x" * 26, pixels(50)),
        ("labels too long for their picture", "xyz" * 7, pixels(50, width=160, height=64)),
        ("untidy labels", "a\u200bb", pixels(50)),
        ("untidy labels", " ab", pixels(50)),
        ("untidy labels", "e\u0301", pixels(50)),
        ("tiny pictures", "a", pixels(1, width=7, height=14)),
        ("tiny pictures", "a", pixels(50, height=11)),
        ("low contrast", "a", pixels(50, ink=230)),
        ("repeated pictures", "one", pixels(1)),
        ("repeated pictures", "other", pixels(1)),
        ("repeated labels", "one", pixels(50)),
    ],
)
def test_one_odd_line_is_found_by_its_check(tmp_path, check, text, image):
    path = label_file(tmp_path, [("one", pixels(1)), ("two", pixels(2)), (text, image)])
    assert odd(path)[check].message.startswith("1 of 3 lines (33.3 %)")


def test_a_label_that_just_fits_is_not_too_long_and_a_repeat_needs_a_blank(tmp_path):
    fits = label_file(tmp_path, [("abcde" * 5, pixels(1))])  # 25 steps at 100 pixels
    assert "labels too long for their picture" not in odd(fits)
    crowded = label_file(tmp_path, [("abcde" * 4 + "abcdd", pixels(1))])
    assert "labels too long for their picture" in odd(crowded)


def test_the_same_picture_under_another_label_is_worse_than_a_copy(tmp_path):
    copied = label_file(tmp_path, [("one", pixels(1)), ("one", pixels(1))])
    assert odd(copied)["repeated pictures"].severity == "look"
    torn = label_file(tmp_path, [("one", pixels(1)), ("other", pixels(1)), ("one", pixels(1))])
    found = odd(torn)["repeated pictures"]
    assert found.severity == "wrong"
    assert found.message.startswith("2 of 3")
    assert "1 of them under another label" in found.message


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_a_data_set_is_compared_with_its_charset_its_fonts_and_its_gaps(tmp_path, form):
    texts = ["abc", "bca", "cab", "aéb", "bac", "cba", "acb"]
    items = [sample(i, text, "Lato" if i else "Serif") for i, text in enumerate(texts)]
    gaps = [SkippedSample(7, ("glyph missing", "glyph missing", "too long"))]
    found = odd(dataset(tmp_path / "data", [*items, *gaps], "abcd", form))
    assert found["characters never drawn"].examples == ("d",)
    assert found["characters outside the charset"].examples == ("é",)
    assert found["characters outside the charset"].message.startswith("1 of 7 lines")
    assert found["gaps"].message.startswith("1 of 8 samples")
    assert found["gaps"].examples == ("glyph missing × 1",)
    assert found["one font dominates"].message.startswith("85.7 % of the lines are drawn with Lato")


def test_a_charset_without_case_has_all_letters_in_upper_case_labels(tmp_path):
    path = dataset(tmp_path / "data", [sample(0, "ABC"), sample(1, "CAB")], "abc")
    assert not {"characters never drawn", "characters outside the charset"} & set(odd(path))


def test_a_broken_picture_is_reported(tmp_path):
    row = LineRow.from_sample(sample(0, "abc"), b"no picture", ".png")
    path = dataset(tmp_path / "data", [sample(1, "cab")], "abc")
    plan, folder = ShardPlan(1, size=5), DatasetFolder(path)
    with folder.open():
        folder.commit(write_shard([row], LineRow, plan[0], "0badcafe" * 8, folder.shards, "parquet"))
    assert odd(path)["broken pictures"].severity == "wrong"
    assert odd(path)["broken pictures"].examples == ("abc",)


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_what_a_line_was_made_of_is_read_for_any_rows_in_any_order(tmp_path, form):
    path = dataset(tmp_path / "data", [sample(i, "abc", f"font {i}") for i in range(12)], "abc", form)
    rows = np.array([11, 0, 5, 5, 4])
    for number, made in zip(rows.tolist(), read_provenance(open_line_source(path), rows), strict=True):
        assert made.meta.font == f"font {number}"
        assert (made.meta.script, made.meta.corpus, made.meta.contrast) == ("Latn", "words", 90.0)
        assert [applied.name for applied in made.meta.effects] == ["blur"]
        assert (made.clusters.quads == number).all()
        assert made.clusters.offsets.tolist() == [0, 1, 2, 3]


def test_of_a_photograph_nothing_is_known(tmp_path):
    source = open_line_source(label_file(tmp_path, [("one", pixels(1))]))
    made = read_provenance(source, np.array([0]))[0]
    assert math.isnan(made.meta.contrast)
    assert len(made.clusters) == 0


def test_no_more_pictures_are_looked_at_than_allowed(tmp_path):
    source = open_line_source(dataset(tmp_path / "data", [sample(i, "abc") for i in range(20)], "abc"))
    look = ImageStatistics.measure(source, np.random.default_rng(0), max_pictures=7)
    assert len(look) == 7
    assert len(set(look.rows.tolist())) == 7
    assert (np.diff(look.rows) > 0).all()
    assert len(ImageStatistics.measure(source, np.random.default_rng(0))) == 20


def test_inspect_writes_one_page_and_says_what_is_odd(tmp_path, capsys):
    lines = [("one", pixels(1)), (HOSTILE, pixels(2, width=400)), ("", pixels(3)), ("\x1b[31mred", pixels(4))]
    source = label_file(tmp_path, lines)
    out = tmp_path / "page.html"
    inspect_command(str(source), out, samples=3, seed=1)
    said = capsys.readouterr().out
    assert "1 of 4 lines (25.0 %) have no label" in said
    assert "\x1b" not in said
    assert f"{out} (3 of 4 samples" in said
    page = out.read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert page.count('<figure class="sample') == 3
    assert "3 of 4, chosen at random" in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_seed_chooses_the_samples(tmp_path):
    source = str(label_file(tmp_path, [(f"word {i}", pixels(i)) for i in range(30)]))
    pages = []
    for seed in (1, 1, 2):
        inspect_command(source, tmp_path / "page.html", samples=5, seed=seed)
        pages.append((tmp_path / "page.html").read_bytes())
    assert pages[0] == pages[1] != pages[2]


def test_a_data_set_shows_fonts_and_outlines(tmp_path):
    path = dataset(tmp_path / "data", [sample(i, "abc", HOSTILE) for i in range(3)], "abc")
    inspect_command(str(path), tmp_path / "page.html", samples=9, seed=0)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page
    assert page.count("<path ") == 3
    assert "own.yaml" in page


@pytest.mark.parametrize("out", ["no folder/page.html", "."])
def test_a_page_that_cannot_be_written_is_refused_before_any_work(tmp_path, out):
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        inspect_command("nothing", tmp_path / out, samples=1, seed=0)


def test_a_source_that_is_not_there_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(InputError, match="nothing-here"):
        inspect_command(str(tmp_path / "nothing-here"), tmp_path / "page.html", samples=1, seed=0)
    assert list(tmp_path.iterdir()) == []
