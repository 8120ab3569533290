"""What scenes are written on. In a scene's recipe, `photos` and `wall` mean the classes of this package."""

from synthtext.paper import Gradient, Plain, Texture
from synthtext.scenes.backdrops.backdrop import Backdrop, BackdropPaper
from synthtext.scenes.backdrops.photos import PhotoBackdrops, Photos
from synthtext.scenes.backdrops.wall import Wall

__all__ = ["Backdrop", "BackdropPaper", "Gradient", "PhotoBackdrops", "Photos", "Plain", "Texture", "Wall"]
