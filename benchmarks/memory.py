"""Anonymous memory and speed of a process over time; both should be constant.

    python -m benchmarks.memory RECIPE -n 200000 [--fonts 200] [KEY=VALUE ...]

`--fonts N` uses one face of each of N of the system's families that cover printable ASCII, spread over the alphabet.
Reads /proc, so it runs on Linux only.
"""

import argparse
import tempfile
import time
from pathlib import Path

import cv2

from pipelines.io.encode import encode_image
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Charset, SkippedSample
from synthtext.fonts import FaceCache, FontOptions, find_fonts

STEP = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("settings", nargs="*")
    parser.add_argument("-n", type=int, default=200_000)
    parser.add_argument("--fonts", type=int, help="number of families; all by default")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        chosen = choose_fonts(options.fonts, Path(folder)) if options.fonts else []
        follow(options.recipe, [*options.settings, *chosen], options.n)


def choose_fonts(count: int, folder: Path) -> list[str]:
    """Link one face of each of `count` families into a folder, and return the settings that use it."""
    cache, wanted = FaceCache(), "".join(Charset.named("ascii"))
    families = {
        font.family: font.path
        for font in find_fonts(FontOptions(system=True, bundled=False)).fonts
        if cache.face(font).covers(wanted) and font.path.suffix not in (".ttc", ".otc")  # one face a file
    }
    names = sorted(families)
    if len(names) < count:
        raise SystemExit(f"{len(names)} installed families cover ASCII, not {count}; run `make fonts`")
    for name in names[:: len(names) // count][:count]:
        (folder / f"{name}{families[name].suffix}").symlink_to(families[name])
    return ["fonts.system=false", "fonts.bundled=false", f"fonts.folders=[{folder}]"]


def follow(recipe: str, settings: list[str], count: int) -> None:
    resolved = resolve_recipe(recipe, settings)
    generator = resolved.generator(1)
    assert isinstance(generator, LineGenerator)
    print(f"{len(resolved.fonts)} faces; before the first sample {anonymous():.0f} MB")
    skipped, since = 0, time.process_time()
    for done, item in enumerate(generator.generate_many(range(count)), 1):
        if isinstance(item, SkippedSample):
            skipped += 1
        else:
            encode_image(item, "jpeg")
        if done % STEP == 0:
            now = time.process_time()
            rate = STEP / (now - since)
            print(
                f"{done:>9,} samples  {anonymous():6.0f} MB  {rate:6.0f} images per CPU-second  {skipped} skipped",
                flush=True,
            )
            since = time.process_time()


def anonymous() -> float:
    """Anonymous memory of this process in megabytes."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


if __name__ == "__main__":
    main()
