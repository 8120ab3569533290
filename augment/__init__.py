"""Labelled pixels become other labelled pixels. In a recipe, `use: blur` means the class `Blur` of this package.

Effects on lines and scenes alike are geometric (they give a warp) or on pixels. `View`s (`Flip`, `Rescale`, `TextCrop`,
`Window`, `ResizePad`, `Crop`) look at the labels and change the frame; `SceneChain` and `LineChain` do all of these in
order.
"""

from augment.bending import Curl, Elastic
from augment.blur import Blur, Defocus, MotionBlur
from augment.chain import SceneChain, SceneEffect, SceneStep, Shown
from augment.colour import Colour, Gamma, Invert, WhiteBalance
from augment.compression import Downscale, Jpeg
from augment.crop import Crop, TextCrop, Window
from augment.detection import training_view
from augment.framing import Flip, Frame, Labels, Rescale, ResizePad, View
from augment.geometry import Affine, Perspective, Rotation, Skew
from augment.imgaug_effect import Imgaug
from augment.labels import CutRule, move_instances, warp_scene
from augment.light import CastShadow, Glare, UnevenLight
from augment.line import LineChain
from augment.noise import Noise, SaltAndPepper, ShotNoise
from augment.scan import Binarise, ScanStreaks
from augment.tia import Distort, Stretch, TiaPerspective

__all__ = [
    "Affine",
    "Binarise",
    "Blur",
    "CastShadow",
    "Colour",
    "Crop",
    "Curl",
    "CutRule",
    "Defocus",
    "Distort",
    "Downscale",
    "Elastic",
    "Flip",
    "Frame",
    "Gamma",
    "Glare",
    "Imgaug",
    "Invert",
    "Jpeg",
    "Labels",
    "LineChain",
    "MotionBlur",
    "Noise",
    "Perspective",
    "Rescale",
    "ResizePad",
    "Rotation",
    "SaltAndPepper",
    "ScanStreaks",
    "SceneChain",
    "SceneEffect",
    "SceneStep",
    "ShotNoise",
    "Shown",
    "Skew",
    "Stretch",
    "TextCrop",
    "TiaPerspective",
    "UnevenLight",
    "View",
    "WhiteBalance",
    "Window",
    "move_instances",
    "training_view",
    "warp_scene",
]
