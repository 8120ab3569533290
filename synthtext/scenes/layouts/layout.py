"""What a layout is: it composes texts, and then finds them a place in a picture."""

from typing import Protocol

import numpy as np

from synthtext.core import Size
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import Composition, PlacedItem
from synthtext.scenes.typesetter import Typesetter


class SceneLayout(Protocol):
    """A way to lay out a scene. A new one is a dataclass with these methods, named by its dotted path in a recipe."""

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Draw what stands in a scene of this size, from the typesetter's stream.

        Raises:
            Rejection: nothing can be set.
        """
        ...

    def place(self, rng: np.random.Generator, composition: Composition, backdrop: SceneBackground) -> list[PlacedItem]:
        """Find places in a picture; sheets of paper are painted into it. What has no place is left out."""
        ...
