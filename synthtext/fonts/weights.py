"""How often fonts are drawn, by what a user says of some of them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from synthtext.core import InputError
from synthtext.fonts.file import FontFile


def weights_of(fonts: Sequence[FontFile], given: Mapping[str, float]) -> tuple[float, ...]:
    """The factor of every font: the one of its face ("Lato Bold") or else of its family ("Lato"); 1 if there is none.

    Args:
        fonts: that were found.
        given: factors by name.

    Raises:
        InputError: a name is of no font, or every font has the factor 0.
    """
    known = {name for font in fonts for name in (font.name, font.family)}
    for name in given:
        if name not in known:
            close = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "`ocrmill fonts` lists those that there are"
            raise InputError(
                f"fonts.weights: there is no font {name!r} among the {len(fonts):,} that were found; {hint}"
            )
    weights = tuple(float(given.get(font.name, given.get(font.family, 1.0))) for font in fonts)
    if not any(weights):
        raise InputError("fonts.weights: every font has the weight 0; nothing could be drawn")
    return weights
