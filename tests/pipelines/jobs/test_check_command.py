"""The command `ocrmill check`, and the files around the shards of a dataset."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli.main import main as main
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.check_shard import MAX_EXAMPLES, Problem, Problems
from pipelines.jobs.repair import repair_dataset
from synthtext.core import InputError

pytestmark = pytest.mark.slow

COUNT, SIZE = 70, 30  # of `checked_lines`


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def contents(folder: Path) -> dict[str, bytes]:
    """Of the data; manifests tell who wrote them, and how long it took."""
    paths = [path for path in folder.rglob("*") if path.suffix in (".parquet", ".mdb")]
    assert len(paths) == -(-COUNT // SIZE)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def spoil(folder: Path) -> None:
    """Change a byte of the second shard."""
    (path,) = (folder / "shards").glob("part-000001.[pl]*")
    path = path / "data.mdb" if path.is_dir() else path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_valid_dataset_gives_0_and_is_not_changed(
    checked_lines: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = times(checked_lines)
    assert ocrmill(monkeypatch, "check", str(checked_lines), "--repair") == 0
    assert times(checked_lines) == before
    assert f"{COUNT} lines" in capsys.readouterr().out


def ocrmill(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ocrmill", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_problems_give_1_and_a_repaired_dataset_0(
    checked_lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(checked_lines, tmp_path)
    spoil(folder)
    assert ocrmill(monkeypatch, "check", str(folder)) == 1
    assert "checksum differs" in capsys.readouterr().out
    assert ocrmill(monkeypatch, "check", str(folder), "--repair") == 0
    assert "no problem found" in capsys.readouterr().out
    assert contents(folder) == contents(checked_lines)


def test_other_paths_give_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "notes.txt"):
        assert ocrmill(monkeypatch, "check", str(path)) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{")])
def test_a_damaged_description_is_reported(
    checked_lines: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = copied(checked_lines, tmp_path)
    damage(folder / "dataset.json")
    before = times(folder)
    found = repair_dataset(check_dataset(folder))
    (line,) = found.problems.lines("")
    assert "3 shards have a manifest" in line
    assert "restore a copy" in line
    assert times(folder) == before


def test_statistics_are_repaired_from_manifests(checked_lines: Path, tmp_path: Path) -> None:
    for number, damage in enumerate(
        (Path.unlink, lambda path: path.write_text("{}"), lambda path: path.write_text("["))
    ):
        folder = copied(checked_lines, tmp_path / str(number))
        (folder / "recipe.yaml").write_text("broken: [")  # not needed for it
        damage(folder / "statistics.json")
        found = check_dataset(folder)
        assert all(kind.startswith("statistics") for kind in found.problems.counts)
        assert found.problems.counts.total() == 1
        assert not repair_dataset(found).problems.counts
        assert (folder / "statistics.json").read_bytes() == (checked_lines / "statistics.json").read_bytes()


def test_totals_in_the_description_are_repaired(checked_lines: Path, tmp_path: Path) -> None:
    folder = copied(checked_lines, tmp_path)
    text = (folder / "dataset.json").read_text()
    (folder / "dataset.json").write_text(text.replace(f'"rows": {COUNT}', '"rows": 3'))
    found = check_dataset(folder)
    assert dict(found.problems.counts) == {"totals differ": 1}
    assert not repair_dataset(found).problems.counts
    assert (folder / "dataset.json").read_text() == text


def test_leftover_files_are_removed_and_foreign_files_are_kept(checked_lines: Path, tmp_path: Path) -> None:
    folder = copied(checked_lines, tmp_path)
    left, foreign = folder / "shards" / ".tmp-part-000000-1-0.parquet", folder / "manifests" / "part-000099.json"
    left.write_text("x")
    foreign.write_text("x")
    found = check_dataset(folder)
    assert found.problems.counts.total() == 2
    assert not found.problems.damaged_shards
    assert dict(repair_dataset(found).problems.counts) == {"not a part of the dataset": 1}
    assert not left.exists()
    assert foreign.exists()


def test_missing_shards_of_an_incomplete_dataset_are_reported(checked_lines: Path, tmp_path: Path) -> None:
    folder = copied(checked_lines, tmp_path)
    text = (folder / "dataset.json").read_text()
    (folder / "dataset.json").write_text(text.replace(f'"count": {COUNT}', f'"count": {20 * SIZE}'))
    found = check_dataset(folder)
    assert found.problems.counts["shard missing"] == 17
    assert found.problems.counts["manifest of another shard"] == 1  # the last one was shorter
    message = [line for line in found.problems.lines("again") if "shard missing" in line]
    assert len(message) == MAX_EXAMPLES + 1
    assert message[-1] == "12 more: shard missing"


def test_problems_of_parts_add_up() -> None:
    parts = []
    for shard in range(3):
        part = Problems()
        for row in range(4):
            part.add(Problem("bad", f"{shard}.{row}", shard=shard if row else None))
        parts.append(part)
    whole = Problems()
    for part in parts:
        whole.merge(part)
    assert whole.counts["bad"] == 12
    assert whole.damaged_shards == {0, 1, 2}
    assert [line.partition(":")[0] for line in whole.lines("x")] == ["0.0", "0.1", "0.2", "0.3", "1.0", "7 more"]


def test_a_repair_with_other_samples_is_refused_and_removes_nothing(checked_lines: Path, tmp_path: Path) -> None:
    folder = copied(checked_lines, tmp_path)
    recipe = folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("[0-9]{1,6}", "[0-9]{2,6}"))
    spoil(folder)
    before = times(folder)
    with pytest.raises(InputError, match=r"other samples \(corpus.*\[0-9\]\{1,6\}.*undo the change"):
        repair_dataset(check_dataset(folder))
    assert times(folder) == before
