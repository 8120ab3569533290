"""The interface of layouts: compose texts, then place them in an image."""

from typing import Protocol

import numpy as np

from synthtext.core import Size
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import Composition, PlacedItem
from synthtext.scenes.typesetter import Typesetter


class SceneLayout(Protocol):
    """A layout of scenes.

    A custom layout is a dataclass with these methods, named by its dotted path in a recipe.
    """

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Compose the texts of a scene of this size, using the typesetter's stream.

        Raises:
            Rejection: No text can be set.
        """
        ...

    def place(
        self, rng: np.random.Generator, composition: Composition, background: SceneBackground
    ) -> list[PlacedItem]:
        """Place the texts in the image, into which sheets of paper are painted.

        Texts without a free area are left out.
        """
        ...
