"""`ocrmill check`: every kind of damage is found, and repaired to the same bytes, in both formats."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import JobError
from pipelines.io.atomic import file_sha256, write_atomic
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import read_description
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardManifest, ShardPlan, read_manifest
from pipelines.io.shard_writer import write_shard
from pipelines.jobs.check_dataset import CheckReport, check_dataset
from pipelines.jobs.check_rows import read_row_groups
from pipelines.jobs.generation import generate
from pipelines.jobs.repair import repair_dataset
from synthtext.core import SkippedSample

DAMAGED, SIZE = 1, 30
SCENES = (
    "fonts={system: false, bundled: true, size_range: [9, 40]}",
    "output={width_range: [160, 200], height_range: [160, 200]}",
)


@pytest.fixture(scope="module", params=["parquet", "lmdb"])
def scenes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes") / "data"
    generate("scenes", folder, 4, overrides=SCENES, workers=0, shard_size=2, format=request.param)
    return folder


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def data_of(folder: Path, shard: int = DAMAGED) -> Path:
    (path,) = (folder / "shards").glob(f"part-{shard:06d}.[pl]*")
    return path / "data.mdb" if path.is_dir() else path


def manifest_path(folder: Path) -> Path:
    return folder / "manifests" / f"part-{DAMAGED:06d}.json"


def manifest_of(folder: Path) -> ShardManifest:
    manifest = read_manifest(manifest_path(folder))
    assert manifest is not None
    return manifest


def update_manifest(folder: Path, **changes: object) -> None:
    """Make the manifest say that the data, as they are now, are right."""
    data = data_of(folder)
    changes = {"bytes": data.stat().st_size, "sha256": file_sha256(data), **changes}
    write_atomic(manifest_path(folder), manifest_of(folder).model_copy(update=changes).to_json())


def change_rows(folder: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change rows, as columns by name, in the data of the damaged shard, and make the manifest update_manifest it."""
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
    update_manifest(folder)


