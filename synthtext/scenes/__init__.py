"""Pictures with many texts."""

from synthtext.scenes.clutter import Clutter
from synthtext.scenes.design import Lettering, SceneDesign, SceneOutput
from synthtext.scenes.generator import SCENE_ATTEMPTS, SceneGenerator
from synthtext.scenes.legibility import Legibility

__all__ = [
    "SCENE_ATTEMPTS",
    "Clutter",
    "Legibility",
    "Lettering",
    "SceneDesign",
    "SceneGenerator",
    "SceneOutput",
]
