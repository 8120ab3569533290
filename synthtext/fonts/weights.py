"""How often fonts are drawn, by what a user says of some of them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from math import prod

from synthtext.core import InputError
from synthtext.fonts.file import FontFile

_WILD = frozenset("*?[")


def weights_of(fonts: Sequence[FontFile], given: Mapping[str, float]) -> tuple[float, ...]:
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
