"""One Arrow record batch as a file that readers map."""

from pathlib import Path

import pyarrow as pa

from pipelines.errors import JobError
from pipelines.shards.files import sync, temporary


def write_batch(path: Path, batch: pa.RecordBatch) -> None:
    """Write a file under a temporary name, sync it, and give it its name; its folder is made.

    Raises:
        JobError: it cannot be written.
    """
    staged = temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.OSFile(str(staged), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        sync(staged)
        staged.replace(path)
        sync(path.parent)
    except OSError as error:
        staged.unlink(missing_ok=True)
        raise JobError(f"{path} cannot be written: {error}; the same command again goes on") from None
