import math
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cli.inspection import inspect_command
from pipelines.datasets import line_profile
from pipelines.datasets.line_profile import ImageStatistics, LineProfile, profile_lines
from pipelines.datasets.open import open_line_source
from pipelines.datasets.provenance import read_provenance
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import write_shard
from pipelines.reports.findings import Finding, Severity
from pipelines.reports.line_checks import run_checks
from synthtext.core import AppliedEffect, Clusters, InputError, Provenance, Sample, SkippedSample

HOSTILE = "<script>alert(1)</script>"


def pixels(number: int = 0, width: int = 100, height: int = 32, ink: int = 0) -> np.ndarray:
    """Return an image with strokes whose position is different for each number."""
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


def profile_of(path: Path) -> LineProfile:
    return profile_lines(open_line_source(path), np.random.default_rng(0))


def problems(path: Path) -> dict[str, Finding]:
    findings = run_checks(profile_of(path))
    return {finding.check: finding for finding in findings if finding.severity != Severity.OK}


def test_good_lines_pass_all_checks(tmp_path):
    path = label_file(tmp_path, [("one", pixels(1)), ("two", pixels(2)), ("three", pixels(3))])
    assert problems(path) == {}


@pytest.mark.parametrize(
    ("check", "text", "image"),
    [
        ("empty labels", "", pixels(50)),
        ("labels too long for their image", "x" * 26, pixels(50)),
        ("labels too long for their image", "xyz" * 7, pixels(50, width=160, height=64)),
        ("malformed labels", "a\u200bb", pixels(50)),
        ("malformed labels", " ab", pixels(50)),
        ("malformed labels", "e\u0301", pixels(50)),
        ("tiny images", "a", pixels(1, width=7, height=14)),
        ("tiny images", "a", pixels(50, height=11)),
        ("low contrast", "a", pixels(50, ink=230)),
        ("duplicate images", "one", pixels(1)),
        ("duplicate images", "other", pixels(1)),
        ("duplicate labels", "one", pixels(50)),
    ],
)
def test_check_finds_one_bad_line(tmp_path, check, text, image):
    path = label_file(tmp_path, [("one", pixels(1)), ("two", pixels(2)), (text, image)])
    assert problems(path)[check].message.startswith("1 of 3 lines (33.3 %)")


def test_longest_label_fits_and_repeated_character_needs_a_blank(tmp_path):
    fitting = label_file(tmp_path, [("abcde" * 5, pixels(1))])  # 25 steps at 100 pixels
    assert "labels too long for their image" not in problems(fitting)
    too_long = label_file(tmp_path, [("abcde" * 4 + "abcdd", pixels(1))])
    assert "labels too long for their image" in problems(too_long)


def test_duplicate_image_with_another_label_is_an_error(tmp_path):
    copied = label_file(tmp_path, [("one", pixels(1)), ("one", pixels(1))])
    assert problems(copied)["duplicate images"].severity == Severity.WARNING
    conflicting = label_file(tmp_path, [("one", pixels(1)), ("other", pixels(1)), ("one", pixels(1))])
    found = problems(conflicting)["duplicate images"]
    assert found.severity == Severity.ERROR
    assert found.message.startswith("2 of 3")
    assert "1 of them with a different label" in found.message


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_dataset_is_checked_against_charset_fonts_and_skipped_samples(tmp_path, form):
    texts = ["abc", "bca", "cab", "aéb", "bac", "cba", "acb"]
    items = [sample(i, text, "Lato" if i else "Serif") for i, text in enumerate(texts)]
    skipped = [SkippedSample(7, ("glyph missing", "glyph missing", "too long"))]
    found = problems(dataset(tmp_path / "data", [*items, *skipped], "abcd", form))
    assert found["characters without samples"].examples == ("d",)
    assert found["characters outside the charset"].examples == ("é",)
    assert found["characters outside the charset"].message.startswith("1 of 7 lines")
    assert found["skipped samples"].message.startswith("1 of 8 samples")
    assert found["skipped samples"].examples == ("glyph missing × 1",)
    assert found["dominant font"].message.startswith("85.7 % of the lines are rendered in Lato")


