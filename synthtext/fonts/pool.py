"""Pools of fonts: which fonts a block of samples draws from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Charset, InputError, WeightedComponent, WeightedSampler
from synthtext.corpora import Corpus, CorpusMixture, clean_text
from synthtext.fonts.cache import FaceCache
from synthtext.fonts.characters import covered_texts, missing_characters
from synthtext.fonts.discovery import FontInventory, FontOptions
from synthtext.fonts.file import FontFile, draw_variations
from synthtext.fonts.lookalikes import GlyphDistinction, glyph_distinction

_WILDCARDS = frozenset("*?[")


def font_weights(fonts: Sequence[FontFile], given: Mapping[str, float]) -> tuple[float, ...]:
    """Compute the weight of every font: that of its face ("Lato Bold") or family ("Lato"), times all matching patterns.

    A key with *, ? or [ is a case-insensitive shell pattern of face names, which may match none. Fonts without a
    matching key have the weight 1.

    Raises:
        InputError: No font has a given name, or every font has the weight 0.
    """
    patterns = [(name.lower(), weight) for name, weight in sorted(given.items()) if _WILDCARDS & set(name)]
    known = {name for font in fonts for name in (font.name, font.family)}
    for name in given:
        if name not in known and not _WILDCARDS & set(name):
            close = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`ocrmill fonts` lists all fonts"
            raise InputError(f"fonts.weights: no font {name!r} among the {len(fonts):,} fonts found; {hint}")
    weights = []
    for font in fonts:
        own = given.get(font.name, given.get(font.family, 1.0))
        name = font.name.lower()
        weights.append(float(own * prod(weight for pattern, weight in patterns if fnmatchcase(name, pattern))))
    if not any(weights):
        raise InputError("fonts.weights: every font has the weight 0; give at least one a weight above 0")
    return tuple(weights)


_PROBES = 100


@dataclass(frozen=True)
class FontFamily:
    """The faces of a family that cover texts of the corpora.

    Attributes:
        faces: Faces in the inventory's order.
        share: Fraction of the texts that the family covers; above 0, at most 1.
        weights: Weight of each face, above 0; empty if there are no weights.
    """

    faces: tuple[FontFile, ...]
    share: float
    weights: tuple[float, ...] = ()

    @property
    def weight(self) -> float:
        """Relative frequency of the family."""
        return self.share * (sum(self.weights) / len(self.weights) if self.weights else 1.0)

    @cached_property
    def face_set(self) -> frozenset[FontFile]:
        """The faces, to look them up."""
        return frozenset(self.faces)

    def draw(self, rng: np.random.Generator) -> FontFile:
        """Draw one of the faces."""
        if not self.weights:
            return self.faces[int(rng.integers(len(self.faces)))]
        return self.faces[WeightedSampler(self.weights).draw(rng)]


class FontPool:
    """The fonts that cover texts of the corpora, grouped by family, so that large families are not drawn more often.

    A family that covers few of the texts (only digits, say) is drawn less often, in proportion.

    Args:
        families: Families with the fraction of the texts that each covers.
        corpus_fonts: For every corpus, faces that cover many of its texts; a draw has at least one of them.
        vary_axes: Draw values for the axes of variable fonts.
    """

    def __init__(
        self, families: Sequence[FontFamily], corpus_fonts: Sequence[Sequence[FontFile]] = (), *, vary_axes: bool = True
    ) -> None:
        self.families = tuple(families)
        weights = {face: w for family in families for face, w in zip(family.faces, family.weights, strict=False)}
        self.corpus_fonts = tuple(
            FontFamily(tuple(faces), 1.0, tuple(weights[f] for f in faces if weights)) for faces in corpus_fonts
        )
        self._vary_axes, self._is_weighted = vary_axes, bool(weights)
        family_weights = np.array([family.weight for family in families])
        self._probabilities = family_weights / family_weights.sum()

    def draw(self, rng: np.random.Generator, count: int) -> list[FontFile]:
        """Draw `count` faces, of different families if there are as many, and one more for each corpus without any.

        Few fonts cover Tamil, many cover the digits of its prices: a pool of the latter could set no word. With
        weights, a family whose expected count is above 1 occurs several times.
        """
        picked = self._draw_systematic(rng, count) if self._is_weighted else self._draw_distinct(rng, count)
        drawn = [family.draw(rng) for family in picked]
        for family in self.corpus_fonts:
            if family.face_set.isdisjoint(drawn):
                drawn.append(family.draw(rng))
        if not self._vary_axes:
            return drawn
        return [replace(face, variations=draw_variations(face.axes, rng)) for face in drawn]

    def _draw_distinct(self, rng: np.random.Generator, count: int) -> list[FontFamily]:
        """Sample without replacement."""
        distinct = min(count, len(self.families))
        order = rng.choice(len(self.families), distinct, replace=False, p=self._probabilities)
        return [self.families[int(order[i % distinct])] for i in range(count)]

    def _draw_systematic(self, rng: np.random.Generator, count: int) -> list[FontFamily]:
        """Systematic sampling (Madow 1949): each family is drawn its expected number of times, rounded up or down.

        Sampling without replacement would put every one of few families into every pool, whatever its weight.
        """
        order = rng.permutation(len(self.families))
        ends = np.cumsum(self._probabilities[order])
        positions = np.searchsorted(ends, (rng.random() + np.arange(count)) / count * ends[-1], side="right")
        return [self.families[int(order[min(position, len(order) - 1)])] for position in positions]


def build_font_pool(
    inventory: FontInventory,
    options: FontOptions,
    corpora: CorpusMixture,
    charset: Charset,
    cache: FaceCache,
    rng: np.random.Generator,
) -> FontPool:
    """Find the fonts that cover texts of the corpora, by sampling a hundred texts of each.

    Fonts of weight 0 are ignored.

    Raises:
        InputError: No font covers any text of a corpus, no text is within the charset, or a weighted font does not
            exist.
    """
    weights = font_weights(inventory.fonts, options.weights)
    fonts = [font for font, weight in zip(inventory.fonts, weights, strict=True) if weight]
    kept_weights = [weight for weight in weights if weight] if options.weights else []
    shares = np.zeros(len(fonts))
    corpus_fonts: list[list[FontFile]] = []
    for entry in corpora.entries:
        texts = _probe(entry, charset, rng)
        covering = covered_texts(fonts, texts)
        if not covering.any():
            raise InputError(_uncovered(entry.name, texts, fonts))
        if options.distinguish:
            covering &= _distinguished_texts(
                fonts, texts, covering, glyph_distinction(charset, options.distinguish), cache
            )
        covered = covering.sum(axis=1)
        if not covered.any():
            raise InputError(
                f"corpus {entry.name!r}: in each of {len(fonts)} fonts, its texts have characters that look like "
                "others of fonts.distinguish; name fewer, or add fonts"
            )
        shares += covered * entry.weight / len(texts)
        if entry.weight > 0:
            corpus_fonts.append([fonts[i] for i in np.flatnonzero(2 * covered >= covered.max())])
    shares /= sum(entry.weight for entry in corpora.entries)
    return FontPool(_group_families(fonts, shares, kept_weights), corpus_fonts, vary_axes=options.vary_axes)


def _group_families(
    fonts: Sequence[FontFile], shares: NDArray[np.float64], weights: Sequence[float]
) -> list[FontFamily]:
    """Group the fonts that cover any text; the share of a family is the largest of its fonts."""
    families: dict[str, list[int]] = {}
    for i in map(int, np.flatnonzero(shares)):
        families.setdefault(fonts[i].family, []).append(i)
    return [
        FontFamily(
            tuple(fonts[i] for i in members),
            float(shares[members].max()),
            tuple(weights[i] for i in members if weights),
        )
        for members in families.values()
    ]


def _probe(entry: WeightedComponent[Corpus], charset: Charset, rng: np.random.Generator) -> list[str]:
    try:
        texts = [text for text in (clean_text(entry.component.draw(rng)) for _ in range(_PROBES)) if text]
    except InputError:
        raise
    except Exception as error:  # of a user-defined corpus
        raise InputError(f"corpus {entry.name!r} cannot be sampled: {type(error).__name__}: {error}") from None
    if not texts:
        raise InputError(f"corpus {entry.name!r} is empty: {_PROBES} samples have no visible text")
    covered = [text for text in texts if charset.covers(charset.fold(text))]
    if not covered:
        missing = "".join(dict.fromkeys(c for text in texts for c in charset.fold(text) if c not in charset))[:20]
        raise InputError(
            f"corpus {entry.name!r} does not fit the charset: each of {len(texts)} texts has characters that it "
            f"lacks, such as {missing!r}; choose another charset"
        )
    return covered


def _distinguished_texts(
    fonts: Sequence[FontFile],
    texts: Sequence[str],
    covering: NDArray[np.bool_],
    distinction: GlyphDistinction,
    cache: FaceCache,
) -> NDArray[np.bool_]:
    """Return whether no character of a text looks like another in a font; false if the font lacks characters."""
    allowed = np.zeros_like(covering)
    for row, column in np.argwhere(covering).tolist():
        allowed[row, column] = distinction.allows(cache.face(fonts[row]), texts[column])
    return allowed


def _uncovered(name: str, texts: Sequence[str], fonts: Sequence[FontFile]) -> str:
    best = min(fonts, key=lambda font: len(missing_characters(font, texts[0])))
    lacking = "".join(dict.fromkeys(missing_characters(best, texts[0])))[:20]
    return (
        f"corpus {name!r} is covered by none of the {len(fonts)} fonts: for {texts[0][:40]!r}, the best font "
        f"({best.name}) lacks {lacking!r}; run `make fonts` to install free fonts (for fonts.system=true), or "
        "add a folder with suitable fonts to fonts.folders"
    )
