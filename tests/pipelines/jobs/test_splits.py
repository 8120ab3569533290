"""Splits of a recipe: datasets that share no sample, the card that Hugging Face `datasets` loads, check and publish."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from pipelines.datasets.open import open_line_source
from pipelines.io.card import CARD_DIFFERS, CARD_MISSING, card_header
from pipelines.io.plan import ShardPlan
from pipelines.io.split import Split, parse_splits
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.generation import generate
from pipelines.jobs.publish import prepare_publication
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.splits import check_split_card, generate_splits
from synthtext.core import InputError

COUNT = 40
SPLITS = parse_splits(["train=0.75", "validation=0.25"])


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in pq.read_table(folder / "shards").to_pylist()}


def run(out: str | Path, count: int = COUNT, splits: tuple[Split, ...] = SPLITS, **options: Any) -> int:
    found = generate_splits("digits", out, count, splits, **{"workers": 0, "shard_size": 8, **options})
    return sum(summary.new_shards for summary in found)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("splits") / "data"
    run(folder)
    return folder


@pytest.fixture
def folder(generated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(generated, tmp_path / "data"))


def test_splits_are_the_samples_of_the_dataset_without_splits(generated: Path, tmp_path: Path) -> None:
    generate("digits", tmp_path / "whole", COUNT, workers=0)
    train, validation = rows(generated / "train"), rows(generated / "validation")
    assert train
    assert validation
    assert not train.keys() & validation.keys()
    assert train | validation == rows(tmp_path / "whole")


def test_a_larger_count_moves_no_sample_and_a_lost_shard_is_written_again(folder: Path, generated: Path) -> None:
    assert run(folder) == 0
    (folder / "train" / "manifests" / "part-000001.json").unlink()
    assert run(folder) == 1
    assert rows(folder / "train") == rows(generated / "train")
    run(folder, COUNT + 8)
    for name in ("train", "validation"):
        assert rows(folder / name).items() >= rows(generated / name).items()
        assert not check_dataset(folder / name).problems.counts
    assert not check_split_card(folder, repair=False)


def test_every_index_falls_into_one_split() -> None:
    parts = [ShardPlan(10_000, split=split)[0].samples for split in SPLITS]
    assert sorted(index for part in parts for index in part) == list(range(4096))
    assert abs(len(parts[0]) / 4096 - 0.75) < 0.05


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (["train=0.5"], "add up to 0.5"),
        (["train=0.5", "train=0.5"], "a name of its own"),
        (["train"], "write NAME=SHARE"),
        (["../x=1"], "write NAME=SHARE"),
        (["train=nan", "val=1"], "write NAME=SHARE"),
        (["train=1,val=0.0"], "above 0"),
    ],
)
def test_invalid_splits_are_refused(entries: list[str], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_splits(entries)


def test_other_splits_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"split was train \(0 to 0.75\), is train \(0 to 0.5\)"):
        run(folder, splits=parse_splits(["train=0.5", "validation=0.5"]))
    with pytest.raises(InputError, match="holds the splits validation"):
        run(folder, splits=parse_splits(["train=1"]))
    with pytest.raises(InputError, match="a dataset without splits"):
        run(folder / "train")
    with pytest.raises(InputError, match="not an ocrmill dataset"):
        generate("digits", folder, COUNT, workers=0)
    with pytest.raises(InputError, match=r"none of 2 samples falls into the split tiny"):
        run(tmp_path / "few", 2, parse_splits(["tiny=0.0001", "rest=0.9999"]))
    assert not (tmp_path / "few").exists()


def test_a_folder_of_splits_is_no_source(generated: Path) -> None:
    with pytest.raises(
        InputError, match=r"holds the splits train, validation: name the folder of one, such as .*train"
    ):
        open_line_source(generated)
    assert len(open_line_source(generated / "validation")) == len(rows(generated / "validation"))


def test_hugging_face_datasets_loads_the_folder(
    generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    monkeypatch.setattr(datasets.utils.logging.get_logger("datasets"), "propagate", True)
    for path, names in ((generated, {"train", "validation"}), (generated / "validation", {"validation"})):
        loaded = datasets.load_dataset(str(path), cache_dir=str(tmp_path / "cache"))
        assert loaded.keys() == names
        for name, split in loaded.items():
            expected = rows(generated / name)
            assert {row["key"]: row["text"] for row in split} == {key: row["text"] for key, row in expected.items()}
            assert all(row["image"].size == (row["width"], row["height"]) for row in split)
    assert "Ignoring" not in caplog.text


def test_pandas_and_arrow_read_the_folder_of_shards(generated: Path) -> None:
    pandas = pytest.importorskip("pandas")
    shards = generated / "train" / "shards"
    expected = rows(generated / "train").keys()
    assert set(pandas.read_parquet(shards)["key"]) == expected
    assert pyarrow.dataset.dataset(shards).count_rows() == len(expected)


def test_the_card_names_fonts_and_licences_and_keeps_edits(folder: Path) -> None:
    card = folder / "README.md"
    fonts = json.loads((folder / "train" / "dataset.json").read_text())["fonts"]
    assert all(f"| {font['family']} | {font['licence']} |" in card.read_text() for font in fonts)
    assert "--split train=0.75,validation=0.25" in card.read_text()
    card.write_text(card.read_text().replace("license: unknown", "license: cc0-1.0") + "\nMy notes.\n")
    run(folder, COUNT + 8)
    assert card_header(card.read_text())["license"] == "cc0-1.0"
    assert card.read_text().endswith("\nMy notes.\n")
    assert card.read_text().count("## Fonts") == 1


@pytest.mark.parametrize("content", [None, "", "---\n[\n---\n", "---\nconfigs: []\n---\n"])
def test_a_damaged_card_is_found_and_repaired(folder: Path, content: str | None) -> None:
    card = folder / "train" / "README.md"
    whole = card_header(card.read_text())
    card.unlink() if content is None else card.write_text(content)
    found = check_dataset(folder / "train")
    assert dict(found.problems.counts) == {CARD_MISSING if content is None else CARD_DIFFERS: 1}
    assert not repair_dataset(found).problems.counts
    assert card_header(card.read_text())["dataset_info"] == whole["dataset_info"]


def test_publish_verifies_and_prints_the_next_command(folder: Path) -> None:
    (folder / "train" / "README.md").unlink()
    published = prepare_publication(folder)
    assert published.command == f"hf upload USER/NAME {folder} . --repo-type dataset --exclude .lock"
    assert any("loads with Hugging Face datasets" in note for note in published.notes)
    assert any("set license:" in note for note in published.notes)
    (folder / "validation" / "shards" / "part-000000.parquet").write_bytes(b"")
    assert not prepare_publication(folder).command
    generate("digits", folder / "lmdb", 2, workers=0, format="lmdb")
    with pytest.raises(InputError, match="LMDB"):
        prepare_publication(folder / "lmdb")
    with pytest.raises(InputError, match="must be on this machine"):
        prepare_publication("s3://bucket/data")


def test_splits_at_a_uri(s3: Any, generated: Path) -> None:
    uri = s3.uri("splits")
    assert run(uri) > 0
    assert run(uri) == 0
    for name in ("train", "validation"):
        assert rows(s3.folder("splits") / name) == rows(generated / name)
        assert not check_dataset(s3.uri(f"splits/{name}")).problems.counts
    assert not check_split_card(uri, repair=False)
    with pytest.raises(InputError, match="holds the splits train, validation"):
        open_line_source(uri)
    (s3.folder("splits") / "train" / "README.md").write_text("mine")
    s3.refresh()
    found = check_dataset(s3.uri("splits/train"))
    assert dict(found.problems.counts) == {CARD_DIFFERS: 1}
    assert not repair_dataset(found).problems.counts
    assert (s3.folder("splits") / "train" / "README.md").read_text().rstrip().endswith("mine")
