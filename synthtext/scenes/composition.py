"""What stands in a scene, and where."""

from typing import NamedTuple

import numpy as np

from synthtext.core import Points, Warp
from synthtext.ink import Colour
from synthtext.scenes.block import TextBlock

_DARKEST = 80  # lightness of print, at most


class Item(NamedTuple):
    """A block of text on a sheet.

    Attributes:
        block: its lines.
        x: where its plane begins on the sheet, pixels.
        y: the same, downwards.
        grouped: it is labelled as a block; else its lines stand alone.
        plate: it has a plate of a colour of its own behind it.
        rules: (N, 4, 2) bars of ink that are no text, on the sheet.
    """

    block: TextBlock
    x: float = 0.0
    y: float = 0.0
    grouped: bool = False
    plate: bool = False
    rules: tuple[Points, ...] = ()


class Composition(NamedTuple):
    """Everything that the content stream decides.

    Attributes:
        items: what stands on it.
        width: of the sheet, pixels; that of the picture if there is none.
        height: the same.
        flat: the sheet is all that is seen.
    """

    items: tuple[Item, ...]
    width: float
    height: float
    flat: bool = True


class PlacedItem(NamedTuple):
    """An item in the picture.

    Attributes:
        item: what it is.
        warp: from its block's plane to the picture.
        printed: the colour in which everything on its sheet is printed, if it is on one; where that cannot be read it
            has one of its own.
        opacity: of its ink, 0 to 1: the rest of what is under it shows through.
    """

    item: Item
    warp: Warp
    printed: Colour | None = None
    opacity: float = 1.0

    @property
    def rules(self) -> list[Points]:
        """Its bars in the picture."""
        from_sheet = Warp.translation(-self.item.x, -self.item.y).then(self.warp)
        return [np.asarray(from_sheet.points(rule), np.float32) for rule in self.item.rules]


def print_on_sheet(rng: np.random.Generator, composition: Composition, sheet: Warp) -> list[PlacedItem]:
    """The items of a sheet that lies in the picture as a warp says, printed in one dark colour that is drawn."""
    lightness, *tint = rng.random(4).tolist()
    red, green, blue = (float(np.clip(_DARKEST * lightness * lightness + 25 * (part - 0.5), 0, 255)) for part in tint)
    return [
        PlacedItem(item, Warp.translation(item.x, item.y).then(sheet), (red, green, blue)) for item in composition.items
    ]
