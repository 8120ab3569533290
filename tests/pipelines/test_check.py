"""`ocrmill check`: every kind of damage is found and named, and repaired to the same bytes, in both formats."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.check import Findings, check, repair
from pipelines.check.problem import SHOWN, Problem, Problems
from pipelines.check.rows import stored_groups
from pipelines.cli.main import run as main
from pipelines.generate import generate
from pipelines.shards import LineRow, Mark, read_mark
from pipelines.shards.files import sha256, write_file
from synthtext.core import InputError

COUNT, SIZE, DAMAGED = 70, 30, 1
SCENES = (
    "fonts={embedded: true, size_range: [9, 40]}",
    "output={width_range: [160, 200], height_range: [160, 200]}",
)


def draw_lines(folder: Path, form: str = "parquet", count: int = COUNT) -> Path:
    (folder / "words.txt").write_text("12 345\n6\n7890\n")
    tree = {
        "kind": "lines",
        "charset": "digits",
        "corpus": [{"use": "pattern", "pattern": "[0-9]{1,6}"}],
        "fonts": {"system": False, "embedded": True, "size_range": [20, 30]},
        "output": {"height": 24, "width": "free"},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(tree))
    generate(str(folder / "recipe.yaml"), folder / "data", count, workers=0, shard_size=SIZE, form=form)
    return folder / "data"


@pytest.fixture(scope="module", params=["parquet", "lmdb"])
def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_lines(tmp_path_factory.mktemp("lines"), request.param)


@pytest.fixture(scope="module", params=["parquet", "lmdb"])
def scenes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes") / "data"
    generate("scenes", folder, 4, overrides=SCENES, workers=0, shard_size=2, form=request.param)
    return folder


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def data_of(folder: Path, shard: int = DAMAGED) -> Path:
    (path,) = (folder / "shards").glob(f"part-{shard:06d}.[pl]*")
    return path / "data.mdb" if path.is_dir() else path


def mark_path(folder: Path) -> Path:
    return folder / "shards" / f"part-{DAMAGED:06d}.json"


def mark_of(folder: Path) -> Mark:
    mark = read_mark(mark_path(folder))
    assert mark is not None
    return mark


def believe(folder: Path, **changes: object) -> None:
    """Make the mark say that the data, as they are now, are right."""
    data = data_of(folder)
    changes = {"bytes": data.stat().st_size, "sha256": sha256(data), **changes}
    write_file(mark_path(folder), mark_of(folder).model_copy(update=changes).to_json())


def change_rows(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change rows, as columns by name, in the data of the damaged shard, and make the mark believe it."""
    data = data_of(folder)
    if data.name == "data.mdb":
        with lmdb.open(str(data.parent), map_size=2**26, lock=False) as environment, environment.begin(write=True) as t:
            count = int(t.get(b"num-samples"))
            names = [f"-{number:09d}".encode() for number in range(1, count + 1)]
            rows = [json.loads(t.get(b"meta" + name)) | {"text": t.get(b"label" + name).decode()} for name in names]
            change(rows)
            for name, row in zip(names, rows, strict=True):
                t.put(b"label" + name, row.pop("text").encode())
                t.put(b"meta" + name, json.dumps(row).encode())
    else:
        table = pq.read_table(data)
        rows = table.to_pylist()
        change(rows)
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), data)
    believe(folder)


