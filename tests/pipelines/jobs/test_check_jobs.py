"""Repairs of the datasets of all jobs, and repairs that are killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import JobError
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.crops import crops
from pipelines.jobs.generation import generate
from pipelines.jobs.importing import import_data
from pipelines.jobs.repair import repair_dataset
from synthtext.core import InputError

pytestmark = pytest.mark.slow


def flip(folder: Path, shard: int) -> None:
    path = folder / "shards" / f"part-{shard:06d}.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


def cut(scenes: str, out: Path) -> None:
    crops(scenes, out, workers=0, shard_size=5)


def paste(scenes: str, out: Path) -> None:
    overrides = ["count_range=[1, 2]", "output.format=png"]
    copypaste(scenes, out, 8, overrides=overrides, seed=3, workers=0, shard_size=3)


def import_them(scenes: str, out: Path) -> None:
    import_data(Path(scenes), out, workers=0)


@pytest.mark.parametrize("make", [cut, paste, import_them])
def test_datasets_of_all_jobs_are_repaired(
    tmp_path: Path, draw_scenes: Callable[..., str], make: Callable[[str, Path], None]
) -> None:
    scenes, folder = draw_scenes(tmp_path / "scenes", 6), tmp_path / "data"
    make(scenes, folder)
    assert not check_dataset(folder).problems.counts
    before = contents(folder)
    flip(folder, 0)
    found = check_dataset(folder)
    assert dict(found.problems.counts) == {"checksum differs": 1}
    assert not repair_dataset(found).problems.counts
    assert contents(folder) == before

    flip(folder, 0)
    spoilt = contents(folder)
    shutil.rmtree(tmp_path / "scenes")
    draw_scenes(tmp_path / "scenes", 6, seed=1)  # other scenes at the same place
    with pytest.raises(InputError, match="other samples"):
        repair_dataset(check_dataset(folder))
    shutil.rmtree(tmp_path / "scenes")
    with pytest.raises(InputError, match="scenes"):
        repair_dataset(check_dataset(folder))
    assert contents(folder) == spoilt


def test_a_repair_with_changed_images_is_refused(tmp_path: Path, draw_scenes: Callable[..., str]) -> None:
    """The digest is that of the label file, which is as it was."""
    scenes, folder = draw_scenes(tmp_path / "scenes", 6), tmp_path / "data"
    import_them(scenes, folder)
    flip(folder, 0)
    spoilt = contents(folder)
    picture = tmp_path / "scenes" / "3.png"
    kept = picture.read_bytes()
    for change in (picture.unlink, lambda: picture.write_bytes((tmp_path / "scenes" / "4.png").read_bytes())):
        change()
        with pytest.raises(InputError, match=r"images of .* have changed since"):
            repair_dataset(check_dataset(folder))
        assert contents(folder) == spoilt
        assert dict(check_dataset(folder).problems.counts) == {"checksum differs": 1}
    picture.write_bytes(kept)
    assert not repair_dataset(check_dataset(folder)).problems.counts


def test_a_killed_repair_is_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    arguments = {"workers": 0, "shard_size": 10}
    generate("digits", folder, 50, **arguments)
    before = contents(folder)
    for shard in (1, 2, 4):
        flip(folder, shard)
    code = "from pipelines.jobs.check_dataset import check_dataset; from pipelines.jobs.repair import repair_dataset"
    code += f"; repair_dataset(check_dataset({str(folder)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    while (folder / "manifests" / "part-000004.json").exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert set(check_dataset(folder).problems.damaged_shards) <= {1, 2, 4}

    other = Path(shutil.copytree(folder, tmp_path / "other"))
    generate("digits", other, 50, **arguments)  # the job itself, and the repair: either finishes it
    assert not repair_dataset(check_dataset(folder)).problems.counts
    for place in (folder, other):
        assert contents(place) == before
        assert not check_dataset(place).problems.counts


def test_a_dataset_that_is_being_written_is_not_checked(tmp_path: Path, draw_scenes: Callable[..., str]) -> None:
    import_them(draw_scenes(tmp_path / "scenes", 2), tmp_path / "data")
    code = "import sys, time; from pathlib import Path; from pipelines.io.dataset_folder import DatasetFolder\n"
    code += f"with DatasetFolder(Path({str(tmp_path / 'data')!r})).open():\n print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(JobError, match=f"written by process {process.pid}"):
            check_dataset(tmp_path / "data")
    finally:
        process.kill()
        process.communicate()
    assert dict(check_dataset(tmp_path / "data").problems.counts) == {"leftover of an interrupted job": 1}
