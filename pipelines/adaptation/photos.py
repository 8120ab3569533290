"""The lines of the photographs, as files: those to adapt to, and those that are only scored."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.adaptation.near_duplicates import difference_hash, group_near_duplicates, has_near_duplicate
from pipelines.adaptation.photo_sources import Photo, PhotoSource
from pipelines.adaptation.steps import write_labels
from pipelines.datasets.image import decode_image, image_suffix
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.rectify import rectify, to_quad
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, LineSource, RowSource
from pipelines.errors import format_counts
from pipelines.inference.predictors import TextDetector
from pipelines.progress import progress_bar
from synthtext.core import Image, InputError


class Minimum(NamedTuple):
    """Least number of lines or pictures, and of those that are only scored."""

    noun: str
    total: int
    held_out: int


MIN_LINES, MIN_PICTURES = Minimum("lines of text", 40, 10), Minimum("pictures", 20, 5)
"""What an adaptation of a recognizer, and of a detector, needs."""

TOO_SMALL, SCORED, WITHOUT_TEXT = "image below 4 pixels", "near duplicate of a labelled image", "picture without text"
"""Reasons why a photograph is left out."""

_MIN_SIDE = 4
_JPEG_QUALITY = 95


@dataclass(frozen=True)
class PhotoLines:
    """What was found in the photographs.

    Attributes:
        pictures: Number of photographs that were read.
        lines: Number of lines to adapt to.
        held_out: Number of lines that are only scored.
        left_out: Number of the other photographs, by reason.
        keys: Name of the photograph of each line, by image file.
    """

    pictures: int
    lines: int
    held_out: int
    left_out: dict[str, int]
    keys: dict[str, str]


@dataclass
class _Collected:
    """Lines in the order of the photographs, with the index of the photograph of each."""

    names: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)  # of the photographs
    digests: list[bytes] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def adapt_source(folder: Path) -> LabelFileSource:
    """Return the lines to adapt to, without labels, in a folder that `collect_lines` filled."""
    return LabelFileSource(folder / "adapt.tsv")


def held_out_source(folder: Path) -> LabelFileSource:
    """Return the lines that are only scored, without labels, in a folder that `collect_lines` filled."""
    return LabelFileSource(folder / "held_out.tsv")


def collect_lines(
    photos: Sequence[PhotoSource],
    folder: Path,
    detector: TextDetector | None,
    scored: Sequence[LineSource | SceneSource],
    share: float,
    seed: int,
    minimum: Minimum = MIN_LINES,
) -> PhotoLines:
    """Write the lines of photographs as files, and split them.

    A hash decides which photographs are only scored. All lines of a photograph and of its near duplicates fall on the
    same side. Photographs that are near duplicates of labelled images are left out, so that nothing is trained on them.

    Args:
        photos: The photographs.
        folder: Of the images and of the label files `adapt.tsv` and `held_out.tsv`.
        detector: Finds the lines of pictures; None if each photograph counts as one line, as those of a detector do.
        scored: Labelled data that are used for scores.
        share: Of the lines that are only scored.
        seed: Of the split.
        minimum: Of what is found.

    Raises:
        InputError: There are too few lines.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    found = _collect(photos, folder, detector)
    excluded = has_near_duplicate(found.hashes, [difference_hash(image) for image in _images(scored)])
    found.left_out[SCORED] += int(excluded.sum())
    is_held_out = _choose_held_out(found, excluded, share, seed)
    rows: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
    for name, owner in zip(found.names, found.owners, strict=True):
        if not excluded[owner]:
            rows[owner in is_held_out].append((name, ""))
    left_out = dict(+found.left_out)
    _check_counts(len(rows[False]), len(rows[True]), minimum, photos, left_out)
    write_labels(folder / "adapt.tsv", rows[False])
    write_labels(folder / "held_out.tsv", rows[True])
    keys = dict(zip(found.names, found.keys, strict=True))
    return PhotoLines(len(found.hashes), len(rows[False]), len(rows[True]), left_out, keys)


def _choose_held_out(found: _Collected, excluded: NDArray[np.bool_], share: float, seed: int) -> set[int]:
    """Return the photographs of whole groups of near duplicates, in the order of a hash, until their lines suffice."""
    groups = group_near_duplicates(found.hashes)
    lines = np.bincount(found.owners, minlength=len(groups)) * ~excluded
    hashes = [hashlib.blake2b(f"{seed} ".encode() + digest).digest() for digest in found.digests]
    chosen, total = set[int](), 0
    for group in sorted(set(groups.tolist()), key=lambda group: hashes[group]):
        if total >= share * lines.sum():
            break
        members = np.flatnonzero(groups == group)
        chosen.update(members.tolist())
        total += int(lines[members].sum())
    return chosen


def _check_counts(
    lines: int, held_out: int, minimum: Minimum, photos: Sequence[PhotoSource], left_out: dict[str, int]
) -> None:
    if lines + held_out < minimum.total or held_out < minimum.held_out:
        names = ", ".join(photo.name for photo in photos)
        reasons = f" (left out: {format_counts(left_out)})" if left_out else ""
        counts = f"{lines + held_out:,} {minimum.noun} were found, {held_out:,} of them held out for scores{reasons}"
        raise InputError(
            f"{names}: {counts}; at least {minimum.total} and {minimum.held_out} are needed: give more photographs "
            "with text"
        )


def _images(sources: Iterable[LineSource | SceneSource]) -> Iterator[Image]:
    for each in sources:
        source: RowSource[Any] = each
        for row in range(len(source)):
            (line,) = source.read(np.array([row]))
            yield decode_image(line.image, line.key)


def _collect(photos: Sequence[PhotoSource], folder: Path, detector: TextDetector | None) -> _Collected:
    found = _Collected()
    with progress_bar("reading photographs", total=sum(map(len, photos)), unit="images") as bar:
        for photo in (photo for source in photos for photo in source.read()):
            _add(found, photo, folder, detector)
            bar.advance()
    return found


def _add(found: _Collected, photo: Photo, folder: Path, detector: TextDetector | None) -> None:
    if isinstance(photo.image, str):
        found.left_out[photo.image if len(photo.image) < len(BROKEN_IMAGE) * 4 else BROKEN_IMAGE] += 1
        return
    try:
        image = decode_image(photo.image, photo.key)
    except InputError:
        found.left_out[BROKEN_IMAGE] += 1
        return
    if min(image.shape[:2]) < _MIN_SIDE:
        found.left_out[TOO_SMALL] += 1
        return
    lines = [photo.image] if photo.is_line or detector is None else list(_cut(image, detector))
    if not lines:
        found.left_out[WITHOUT_TEXT] += 1
        return
    owner = len(found.hashes)
    found.hashes.append(difference_hash(image))
    found.digests.append(hashlib.blake2b(photo.image, digest_size=16).digest())
    for number, data in enumerate(lines):
        name = f"images/{len(found.names):06d}{image_suffix(data)}"
        (folder / name).write_bytes(data)
        found.names.append(name)
        found.keys.append(photo.key if photo.is_line else f"{photo.key}, line {number + 1}")
        found.owners.append(owner)


def _cut(image: Image, detector: TextDetector) -> Iterator[bytes]:
    """Cut the lines out of a picture as the page reader does."""
    compatible = detector.postprocessing.paddle_compat
    for polygon in detector.detect(image).polygons:
        line = rectify(image, to_quad(polygon), paddle_compat=compatible)
        if min(line.shape[:2]) >= _MIN_SIDE:
            pixels = cv2.cvtColor(line, cv2.COLOR_RGB2BGR)
            yield cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