def flip(folder: Path) -> None:
    data = bytearray(data_of(folder).read_bytes())
    data[len(data) // 2] ^= 1
    data_of(folder).write_bytes(data)


def damage_a_picture(folder: Path) -> None:
    """An invalid marker amid the picture's data, and a checksum that says that it belongs there."""
    data = data_of(folder)
    form = "lmdb" if data.name == "data.mdb" else "parquet"
    image = next(stored_groups(data.parent if form == "lmdb" else data, LineRow, form))[4]["image"]
    place = image.index(b"\xff\xda") + 80
    data.write_bytes(data.read_bytes().replace(image, image[:place] + b"\xff\x4f" + image[place + 2 :]))
    believe(folder)


def truncate(folder: Path) -> None:
    data_of(folder).write_bytes(data_of(folder).read_bytes()[:-100])


def lose(folder: Path, *, mark: bool) -> None:
    data = data_of(folder)
    shutil.rmtree(data.parent) if data.name == "data.mdb" else data.unlink()
    if mark:
        mark_path(folder).unlink()


def miscount(folder: Path) -> None:
    mark = mark_of(folder)
    statistics = mark.statistics.model_copy(update={"rows": mark.rows - 1, "gaps": Counter(lost=1)})
    believe(folder, rows=mark.rows - 1, gaps={"lost": 1}, statistics=statistics)


def double_a_key(rows: list[dict[str, Any]]) -> None:
    rows[3]["key"] = rows[7]["key"]


def misplace_a_key(rows: list[dict[str, Any]]) -> None:
    rows[3]["key"] = rows[3]["key"][:-10] + f"{0:010d}"  # of the first shard


def write_a_letter(rows: list[dict[str, Any]]) -> None:
    rows[2]["text"] = "x" + rows[2]["text"][1:]


def add_a_character(rows: list[dict[str, Any]]) -> None:
    rows[2]["text"] += "1"


def widen(rows: list[dict[str, Any]]) -> None:
    rows[2]["width"] += 1


def turn_a_quad(rows: list[dict[str, Any]]) -> None:
    rows[2]["cluster_quads"][:8] = [rows[2]["cluster_quads"][place] for place in (6, 7, 4, 5, 2, 3, 0, 1)]


def move_a_quad(rows: list[dict[str, Any]]) -> None:
    rows[2]["cluster_quads"][:8] = [number + 500 for number in rows[2]["cluster_quads"][:8]]


def drop_a_quad(rows: list[dict[str, Any]]) -> None:
    del rows[2]["cluster_quads"][:8]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "checksum differs": flip,
    "picture broken": damage_a_picture,
    "mark missing": lambda folder: mark_path(folder).unlink(),
    "mark unreadable": lambda folder: mark_path(folder).write_text('{"index": 1'),
    "data missing": lambda folder: lose(folder, mark=False),
    "shard missing": lambda folder: lose(folder, mark=True),
    "size differs": truncate,
    "mark with wrong numbers": lambda folder: believe(folder, rows=SIZE - 1),
    "number of rows differs": miscount,
    "key doubled": lambda folder: change_rows(folder, double_a_key),
    "label outside of the charset": lambda folder: change_rows(folder, write_a_letter),
}
FURTHER: dict[str, Callable[[Path], object]] = {
    "mark of another shard": lambda folder: believe(folder, start=0),
    "key is wrong": lambda folder: change_rows(folder, misplace_a_key),
    "clusters do not fit the text": lambda folder: change_rows(folder, add_a_character),
    "picture broken, by its size": lambda folder: change_rows(folder, widen),
    "cluster quad is wrong": lambda folder: change_rows(folder, turn_a_quad),
    "cluster quad is wrong, as it lies outside": lambda folder: change_rows(folder, move_a_quad),
    "clusters do not fit the text, one lacks": lambda folder: change_rows(folder, drop_a_quad),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes() for path in (folder / "shards").rglob("*.[pm][ad][rb]*")
    }


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def others(folder: Path) -> dict[Path, int]:
    """When files of undamaged shards were written."""
    return {
        path: time
        for path, time in times(folder / "shards").items()
        if "part-" in str(path.relative_to(folder)) and f"part-{DAMAGED:06d}" not in str(path)
    }


def found_in(folder: Path, name: str) -> Findings:
    """What a check finds, which is the one thing."""
    found = check(folder)
    kind, _, _ = name.partition(",")
    assert set(found.problems.counts) == {kind}
    assert found.problems.damaged == {DAMAGED}
    assert all(f"part-{DAMAGED:06d}" in line for line in found.problems.lines(""))
    return found


@pytest.mark.parametrize("name", FURTHER)
def test_damage_is_found_and_named(lines: Path, tmp_path: Path, name: str) -> None:
    folder = copied(lines, tmp_path)
    FURTHER[name](folder)
    found_in(folder, name)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_named_and_repaired_to_the_same_bytes(lines: Path, tmp_path: Path, name: str) -> None:
    folder = copied(lines, tmp_path)
    kept = others(folder)
    DAMAGES[name](folder)
    found = found_in(folder, name)
    assert not repair(found).problems.counts
    assert contents(folder) == contents(lines)
    assert others(folder) == kept
    assert (folder / "dataset.json").read_bytes() == (lines / "dataset.json").read_bytes()
    assert (folder / "statistics.json").read_bytes() == (lines / "statistics.json").read_bytes()


def spoil_a_polygon(rows: list[dict[str, Any]]) -> None:
    rows[0]["instances"][0]["polygon"][3] = float("nan")


def spoil_a_parent(rows: list[dict[str, Any]]) -> None:
    rows[0]["instances"][0]["parent"] = len(rows[0]["instances"])


def spoil_a_text(rows: list[dict[str, Any]]) -> None:
    instance = next(i for i in rows[0]["instances"] if i["level"] == "line" and not i["ignore"])
    instance["text"] = "\n" + instance["text"][1:]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (spoil_a_polygon, "polygon is wrong"),
        (spoil_a_parent, "texts of the scene are wrong"),
        (spoil_a_text, "label outside of the charset"),
    ],
)
def test_what_is_wrong_with_scenes_is_found_and_repaired(
    scenes: Path, tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], kind: str
) -> None:
    folder = copied(scenes, tmp_path)
    assert not check(folder).problems.counts
    change_rows(folder, change)
    found = check(folder)
    assert dict(found.problems.counts) == {kind: 1}
    (line,) = found.problems.lines("again")
    assert line.startswith(f"shards/part-{DAMAGED:06d}.")
    assert ", row 0, key " in line
    assert line.endswith("; again")
    assert not repair(found).problems.counts
    assert contents(folder) == contents(scenes)


