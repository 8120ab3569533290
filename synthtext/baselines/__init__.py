"""Baselines of lines. In a recipe, `arc` refers to the class `Arc` of this package."""

from synthtext.baselines.baseline import MIN_RADIUS, Baseline, Straight, Vertical
from synthtext.baselines.circular import Arc, Circle
from synthtext.baselines.wave import Wave

__all__ = ["MIN_RADIUS", "Arc", "Baseline", "Circle", "Straight", "Vertical", "Wave"]
