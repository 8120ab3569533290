"""CPU time of reading a row in the shuffled order of a training, apart from decoding its image.

    python -m benchmarks.reading DIR ... [--rows 20000] [--batch 64] [--profile]

DIR: datasets of lines, such as one in Parquet and one in LMDB. `order` is computing the row indices, `read` is reading
keys, encoded images and texts, `decode` is decoding the images; in one process, for as many epochs as necessary. The
first batches, which open files, do not count.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.order import Mixture, ShuffledRows
from pipelines.datasets.source import EncodedLine, LineSource

ResultT = TypeVar("ResultT")
WARM_UP_BATCHES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--profile", action="store_true", help="profile the reads")
    options = parser.parse_args()
    for folder in options.folders:
        spent = microseconds(open_line_source(folder), options.rows, options.batch, options.profile)
        parts = "; ".join(f"{name} {value:.2f}" for name, value in spent.items())
        print(f"{folder}: {spent['order'] + spent['read']:.2f} us per row without decoding ({parts})", flush=True)


def microseconds(source: LineSource, rows: int, batch: int, profile: bool) -> dict[str, float]:
    """Return the CPU time per row by phase."""
    mixture = Mixture([ShuffledRows(np.arange(len(source)), source.group_offsets, seed=0, source=0)], [1.0])
    profiler, spent = cProfile.Profile(), {"order": 0.0, "read": 0.0, "decode": 0.0}
    counted = 0
    for number in range(WARM_UP_BATCHES + -(-rows // batch)):
        is_counted = number >= WARM_UP_BATCHES
        order, (taken,) = timed(partial(mixture.take, number * batch, (number + 1) * batch))
        if profile and is_counted:
            profiler.enable()
        read, lines = timed(partial(source.read, taken))
        profiler.disable()
        decode, _ = timed(partial(_decode, lines))
        if is_counted:
            counted += batch
            spent = {name: spent[name] + time for name, time in zip(spent, (order, read, decode), strict=True)}
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(15)
    return {name: 1e6 * value / counted for name, value in spent.items()}


def _decode(lines: Sequence[EncodedLine]) -> None:
    for line in lines:
        decode_image(line.image, line.key)


def timed(action: Callable[[], ResultT]) -> tuple[float, ResultT]:
    """Return the CPU time of an action in all threads of this process, and its result."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


if __name__ == "__main__":
    main()
