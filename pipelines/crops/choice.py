"""Which texts of a scene become lines."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from pipelines.read.rectify import as_line, line_size
from synthtext.core import Level, Size, TextInstance

CropLevel: TypeAlias = Level | Literal["leaves"]
"""Texts of one level, or those that no other one is a part of."""

OTHER_LEVEL, IGNORED, NO_TEXT, TOO_LARGE = (
    "of another level",
    "to be ignored",
    "without a text",
    "larger than a picture",
)

_MOST = 4.0  # times the pixels of the picture: a polygon may reach far out of it
_LONGEST = 2**15 - 1  # pixels of a side; OpenCV warps no more


class Choice(NamedTuple):
    """What becomes of the texts of one scene.

    Attributes:
        usable: which ones become lines, in their order.
        left_out: why the others do not, one entry each.
    """

    usable: tuple[int, ...]
    left_out: tuple[str, ...]


def choose(instances: Sequence[TextInstance], size: Size, level: CropLevel) -> Choice:
    """Choose the texts of a scene, whose picture has this size in pixels."""
    parents = {instance.parent for instance in instances}
    usable, left_out = [], []
    for place, instance in enumerate(instances):
        wanted = place not in parents if level == "leaves" else instance.level == level
        reason = _reason(instance, size) if wanted else OTHER_LEVEL
        if reason:
            left_out.append(reason)
        else:
            usable.append(place)
    return Choice(tuple(usable), tuple(left_out))


def _reason(instance: TextInstance, size: Size) -> str:
    if instance.ignore:
        return IGNORED
    if not instance.text.strip():
        return NO_TEXT
    width, height = line_size(as_line(instance.polygon))
    too_large = width * height > _MOST * size.width * size.height or max(width, height) > _LONGEST
    return TOO_LARGE if too_large else ""