def flip(folder: Path) -> None:
    data = bytearray(data_of(folder).read_bytes())
    data[len(data) // 2] ^= 1
    data_of(folder).write_bytes(data)


def damage_a_picture(folder: Path) -> None:
    """Write an invalid marker into an image, and checksums that say that it belongs there."""

    def damaged(image: bytes) -> bytes:
        at = image.index(b"\xff\xda") + 80
        return image[:at] + b"\xff\x4f" + image[at + 2 :]

    data = data_of(folder)
    if data.name == "data.mdb":
        image = next(read_row_groups(data.parent, LineRow, "lmdb"))[4]["image"]
        data.write_bytes(data.read_bytes().replace(image, damaged(image)))
        update_manifest(folder)
    else:
        change_rows(folder, lambda rows: rows[4]["image"].update(bytes=damaged(rows[4]["image"]["bytes"])))


def truncate(folder: Path) -> None:
    data_of(folder).write_bytes(data_of(folder).read_bytes()[:-100])


def lose(folder: Path, *, manifest: bool) -> None:
    data = data_of(folder)
    shutil.rmtree(data.parent) if data.name == "data.mdb" else data.unlink()
    if manifest:
        manifest_path(folder).unlink()


def miscount(folder: Path) -> None:
    manifest = manifest_of(folder)
    statistics = manifest.statistics.model_copy(update={"rows": manifest.rows - 1, "skipped": Counter(lost=1)})
    update_manifest(folder, rows=manifest.rows - 1, skipped={"lost": 1}, statistics=statistics)


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
    "image broken": damage_a_picture,
    "manifest missing": lambda folder: manifest_path(folder).unlink(),
    "manifest unreadable": lambda folder: manifest_path(folder).write_text('{"index": 1'),
    "data missing": lambda folder: lose(folder, manifest=False),
    "shard missing": lambda folder: lose(folder, manifest=True),
    "size differs": truncate,
    "manifest with wrong counts": lambda folder: update_manifest(folder, rows=SIZE - 1),
    "number of rows differs": miscount,
    "duplicate key": lambda folder: change_rows(folder, double_a_key),
    "label outside of the charset": lambda folder: change_rows(folder, write_a_letter),
}
FURTHER: dict[str, Callable[[Path], object]] = {
    "manifest of another shard": lambda folder: update_manifest(folder, start=0),
    "key is invalid": lambda folder: change_rows(folder, misplace_a_key),
    "clusters do not fit the text": lambda folder: change_rows(folder, add_a_character),
    "image broken, by its size": lambda folder: change_rows(folder, widen),
    "cluster quad is invalid": lambda folder: change_rows(folder, turn_a_quad),
    "cluster quad is invalid, as it lies outside": lambda folder: change_rows(folder, move_a_quad),
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


def found_in(folder: Path, name: str) -> CheckReport:
    """What a check finds, which is the one thing."""
    found = check_dataset(folder)
    kind, _, _ = name.partition(",")
    assert set(found.problems.counts) == {kind}
    assert found.problems.damaged_shards == {DAMAGED}
    assert all(f"part-{DAMAGED:06d}" in line for line in found.problems.lines(""))
    return found


@pytest.mark.parametrize("name", FURTHER)
def test_damage_is_found(checked_lines: Path, tmp_path: Path, name: str) -> None:
    folder = copied(checked_lines, tmp_path)
    FURTHER[name](folder)
    found_in(folder, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_repaired_to_the_same_bytes(checked_lines: Path, tmp_path: Path, name: str) -> None:
    folder = copied(checked_lines, tmp_path)
    kept = others(folder)
    DAMAGES[name](folder)
    found = found_in(folder, name)
    assert not repair_dataset(found).problems.counts
    assert contents(folder) == contents(checked_lines)
    assert others(folder) == kept
    assert (folder / "dataset.json").read_bytes() == (checked_lines / "dataset.json").read_bytes()
    assert (folder / "statistics.json").read_bytes() == (checked_lines / "statistics.json").read_bytes()


def spoil_a_polygon(rows: list[dict[str, Any]]) -> None:
    rows[0]["instances"][0]["polygon"][3] = float("nan")


def spoil_a_parent(rows: list[dict[str, Any]]) -> None:
    rows[0]["instances"][0]["parent"] = len(rows[0]["instances"])


def spoil_a_text(rows: list[dict[str, Any]]) -> None:
    instance = next(i for i in rows[0]["instances"] if i["level"] == "line" and not i["ignore"])
    instance["text"] = "\n" + instance["text"][1:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (spoil_a_polygon, "polygon is invalid"),
        (spoil_a_parent, "instances of the scene are invalid"),
        (spoil_a_text, "label outside of the charset"),
    ],
)
def test_damage_of_scenes_is_found_and_repaired(
    scenes: Path, tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], kind: str
) -> None:
    folder = copied(scenes, tmp_path)
    assert not check_dataset(folder).problems.counts
    change_rows(folder, change)
    found = check_dataset(folder)
    assert dict(found.problems.counts) == {kind: 1}
    (line,) = found.problems.lines("again")
    assert line.startswith(f"shards/part-{DAMAGED:06d}.")
    assert ", row 0, key " in line
    assert line.endswith("; again")
    assert not repair_dataset(found).problems.counts
    assert contents(folder) == contents(scenes)


def test_a_dataset_with_too_many_skipped_samples_is_not_marked_complete(tmp_path: Path) -> None:
    path = tmp_path / "data"
    generate("digits", path, 4, workers=0, shard_size=2)
    folder, about = DatasetFolder(path), read_description(path / "dataset.json")
    gaps = (SkippedSample(number, ("no luck",)) for number in (2, 3))
    spec = ShardPlan(4, size=2)[1]
    folder.commit(write_shard(gaps, LineRow, spec, about.digest, folder.shards, "parquet"))
    folder.write_description(about.model_copy(update={"complete": False}))
    folder.remove_statistics()
    with pytest.raises(JobError, match=r"2 of 4 samples .* could not be generated"):
        repair_dataset(check_dataset(path))
    assert not read_description(path / "dataset.json").complete


def test_an_unreadable_shard_is_a_problem(tmp_path: Path) -> None:
    """Reading this file of the system fails as reading from a broken disk does."""
    folder = tmp_path / "data"
    generate("digits", folder, 2, workers=0, shard_size=1)
    data_of(folder).unlink()
    shard_path = folder / "shards" / f"part-{DAMAGED:06d}.parquet"
    shard_path.symlink_to("/proc/self/mem")
    write_atomic(manifest_path(folder), manifest_of(folder).model_copy(update={"bytes": 0}).to_json())
    assert dict(check_dataset(folder).problems.counts) == {"data unreadable": 1}
