"""The layout of receipts."""

from dataclasses import dataclass

from synthtext.core import Range, Size, check_range, lerp
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.composition import Composition, RowCell, TypesetLine
from synthtext.scenes.layouts.layout import SheetLayout, SheetWriter
from synthtext.scenes.shapes import bar
from synthtext.scenes.typesetter import Typesetter

_MARGIN = 1.2  # ems on both sides of the text
_RULE_WIDTH = 0.06  # ems
_PRICE_WIDTH = 0.3  # of the receipt's width
_MIN_SCALE = 0.5  # of the largest possible size
_MAX_SIZE = 0.94  # of the image


@dataclass(frozen=True)
class Receipt(SheetLayout):
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
        strip = _StripWriter(typesetter, body, ems * body.em, leading, _MAX_SIZE * size.height)
        strip.write(count)
        if not strip.items:
            raise Rejection("no text fits the receipt")
        return Composition(tuple(strip.items), strip.width, strip.top + (0.5 + 2 * high) * body.em, fills_picture=False)


class _StripWriter(SheetWriter):
    """Fills a strip of paper.

    Attributes:
        width: Width in pixels.
        top: Top of the free space.
    """

    def __init__(self, typesetter: Typesetter, body: LineSpec, width: float, leading: float, bottom: float) -> None:
        super().__init__(typesetter, body, leading)
        self.width, self.top, self._bottom = width, 1.5 * body.em, bottom
        self._margin = _MARGIN * body.em
        self._inner = width - 2 * _MARGIN * body.em

    def write(self, count: int) -> None:
        """Write all parts until the strip is full."""
        body, uniform = self._body, self._rng.uniform
        name = body._replace(em=body.em * float(uniform(1.3, 2.0)))
        self._add([self._centred(name, 1.0)])
        self._add([self._centred(body, 0.9) for _ in range(int(self._rng.integers(0, 4)))], grouped=True)
        self._add([self._priced(body) for _ in range(count)], ruled=True)
        self._add([self._priced(body._replace(em=body.em * float(uniform(1.0, 1.4))))], ruled=True)
        if self._rng.random() < 0.7:
            self._add([self._centred(body, 0.8)])

    def _centred(self, template: LineSpec, share: float) -> list[RowCell]:
        """A row with a text that fills up to a share of the width."""
        return self._row((self._typesetter.fill_line(template, share * self._inner), 0.5))

    def _priced(self, template: LineSpec) -> list[RowCell]:
        """A row with a text at the start of the line and a price at its end."""
        max_width = (1 - _PRICE_WIDTH) * self._inner
        item = self._typesetter.fill_line(template, max_width * float(self._rng.uniform(0.4, 1.0)))
        item = item or self._typesetter.fill_line(template, max_width)
        amount = f"{int(self._rng.integers(1, 300))}.{int(self._rng.integers(100)):02d}"
        price = self._typesetter.typeset_text(amount, template)
        if price is not None and price.width > 0.9 * _PRICE_WIDTH * self._inner:
            price = None
        return self._row((item, float(self._leftwards)), (price, 1.0 - self._leftwards))

    def _row(self, *aligned: tuple[TypesetLine | None, float]) -> list[RowCell]:
        """Cells over the width of the strip, of lines with their alignments."""
        cells = (self._margin, self.width - self._margin)
        return [RowCell(line, *cells, alignment) for line, alignment in aligned if line is not None]

    def _add(self, rows: list[list[RowCell]], *, grouped: bool = False, ruled: bool = False) -> None:
        item = self._stack([row for row in rows if row], self.top, self._bottom, grouped=grouped)
        if item is None:
            return
        em = self._body.em
        if ruled and self._rng.random() < 0.6:
            level = item.bottom + 0.35 * em
            rule = bar((self._margin, level), (self.width - self._margin, level), _RULE_WIDTH * em)
            item = item._replace(rules=(rule,))
        self.items.append(item)
        self.top = item.bottom + (0.8 if ruled else 0.5 * self._leading) * em
