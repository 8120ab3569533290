"""Labelled pixels become other labelled pixels. In a recipe, `use: blur` means the class `Blur` of this package."""

from augment.camera import Blur, Downscale, Jpeg, Noise
from augment.geometry import Perspective, Rotation, Skew

__all__ = ["Blur", "Downscale", "Jpeg", "Noise", "Perspective", "Rotation", "Skew"]
