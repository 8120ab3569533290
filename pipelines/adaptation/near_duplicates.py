"""Groups of images that show nearly the same, by hashes of their content."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image

_SIDE = 16  # of the grid of a hash
_MAX_BITS = 10  # of 256 that differ between near duplicates
_CHUNK_SIZE = 256  # hashes that are compared with all others at once


def difference_hash(image: Image) -> NDArray[np.uint64]:
    """Return a hash (4,) of an image (H, W, 3) uint8 that survives scaling, compression and small changes of colour.

    Each of its 256 bits tells whether the luminance increases from one cell of a 16 x 16 grid to the next (the
    difference hash of Krawetz 2013, on a finer grid).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    cells = cv2.resize(grey, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(cells[:, 1:] > cells[:, :-1]).view(np.uint64)


def group_near_duplicates(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return the group of each of N images (N,): the index of the first image of the group.

    Images are in a group if at most 10 bits of their hashes differ, or if a chain of such images connects them.
    """
    if not hashes:
        return np.zeros(0, np.int64)
    table, parents = np.stack(hashes), list(range(len(hashes)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for start in range(0, len(table), _CHUNK_SIZE):
        distances = hash_distances(table[start : start + _CHUNK_SIZE], table)
        for row, column in np.argwhere(distances <= _MAX_BITS).tolist():
            first, second = sorted((root(start + row), root(column)))
            parents[second] = first
    return np.array([root(index) for index in range(len(table))], np.int64)


def has_near_duplicate(hashes: Sequence[NDArray[np.uint64]], others: Sequence[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    """Return which of N images (N,) have a near duplicate among other images."""
    found = np.zeros(len(hashes), bool)
    if hashes and others:
        table, references = np.stack(hashes), np.stack(others)
        for start in range(0, len(table), _CHUNK_SIZE):
            distances = hash_distances(table[start : start + _CHUNK_SIZE], references)
            found[start : start + _CHUNK_SIZE] = (distances <= _MAX_BITS).any(1)
    return found


def hash_distances(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bits (N, M) that differ between hashes (N, 4) and (M, 4)."""
    counts = sum(np.bitwise_count(first[:, part, None] ^ second[:, part]).astype(np.int64) for part in range(4))
    return np.asarray(counts, np.int64)
