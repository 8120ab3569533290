"""The layout of photographs: texts at various positions."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Range, Size, check_fraction, check_range, lerp
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import (
    Composition,
    LayoutItem,
    PlacedItem,
    PositionedLine,
    RowCell,
    TextBlock,
    stack_rows,
)
from synthtext.scenes.placement import FreeArea, PlacementMap, find_placement
from synthtext.scenes.shapes import PLATE_MARGIN
from synthtext.scenes.typesetter import Typesetter, is_right_to_left

_MAX_EM = 0.35  # of the image's shorter side
_MIN_EM = 8.0  # pixels, to which a block may be scaled down


@dataclass(frozen=True)
class Photo:
    """Signs, labels and posters: single lines, straight or along the recipe's baselines, and blocks of a few lines.

    Texts are placed in smooth areas of the image and follow its perspective. Large blocks are placed first.

    Attributes:
        count_range: Number of blocks in a scene, 1 to 200; fewer if there is not enough space.
        several_probability: Probability of a block of several lines.
        lines_range: Number of lines of such a block, 2 to 30.
        plate_probability: Probability of a plate behind a block.
        degrees_range: Rotation of blocks, -45 to 45, in addition to the perspective.
        turned_probability: Probability of any other angle.
        perspective_range: How closely a block follows the perspective of the image, 0 to 1.
        opacity_range: Opacity of the ink, 0.3 to 1; the contrast floor is reached in any case.
    """

    count_range: tuple[int, int] = (5, 14)
    several_probability: float = 0.25
    lines_range: tuple[int, int] = (2, 5)
    plate_probability: float = 0.3
    degrees_range: Range = (-6, 6)
    turned_probability: float = 0.06
    perspective_range: Range = (0.3, 1.0)
    opacity_range: Range = (0.75, 1.0)

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 1, 200)
        check_range("lines_range", self.lines_range, 2, 30)
        check_range("degrees_range", self.degrees_range, -45, 45)
        check_range("perspective_range", self.perspective_range, 0, 1)
        check_range("opacity_range", self.opacity_range, 0.3, 1)
        for name in ("several_probability", "plate_probability", "turned_probability"):
            check_fraction(name, getattr(self, name))

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Compose the blocks."""
        rng, items = typesetter.rng, []
        last_rejection: Rejection | None = None
        for _ in range(int(rng.integers(*self.count_range, endpoint=True))):
            several, plate = rng.random(2).tolist()
            try:
                spec = typesetter.choose(_MAX_EM * min(size))
            except Rejection as rejection:
                last_rejection = rejection
                continue
            block = self._several(typesetter, spec) if several < self.several_probability else _single(typesetter, spec)
            if block is not None:
                items.append(LayoutItem(block, grouped=len(block.lines) > 1, plate=plate < self.plate_probability))
        if not items:
            raise last_rejection or Rejection("no text could be set")
        return Composition(tuple(items), size.width, size.height)

    def place(
        self, rng: np.random.Generator, composition: Composition, background: SceneBackground
    ) -> list[PlacedItem]:
        """Place every block, the largest first."""
        placement_map, placed = PlacementMap(background), []
        for item in sorted(composition.items, key=lambda item: -item.block.width * item.block.height):
            block = item.block
            fractions = rng.random(4).tolist()
            degrees = lerp(self.degrees_range, fractions[0])
            if fractions[1] < self.turned_probability:
                degrees = 180 * fractions[0] - 90
            area = FreeArea(block.width, block.height, PLATE_MARGIN * block.em, min(1.0, _MIN_EM / block.em))
            placement = find_placement(rng, placement_map, area, degrees, lerp(self.perspective_range, fractions[2]))
            if placement is not None:
                placed.append(PlacedItem(item, placement.warp, opacity=lerp(self.opacity_range, fractions[3])))
        return placed

    def _several(self, typesetter: Typesetter, spec: LineSpec) -> TextBlock | None:
        rng = typesetter.rng
        count = int(rng.integers(*self.lines_range, endpoint=True))
        lines = [typesetter.typeset(spec), *(typesetter.typeset_another(spec) for _ in range(count - 1))]
        shaped = [line for line in lines if line is not None]
        if len(shaped) < count:
            return None
        centred, leading = rng.random(2).tolist()
        alignment = 0.5 if centred < 0.5 else float(is_right_to_left(shaped[0]))
        width = max(line.width for line in shaped)
        rows = [[RowCell(line, 0, width, alignment)] for line in shaped]
        return TextBlock.around(stack_rows(rows, 0, 1.05 + 0.4 * leading))


def _single(typesetter: Typesetter, spec: LineSpec) -> TextBlock | None:
    line = typesetter.typeset(spec, bend=True) or typesetter.typeset(spec)  # not every script can be set vertically
    return None if line is None else TextBlock.around([PositionedLine(line, 0, 0)])