def test_charset_without_case_covers_upper_case_labels(tmp_path):
    path = dataset(tmp_path / "data", [sample(0, "ABC"), sample(1, "CAB")], "abc")
    assert not {"characters without samples", "characters outside the charset"} & set(problems(path))


def test_broken_image_is_an_error(tmp_path):
    row = LineRow.from_sample(sample(0, "abc"), b"no picture", ".png")
    path = dataset(tmp_path / "data", [sample(1, "cab")], "abc")
    plan, folder = ShardPlan(1, size=5), DatasetFolder(path)
    with folder.open():
        folder.commit(write_shard([row], LineRow, plan[0], "0badcafe" * 8, folder.shards, "parquet"))
    assert problems(path)["broken images"].severity == Severity.ERROR
    assert problems(path)["broken images"].examples == ("abc",)


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_provenance_is_read_for_rows_in_any_order(tmp_path, form):
    path = dataset(tmp_path / "data", [sample(i, "abc", f"font {i}") for i in range(12)], "abc", form)
    rows = np.array([11, 0, 5, 5, 4])
    for number, made in zip(rows.tolist(), read_provenance(open_line_source(path), rows), strict=True):
        assert made.meta.font == f"font {number}"
        assert (made.meta.script, made.meta.corpus, made.meta.contrast) == ("Latn", "words", 90.0)
        assert [applied.name for applied in made.meta.effects] == ["blur"]
        assert (made.clusters.quads == number).all()
        assert made.clusters.offsets.tolist() == [0, 1, 2, 3]


def test_provenance_of_a_label_file_is_empty(tmp_path):
    source = open_line_source(label_file(tmp_path, [("one", pixels(1))]))
    made = read_provenance(source, np.array([0]))[0]
    assert math.isnan(made.meta.contrast)
    assert len(made.clusters) == 0


def test_number_of_measured_images_is_limited(tmp_path, monkeypatch):
    source = open_line_source(dataset(tmp_path / "data", [sample(i, "abc") for i in range(20)], "abc"))
    assert len(ImageStatistics.measure(source, np.random.default_rng(0))) == 20
    monkeypatch.setattr(line_profile, "MAX_INSPECTED_IMAGES", 7)
    measured = ImageStatistics.measure(source, np.random.default_rng(0))
    assert len(measured) == 7
    assert len(set(measured.rows.tolist())) == 7
    assert (np.diff(measured.rows) > 0).all()


def test_inspect_writes_one_page_and_prints_problems(tmp_path, capsys):
    lines = [("one", pixels(1)), (HOSTILE, pixels(2, width=400)), ("", pixels(3)), ("\x1b[31mred", pixels(4))]
    source = label_file(tmp_path, lines)
    out = tmp_path / "page.html"
    inspect_command(str(source), out, samples=3, seed=1)
    printed = capsys.readouterr().out
    assert "1 of 4 lines (25.0 %) have no label" in printed
    assert "\x1b" not in printed
    assert f"{out} (3 of 4 lines" in printed
    page = out.read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert page.count('<figure class="sample') == 3
    assert "3 of 4, chosen at random" in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_seed_chooses_the_samples(tmp_path):
    source = str(label_file(tmp_path, [(f"word {i}", pixels(i)) for i in range(30)]))
    pages = []
    for seed in (1, 1, 2):
        inspect_command(source, tmp_path / "page.html", samples=5, seed=seed)
        pages.append((tmp_path / "page.html").read_bytes())
    assert pages[0] == pages[1] != pages[2]


def test_dataset_page_shows_fonts_and_outlines(tmp_path):
    path = dataset(tmp_path / "data", [sample(i, "abc", HOSTILE) for i in range(3)], "abc")
    inspect_command(str(path), tmp_path / "page.html", samples=9, seed=0)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page
    assert page.count("<path ") == 3
    assert "own.yaml" in page


@pytest.mark.parametrize("out", ["no folder/page.html", "."])
def test_unwritable_page_is_rejected_before_reading(tmp_path, out):
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        inspect_command("nothing", tmp_path / out, samples=1, seed=0)


def test_missing_source_is_rejected_and_nothing_is_written(tmp_path):
    with pytest.raises(InputError, match="nothing-here"):
        inspect_command(str(tmp_path / "nothing-here"), tmp_path / "page.html", samples=1, seed=0)
    assert list(tmp_path.iterdir()) == []
