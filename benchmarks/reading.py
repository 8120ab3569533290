"""What it costs to read a row in the shuffled order of a training, beside decoding its picture: CPU time.

    python -m benchmarks.reading DIR ... [--rows 20000] [--batch 64] [--profile]

DIR: data sets of lines, such as one in Parquet and one in LMDB. `order` is finding out which rows come, `read` getting
their keys, encoded pictures and texts, `decode` making pixels of them; one process, as many epochs as it takes. The
first batches, which open files, do not count.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.order import Mixture, ShuffledRows
from pipelines.datasets.source import LineSource

Found = TypeVar("Found")
WARM = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--profile", action="store_true", help="where the time of reading goes")
    options = parser.parse_args()
    for folder in options.folders:
        spent = microseconds(open_line_source(folder), options.rows, options.batch, options.profile)
        parts = "; ".join(f"{name} {value:.2f}" for name, value in spent.items())
        print(f"{folder}: {spent['order'] + spent['read']:.2f} us a row beside decoding ({parts})", flush=True)


def microseconds(source: LineSource, rows: int, batch: int, profile: bool) -> dict[str, float]:
    """CPU time of a row, by what it is for."""
    mixture = Mixture([ShuffledRows(np.arange(len(source)), source.group_offsets, seed=0, source=0)], [1.0])
    profiler, spent = cProfile.Profile(), {"order": 0.0, "read": 0.0, "decode": 0.0}
    counted = 0
    for number in range(WARM + -(-rows // batch)):
        order, (taken,) = timed(lambda place=number * batch: mixture.take(place, place + batch))
        if profile and number >= WARM:
            profiler.enable()
        read, lines = timed(lambda taken=taken: source.read(taken))
        profiler.disable()
        decoded, _ = timed(lambda lines=lines: [decode_image(line.image, line.key) for line in lines])
        if number >= WARM:
            counted += batch
            spent = {name: spent[name] + time for name, time in zip(spent, (order, read, decoded), strict=True)}
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(15)
    return {name: 1e6 * value / counted for name, value in spent.items()}


def timed(action: Callable[[], Found]) -> tuple[float, Found]:
    """CPU time of all threads of this process, and what came of it."""
    since = time.process_time()
    found = action()
    return time.process_time() - since, found


if __name__ == "__main__":
    main()
