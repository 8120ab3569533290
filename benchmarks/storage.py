"""Compares object storage with a local disk: generating to it and reading from it in shuffled order.

    python -m benchmarks.storage OUT [--recipe digits] [--count 4000] [--shard-size 1000] [--epochs 1] [--uri URI]

OUT is a new folder for the data sets. Without a URI, a local S3 server (rclone, of the `dev` extra) serves a folder in
OUT; this measures requests, copies and the work of the server, but no network. Generation runs in one process after a
warm-up job that imports modules and opens fonts. Compare only ratios within one run.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipelines.datasets.open import open_line_source
from pipelines.datasets.order import Mixture, ShuffledRows
from pipelines.datasets.source import LineSource
from pipelines.jobs.generation import generate

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--recipe", default="digits")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--shard-size", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--uri", help="folder on an object storage; credentials from the environment")
    options = parser.parse_args()
    with served(options.out / "buckets") if options.uri is None else named(options.uri) as uri:
        generate(options.recipe, options.out / "warm", 64, workers=0)
        locations = {"disk": str(options.out / "data"), "storage": uri}
        for name, location in locations.items():
            cpu = time.process_time()
            result = generate(options.recipe, location, options.count, workers=0, shard_size=options.shard_size)
            cpu = time.process_time() - cpu
            rate = result.new_samples / result.seconds
            print(
                f"generating to the {name}: {rate:.1f} lines/s, {1e3 * cpu / result.new_samples:.2f} ms of CPU per line"
            )
        for name, location in locations.items():
            opened = time.perf_counter()
            source = open_line_source(location)
            opened = time.perf_counter() - opened
            wall, cpu = read(source, options.epochs)
            rate = f"{1 / wall:,.0f} rows/s, {1e6 * cpu:.1f} us of CPU per row"
            print(f"reading from the {name}: {rate}; opened in {opened:.2f} s")


def read(source: LineSource, epochs: int) -> tuple[float, float]:
    """Return seconds and CPU seconds per row, for shuffled batches."""
    mixture = Mixture([ShuffledRows(np.arange(len(source)), source.group_offsets, seed=0, source=0)], [1.0])
    batches = epochs * len(source) // BATCH
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(batches):
        (rows,) = mixture.take(number * BATCH, (number + 1) * BATCH)
        source.read(rows)
    return (time.perf_counter() - wall) / (batches * BATCH), (time.process_time() - cpu) / (batches * BATCH)


@contextmanager
def named(uri: str) -> Iterator[str]:
    yield uri


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve a folder by a local S3 server and yield its URI."""
    (root / "bucket").mkdir(parents=True)
    os.environ.update(AWS_ACCESS_KEY_ID="measurer", AWS_SECRET_ACCESS_KEY="not-a-secret")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(Path(sys.executable).with_name("rclone")), "serve", "s3", "--addr", address, "--etag-hash", ""]
    keys = ["--auth-key", "measurer,not-a-secret", "--config", "", "--log-level", "ERROR"]
    server = subprocess.Popen([*command, *keys, str(root)])
    try:
        time.sleep(2)
        yield f"s3://bucket/data?endpoint_override={address}&scheme=http"
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
