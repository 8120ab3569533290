"""The colours of a patch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image

_SAMPLES = 32  # pixels along a side of a patch whose colours are looked at


class Tone(NamedTuple):
    """The colours of a patch, three channels each.

    Attributes:
        ground: the median along its edges: mostly what the text stands on.
        darkest: of each channel.
        brightest: of each channel.
    """

    ground: NDArray[np.float32]
    darkest: NDArray[np.float32]
    brightest: NDArray[np.float32]


def tone_of(patch: Image) -> Tone:
    """Look at some of the pixels of a patch (h, w, 3)."""
    rows, columns = patch.shape[:2]
    along, down = max(columns // _SAMPLES, 1), max(rows // _SAMPLES, 1)
    edges = np.concatenate([patch[0, ::along], patch[-1, ::along], patch[::down, 0], patch[::down, -1]])
    inner = patch[::down, ::along].reshape(-1, 3)
    ground = np.sort(edges, axis=0)[len(edges) // 2]
    return Tone(*(colour.astype(np.float32) for colour in (ground, inner.min(axis=0), inner.max(axis=0))))
