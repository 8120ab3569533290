"""Measures the cost of augmentation and renders a page of all effects.

    python -m benchmarks.augment                        a table of times
    python -m benchmarks.augment page -o page.png       all effects on a scene and on a line, with labels

The scene is rendered (1280 x 720, 20 texts), or read with `--scene LABELS --row N` (PaddleOCR labels or a data set
folder). Times are CPU milliseconds of this process in one thread, the minimum of several rounds, including the sampling
of parameters. TIA on a line is compared with one `cv2.remap` of that line. Compare only ratios within one run.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from augment import (
    Affine,
    Binarise,
    Blur,
    CastShadow,
    Colour,
    Curl,
    Defocus,
    Distort,
    Downscale,
    Elastic,
    Flip,
    Gamma,
    Glare,
    Imgaug,
    Invert,
    Jpeg,
    LineChain,
    MotionBlur,
    Noise,
    Perspective,
    RandomBorderCrop,
    Rescale,
    ResizePad,
    Rotation,
    SaltAndPepper,
    ScanStreaks,
    SceneChain,
    SceneStep,
    ShotNoise,
    Skew,
    Stretch,
    TextCrop,
    TiaPerspective,
    UnevenLight,
    WhiteBalance,
    detector_augmentation,
)
from augment.chain import AnyEffect
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_scene_source
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import GeometricEffect, Image, PixelEffect, Sample, Scene, Size, SkippedSample, TextInstance

ROUNDS = 5
ROTATION = {"rotate": [-10, 10]}
PIXEL_EFFECTS: Mapping[str, PixelEffect] = {
    "colour": Colour(),
    "invert": Invert(),
    "gamma": Gamma(),
    "white_balance": WhiteBalance(),
    "uneven_light": UnevenLight(),
    "glare": Glare(),
    "cast_shadow": CastShadow(),
    "blur": Blur((0.03, 0.05)),
    "motion_blur": MotionBlur(),
    "defocus": Defocus(),
    "downscale": Downscale(),
    "noise": Noise((10, 20)),
    "shot_noise": ShotNoise(),
    "salt_and_pepper": SaltAndPepper(),
    "scan_streaks": ScanStreaks(),
    "binarise": Binarise(),
    "jpeg, once": Jpeg((10, 30), (1, 1)),
    "jpeg, twice": Jpeg((10, 30), (2, 2)),
}
BENDING_EFFECTS: Mapping[str, GeometricEffect] = {
    "perspective": Perspective(),
    "rotation": Rotation(),
    "skew": Skew(),
    "curl": Curl(),
    "elastic": Elastic(),
}
SCENE_EFFECTS: Mapping[str, AnyEffect] = {
    "flip": Flip(),
    "affine": Affine((-10, 10), (0.7, 1.4), (-10, 10), (-0.1, 0.1)),
    "rescale": Rescale((0.5, 1.5)),
    "text_crop": TextCrop(),
    "resize_pad": ResizePad(960, 960),
    "distort": Distort(),
    **BENDING_EFFECTS,
    **PIXEL_EFFECTS,
    "imgaug Affine": Imgaug("Affine", ROTATION),
    "imgaug ElasticTransformation": Imgaug("ElasticTransformation", {"alpha": [0, 40], "sigma": 8}),
    "imgaug Rain": Imgaug("Rain"),
    "imgaug Snowflakes": Imgaug("Snowflakes"),
    "imgaug Fog": Imgaug("Fog"),
    "imgaug MotionBlur": Imgaug("MotionBlur", {"k": 9}),
}
TIA_EFFECTS: Mapping[str, Distort | Stretch | TiaPerspective] = {
    "distort": Distort(),
    "stretch": Stretch(),
    "tia_perspective": TiaPerspective(),
}
LINE_EFFECTS: Mapping[str, AnyEffect] = {
    **TIA_EFFECTS,
    "random_border_crop": RandomBorderCrop(),
    **BENDING_EFFECTS,
    **PIXEL_EFFECTS,
    "imgaug Rain": Imgaug("Rain"),
}


def milliseconds(job: Callable[[int], object], count: int) -> float:
    """Return the CPU time of one call, the minimum of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for number in range(count):
            job(number)
        best = min(best, (time.process_time() - start) / count)
    return best * 1e3


