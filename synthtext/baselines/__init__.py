"""How lines run. In a recipe, the baseline `arc` means the class `Arc` of this package."""

from synthtext.baselines.baseline import LEAST_RADIUS, Baseline, Straight, Vertical
from synthtext.baselines.circular import Arc, Circle
from synthtext.baselines.wave import Wave

__all__ = ["LEAST_RADIUS", "Arc", "Baseline", "Circle", "Straight", "Vertical", "Wave"]
