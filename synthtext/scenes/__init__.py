"""Generate labelled images with many texts: photographs, documents and receipts."""

from synthtext.scenes.clutter import Clutter
from synthtext.scenes.design import SceneDesign, SceneOutput, TypesettingOptions
from synthtext.scenes.generator import MAX_SCENE_ATTEMPTS, SceneGenerator
from synthtext.scenes.labels import Legibility

__all__ = [
    "MAX_SCENE_ATTEMPTS",
    "Clutter",
    "Legibility",
    "SceneDesign",
    "SceneGenerator",
    "SceneOutput",
    "TypesettingOptions",
]
