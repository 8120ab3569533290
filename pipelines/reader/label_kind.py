"""Whether labels are those of lines or of scenes: the one rule for all that read them."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["lines", "scenes"]

LOOKED_AT = 1000
"""Labels that are looked at, at most."""

_TEXTS, _NONE = re.compile(r"\s*\[\s*\{"), re.compile(r"\s*\[\s*\]\s*")


def kind_of_labels(labels: Iterable[str]) -> Kind:
    """What the first labels of a source are, taken together: one that is broken does not decide for the others.

    Args:
        labels: the first ones; `LOOKED_AT` are enough.

    Returns:
        "scenes" if at least as many begin as JSON lists of texts do, with `[{`, as do otherwise; an empty list `[]`
        is a scene without text, and counts for scenes if there is nothing else. "lines" of anything else, so of texts
        such as "[06]" or "[1, 2, 3]".
    """
    found = Counter(_told(label) for label in labels)
    return "scenes" if found["scenes"] >= found["lines"] and found.total() else "lines"


def _told(label: str) -> str:
    return "scenes" if _TEXTS.match(label) else "nothing" if _NONE.fullmatch(label) else "lines"
