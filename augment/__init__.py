"""Augmentation of labelled images of scenes and lines. In a recipe, `use: blur` names the class `Blur` of this package.

Geometric effects return a warp, pixel effects change pixels, and view transforms (`Flip`, `Rescale`, `TextCrop`,
`Window`, `ResizePad`, `RandomBorderCrop`) change the frame, for which they may read the labels. `SceneChain` and
`LineChain` apply effects in order.
"""

from augment.chain import LineChain, MaskedScene, SceneChain, SceneEffect, SceneStep, detector_augmentation
from augment.colour import Colour, Gamma, Invert, WhiteBalance
from augment.detail_loss import Blur, Defocus, Downscale, Jpeg, MotionBlur
from augment.framing import (
    Flip,
    FrameTransform,
    LabelGeometry,
    RandomBorderCrop,
    Rescale,
    ResizePad,
    TextCrop,
    ViewTransform,
    Window,
)
from augment.geometry import Affine, Curl, Elastic, Perspective, Rotation, Skew
from augment.imgaug_effect import Imgaug
from augment.labels import VisibilityRule, move_instances
from augment.light import CastShadow, Glare, UnevenLight
from augment.noise import Binarise, Noise, SaltAndPepper, ScanStreaks, ShotNoise
from augment.tia import Distort, Stretch, TiaPerspective
from augment.turn import Turn

__all__ = [
    "Affine",
    "Binarise",
    "Blur",
    "CastShadow",
    "Colour",
    "Curl",
    "Defocus",
    "Distort",
    "Downscale",
    "Elastic",
    "Flip",
    "FrameTransform",
    "Gamma",
    "Glare",
    "Imgaug",
    "Invert",
    "Jpeg",
    "LabelGeometry",
    "LineChain",
    "MaskedScene",
    "MotionBlur",
    "Noise",
    "Perspective",
    "RandomBorderCrop",
    "Rescale",
    "ResizePad",
    "Rotation",
    "SaltAndPepper",
    "ScanStreaks",
    "SceneChain",
    "SceneEffect",
    "SceneStep",
    "ShotNoise",
    "Skew",
    "Stretch",
    "TextCrop",
    "TiaPerspective",
    "Turn",
    "UnevenLight",
    "ViewTransform",
    "VisibilityRule",
    "WhiteBalance",
    "Window",
    "detector_augmentation",
    "move_instances",
]
