"""The texts of a scene that a detector is to find, one box each."""

from collections.abc import Sequence
from dataclasses import replace

from synthtext.core import Level, TextInstance

_ORDER: tuple[Level, ...] = ("word", "line", "block")


def of_level(instances: Sequence[TextInstance], level: Level) -> tuple[TextInstance, ...]:
    """Texts of one level out of scenes that label blocks, their lines and the words of these.

    Every text is covered once: one that is part of nothing of that level stands for itself (a word or a line that was
    pasted, a line without a block), and so does a line without words where words are wanted.

    Args:
        instances: of a scene; `parent` counts in this order.
        level: that is wanted.

    Returns:
        Texts without parents, in their order.
    """
    parents = {instance.parent for instance in instances}
    if parents <= {-1}:
        return tuple(instances)
    allowed = _ORDER[: _ORDER.index(level) + 1]
    counts = [instance.level in allowed or place not in parents for place, instance in enumerate(instances)]
    return tuple(
        replace(instance, parent=-1)
        for instance, wanted in zip(instances, counts, strict=True)
        if wanted and not _is_part(instance, instances, counts)
    )


def _is_part(instance: TextInstance, instances: Sequence[TextInstance], counts: Sequence[bool]) -> bool:
    """Whether a text is a part of one that counts; levels above words are two."""
    for _ in _ORDER:
        if instance.parent < 0:
            return False
        if counts[instance.parent]:
            return True
        instance = instances[instance.parent]
    return False
