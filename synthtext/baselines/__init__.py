"""Baselines of lines. In a recipe, `arc` refers to the class `Arc` of this package."""

from synthtext.baselines.baseline import MIN_RADIUS, Arc, Baseline, Circle, Straight, Vertical, Wave

__all__ = ["MIN_RADIUS", "Arc", "Baseline", "Circle", "Straight", "Vertical", "Wave"]
