"""Papers that draw parameters first, and are painted from them without further chance."""

import numpy as np

from synthtext.core import Image, Parameters, Size


class MadePaper:
    """A paper whose parameters are told with every line. A new one is a frozen dataclass with `draw` and `show`."""

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters (JSON scalars, and lists of them)."""
        raise NotImplementedError

    def show(self, size: Size, parameters: Parameters) -> Image:
        """The paper of this size (whole pixels): (H, W, 3) uint8 RGB."""
        raise NotImplementedError

    def veil(self, image: Image, parameters: Parameters) -> Image:
        """The picture (H, W, 3) with what lies over paper and letters alike, such as the grid of a screen."""
        return image

    def clarity(self, parameters: Parameters) -> float:
        """The share of contrast that `veil` leaves, at least."""
        return 1.0

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A new paper of this size, (H, W, 3) uint8 RGB."""
        return self.show(size, self.draw(rng))
