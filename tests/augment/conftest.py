"""Small scenes for the tests: each text is a polygon of one colour, straight or bent."""

import math
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from augment.copy_paste import BankBuilder, CropBank, TextCutout
from synthtext.core import Box, Clusters, Image, Polygon, Scene, TextInstance

BITS, TIMES = 6, 4
WIDTH, HEIGHT = 240, 176  # of a target scene


@pytest.fixture(scope="session")
def drawn() -> SimpleNamespace:
    """Functions below, by name."""
    return SimpleNamespace(scene=scene, text_polygon=text_polygon, id_mask=id_mask, fill=fill, overlap=overlap)


@pytest.fixture(scope="session")
def pasting() -> SimpleNamespace:
    """Functions for CopyPaste, the size of the scenes, and a bank of uniform crops."""
    return SimpleNamespace(
        scene=scene_to_paste_into,
        rectangle=rectangle,
        pasted=pasted,
        bank=flat_bank(),
        WIDTH=WIDTH,
        HEIGHT=HEIGHT,
    )


def text_polygon(rng: np.random.Generator, centre: np.ndarray, scale: float) -> Polygon:
    """Return a quad, or a polygon of 12 points along an arc, in any direction."""
    length, height = scale * rng.uniform(1.5, 4), scale * rng.uniform(0.6, 1.2)
    half = 6 if rng.random() < 0.6 else 2
    x = np.linspace(-length / 2, length / 2, half)
    top = np.stack([x, rng.uniform(-0.25, 0.25) * length * (1 - (2 * x / length) ** 2) - height / 2], axis=1)
    polygon = np.concatenate([top, (top + np.array([0, height]))[::-1]])
    angle = rng.normal(0, 0.6)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (polygon @ turn + centre).astype(np.float32)


def scene(rng: np.random.Generator, count: int = 4, overhang: float = 0.1) -> Scene:
    """Return a small scene with up to `count` texts, some ignored, some beyond the border."""
    width, height = rng.integers(90, 220, 2).tolist()
    image = np.full((height, width, 3), 128, np.uint8)
    instances = []
    for number in range(int(rng.integers(1, count + 1))):
        centre = rng.uniform(-overhang, 1 + overhang, 2) * (width, height)
        polygon = text_polygon(rng, centre, rng.uniform(10, 26))
        fill(image, polygon, rng.integers(0, 256, 3).tolist())
        around = Box(*polygon.min(axis=0).tolist(), *polygon.max(axis=0).tolist()).polygon()
        clusters = Clusters(np.array([0, 2], np.int32), around[None])
        instances.append(TextInstance(f"t{number}", polygon, clusters, ignore=bool(rng.random() < 0.2)))
    return Scene("scene", image, tuple(instances))


def id_mask(polygon: Polygon, shape: tuple[int, ...]) -> Image:
    """Return the coverage of each pixel by a polygon, 0 to 255, (H, W)."""
    mask = np.zeros(shape[:2], np.uint8)
    low = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(polygon.max(axis=0)).astype(int), (shape[1], shape[0]))
    if (high <= low).any():
        return mask
    fine = np.zeros(((high - low) * TIMES)[::-1], np.uint8)
    cv2.fillPoly(fine, [np.rint(((polygon - low) * TIMES - 0.5) * 2**BITS).astype(np.int32)], 255, shift=BITS)
    window = cv2.resize(fine, tuple((high - low).tolist()), interpolation=cv2.INTER_AREA)
    mask[low[1] : high[1], low[0] : high[0]] = window
    return mask


def fill(image: Image, polygon: Polygon, colour: object) -> None:
    """Fill the pixels that a polygon covers by half or more; OpenCV fills half a pixel more."""
    image[id_mask(polygon, image.shape) > 127] = colour


def overlap(first: Image, second: Image) -> float:
    """Return the intersection over union of two masks."""
    one, other = first > 127, second > 127
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0


def rectangle(
    rng: np.random.Generator, width: int, height: int, longest: float = 70, degrees: tuple[float, float] = (-180, 180)
) -> Polygon:
    """Return a rotated rectangle inside an image."""
    w, h = rng.uniform(16, longest), rng.uniform(9, 24)
    angle = math.radians(rng.uniform(*degrees))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    corners = (np.array([[0, 0], [w, 0], [w, h], [0, h]]) - (w / 2, h / 2)) @ turn
    low, high = -corners.min(axis=0), (width, height) - corners.max(axis=0)
    return (corners + rng.uniform(low, high)).astype(np.float32)


def scene_to_paste_into(seed: int, count: int | None = None) -> Scene:
    """Return a smooth image with labels; every third is ignored, some have six points."""
    rng = np.random.default_rng([seed, 1])
    ramp = np.linspace(0, 1, WIDTH)[None, :, None] * rng.uniform(0, 90, 3)
    image = (ramp + np.linspace(0, 1, HEIGHT)[:, None, None] * rng.uniform(0, 90, 3) + 40).astype(np.uint8)
    instances = []
    for i in range(int(rng.integers(0, 9)) if count is None else count):
        polygon = rectangle(rng, WIDTH, HEIGHT)
        if i % 4 == 3:
            polygon = np.insert(polygon, [1, 3], (polygon[[0, 2]] + polygon[[1, 3]]) / 2, axis=0)
        instances.append(TextInstance("" if i % 3 == 2 else f"old {i}", polygon, ignore=i % 3 == 2))
    return Scene(f"scene {seed}", image, tuple(instances))


def flat_bank(count: int = 40, images: int = 8) -> CropBank:
    """Return a bank of uniform crops whose text is their colour, five from each image."""
    builder = BankBuilder()
    rng = np.random.default_rng(0)
    for source in range(2):
        builder.add_source(f"flat {source}")
        for row in range(images // 2):
            crops = []
            for place in range(count // images):
                number = (source * images // 2 + row) * (count // images) + place
                colour = np.array([255 - number, number * 6, 128 + number], np.uint8)
                height, width = int(rng.integers(9, 30)), int(rng.integers(12, 70))
                polygon = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
                patch = np.full((height, width, 3), colour, np.uint8)
                crops.append(TextCutout(patch, polygon, ",".join(map(str, colour)), float(height), index=place))
            builder.add_image(row, 3 * len(crops), crops)
    return builder.build()


def pasted(scene: Scene) -> list[TextInstance]:
    """Return the pasted texts of a scene."""
    return [instance for instance in scene.instances if instance.origin.kind == "pasted"]
