"""Layouts of scenes. In a recipe, the layout `photo` refers to the class `Photo` of this package."""

from synthtext.scenes.layouts.document import Document
from synthtext.scenes.layouts.layout import SceneLayout
from synthtext.scenes.layouts.photo import Photo
from synthtext.scenes.layouts.receipt import Receipt

__all__ = ["Document", "Photo", "Receipt", "SceneLayout"]
