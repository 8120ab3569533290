"""The command `ocrmill split`, and `--split` of `ocrmill generate`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.datasets.open import open_line_source
from synthtext.core import InputError

TEXTS = [f"text{number}" for number in range(40)]


def ocrmill(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def labels(draw_lines, tmp_path: Path) -> Path:
    return Path(draw_lines(tmp_path / "photos", TEXTS))


def read(path: Path) -> list[str]:
    return list(open_line_source(path).texts())


def test_every_label_is_in_one_file_and_copies_stay_together(labels: Path, tmp_path: Path) -> None:
    for number, _ in enumerate(TEXTS):
        shutil.copy(labels.parent / f"{number}.png", labels.parent / f"copy{number}.png")
    rows = [f"copy{number}.png\tcopy of {text}\n" for number, text in enumerate(TEXTS)]
    labels.write_text(labels.read_text() + "".join(rows) + "lost.png\tlost\n")
    output = ocrmill("split", labels, "-o", tmp_path, "train=0.6", "val=0.4")
    train, val = read(tmp_path / "train.txt"), read(tmp_path / "val.txt")
    assert sorted(train + val) == sorted([*TEXTS, *(f"copy of {text}" for text in TEXTS)])
    for part in (train, val):
        assert {f"copy of {text}" for text in part if text in TEXTS} == {text for text in part if "copy" in text}
        assert part
    assert "image missing (1)" in output
    source = open_line_source(tmp_path / "val.txt")
    assert len(source.sizes()) == len(val)  # all images are found from the new folder
    assert ocrmill("split", labels, "-o", tmp_path, "train=0.6", "val=0.4") == output


def test_new_labels_do_not_move_others(labels: Path, tmp_path: Path) -> None:
    lines = labels.read_text().splitlines(keepends=True)
    labels.write_text("".join(lines[:30]))
    ocrmill("split", labels, "-o", labels.parent, "train=0.6", "val=0.4")
    labels.write_text("".join(lines))
    ocrmill("split", labels, "-o", tmp_path, "train=0.6", "val=0.4")
    for name in ("train.txt", "val.txt"):
        assert set(read(labels.parent / name)) <= set(read(tmp_path / name))
    with pytest.raises(InputError, match=r"lies outside of .*other.* use -o .*photos"):
        ocrmill("split", labels, "-o", tmp_path / "other", "train=0.6", "val=0.4")


def test_other_labels_are_not_overwritten(labels: Path) -> None:
    shutil.move(labels, labels.with_name("train.txt"))
    before = labels.with_name("train.txt").read_text()
    with pytest.raises(InputError, match=r"train.txt exists with other labels"):
        ocrmill("split", labels.with_name("train.txt"), "-o", labels.parent, "train=0.6", "val=0.4")
    assert labels.with_name("train.txt").read_text() == before
    assert not labels.with_name("val.txt").exists()
    with pytest.raises(InputError, match="falls into tiny: give it a larger share"):
        ocrmill("split", labels.with_name("train.txt"), "-o", labels.parent, "tiny=0.00001", "rest=0.99999")


def test_generate_and_check_know_splits(tmp_path: Path) -> None:
    out = tmp_path / "data"
    splits = ("--split", "train=0.75", "validation=0.25", "corpus.0.pattern='[0-9]{3}'")
    ocrmill("generate", "digits", "-o", out, "-n", "20", "--workers", "0", *splits)
    assert set(map(len, read(out / "validation"))) == {3}
    assert ocrmill("check", out).count("no problem found") == 2
    (out / "README.md").write_text((out / "README.md").read_text().replace("num_examples: ", "num_examples: 1"))
    result = CliRunner().invoke(app, ["check", str(out)])
    assert result.exit_code == 1
    assert "README.md: card differs from the dataset; --repair writes it again" in result.output
    ocrmill("check", out, "--repair")
    assert "to upload it: hf upload" in ocrmill("publish", out)
