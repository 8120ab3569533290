"""Stores a bank of crops in a file that many processes map, and scans the sources of crops."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from augment.copy_paste import CropBank, CropColumns
from pipelines.datasets.image import check_image
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, read_row
from pipelines.io.writers import write_record_batch
from pipelines.jobs.copypaste_inputs import CropSource, is_line_source
from pipelines.jobs.stored_lines import line_clusters
from pipelines.progress import progress_bar
from synthtext.core import InputError

_DIGEST, _LEFT_OUT = b"digest", b"left_out"


def save_bank(path: Path, bank: CropBank, digest: str, left_out: Mapping[str, int]) -> None:
    """Write a bank atomically as an Arrow file of one row, with a list for each array.

    Args:
        path: of the file.
        bank: of crops.
        digest: of everything that decides the crops.
        left_out: texts that were not cut, by reason.

    Raises:
        JobError: the file cannot be written.
    """
    columns = [
        pa.LargeListArray.from_arrays(pa.array([0, values.size], pa.int64()), pa.array(values.reshape(-1)))
        for values in bank.columns
    ]
    metadata = {_DIGEST: digest.encode(), _LEFT_OUT: json.dumps(dict(left_out)).encode()}
    batch = pa.RecordBatch.from_arrays(columns, names=list(CropColumns._fields)).replace_schema_metadata(metadata)
    write_record_batch(path, batch)


def load_bank(path: str | Path) -> CropBank:
    """Map the crops of a CopyPaste dataset (`DIR/crops.arrow`), to paste them during training.

    Raises:
        InputError: there is no such file, or it is broken.
    """
    found = open_bank(Path(path), None)
    if found is None:
        raise InputError(f"{path} is not a bank of crops: name the crops.arrow of a CopyPaste dataset")
    return found[0]


def open_bank(path: Path, digest: str | None) -> tuple[CropBank, "Counter[str]"] | None:
    """Map the bank in a file if it has this digest; None: any.

    Returns:
        The bank, and the texts that were not cut, by reason; None if there is no such bank.

    Raises:
        InputError: the file is broken.
    """
    if not path.is_file():
        return None
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = reader.schema.metadata or {}
        is_other = digest is not None and metadata.get(_DIGEST) != digest.encode()
        if is_other or reader.schema.names != list(CropColumns._fields):
            return None
        batch = reader.get_batch(0)
        arrays = {name: batch.column(name).values.to_numpy(zero_copy_only=False) for name in CropColumns._fields}
        left_out: Counter[str] = Counter(json.loads(metadata[_LEFT_OUT]))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is broken: {error}; delete it and re-run the same command") from None
    shapes = {"sizes": (-1, 2), "points": (-1, 2), "patch_colours": (-1, 5, 3)}  # which the file does not hold
    arrays |= {name: arrays[name].reshape(shape) for name, shape in shapes.items()}
    return CropBank(CropColumns(**arrays)), left_out


@dataclass(frozen=True)
class SourceScan:
    """What a source holds.

    Attributes:
        digest: SHA-256 of its images and labels in order, independent of the path.
        problems: of labels that were repaired, ignored or left out, by kind.
        left_out: the reasons why rows cannot be used, by row.
    """

    digest: str
    problems: "Counter[str]" = field(default_factory=Counter)
    left_out: dict[int, str] = field(default_factory=dict)

    @property
    def reasons(self) -> "Counter[str]":
        """The number of unusable rows by reason."""
        return Counter(self.left_out.values())


def scan_source(source: CropSource) -> SourceScan:
    """Read a source once. Images are not decoded, so that a row may still turn out to be broken."""
    total = hashlib.sha256()
    problems: Counter[str] = Counter()
    left_out: dict[int, str] = {}
    with progress_bar("scanning", total=len(source), unit="images") as bar:
        for row in range(len(source)):
            item: EncodedScene | EncodedLine | str = read_row(source, row)
            if isinstance(item, str):
                left_out[row] = item
                total.update(b"\0" + item.encode())
            else:
                try:
                    check_image(item.image, item.key)
                except InputError:
                    left_out[row] = BROKEN_IMAGE
                total.update(_digest(item))
                if is_line_source(source):
                    total.update(line_clusters(source, row).quads.tobytes())
                problems.update(getattr(item, "problems", ()))
            bar.advance(1)
    return SourceScan(total.hexdigest(), problems, left_out)


def _digest(item: EncodedScene | EncodedLine) -> bytes:
    digest = hashlib.sha256(item.image)
    if isinstance(item, EncodedLine):
        digest.update(b"\0" + item.text.encode())
    else:
        for text in item.instances:
            fields = [text.text, text.ignore, text.level, text.parent, dataclasses.astuple(text.origin)]
            digest.update(json.dumps(fields).encode() + text.polygon.tobytes() + text.clusters.quads.tobytes())
    return digest.digest()
