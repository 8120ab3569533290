"""What was wrong with labels of scenes, in words: what was mended, made ignored, kept or left out."""

from collections.abc import Mapping

from pipelines.counts import describe_counts

COUNTERCLOCKWISE = "polygon runs counterclockwise"
CROSSED = "polygon crosses itself"
TANGLED = "polygon of more than four points crosses itself"
OUTSIDE = "polygon outside of the picture"
OVER_THE_EDGE = "polygon reaches over the picture's edge"
TORN = "text with half of a surrogate pair"
PIECES = "polygon in several pieces"
NO_POLYGON = "mask without a polygon, its box is taken"

_BECAME = {
    COUNTERCLOCKWISE: "mended",
    CROSSED: "mended",
    TANGLED: "to be ignored",
    PIECES: "to be ignored",
    TORN: "to be ignored",
    OVER_THE_EDGE: "kept",
    NO_POLYGON: "kept",
}
_LEFT_OUT = "left out"


def describe_problems(problems: Mapping[str, int]) -> str:
    """Counts and reasons by what became of the labels, such as "mended: polygon crosses itself (3)"; empty for none."""
    parts = []
    for became in ("mended", "kept", "to be ignored", _LEFT_OUT):
        mine = {name: count for name, count in problems.items() if _BECAME.get(name, _LEFT_OUT) == became}
        if mine:
            parts.append(f"{became}: {describe_counts(mine)}")
    return "; ".join(parts)
