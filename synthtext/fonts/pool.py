"""Which font a line is set in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtext.core import InputError
from synthtext.corpora import CorpusMixture, clean_text
from synthtext.fonts.cache import FaceCache
from synthtext.fonts.discovery import FontInventory
from synthtext.fonts.face import Face
from synthtext.fonts.file import FontFile

_PROBES = 100


@dataclass(frozen=True)
class FontPool:
    """The fonts that a corpus can be set in, by family: a family with forty weights is as likely as one with a single.

    Attributes:
        families: faces that cover at least one text of the corpus, by family.
        useless: names of faces that cover none.
    """

    families: tuple[tuple[FontFile, ...], ...]
    useless: tuple[str, ...]

    def draw(self, rng: np.random.Generator, count: int) -> list[FontFile]:
        """Draw `count` faces, from different families as far as there are enough."""
        order = rng.permutation(len(self.families))
        picked = [self.families[order[i % len(order)]] for i in range(count)]
        return [family[int(rng.integers(len(family)))] for family in picked]


def fit_fonts(inventory: FontInventory, corpora: CorpusMixture, cache: FaceCache, rng: np.random.Generator) -> FontPool:
    """Find the fonts that can set texts of the corpora, by looking at a hundred texts of each.

    Raises:
        InputError: no font can set any of the texts of a corpus; the message names it and the missing characters.
    """
    faces = [cache.face(file) for file in inventory.fonts]
    useful: set[int] = set()
    for entry in corpora.entries:
        texts = [text for text in (clean_text(entry.corpus.draw(rng)) for _ in range(_PROBES)) if text]
        if not texts:
            raise InputError(f"corpus {entry.name!r} is empty: {_PROBES} draws gave no visible text")
        covering = {i for i, face in enumerate(faces) if any(face.covers(text) for text in texts)}
        if not covering:
            raise InputError(_uncovered(entry.name, texts, faces))
        useful |= covering
    families: dict[str, list[FontFile]] = {}
    for i in sorted(useful):
        families.setdefault(inventory.fonts[i].family, []).append(inventory.fonts[i])
    useless = tuple(file.name for i, file in enumerate(inventory.fonts) if i not in useful)
    return FontPool(tuple(tuple(family) for family in families.values()), useless)


def _uncovered(name: str, texts: Sequence[str], faces: Sequence[Face]) -> str:
    best = min(faces, key=lambda face: len(face.missing(texts[0])))
    lacking = "".join(dict.fromkeys(best.missing(texts[0])))[:20]
    return (
        f"corpus {name!r} is covered by none of the {len(faces)} fonts: of {texts[0][:40]!r} the nearest "
        f"({best.file.name}) lacks {lacking!r}; add a folder with such fonts to fonts.folders"
    )
