"""What lines are written on. In a recipe, `photos:` means the class `Photos` of this package."""

from synthtext.paper.paper import Paper, PaperStock
from synthtext.paper.photos import PhotoPool, Photos
from synthtext.paper.procedural import Gradient, Plain, Texture

__all__ = ["Gradient", "Paper", "PaperStock", "PhotoPool", "Photos", "Plain", "Texture"]
