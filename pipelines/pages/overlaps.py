"""Texts of one scene that lie on each other."""

from collections.abc import Sequence

import numpy as np
from shapely import Polygon as Area

from synthtext.core import TextInstance, bounding_box

SHARE = 0.5
"""Texts overlap when more than this share of the smaller one lies in the other."""


def overlaps(instances: Sequence[TextInstance]) -> list[int]:
    """For each text of a scene, how many later ones of its level it overlaps; texts to be ignored do not count."""
    found = [0] * len(instances)
    if len(instances) < 2:
        return found
    boxes = np.array([bounding_box(instance.polygon) for instance in instances])
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    counted = np.array([not instance.ignore for instance in instances])
    levels = np.array([instance.level for instance in instances])
    near = (low < high).all(axis=2) & counted[:, None] & counted & (levels[:, None] == levels)
    areas: dict[int, Area] = {}
    for one, other in zip(*(places.tolist() for places in np.nonzero(np.triu(near, 1))), strict=True):
        first, second = (areas.setdefault(place, Area(instances[place].polygon).buffer(0)) for place in (one, other))
        smaller = min(first.area, second.area)
        found[one] += bool(smaller > 0 and first.intersection(second).area > SHARE * smaller)
    return found
