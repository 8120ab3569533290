"""Lines with pseudo-labels as files to train on: each as it is, and strongly augmented."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from augment import Affine, Blur, Colour, Downscale, Gamma, Jpeg, LineChain, MotionBlur, Noise, SceneStep
from pipelines.adaptation.steps import write_labels
from pipelines.adaptation.views import Reading
from pipelines.datasets.image import decode_image, image_suffix
from pipelines.datasets.source import EncodedLine, LineSource
from synthtext.core import Clusters, Provenance, Sample

LABELS_FILE = "labels.tsv"

COPIES = 2
"""Augmented copies of a line."""

_CHUNK_SIZE = 256  # lines in memory
_JPEG_QUALITY = 95
_AUGMENTATION = LineChain(
    [
        SceneStep("affine", Affine(degrees_range=(-2, 2)), 0.5),
        SceneStep("colour", Colour(), 0.4),
        SceneStep("gamma", Gamma(), 0.3),
        SceneStep("downscale", Downscale(factor_range=(0.5, 0.9)), 0.3),
        SceneStep("blur", Blur(strength_range=(0.005, 0.03)), 0.3),
        SceneStep("motion_blur", MotionBlur(length_range=(0.03, 0.1)), 0.2),
        SceneStep("noise", Noise(), 0.4),
        SceneStep("jpeg", Jpeg(), 0.3),
    ]
)


def write_pseudo_labels(
    source: LineSource, readings: Sequence[Reading], kept: Sequence[int], folder: Path, seed: int
) -> Path:
    """Write lines with their readings as labels.

    The label comes from the unchanged line, the loss from strongly augmented copies, too (FixMatch, Sohn et al. 2020,
    section 2.2).

    Args:
        source: The lines.
        readings: Of all of them.
        kept: Indices of the lines to write.
        folder: Of the label file and the images.
        seed: Of the augmentation; a copy depends on it and on the image alone.

    Returns:
        The label file.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str]] = []
    for start in range(0, len(kept), _CHUNK_SIZE):
        chunk = np.array(kept[start : start + _CHUNK_SIZE], np.int64)
        for index, line in zip(chunk.tolist(), source.read(chunk), strict=True):
            for copy, data in enumerate((line.image, *_augmented(line, seed))):
                name = f"images/{index:06d}-{copy}{image_suffix(data)}"
                (folder / name).write_bytes(data)
                rows.append((name, readings[index].text))
    write_labels(folder / LABELS_FILE, rows)
    return folder / LABELS_FILE


def _augmented(line: EncodedLine, seed: int) -> Iterator[bytes]:
    image = decode_image(line.image, line.key)
    content = int.from_bytes(hashlib.blake2b(line.image, digest_size=8).digest())
    for copy in range(COPIES):
        rng = np.random.default_rng([seed, content, copy])
        sample = _AUGMENTATION(rng, Sample(line.key, image, "", Clusters.empty(), Provenance()))
        pixels = cv2.cvtColor(sample.image, cv2.COLOR_RGB2BGR)
        yield cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