def test_a_sound_data_set_gives_0_and_is_not_touched(
    lines: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = times(lines)
    assert ocrmill(monkeypatch, "check", str(lines), "--repair") == 0
    assert times(lines) == before
    assert f"{COUNT} lines" in capsys.readouterr().out


def ocrmill(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ocrmill", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_problems_give_1_and_a_repaired_data_set_0(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(lines, tmp_path)
    truncate(folder)
    assert ocrmill(monkeypatch, "check", str(folder)) == 1
    assert "size differs" in capsys.readouterr().out
    assert ocrmill(monkeypatch, "check", str(folder), "--repair", "--workers", "2") == 0
    assert "no problem found" in capsys.readouterr().out
    assert contents(folder) == contents(lines)


def test_what_is_no_data_set_gives_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "notes.txt"):
        assert ocrmill(monkeypatch, "check", str(path)) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{")])
def test_a_damaged_description_is_a_problem_of_its_own(
    lines: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = copied(lines, tmp_path)
    damage(folder / "dataset.json")
    before = times(folder)
    found = repair(check(folder))
    (line,) = found.problems.lines("")
    assert "3 shards have their marks" in line
    assert "put a copy of it back" in line
    assert times(folder) == before


def test_statistics_are_summed_up_again_from_marks_alone(lines: Path, tmp_path: Path) -> None:
    for number, damage in enumerate(
        (Path.unlink, lambda path: path.write_text("{}"), lambda path: path.write_text("["))
    ):
        folder = copied(lines, tmp_path / str(number))
        (folder / "recipe.yaml").write_text("broken: [")  # not needed for it
        damage(folder / "statistics.json")
        found = check(folder)
        assert all(kind.startswith("statistics") for kind in found.problems.counts)
        assert found.problems.counts.total() == 1
        assert not repair(found).problems.counts
        assert (folder / "statistics.json").read_bytes() == (lines / "statistics.json").read_bytes()


def test_totals_in_the_description_are_mended(lines: Path, tmp_path: Path) -> None:
    folder = copied(lines, tmp_path)
    text = (folder / "dataset.json").read_text()
    (folder / "dataset.json").write_text(text.replace(f'"rows": {COUNT}', '"rows": 3'))
    found = check(folder)
    assert dict(found.problems.counts) == {"totals differ": 1}
    assert not repair(found).problems.counts
    assert (folder / "dataset.json").read_text() == text


def test_what_a_stopped_job_left_is_removed_and_what_is_not_ours_stays(lines: Path, tmp_path: Path) -> None:
    folder = copied(lines, tmp_path)
    left, foreign = folder / "shards" / ".tmp-part-000000-1-0.parquet", folder / "shards" / "part-000099.json"
    left.write_text("x")
    foreign.write_text("x")
    found = check(folder)
    assert found.problems.counts.total() == 2
    assert not found.problems.damaged
    assert dict(repair(found).problems.counts) == {"no part of this data set": 1}
    assert not left.exists()
    assert foreign.exists()


def test_an_unfinished_data_set_is_told_of_by_its_missing_shards(lines: Path, tmp_path: Path) -> None:
    folder = copied(lines, tmp_path)
    text = (folder / "dataset.json").read_text()
    (folder / "dataset.json").write_text(text.replace(f'"count": {COUNT}', f'"count": {20 * SIZE}'))
    found = check(folder)
    assert found.problems.counts["shard missing"] == 17
    assert found.problems.counts["mark of another shard"] == 1  # the last one was shorter
    told = [line for line in found.problems.lines("again") if "shard missing" in line]
    assert len(told) == SHOWN + 1
    assert told[-1] == "12 more: shard missing"


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
    assert whole.damaged == {0, 1, 2}
    assert [line.partition(":")[0] for line in whole.lines("x")] == ["0.0", "0.1", "0.2", "0.3", "1.0", "7 more"]


def test_other_samples_are_refused_and_nothing_is_removed(lines: Path, tmp_path: Path) -> None:
    folder = copied(lines, tmp_path)
    recipe = folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("[0-9]{1,6}", "[0-9]{2,6}"))
    flip(folder)
    before = times(folder)
    with pytest.raises(InputError, match=r"other samples \(corpus.*\[0-9\]\{1,6\}.*undo that"):
        repair(check(folder))
    assert times(folder) == before
