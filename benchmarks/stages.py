"""CPU time of every stage of a line, and images per CPU-second of whole recipes.

    python -m benchmarks.stages [RECIPE ...] [KEY=VALUE ...]

The stages are timed on new samples, in one thread, in batches as in a job. Below them are the times of expensive
operations alone, for a line of 25 characters in an image of 480 x 48 pixels: their sum is a lower bound. Times are CPU
time of this process, the minimum of several rounds. Machines are noisy: compare ratios within one run.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np

from augment import Blur, Noise
from pipelines.io.encode import encode_image
from pipelines.io.line_row import LineRow
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Size, SkippedSample, Warp
from synthtext.fonts import FaceCache, FontOptions, find_fonts
from synthtext.ink import composite
from synthtext.lines.generator import BATCH_SIZE
from synthtext.typesetting.canvas import rasterize_line
from synthtext.typesetting.shaping import shape_line

T = TypeVar("T")
ROUNDS, WARM, COUNT = 5, 1024, 512
SIZE = Size(480, 48)


class Clock:
    """CPU microseconds by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    def timed(self, name: str, job: Callable[..., T]) -> Callable[..., T]:
        """Wrap a function to add its time under a name."""

        def run(*arguments: object) -> T:
            start = time.process_time()
            result = job(*arguments)
            self.spent[name] += (time.process_time() - start) * 1e6
            return result

        return run


def show(name: str, microseconds: float) -> None:
    print(f"  {name:44s} {microseconds:8.1f} us")


def measure_recipe(name: str, overrides: Sequence[str]) -> None:
    """Print the time of every stage of a recipe's samples, and images per CPU-second with encoding and rows."""
    generator = resolve_recipe(name, overrides).generator(1)
    assert isinstance(generator, LineGenerator)
    for _ in generator.generate_many(range(WARM)):
        pass
    least: dict[str, float] = {}
    whole = 0.0
    for start in range(WARM, WARM + COUNT, BATCH_SIZE):
        rounds = [measure_some(generator, range(start, start + BATCH_SIZE)) for _ in range(ROUNDS)]
        best = min(rounds, key=lambda spent: sum(spent.values()))
        whole += sum(best.values())
        for stage, spent in best.items():
            least[stage] = least.get(stage, 0.0) + spent
    print(f"recipe {name}: {1e6 * COUNT / whole:,.0f} images per CPU-second, {whole / COUNT:.0f} us each")
    for stage, spent in least.items():
        show(stage, spent / COUNT)


def measure_some(generator: LineGenerator, indices: range) -> dict[str, float]:
    clock = Clock()
    stages = generator.stages
    plain = stages.steps
    stages.steps = {name: clock.timed(name, step) for name, step in plain.items()}
    drawn = clock.timed("all stages", lambda: list(generator.generate_many(indices)))()
    stages.steps = plain
    between = clock.spent.pop("all stages") - sum(clock.spent.values())
    clock.spent["retries, streams, samples"] = between
    samples = [item for item in drawn if not isinstance(item, SkippedSample)]
    pictures = [clock.timed("encode", encode_image)(sample, "jpeg") for sample in samples]
    for sample, picture in zip(samples, pictures, strict=True):
        clock.timed("row", LineRow.from_sample)(sample, picture, ".jpg")
    return clock.spent


def measure_floor() -> None:
    """Print the times of the expensive operations of a line."""
    rng = np.random.default_rng(0)
    cache = FaceCache()
    face = next(cache.face(file) for file in find_fonts(FontOptions()).fonts if file.family == "Lato")
    text = "Typographers measure ems."
    line = shape_line(text, face)
    raster = rasterize_line(line, face, cache, 40)
    warp = Warp.scale_translate(38.0, 4.0, 38.0)
    tilted = warp.then(Warp.between_quads(_corners(0), _corners(3)))
    coverage = raster.warped(warp, SIZE)
    background = np.asarray(cv2.GaussianBlur(rng.integers(0, 256, (48, 480, 3), np.uint8), (0, 0), 3), np.uint8)
    image = composite(background, coverage, (10.0, 20.0, 30.0))
    blur, noise = Blur(), Noise()
    jobs: dict[str, tuple[float, Callable[[], object]]] = {
        "shape and measure": (1, lambda: shape_line(text, face)),
        "place glyphs": (1, lambda: rasterize_line(line, face, cache, 40)),
        "warp the coverage, affine": (0.7, lambda: raster.warped(warp, SIZE)),
        "warp the coverage, perspective": (0.3, lambda: raster.warped(tilted, SIZE)),
        "composite": (1, lambda: composite(background, coverage, (10.0, 20.0, 30.0))),
        "blur": (0.5, lambda: blur.apply(image, {"sigma": 1.2})),
        "noise": (0.5, lambda: noise.apply(image, {"sigma": 8.0, "coloured": True, "offset": 99})),
        "encode JPEG, quality 90": (1, lambda: cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])),
    }
    print("single operations, with the fraction of lines that have them")
    total = 0.0
    for name, (fraction, job) in jobs.items():
        spent = least_of(job)
        total += fraction * spent
        show(f"{name} ({fraction:.0%})", spent)
    show("weighted sum", total)


def least_of(job: Callable[[], object], count: int = 300) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(count):
            job()
        rounds.append((time.process_time() - start) / count * 1e6)
    return min(rounds)


def _corners(shift: float) -> np.ndarray:
    return np.array([[0, shift], [480, 0], [480, 48], [0, 48 - shift]], np.float32)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    given = sys.argv[1:]
    recipes = [argument for argument in given if "=" not in argument] or ["digits", "lines"]
    measure_floor()
    for recipe in recipes:
        measure_recipe(recipe, [argument for argument in given if "=" in argument])
