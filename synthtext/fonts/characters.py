"""The characters of font faces, without opening the faces for drawing."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray

from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.fonts.file import FontFile, open_harfbuzz


def character_map(font: FontFile) -> hb.Set:
    """Return the code points of a face as a bitmap (Python sets take megabytes per face); do not modify it."""
    return _character_map(font.path, font.face_index, font.digest)


@lru_cache(maxsize=8192)
def _character_map(path: Path, index: int, digest: str) -> hb.Set:  # the digest distinguishes versions of a file
    return open_harfbuzz(path, index).unicodes


def missing_characters(font: FontFile, text: str) -> str:
    """Return the characters of a text that a face lacks, except for spaces and default-ignorables."""
    known = character_map(font)
    return "".join(c for c in text if c != " " and ord(c) not in known and ord(c) not in DEFAULT_IGNORABLE)


def covered_texts(fonts: Sequence[FontFile], texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether fonts have all characters of texts, as an array of shape (fonts, texts)."""
    characters = sorted(set("".join(texts)))
    positions = {character: i for i, character in enumerate(characters)}
    used = np.zeros((len(characters), len(texts)), np.float32)
    for column, text in enumerate(texts):
        used[[positions[character] for character in set(text)], column] = 1
    lacking = np.zeros((len(fonts), len(characters)), np.float32)
    for row, font in enumerate(fonts):
        lacking[row, [positions[character] for character in missing_characters(font, "".join(characters))]] = 1
    return np.asarray(lacking @ used == 0, np.bool_)
