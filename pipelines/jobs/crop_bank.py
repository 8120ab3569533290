"""A bank of crops in a file that many processes map."""

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
from pipelines.jobs.copypaste_inputs import CropSource, is_line_source, line_clusters
from pipelines.progress import progress_bar
from synthtext.core import InputError

_DIGEST, _LEFT_OUT = b"digest", b"left_out"


def save_bank(path: Path, bank: CropBank, digest: str, left_out: Mapping[str, int]) -> None:
    """Write a bank as an Arrow file of one row, a list for each of its arrays, under another name first.

    Args:
        path: of the file.
        bank: to be written.
        digest: of what decides the crops.
        left_out: texts that were not cut, by reason.

    Raises:
        JobError: it cannot be written.
    """
    columns = [
        pa.LargeListArray.from_arrays(pa.array([0, values.size], pa.int64()), pa.array(values.reshape(-1)))
        for values in bank.columns
    ]
    metadata = {_DIGEST: digest.encode(), _LEFT_OUT: json.dumps(dict(left_out)).encode()}
    batch = pa.RecordBatch.from_arrays(columns, names=list(CropColumns._fields)).replace_schema_metadata(metadata)
    write_record_batch(path, batch)


def load_bank(path: str | Path) -> CropBank:
    """Map the crops of a job (`DIR/crops.arrow`), to paste them while training.

    Raises:
        InputError: there is no such file, or it is broken.
    """
    found = open_bank(Path(path), None)
    if found is None:
        raise InputError(f"{path} is no bank of crops: name the crops.arrow of a CopyPaste data set")
    return found[0]


def open_bank(path: Path, digest: str | None) -> tuple[CropBank, "Counter[str]"] | None:
    """Map a bank.

    Args:
        path: of the file.
        digest: that it must have; None: any.

    Returns:
        The bank and why texts were left out; None if there is no such bank.
    """
    if not path.is_file():
        return None
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = reader.schema.metadata or {}
        if digest is not None and metadata.get(_DIGEST) != digest.encode():
            return None
        if reader.schema.names != list(CropColumns._fields):
            return None
        batch = reader.get_batch(0)
        arrays = {name: batch.column(name).values.to_numpy(zero_copy_only=False) for name in CropColumns._fields}
        left_out: Counter[str] = Counter(json.loads(metadata[_LEFT_OUT]))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is broken: {error}; delete it, and the same command makes it anew") from None
    return CropBank(_shaped(arrays)), left_out


def _shaped(arrays: "dict[str, object]") -> CropColumns:
    """The arrays in their shapes, of which a file holds the numbers alone."""
    columns = CropColumns(**arrays)  # type: ignore[arg-type]
    return columns._replace(
        sizes=columns.sizes.reshape(-1, 2),
        points=columns.points.reshape(-1, 2),
        patch_colours=columns.patch_colours.reshape(-1, 3, 3),
    )


@dataclass(frozen=True)
class SourceScan:
    """What is in a source.

    Attributes:
        digest: SHA-256 of its pictures and labels, in order; where they lie does not matter.
        problems: what was wrong with polygons that were mended, made ignored or left out, by kind.
        left_out: why rows cannot be used, by their number.
    """

    digest: str
    problems: "Counter[str]" = field(default_factory=Counter)
    left_out: dict[int, str] = field(default_factory=dict)

    @property
    def reasons(self) -> "Counter[str]":
        """Why rows cannot be used, counted."""
        return Counter(self.left_out.values())


def scan_source(source: CropSource) -> SourceScan:
    """Read all of a source once. Few pictures are decoded: a row that counts as usable may turn out not to be."""
    total = hashlib.sha256()
    problems: Counter[str] = Counter()
    left_out: dict[int, str] = {}
    with progress_bar("reading", total=len(source), unit="pictures") as bar:
        for row in range(len(source)):
            item: EncodedScene | EncodedLine | str = read_row(source, row)
            if isinstance(item, str):
                left_out[row] = item
                total.update(b"\0" + item.encode())
            else:
                if not _is_picture(item):
                    left_out[row] = BROKEN_IMAGE
                total.update(_digest(item))
                if is_line_source(source):
                    total.update(line_clusters(source, row).quads.tobytes())
                problems.update(getattr(item, "problems", ()))
            bar.advance(1)
    return SourceScan(total.hexdigest(), problems, left_out)


def _is_picture(item: EncodedScene | EncodedLine) -> bool:
    try:
        check_image(item.image, item.key)
    except InputError:
        return False
    return True


def _digest(item: EncodedScene | EncodedLine) -> bytes:
    found = hashlib.sha256(item.image)
    if isinstance(item, EncodedLine):
        found.update(b"\0" + item.text.encode())
    else:
        for text in item.instances:
            facts = [text.text, text.ignore, text.level, text.parent, dataclasses.astuple(text.origin)]
            found.update(json.dumps(facts).encode() + text.polygon.tobytes() + text.clusters.quads.tobytes())
    return found.digest()
