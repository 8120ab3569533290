"""How often fonts are drawn, by what a user says of some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from math import prod

import numpy as np

from synthtext.core import Charset, InputError, WeightedSampler
from synthtext.core.randomness import WeightedComponent
from synthtext.corpora import Corpus, CorpusMixture, clean_text
from synthtext.fonts.cache import FaceCache
from synthtext.fonts.discovery import FontInventory, FontOptions
from synthtext.fonts.face import Face
from synthtext.fonts.file import FontFile, draw_variations

_WILD = frozenset("*?[")


def font_weights(fonts: Sequence[FontFile], given: Mapping[str, float]) -> tuple[float, ...]:
    """The factor of every font: that of its face ("Lato Bold") or else of its family ("Lato"), times all that fit it.

    A key with *, ? or [ is a pattern of the names of faces, as in a shell, whatever the case; it may fit none. A font
    that is not meant by any key has the factor 1.

    Args:
        fonts: that were found.
        given: factors by name or pattern.

    Raises:
        InputError: a name is of no font, or every font has the factor 0.
    """
    patterns = [(name.lower(), weight) for name, weight in sorted(given.items()) if _WILD & set(name)]
    known = {name for font in fonts for name in (font.name, font.family)}
    for name in given:
        if name not in known and not _WILD & set(name):
            close = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`ocrmill fonts` lists those that there are"
            raise InputError(
                f"fonts.weights: there is no font {name!r} among the {len(fonts):,} that were found; {hint}"
            )
    weights = []
    for font in fonts:
        own = given.get(font.name, given.get(font.family, 1.0))
        name = font.name.lower()
        weights.append(float(own * prod(weight for pattern, weight in patterns if fnmatchcase(name, pattern))))
    if not any(weights):
        raise InputError("fonts.weights: every font has the weight 0; nothing could be drawn")
    return tuple(weights)


_PROBES = 100


@dataclass(frozen=True)
class FontFamily:
    """The faces of a family that can set texts of the corpora.

    Attributes:
        faces: in the inventory's order.
        share: of the texts, that the family can set; above 0, at most 1.
        weights: how often each face is drawn, above 0; empty if no font is weighed.
    """

    faces: tuple[FontFile, ...]
    share: float
    weights: tuple[float, ...] = ()

    @property
    def weight(self) -> float:
        """How often the family is drawn, against others."""
        return self.share * (sum(self.weights) / len(self.weights) if self.weights else 1.0)

    def draw(self, rng: np.random.Generator) -> FontFile:
        """Draw one of the faces."""
        if not self.weights:
            return self.faces[int(rng.integers(len(self.faces)))]
        return self.faces[WeightedSampler(self.weights).draw(rng)]


class FontPool:
    """The fonts that a corpus can be set in, by family: a family with forty weights is as likely as one with a single.

    A family that can set few of the texts (digits only, say) is drawn as rarely as it would be of use.

    Args:
        families: with the share of the texts that each can set.
        corpus_fonts: for every corpus, faces that can set many of its texts; a draw has at least one of them.
        vary: variable fonts get a place on their axes.
    """

    def __init__(
        self, families: Sequence[FontFamily], able: Sequence[Sequence[FontFile]] = (), *, vary: bool = True
    ) -> None:
        self.families = tuple(families)
        weights = {face: w for family in families for face, w in zip(family.faces, family.weights, strict=False)}
        self.corpus_fonts = tuple(
            FontFamily(tuple(faces), 1.0, tuple(weights[f] for f in faces if weights)) for faces in able
        )
        self._vary, self._weighed = vary, bool(weights)
        chances = np.array([family.weight for family in families])
        self._probabilities = chances / chances.sum()

    def draw(self, rng: np.random.Generator, count: int) -> list[FontFile]:
        """Draw `count` faces, all of different families if there are as many, and one more for a corpus without any.

        Few fonts have Tamil, many the digits of its prices: a pool of these alone could set no word. Where fonts are
        weighed, a family that is due more than once in `count` faces is there as often.
        """
        picked = self._by_weight(rng, count) if self._weighed else self._different(rng, count)
        drawn = [family.draw(rng) for family in picked]
        for able in self.corpus_fonts:
            if not any(face in able.faces for face in drawn):
                drawn.append(able.draw(rng))
        return [replace(face, variations=draw_variations(face.axes, rng)) for face in drawn] if self._vary else drawn

    def _different(self, rng: np.random.Generator, count: int) -> list[FontFamily]:
        distinct = min(count, len(self.families))
        order = rng.choice(len(self.families), distinct, replace=False, p=self._probabilities)
        return [self.families[int(order[i % distinct])] for i in range(count)]

    def _by_weight(self, rng: np.random.Generator, count: int) -> list[FontFamily]:
        """Systematic sampling (Madow 1949): each family is drawn its exact share of `count` times, rounded up or down.

        Drawn one after the other without going back, every one of few families would be in every pool, whatever its
        weight.
        """
        order = rng.permutation(len(self.families))
        ends = np.cumsum(self._probabilities[order])
        places = np.searchsorted(ends, (rng.random() + np.arange(count)) / count * ends[-1], side="right")
        return [self.families[int(order[min(place, len(order) - 1)])] for place in places]


def build_font_pool(
    inventory: FontInventory,
    options: FontOptions,
    corpora: CorpusMixture,
    charset: Charset,
    cache: FaceCache,
    rng: np.random.Generator,
) -> FontPool:
    """Find the fonts that can set texts of the corpora, by looking at a hundred texts of each.

    Fonts of weight 0 are not looked at.

    Raises:
        InputError: no font can set any of the texts of a corpus, or none is within the charset; the message names the
            corpus and the characters. Or a font that is weighed is not there.
    """
    weights = font_weights(inventory.fonts, options.weights)
    fonts = [font for font, weight in zip(inventory.fonts, weights, strict=True) if weight]
    drawn = [weight for weight in weights if weight] if options.weights else []
    faces = [cache.face(file) for file in fonts]
    shares = np.zeros(len(faces))
    able: list[list[FontFile]] = []
    for entry in corpora.entries:
        texts = _probe(entry, charset, rng)
        covered = np.array([sum(face.covers(text) for text in texts) for face in faces])
        if not covered.any():
            raise InputError(_uncovered(entry.name, texts, faces))
        shares += covered * entry.weight / len(texts)
        if entry.weight > 0:
            able.append([fonts[i] for i in np.flatnonzero(2 * covered >= covered.max())])
    families: dict[str, list[int]] = {}
    for i in np.flatnonzero(shares):
        families.setdefault(fonts[i].family, []).append(int(i))
    total = sum(entry.weight for entry in corpora.entries)
    return FontPool(
        [
            FontFamily(
                tuple(fonts[i] for i in members),
                float(shares[members].max() / total),
                tuple(drawn[i] for i in members if drawn),
            )
            for members in families.values()
        ],
        able,
        vary=inventory.vary_axes,
    )


def _probe(entry: WeightedComponent[Corpus], charset: Charset, rng: np.random.Generator) -> list[str]:
    try:
        texts = [text for text in (clean_text(entry.component.draw(rng)) for _ in range(_PROBES)) if text]
    except InputError:
        raise
    except Exception as error:  # a corpus of the user's
        raise InputError(f"corpus {entry.name!r} cannot be drawn from: {type(error).__name__}: {error}") from None
    if not texts:
        raise InputError(f"corpus {entry.name!r} is empty: {_PROBES} draws gave no visible text")
    within = [text for text in texts if charset.covers(charset.fold(text))]
    if not within:
        outside = "".join(dict.fromkeys(c for text in texts for c in charset.fold(text) if c not in charset))[:20]
        raise InputError(
            f"corpus {entry.name!r} does not fit the charset: each of {len(texts)} texts holds characters that it "
            f"lacks, such as {outside!r}; choose another charset"
        )
    return within


def _uncovered(name: str, texts: Sequence[str], faces: Sequence[Face]) -> str:
    best = min(faces, key=lambda face: len(face.missing(texts[0])))
    lacking = "".join(dict.fromkeys(best.missing(texts[0])))[:20]
    return (
        f"corpus {name!r} is covered by none of the {len(faces)} fonts: of {texts[0][:40]!r} the nearest "
        f"({best.file.name}) lacks {lacking!r}; `make fonts` installs free fonts (for fonts.system=true), or add a "
        "folder with such fonts to fonts.folders"
    )
