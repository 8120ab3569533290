"""The layout of receipts."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Points, Range, Size, check_range, lerp
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import (
    Composition,
    LayoutItem,
    PlacedItem,
    RowCell,
    TextBlock,
    TypesetLine,
    stack_rows,
)
from synthtext.scenes.shapes import bar
from synthtext.scenes.sheet import place_on_sheet
from synthtext.scenes.typesetter import Typesetter, is_right_to_left

_MARGIN = 1.2  # ems on both sides of the text
_RULE_WIDTH = 0.06  # ems
_PRICE_WIDTH = 0.3  # of the receipt's width
_MIN_SCALE = 0.5  # of the largest possible size
_MAX_SIZE = 0.94  # of the image


@dataclass(frozen=True)
class Receipt:
    """A narrow strip of paper with a name, lines below it, items with prices, totals, and rules between them.

    Attributes:
        items_range: Number of lines with prices, 1 to 60; fewer if the image is not high enough.
        ems_range: Width of the receipt in ems, 10 to 60.
        leading_range: Distance of the baselines in ems, 1 to 3.
        degrees_range: Rotation, -45 to 45.
        strength_range: Perspective: displacement of the corners, as a fraction of the width, 0 to 0.2.
    """

    items_range: tuple[int, int] = (3, 14)
    ems_range: Range = (14, 24)
    leading_range: Range = (1.1, 1.5)
    degrees_range: Range = (-10, 10)
    strength_range: Range = (0.0, 0.1)

    def __post_init__(self) -> None:
        check_range("items_range", self.items_range, 1, 60)
        check_range("ems_range", self.ems_range, 10, 60)
        check_range("leading_range", self.leading_range, 1, 3)
        check_range("degrees_range", self.degrees_range, -45, 45)
        check_range("strength_range", self.strength_range, 0, 0.2)

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Compose a receipt."""
        rng = typesetter.rng
        wide, spread, high = rng.random(3).tolist()
        ems = lerp(self.ems_range, wide)
        count = int(rng.integers(*self.items_range, endpoint=True))
        leading = lerp(self.leading_range, spread)
        tallest = _MAX_SIZE * size.height / ((count + 9) * leading)  # fits all lines
        max_em = min(_MAX_SIZE * size.width / ems, tallest)
        body = typesetter.choose_for_page(max_em)
        body = body._replace(em=max(body.em, max_em * (_MIN_SCALE + (1 - _MIN_SCALE) * high)))
        strip = _Strip(typesetter, body, ems * body.em, leading, _MAX_SIZE * size.height)
        strip.write(count)
        if not strip.items:
            raise Rejection("no text fits the receipt")
        return Composition(tuple(strip.items), strip.width, strip.top + (0.5 + 2 * high) * body.em, fills_picture=False)

    def place(
        self, rng: np.random.Generator, composition: Composition, background: SceneBackground
    ) -> list[PlacedItem]:
        """Place the receipt in the image."""
        return place_on_sheet(rng, composition, background, self.degrees_range, self.strength_range)


class _Strip:
    """Fills a strip of paper from top to bottom.

    Attributes:
        items: Items on the strip.
        width: Width in pixels.
        top: Top of the free space.
    """

    def __init__(self, typesetter: Typesetter, body: LineSpec, width: float, leading: float, bottom: float) -> None:
        self._typesetter, self._body, self._leading, self._bottom = typesetter, body, leading, bottom
        self._rng = typesetter.rng
        self.items: list[LayoutItem] = []
        self.width, self.top = width, 1.5 * body.em
        line = typesetter.typeset(body)
        self._start_alignment = float(line is not None and is_right_to_left(line))  # alignment of the start of lines

    def write(self, count: int) -> None:
        """Write all parts until the strip is full."""
        name = self._body._replace(em=self._body.em * float(self._rng.uniform(1.3, 2.0)))
        inner = self.width - 2 * _MARGIN * self._body.em
        self._add([[self._cell(self._typesetter.fill_line(name, inner), 0.5)]], grouped=False)
        lines = [self._typesetter.fill_line(self._body, 0.9 * inner) for _ in range(int(self._rng.integers(0, 4)))]
        self._add([[self._cell(line, 0.5)] for line in lines], grouped=True)
        self._add([self._priced(self._body) for _ in range(count)], grouped=False, ruled=True)
        total = self._body._replace(em=self._body.em * float(self._rng.uniform(1.0, 1.4)))
        self._add([self._priced(total)], grouped=False, ruled=True)
        if self._rng.random() < 0.7:
            self._add([[self._cell(self._typesetter.fill_line(self._body, 0.8 * inner), 0.5)]], grouped=False)

    def _cell(self, line: TypesetLine | None, alignment: float) -> RowCell | None:
        margin = _MARGIN * self._body.em
        return None if line is None else RowCell(line, margin, self.width - margin, alignment)

    def _priced(self, template: LineSpec) -> list[RowCell | None]:
        """A row with a text at the start of the line and a price at its end."""
        inner = self.width - 2 * _MARGIN * self._body.em
        max_width = (1 - _PRICE_WIDTH) * inner
        item = self._typesetter.fill_line(
            template, max_width * float(self._rng.uniform(0.4, 1.0))
        ) or self._typesetter.fill_line(template, max_width)
        amount = f"{int(self._rng.integers(1, 300))}.{int(self._rng.integers(100)):02d}"
        price = self._typesetter.typeset_text(amount, template)
        if price is not None and price.width > 0.9 * _PRICE_WIDTH * inner:
            price = None
        return [self._cell(item, self._start_alignment), self._cell(price, 1 - self._start_alignment)]

    def _add(self, rows: list[list[RowCell | None]], *, grouped: bool, ruled: bool = False) -> None:
        cells = [[cell for cell in row if cell is not None] for row in rows]
        lines = stack_rows([row for row in cells if row], self.top, self._leading)
        lines = [line for line in lines if line.box.bottom <= self._bottom]
        if not lines:
            return
        block, em = TextBlock.around(lines), self._body.em
        x, y = min(line.box.left for line in lines), min(line.box.top for line in lines)
        end = y + block.height
        rules: tuple[Points, ...] = ()
        if ruled and self._rng.random() < 0.6:
            margin, level = _MARGIN * em, end + 0.35 * em
            rules = (bar((margin, level), (self.width - margin, level), _RULE_WIDTH * em),)
        self.items.append(LayoutItem(block, x, y, grouped=grouped and len(lines) > 1, rules=rules))
        self.top = end + (0.8 if ruled else 0.5 * self._leading) * em
