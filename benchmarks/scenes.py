"""Speed of generating scenes, and accuracy of the published recognizer on their texts.

    python -m benchmarks.scenes speed [RECIPE] [-n N] [KEY=VALUE ...]
    python -m benchmarks.scenes read DIR [RECIPE] [-n N] [KEY=VALUE ...]

`speed` generates scenes in one process and one thread and prints scenes per CPU-second, with and without their JPEG,
the mean number of lines and words, and CPU milliseconds of every stage. By default, scenes have about 20 lines: 1024 x
768 pixels with the layout `photo` only. `read` generates scenes without clutter and effects, crops every line that is
not ignored by its polygon, and prints the fraction that the recognizer of a run reads correctly, by layout:

    ocrmill import-model published --kind recognizer -o runs/published
    python -m benchmarks.scenes read runs/published
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from pipelines.datasets.rectify import rectify
from pipelines.inference.run import RecognizerRun
from pipelines.io.encode import encode_image
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Scene, SkippedSample, TextInstance
from synthtext.scenes import SceneGenerator
from synthtext.scenes.generator import SceneState

WARM = 24
USUAL = (
    "output.width_range=[1024, 1024]",
    "output.height_range=[768, 768]",
    "layouts={photo: {count_range: [10, 16]}}",
)
LAYOUTS = ("photo", "document", "receipt")
CLEAN = ("clutter={distractors_range: [0, 0], occlusion_probability: 0}", "effects=[]", "baselines={straight: 1}")
BATCH_SIZE = 32


def measure_speed(name: str, settings: Sequence[str], count: int) -> None:
    """Print scenes per CPU-second and the time of every stage."""
    generator = resolve_recipe(name, settings).generator(1)
    assert isinstance(generator, SceneGenerator)
    for index in range(WARM):
        generator.generate(index)
    spent: dict[str, float] = defaultdict(float)
    stages = generator.stages
    stages.steps = {stage: _timed(spent, stage, step) for stage, step in stages.steps.items()}
    started = time.process_time()
    drawn = [generator.generate(index) for index in range(WARM, WARM + count)]
    drawing = time.process_time() - started
    scenes = [scene for scene in drawn if not isinstance(scene, SkippedSample)]
    started = time.process_time()
    for scene in scenes:
        encode_image(scene, "jpeg")
    encoding = time.process_time() - started
    levels = Counter(instance.level for scene in scenes for instance in scene.instances)
    rate, whole = len(scenes) / drawing, len(scenes) / (drawing + encoding)
    print(
        f"recipe {name}: {rate:.1f} scenes per CPU-second, {whole:.1f} with their JPEG; "
        f"{len(drawn) - len(scenes)} skipped"
    )
    print(
        "a scene has " + ", ".join(f"{levels[level] / len(scenes):.1f} {level}s" for level in ("line", "word", "block"))
    )
    for stage, seconds in spent.items():
        print(f"  {stage:20s} {seconds / len(scenes) * 1e3:7.2f} ms")
    print(f"  {'encode JPEG':20s} {encoding / len(scenes) * 1e3:7.2f} ms")


def _timed(spent: dict[str, float], stage: str, step: Callable[[SceneState], None]) -> Callable[[SceneState], None]:
    def run(state: SceneState) -> None:
        started = time.process_time()
        try:
            step(state)
        finally:
            spent[stage] += time.process_time() - started

    return run


def measure_reading(run: Path, name: str, settings: Sequence[str], count: int) -> None:
    """Print the share of lines that are read, by layout."""
    recognizer = RecognizerRun.open(run).predictor()
    for layout in LAYOUTS:
        generator = resolve_recipe(name, [*CLEAN, f"layouts={{{layout}: 1}}", *settings]).generator(1)
        drawn = [generator.generate(index) for index in range(count)]
        found = [(s, i) for s in drawn if isinstance(s, Scene) for i in s.instances if i.level == "line"]
        lines = [(scene, line) for scene, line in found if not line.ignore]
        crops = [rectify(scene.image, line.polygon) for scene, line in lines]
        texts: list[str] = []
        for start in range(0, len(crops), BATCH_SIZE):
            texts += [reading.text for reading in recognizer.read(crops[start : start + BATCH_SIZE])]
        read = [_same(text, line, exactly=False) for text, (_, line) in zip(texts, lines, strict=True)]
        exact = [_same(text, line, exactly=True) for text, (_, line) in zip(texts, lines, strict=True)]
        print(
            f"{layout}: {len(lines)} lines of {len(found)} not ignored; read {sum(read) / len(read):.1%} "
            f"(letters and digits, any case, without spaces), {sum(exact) / len(exact):.1%} exactly without spaces"
        )


def _same(text: str, line: TextInstance, *, exactly: bool) -> bool:
    if exactly:
        return text.replace(" ", "") == line.text.replace(" ", "")
    first, second = ("".join(filter(str.isalnum, part)).casefold() for part in (text, line.text))
    return first == second


if __name__ == "__main__":
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "read"))
    parser.add_argument("given", nargs="*", help="run directory for read, RECIPE, KEY=VALUE ...")
    parser.add_argument("-n", "--count", type=int, default=40)
    arguments = parser.parse_intermixed_args()
    names = [entry for entry in arguments.given if "=" not in entry]
    changed = [entry for entry in arguments.given if "=" in entry]
    if arguments.what == "speed":
        measure_speed(names[0] if names else "scenes", [*USUAL, *changed], arguments.count)
    else:
        measure_reading(Path(names[0]), names[1] if len(names) > 1 else "scenes", changed, arguments.count)
