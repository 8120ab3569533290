"""Receipts."""

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

_MARGIN = 1.2  # ems beside the text
_RULE = 0.06  # ems
_PRICE = 0.3  # of the strip's width that stays free for prices
_SMALLEST = 0.5  # of the largest possible size: a strip that would be smaller is no subject of a picture
_LONGEST = 0.94  # of the picture's height


@dataclass(frozen=True)
class Receipt:
    """A narrow strip of paper: a name, lines below it, items with prices, totals, rules between.

    Attributes:
        items_range: lines with prices, 1 to 60; fewer where the picture is not high enough.
        ems_range: how wide the strip is, in ems, 10 to 60.
        leading_range: from baseline to baseline, in ems, 1 to 3.
        degrees_range: by which it is turned, -45 to 45.
        strength_range: of its perspective: how far corners move, as a share of its width, 0 to 0.2.
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
        """Draw a receipt."""
        rng = typesetter.rng
        wide, spread, high = rng.random(3).tolist()
        ems = lerp(self.ems_range, wide)
        count = int(rng.integers(*self.items_range, endpoint=True))
        leading = lerp(self.leading_range, spread)
        tallest = _LONGEST * size.height / ((count + 9) * leading)  # with all its lines it fits
        most = min(_LONGEST * size.width / ems, tallest)
        body = typesetter.choose_for_page(most)
        body = body._replace(em=max(body.em, most * (_SMALLEST + (1 - _SMALLEST) * high)))
        strip = _Strip(typesetter, body, ems * body.em, leading, _LONGEST * size.height)
        strip.write(count)
        if not strip.items:
            raise Rejection("no text fits the receipt")
        return Composition(tuple(strip.items), strip.width, strip.top + (0.5 + 2 * high) * body.em, fills_picture=False)

    def place(self, rng: np.random.Generator, composition: Composition, backdrop: SceneBackground) -> list[PlacedItem]:
        """Lay the strip into the picture."""
        return place_on_sheet(rng, composition, backdrop, self.degrees_range, self.strength_range)


class _Strip:
    """Fills a strip of paper from its top downwards.

    Attributes:
        items: what stands on it.
        width: pixels.
        top: where there is room for more.
    """

    def __init__(self, typesetter: Typesetter, body: LineSpec, width: float, leading: float, bottom: float) -> None:
        self._typesetter, self._body, self._leading, self._bottom = typesetter, body, leading, bottom
        self._rng = typesetter.rng
        self.items: list[LayoutItem] = []
        self.width, self.top = width, 1.5 * body.em
        line = typesetter.typeset(body)
        self._begins = float(line is not None and is_right_to_left(line))  # at which side lines begin

    def write(self, count: int) -> None:
        """Write all parts, until the strip is full."""
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

    def _cell(self, line: TypesetLine | None, share: float) -> RowCell | None:
        edge = _MARGIN * self._body.em
        return None if line is None else RowCell(line, edge, self.width - edge, share)

    def _priced(self, like: LineSpec) -> list[RowCell | None]:
        """A row with a text where lines begin and a price at the other end."""
        inner = self.width - 2 * _MARGIN * self._body.em
        most = (1 - _PRICE) * inner
        item = self._typesetter.fill_line(
            like, most * float(self._rng.uniform(0.4, 1.0))
        ) or self._typesetter.fill_line(like, most)
        amount = f"{int(self._rng.integers(1, 300))}.{int(self._rng.integers(100)):02d}"
        price = self._typesetter.typeset_text(amount, like)
        if price is not None and price.width > 0.9 * _PRICE * inner:
            price = None
        return [self._cell(item, self._begins), self._cell(price, 1 - self._begins)]

    def _add(self, rows: list[list[RowCell | None]], *, grouped: bool, ruled: bool = False) -> None:
        cells = [[cell for cell in row if cell is not None] for row in rows]
        laid = stack_rows([row for row in cells if row], self.top, self._leading)
        laid = [line for line in laid if line.box.bottom <= self._bottom]
        if not laid:
            return
        block, em = TextBlock.around(laid), self._body.em
        x, y = min(line.box.left for line in laid), min(line.box.top for line in laid)
        end = y + block.height
        rules: tuple[Points, ...] = ()
        if ruled and self._rng.random() < 0.6:
            edge, level = _MARGIN * em, end + 0.35 * em
            rules = (bar((edge, level), (self.width - edge, level), _RULE * em),)
        self.items.append(LayoutItem(block, x, y, grouped=grouped and len(laid) > 1, rules=rules))
        self.top = end + (0.8 if ruled else 0.5 * self._leading) * em
