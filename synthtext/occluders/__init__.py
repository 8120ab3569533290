"""Objects in front of lines. In a recipe, `twigs` refers to the class `Twigs` of this package."""

from synthtext.occluders.objects import Band, Edge, Patch, Twigs, Wires
from synthtext.occluders.occluder import Nothing

__all__ = ["Band", "Edge", "Nothing", "Patch", "Twigs", "Wires"]
