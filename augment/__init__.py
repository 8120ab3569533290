"""Labelled pixels become other labelled pixels. In a recipe, `use: blur` means the class `Blur` of this package.

Effects on lines and scenes alike are geometric (they give a warp) or on pixels. `View`s (`Flip`, `Rescale`, `TextCrop`,
`Window`, `ResizePad`, `Crop`) look at the labels and change the frame; `SceneChain` and `LineChain` do all of these in
order.
"""

from augment.camera import Blur, Downscale, Jpeg, Noise
from augment.chain import SceneChain, SceneEffect, SceneStep, Shown
from augment.colour import Colour, Invert
from augment.crop import Crop, TextCrop
from augment.detection import training_view
from augment.geometry import Affine, Perspective, Rotation, Skew
from augment.imgaug_effect import Imgaug
from augment.labels import CutRule, move_instances
from augment.line import LineChain
from augment.scene import warp_scene
from augment.tia import Distort, Stretch, TiaPerspective
from augment.view import Flip, Frame, Labels, Rescale, ResizePad, View
from augment.window import Window

__all__ = [
    "Affine",
    "Blur",
    "Colour",
    "Crop",
    "CutRule",
    "Distort",
    "Downscale",
    "Flip",
    "Frame",
    "Imgaug",
    "Invert",
    "Jpeg",
    "Labels",
    "LineChain",
    "Noise",
    "Perspective",
    "Rescale",
    "ResizePad",
    "Rotation",
    "SceneChain",
    "SceneEffect",
    "SceneStep",
    "Shown",
    "Skew",
    "Stretch",
    "TextCrop",
    "TiaPerspective",
    "View",
    "Window",
    "move_instances",
    "training_view",
    "warp_scene",
]