def render_scene() -> Scene:
    """Render twenty texts on a smooth background, half of them with bent polygons of 12 points."""
    rng = np.random.default_rng(0)
    rough = rng.integers(90, 220, (5, 8, 3), np.uint8)
    image = np.asarray(cv2.resize(rough, (1280, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    instances = []
    for number in range(20):
        x, y = 150 + 320 * (number % 4) + rng.integers(-30, 30), 80 + 140 * (number // 4) + rng.integers(-15, 15)
        across = np.linspace(-90, 90, 6 if number % 2 else 2)
        rise = (number % 3 - 1) * 25 * (1 - (across / 90) ** 2) if number % 2 else 0 * across
        top = np.stack([x + across, y + rise - 18], axis=1)
        polygon = np.concatenate([top, (top + np.array([0, 36]))[::-1]]).astype(np.float32)
        instances.append(TextInstance(f"{number:04d}", polygon))
        for place in range(9):
            at = (int(x - 88 + 20 * place), int(y + np.interp(-88 + 20 * place + 8, across, rise) + 12))
            cv2.putText(
                image, str((number + place) % 10), at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (15, 15, 40), 2, cv2.LINE_AA
            )
    return Scene("rendered", image, tuple(instances))


def read_scene(source: str, row: int) -> Scene:
    encoded = open_scene_source(source).read(np.array([row]))[0]
    return Scene(encoded.key, decode_image(encoded.image, encoded.key), encoded.instances)


def render_line() -> Sample:
    sample = resolve_recipe("lines", ["effects=[]"]).generator(1).generate(3)
    assert not isinstance(sample, SkippedSample)
    return sample


def table(scene: Scene) -> None:
    height, width = scene.image.shape[:2]
    print(f"scene of {width} x {height} pixels with {len(scene.instances)} texts: milliseconds")
    chains = {name: SceneChain([SceneStep(name, effect)]) for name, effect in SCENE_EFFECTS.items()}
    chains["detector augmentation 960 x 960"] = detector_augmentation()
    for name, chain in chains.items():
        spent = milliseconds(lambda number, chain=chain: chain(np.random.default_rng(number), scene), 4)  # type: ignore[misc]
        print(f"  {name:32s} {spent:8.2f}")
    for high, wide in ((48, 200), (48, 320), (32, 320)):
        line_table(np.random.default_rng(0).integers(0, 256, (high, wide, 3), np.uint8))


def line_table(image: Image) -> None:
    size = Size(image.shape[1], image.shape[0])
    print(f"line of {size.width} x {size.height} pixels: microseconds, and for TIA times one cv2.remap")
    rng = np.random.default_rng(0)
    for name, effect in TIA_EFFECTS.items():
        warp = effect.warp(size, effect.draw(rng, size))
        sources = warp.maps[0].pull((int(size.width), int(size.height)))  # type: ignore[attr-defined]
        pull = np.ascontiguousarray(sources)

        def whole(_: int, effect: Distort | Stretch | TiaPerspective = effect) -> Image:
            return effect.warp(size, effect.draw(rng, size)).image(image, size)

        def remap(_: int, pull: np.ndarray = pull) -> object:
            return cv2.remap(image, pull, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]

        rounds = [(milliseconds(whole, 300) * 1e3, milliseconds(remap, 300) * 1e3) for _ in range(3)]
        spent, once = min(one for one, _ in rounds), min(other for _, other in rounds)
        print(f"  {name:32s} {spent:8.1f}  remap {once:6.1f}  {spent / once:5.2f} times")
    for name, bent in BENDING_EFFECTS.items():
        moved = milliseconds(lambda _, one=bent: one.warp(size, one.draw(rng, size)).image(image, size), 100)  # type: ignore[misc]
        print(f"  {name:32s} {moved * 1e3:8.1f}")
    for name, pixel in PIXEL_EFFECTS.items():
        changed = milliseconds(lambda _, one=pixel: one.apply(image, one.draw(rng, size)), 100)  # type: ignore[misc]
        print(f"  {name:32s} {changed * 1e3:8.1f}")


def outlined(scene: Scene, valid: Image | None = None) -> Image:
    """Draw the labels: green, ignored ones red, the first point as a dot; pixels that are not valid are blue."""
    image = scene.image.copy()
    if valid is not None:
        image[valid == 0] = (40, 60, 160)
    for instance in scene.instances:
        points = np.rint((instance.polygon - 0.5) * 16).astype(np.int32)
        colour = (230, 30, 30) if instance.ignore else (0, 220, 0)
        cv2.polylines(image, [points], True, colour, 2, cv2.LINE_AA, shift=4)
        cv2.circle(image, points[0].tolist(), 5 * 16, (255, 200, 0), -1, cv2.LINE_AA, shift=4)
    return image


def titled(image: Image, title: str, width: int, height: int) -> Image:
    """Return a tile of the page: the resized image below its title."""
    scale = min(width / image.shape[1], (height - 22) / image.shape[0])
    shape = (max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale)))
    tile = np.full((height, width, 3), 255, np.uint8)
    tile[22 : 22 + shape[1], : shape[0]] = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    cv2.putText(tile, title, (2, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def page(scene: Scene, line: Sample, path: Path) -> None:
    tiles = [titled(outlined(scene), "original scene", 400, 260)]
    chains = {name: SceneChain([SceneStep(name, effect)]) for name, effect in SCENE_EFFECTS.items()}
    chains |= {f"detector augmentation {k}": detector_augmentation() for k in range(5)}
    for seed, (name, chain) in enumerate(chains.items()):
        shown = chain(np.random.default_rng(seed), scene)
        tiles.append(titled(outlined(*shown), name, 400, 260))
    lines = [titled(quads(line), "original line", 400, 90)]
    for name, effect in LINE_EFFECTS.items():
        for seed in range(2):
            result = LineChain([SceneStep(name, effect)])(np.random.default_rng(seed), line)
            lines.append(titled(quads(result), name, 400, 90))
    rows = [tiles[k : k + 4] for k in range(0, len(tiles), 4)] + [lines[k : k + 4] for k in range(0, len(lines), 4)]
    whole = [np.hstack([*row, *[np.full_like(row[0], 255)] * (4 - len(row))]) for row in rows]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(whole), cv2.COLOR_RGB2BGR))
    print(f"wrote {path}")


def quads(sample: Sample) -> Image:
    """Return a line at twice its size with the quads of its clusters."""
    image = cv2.resize(sample.image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    points = np.rint((sample.clusters.quads * 2 - 0.5) * 16).astype(np.int32)
    cv2.polylines(image, list(points), True, (0, 180, 0), 1, cv2.LINE_AA, shift=4)
    return np.asarray(image, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["table", "page"], default="table")
    parser.add_argument("-o", "--out", type=Path, default=Path("augment.png"), help="file of the page")
    parser.add_argument("--scene", help="labels or data set of scenes")
    parser.add_argument("--row", type=int, default=0, help="row of the scene")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    scene = read_scene(options.scene, options.row) if options.scene else render_scene()
    if options.what == "table":
        table(scene)
    else:
        page(scene, render_line(), options.out)


if __name__ == "__main__":
    main()
