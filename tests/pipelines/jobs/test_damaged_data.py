"""Damage in the data of a shard is noticed on reading, and a full disk is named on writing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets import parquet
from pipelines.datasets.open import open_line_source
from pipelines.io.line_row import LineRow
from pipelines.jobs.check_rows import read_row_groups
from pipelines.jobs.generation import generate
from synthtext.core import InputError


@pytest.fixture(scope="module", params=["parquet", "lmdb"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / request.param
    generate("digits", folder, 20, workers=0, format=request.param)
    return folder


def data_of(folder: Path) -> Path:
    return next(path for path in (folder / "shards").rglob("*") if path.suffix in (".parquet", ".mdb"))


def test_a_changed_byte_of_an_image_is_noticed(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if made.name == "lmdb":
        pytest.skip("an LMDB has no checksums of pages: only `ocrmill check` finds the change")
    path, source = data_of(made), open_line_source(made)
    whole = path.read_bytes()
    image = source.read(np.array([7]))[0].image
    damaged = bytearray(whole)
    damaged[whole.index(image) + len(image) // 2] ^= 1
    path.write_bytes(damaged)
    try:
        monkeypatch.setattr(parquet, "ROW_GROUP_CACHE", parquet.RowGroupCache(1))
        with pytest.raises(InputError, match=r"cannot be read as Parquet: .*(CRC|checksum)"):
            open_line_source(made).read(np.array([7]))
        with pytest.raises(InputError, match=r"invalid Parquet"):
            list(read_row_groups(path, LineRow, "parquet"))
    finally:
        path.write_bytes(whole)


def test_a_shard_of_another_size_is_refused_on_opening(made: Path) -> None:
    path = data_of(made)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    try:
        with pytest.raises(InputError, match=rf"{path.name} is damaged: it has .* bytes, .* check --repair"):
            open_line_source(made)
    finally:
        path.write_bytes(whole)


FULL = """
import subprocess, sys
from pathlib import Path
from pipelines.errors import JobError
from pipelines.jobs.export import export_data
from pipelines.jobs.generation import generate

data, disk = sys.argv[1:]
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk], capture_output=True).returncode:
    sys.exit("no mount")
for job in (
    lambda: export_data(data, "lmdb", Path(disk, "out")),
    lambda: export_data(data, "paddleocr", Path(disk, "out")),
):
    try:
        job()
    except JobError as error:
        print(error)
    print(sorted(path.name for path in Path(disk).iterdir()))
"""


def test_a_full_disk_is_named_during_an_export(tmp_path: Path) -> None:
    """A disk of 100 kB is mounted in a namespace of its own."""
    generate("digits", tmp_path / "data", 200, workers=0)
    (tmp_path / "disk").mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", FULL]
    try:
        done = subprocess.run(
            [*command, str(tmp_path / "data"), str(tmp_path / "disk")], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if "no mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("no disk can be mounted here")
    lmdb, left, folder, left_too = done.stdout.splitlines()
    out = tmp_path / "disk" / "out"
    assert lmdb.startswith(f"{out} cannot be written: No space left on device: the disk is full; nothing was left")
    assert "No space left on device; nothing was left behind" in folder
    assert left == left_too == "[]"
