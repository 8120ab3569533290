"""Where the time of a line goes: CPU microseconds of every stage, and images per CPU-second of whole recipes.

    python -m benchmarks.stages [RECIPE ...]

Stages are run on one line of 25 characters, recipes on samples that were not drawn before, in one thread. Figures are
CPU time of this process, the median of five rounds. Machines are noisy: compare ratios within one run.
"""

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from augment import Blur, Downscale, Jpeg, Noise, Perspective
from pipelines.recipe import resolve_recipe
from synthtext import LineGenerator, Output
from synthtext.core import Effect, EffectChain, EffectStep, Sample, Size, Warp, sample_streams
from synthtext.fonts import FaceCache, FontOptions, drawn_size, find_fonts
from synthtext.frame import Margins, frame_line
from synthtext.ink import InkField, choose_colour, composite
from synthtext.layout import draw_glyphs, set_line
from synthtext.paper import Gradient, Plain, Texture

ROUNDS = 5
LINES = 300
SIZE = Size(480, 48)


def cost(job: Callable[[int], object], count: int = LINES) -> float:
    """CPU microseconds of one call, the median of the rounds; the argument counts the calls."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for i in range(count):
            job(i)
        rounds.append((time.process_time() - start) / count * 1e6)
    return statistics.median(rounds)


def show(name: str, microseconds: float) -> None:
    print(f"{name:44s} {microseconds:8.1f} us")


def measure_stages() -> None:
    """Print the table of stages for a line of 25 characters, 48 pixels high."""
    rng = np.random.default_rng(0)
    cache = FaceCache()
    face = cache.face(find_fonts(FontOptions()).fonts[0])
    text = "Typographers measure ems."
    line = set_line(text, face, 0.0)
    frame = frame_line(line, Warp(), 40.0, Margins(0.1, 0.1, 0.1, 0.1), (0.5, 0.5), 0.0, Output())
    size = drawn_size(frame.em)
    canvas, _ = draw_glyphs(line, face, cache, size)
    scaling = Warp.scaling(0.9, 0.9)
    tilted = Warp.between_quads(
        np.float32([[0, 0], [9, 0], [9, 9], [0, 9]]), np.float32([[0, 0], [9, 1], [9, 9], [0, 8]])
    )
    paper = Gradient((150, 220)).paint(rng, frame.size)
    coverage = scaling.image(canvas, frame.size)
    quads = line.clusters.warped(frame.warp).quads
    field = InkField(coverage, quads, 3)
    ground = field.ground(paper)
    image = composite(paper, coverage, np.array([10.0, 20, 30]))

    show("streams of a sample", cost(lambda i: sample_streams(i, 1)))
    show("shape and measure (set_line)", cost(lambda i: set_line(text, face, 0.0)))
    show("place glyphs from the cache (draw_glyphs)", cost(lambda i: draw_glyphs(line, face, cache, size)))
    show(
        "frame and margins", cost(lambda i: frame_line(line, Warp(), 40.0, Margins(0, 0, 0, 0), (0, 0), 0.0, Output()))
    )
    show("warp of the coverage, affine", cost(lambda i: scaling.image(canvas, frame.size)))
    show("warp of the coverage, perspective", cost(lambda i: tilted.image(canvas, frame.size)))
    for name, kind in (("plain", Plain()), ("gradient", Gradient()), ("texture", Texture())):
        show(f"paper, {name}", cost(lambda i, kind=kind: kind.paint(rng, frame.size)))  # type: ignore[misc]
    show("where the ink is, by cluster (InkField)", cost(lambda i: InkField(coverage, quads, 3)))
    show("ground of every cluster on a paper", cost(lambda i: field.ground(paper)))
    show("colour of the ink", cost(lambda i: choose_colour(rng, ground, 20)))
    show("composite", cost(lambda i: composite(paper, coverage, np.array([10.0, 20, 30]))))
    effects: dict[str, Effect] = {"blur": Blur(), "noise": Noise(), "downscale": Downscale(), "jpeg": Jpeg()}
    for name, effect in effects.items():
        chain = EffectChain([EffectStep(name, effect)])
        show(f"effect, {name}", cost(lambda i, chain=chain: chain.apply_pixels(rng, image)))  # type: ignore[misc]
    moving = EffectChain([EffectStep("perspective", Perspective())])
    show("effect, perspective (drawn and composed)", cost(lambda i: moving.draw_warp(rng, SIZE)))
    show("encode JPEG, quality 90", cost(lambda i: cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])))


def measure_recipes(names: Sequence[str]) -> None:
    """Print images per CPU-second of whole recipes, encoded, after a warm-up of 1024 samples."""
    for name in names:
        generator = resolve_recipe(name).generator(1)
        assert isinstance(generator, LineGenerator)

        fresh = itertools.count()

        def job(_: int, generator: LineGenerator = generator, fresh: Iterator[int] = fresh) -> None:
            sample = generator.draw(next(fresh))
            if isinstance(sample, Sample):
                cv2.imencode(".jpg", sample.image, [cv2.IMWRITE_JPEG_QUALITY, sample.meta.drawn["jpeg_quality"]])

        for index in range(1024):
            job(index)
        print(f"recipe {name:37s} {1e6 / cost(job, 1024):8.0f} images per CPU-second")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    measure_stages()
    measure_recipes(sys.argv[1:] or ["digits", "lines"])
