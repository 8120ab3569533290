"""The cost of generating lines online while training a recognizer, instead of reading them from shards.

    python -m benchmarks.feeding generating [RECIPE] [-n 16384] [--fonts 200] [KEY=VALUE ...]
    python -m benchmarks.feeding waiting [RECIPE] [--preset rec-lcnet] [--steps 60] [--fonts 200] [KEY=VALUE ...]

`generating`: CPU time of `ocrmill generate` in sequence, of the scan before the first step, and of reading in the
shuffled order of a training, in one process. `waiting`: fraction of the time that a training waits for data, from
shards and from the recipe (`data_wait_fraction` of metrics.jsonl), with one thread and one data worker; the first ten
steps, in which the worker starts, do not count. If other programs use the CPU, compare the CPU time of making a batch
with that of a training step, which are printed too. `--fonts N` uses one face of N font families of the system.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.memory import anonymous, choose_fonts
from models.ctc import CTCCodec
from pipelines.datasets.online import OnlineSource, RecipeSampler, scan_recipe
from pipelines.datasets.open import open_line_source
from pipelines.datasets.order import ShuffledRows
from pipelines.datasets.source import LineSource
from pipelines.datasets.stream import RecognitionStream, select_lines
from pipelines.inference.run import RecognizerRun
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.training.job import train

BATCH, WARM = 64, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["generating", "waiting"])
    parser.add_argument("recipe", nargs="?", default="lines")
    parser.add_argument("settings", nargs="*")
    parser.add_argument("-n", type=int, default=16_384)
    parser.add_argument("--fonts", type=int, help="number of families; default: all")
    parser.add_argument("--preset", default="rec-lcnet")
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fonts = folder / "fonts"
        fonts.mkdir()
        chosen = choose_fonts(options.fonts, fonts) if options.fonts else []
        recipe = resolve_recipe(options.recipe, [*options.settings, *chosen])
        print(f"recipe {options.recipe}: {len(recipe.fonts)} faces")
        if options.what == "generating":
            generating(recipe, options.n, folder)
        else:
            waiting(recipe, options.preset, options.steps, folder)


def generating(recipe: ResolvedRecipe, count: int, folder: Path) -> None:
    """Print lines per CPU-second."""
    start = seconds(lambda: generate(recipe, folder / "one", 1, workers=0))
    report_speed(
        "ocrmill generate, in sequence",
        count,
        seconds(lambda: generate(recipe, folder / "all", count, workers=0)) - start,
    )
    sampler = RecipeSampler(recipe, recipe.digest, 0)
    next(sampler.sample([0]))  # opens the fonts
    since = time.process_time()
    source = OnlineSource(sampler, scan_recipe(sampler, count, 0))
    report_speed("the scan", len(source), time.process_time() - since)
    order = ShuffledRows(np.arange(len(source)), source.group_offsets, seed=0, source=0)
    batches = [order.take(begin, begin + BATCH) for begin in range(0, len(source), BATCH)]
    report_speed("shuffled, in batches of 64", len(source), seconds(lambda: [source.read(rows) for rows in batches]))


def seconds(action: Callable[[], object]) -> float:
    """Return the CPU time of a function in this process."""
    since = time.process_time()
    action()
    return time.process_time() - since


def report_speed(name: str, lines: int, spent: float) -> None:
    print(f"{name:32} {lines / spent:7,.0f} lines per CPU-second; {anonymous():.0f} MB", flush=True)


def waiting(recipe: ResolvedRecipe, preset: str, steps: int, folder: Path) -> None:
    """Print the data wait fraction of a training from shards and of one from the recipe."""
    path, count = folder / "recipe.yaml", steps * BATCH
    path.write_text(recipe.to_yaml())
    generate(recipe, folder / "shards", count, workers=0)
    generate(recipe, folder / "val", BATCH, seed=1, workers=0)
    for name, source in (("shards", folder / "shards"), ("recipe", path)):
        settings = [
            *("threads=1", "data_workers=1", f"batch_size={BATCH}", f"samples={count}", "charset=ascii"),
            *(f"log_every={WARM}", f"validate_every={steps}", f"checkpoint_every={steps}"),
        ]
        run = train(preset, folder / f"run-{name}", [str(source)], [str(folder / "val")], settings, print)
        assert isinstance(run, RecognizerRun)
        entries = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
        report(
            name, [entry for entry in entries if entry["event"] == "train"], batch_seconds(run, recipe, source, steps)
        )


def batch_seconds(run: RecognizerRun, recipe: ResolvedRecipe, source: Path, steps: int) -> float:
    """Return the CPU time of making a batch, without opening fonts."""
    if source.is_dir():
        opened: LineSource = open_line_source(source)
    else:
        sampler = RecipeSampler(recipe, recipe.digest, 0)
        opened = OnlineSource(sampler, scan_recipe(sampler, steps * BATCH, 0))
    codec = CTCCodec(run.charset)
    stream = RecognitionStream(
        [select_lines(opened, codec, run.preprocessing)], [1], codec, run.preprocessing, BATCH, 0
    )
    return seconds(lambda: [stream[step] for step in range(steps)]) / steps


def report(name: str, entries: Sequence[dict[str, float]], making: float) -> None:
    first, *later = entries
    share = sum(entry["data_wait_fraction"] for entry in later) / len(later)
    speed = sum(entry["samples_per_second"] for entry in later) / len(later)
    spent = (later[-1]["cpu_seconds"] - first["cpu_seconds"]) / (
        later[-1]["step"] - first["step"]
    )  # with the data worker
    print(
        f"from {name}: waits {share:.2%} of the time at {speed:.0f} lines/s "
        f"({first['data_wait_fraction']:.1%} at first); "
        f"CPU time of a batch: {1000 * making:.0f} ms to make, {1000 * (spent - making):.0f} ms to train on; "
        f"loss {later[-1]['loss']:.6f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
