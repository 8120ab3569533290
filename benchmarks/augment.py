"""What augmentation costs, and a page that shows it.

    python -m benchmarks.augment                        the table
    python -m benchmarks.augment page -o page.png       every effect on a scene and on a line, with its labels

The scene is drawn (1280 x 720, 20 texts), or a picture of yours with `--scene LABELS --row N` (PaddleOCR labels or a
data set's folder). Times are CPU milliseconds of this process in one thread, the least of a few rounds, each with new
parameters; drawing them counts. TIA on a line is compared with one `cv2.remap` of that line. Machines are noisy:
compare ratios within one run.
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
TURN = {"rotate": [-10, 10]}
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
BENT: Mapping[str, GeometricEffect] = {
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
    **BENT,
    **PIXEL_EFFECTS,
    "imgaug Affine": Imgaug("Affine", TURN),
    "imgaug ElasticTransformation": Imgaug("ElasticTransformation", {"alpha": [0, 40], "sigma": 8}),
    "imgaug Rain": Imgaug("Rain"),
    "imgaug Snowflakes": Imgaug("Snowflakes"),
    "imgaug Fog": Imgaug("Fog"),
    "imgaug MotionBlur": Imgaug("MotionBlur", {"k": 9}),
}
TIA: Mapping[str, Distort | Stretch | TiaPerspective] = {
    "distort": Distort(),
    "stretch": Stretch(),
    "tia_perspective": TiaPerspective(),
}
LINE_EFFECTS: Mapping[str, AnyEffect] = {
    **TIA,
    "crop": RandomBorderCrop(),
    **BENT,
    **PIXEL_EFFECTS,
    "imgaug Rain": Imgaug("Rain"),
}


def milliseconds(job: Callable[[int], object], count: int) -> float:
    """CPU time of one call, the least of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for number in range(count):
            job(number)
        best = min(best, (time.process_time() - start) / count)
    return best * 1e3


def drawn_scene() -> Scene:
    """Twenty texts of the preset `digits`' kind on a smooth ground, half of them bent polygons of 12 points."""
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
    return Scene("drawn", image, tuple(instances))


def read_scene(source: str, row: int) -> Scene:
    found = open_scene_source(source).read(np.array([row]))[0]
    return Scene(found.key, decode_image(found.image, found.key), found.instances)


def drawn_line() -> Sample:
    sample = resolve_recipe("lines", ["effects=[]"]).generator(1).generate(3)
    assert not isinstance(sample, SkippedSample)
    return sample


def table(scene: Scene) -> None:
    height, width = scene.image.shape[:2]
    print(f"scene of {width} x {height} pixels with {len(scene.instances)} texts: milliseconds")
    chains = {name: SceneChain([SceneStep(name, effect)]) for name, effect in SCENE_EFFECTS.items()}
    chains["training view 960 x 960"] = detector_augmentation()
    for name, chain in chains.items():
        spent = milliseconds(lambda number, chain=chain: chain(np.random.default_rng(number), scene), 4)  # type: ignore[misc]
        print(f"  {name:32s} {spent:8.2f}")
    for high, wide in ((48, 200), (48, 320), (32, 320)):
        line_table(np.random.default_rng(0).integers(0, 256, (high, wide, 3), np.uint8))


def line_table(image: Image) -> None:
    size = Size(image.shape[1], image.shape[0])
    print(f"line of {size.width} x {size.height} pixels: microseconds, and for TIA times one cv2.remap")
    rng = np.random.default_rng(0)
    for name, effect in TIA.items():
        warp = effect.warp(size, effect.draw(rng, size))
        given = warp.maps[0].pull((int(size.width), int(size.height)))  # type: ignore[attr-defined]
        pull = np.ascontiguousarray(given)

        def whole(_: int, effect: Distort | Stretch | TiaPerspective = effect) -> Image:
            return effect.warp(size, effect.draw(rng, size)).image(image, size)

        def remap(_: int, pull: np.ndarray = pull) -> object:
            return cv2.remap(image, pull, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]

        rounds = [(milliseconds(whole, 300) * 1e3, milliseconds(remap, 300) * 1e3) for _ in range(3)]
        spent, once = min(one for one, _ in rounds), min(other for _, other in rounds)
        print(f"  {name:32s} {spent:8.1f}  remap {once:6.1f}  {spent / once:5.2f} times")
    for name, bent in BENT.items():
        moved = milliseconds(lambda _, one=bent: one.warp(size, one.draw(rng, size)).image(image, size), 100)  # type: ignore[misc]
        print(f"  {name:32s} {moved * 1e3:8.1f}")
    for name, pixel in PIXEL_EFFECTS.items():
        changed = milliseconds(lambda _, one=pixel: one.apply(image, one.draw(rng, size)), 100)  # type: ignore[misc]
        print(f"  {name:32s} {changed * 1e3:8.1f}")


def outlined(scene: Scene, valid: Image | None = None) -> Image:
    """The picture with its labels: green, ignored ones red, the first point a dot; what is not valid is blue."""
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
    """A tile of the page: the picture, made to fit, under its title."""
    scale = min(width / image.shape[1], (height - 22) / image.shape[0])
    shape = (max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale)))
    tile = np.full((height, width, 3), 255, np.uint8)
    tile[22 : 22 + shape[1], : shape[0]] = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    cv2.putText(tile, title, (2, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def page(scene: Scene, line: Sample, path: Path) -> None:
    tiles = [titled(outlined(scene), "scene as it is", 400, 260)]
    chains = {name: SceneChain([SceneStep(name, effect)]) for name, effect in SCENE_EFFECTS.items()}
    chains |= {f"training view {k}": detector_augmentation() for k in range(5)}
    for seed, (name, chain) in enumerate(chains.items()):
        shown = chain(np.random.default_rng(seed), scene)
        tiles.append(titled(outlined(*shown), name, 400, 260))
    lines = [titled(quads(line), "line as it is", 400, 90)]
    for name, effect in LINE_EFFECTS.items():
        for seed in range(2):
            result = LineChain([SceneStep(name, effect)])(np.random.default_rng(seed), line)
            lines.append(titled(quads(result), name, 400, 90))
    rows = [tiles[k : k + 4] for k in range(0, len(tiles), 4)] + [lines[k : k + 4] for k in range(0, len(lines), 4)]
    whole = [np.hstack([*row, *[np.full_like(row[0], 255)] * (4 - len(row))]) for row in rows]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(whole), cv2.COLOR_RGB2BGR))
    print(f"wrote {path}")


def quads(sample: Sample) -> Image:
    """A line at twice its size, with the quads of its clusters."""
    image = cv2.resize(sample.image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    points = np.rint((sample.clusters.quads * 2 - 0.5) * 16).astype(np.int32)
    cv2.polylines(image, list(points), True, (0, 180, 0), 1, cv2.LINE_AA, shift=4)
    return np.asarray(image, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["table", "page"], default="table")
    parser.add_argument("-o", "--out", type=Path, default=Path("augment.png"), help="the page")
    parser.add_argument("--scene", help="labels or data set of scenes")
    parser.add_argument("--row", type=int, default=0, help="which of its scenes")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    scene = read_scene(given.scene, given.row) if given.scene else drawn_scene()
    if given.what == "table":
        table(scene)
    else:
        page(scene, drawn_line(), given.out)


if __name__ == "__main__":
    main()
