"""Pictures with many texts."""

from synthtext.scenes.clutter import Clutter
from synthtext.scenes.design import SceneDesign
from synthtext.scenes.generator import SCENE_ATTEMPTS, SceneGenerator
from synthtext.scenes.legibility import Legibility
from synthtext.scenes.lettering import Lettering
from synthtext.scenes.output import SceneOutput

__all__ = [
    "SCENE_ATTEMPTS",
    "Clutter",
    "Legibility",
    "Lettering",
    "SceneDesign",
    "SceneGenerator",
    "SceneOutput",
]
