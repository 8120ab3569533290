"""The layout of documents."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthtext.core import Box, Range, Size, check_fraction, check_range, lerp
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.composition import Composition, RowCell
from synthtext.scenes.layouts.layout import SheetLayout, SheetWriter
from synthtext.scenes.typesetter import Typesetter, is_right_to_left

_MIN_COLUMN_WIDTH = 16.0  # ems
_GUTTER = 1.8  # ems between columns and between table cells
_TABLE, _HEADING = 0.15, 0.3  # cumulative probabilities of a table and of a paragraph with a heading


@dataclass(frozen=True)
class Document(SheetLayout):
    """A printed page, scanned or photographed: title, headings, paragraphs in columns, tables, header and footer.

    Attributes:
        columns_range: Number of columns of text, 1 to 4; fewer if they would be narrower than 16 ems.
        lines_range: Maximum number of lines on a page, drawn, 5 to 300.
        margin_range: Margin of the page, as a fraction of its shorter side, 0.02 to 0.25.
        leading_range: Distance of the baselines in ems, 1 to 3.
        flat_probability: Probability of a scan, whose page fills the image.
        degrees_range: Rotation of a photographed page, -45 to 45.
        strength_range: Perspective: displacement of the corners, as a fraction of the shorter side, 0 to 0.2.
    """

    columns_range: tuple[int, int] = (1, 2)
    lines_range: tuple[int, int] = (12, 60)
    margin_range: Range = (0.04, 0.12)
    leading_range: Range = (1.15, 1.6)
    flat_probability: float = 0.5
    degrees_range: Range = (-8, 8)
    strength_range: Range = (0.0, 0.08)

    def __post_init__(self) -> None:
        check_range("columns_range", self.columns_range, 1, 4)
        check_range("lines_range", self.lines_range, 5, 300)
        check_range("margin_range", self.margin_range, 0.02, 0.25)
        check_range("leading_range", self.leading_range, 1, 3)
        check_range("degrees_range", self.degrees_range, -45, 45)
        check_range("strength_range", self.strength_range, 0, 0.2)
        check_fraction("flat_probability", self.flat_probability)

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Compose a page."""
        rng = typesetter.rng
        flat, shape, margin, leading = rng.random(4).tolist()
        is_flat = flat < self.flat_probability
        width = size.width if is_flat else min(size.width, size.height * (0.66 + 0.2 * shape))
        edge = min(width, size.height) * lerp(self.margin_range, margin)
        inner = Box(edge, edge, width - edge, size.height - edge)
        body = typesetter.choose_for_page(inner.width / _MIN_COLUMN_WIDTH)
        writer = _PageWriter(typesetter, body, lerp(self.leading_range, leading), inner)
        writer.remaining = int(rng.integers(*self.lines_range, endpoint=True))
        writer.write(int(rng.integers(*self.columns_range, endpoint=True)))
        if not writer.items:
            raise Rejection("no text fits the page")
        return Composition(tuple(writer.items), width, size.height, is_flat)


class _PageWriter(SheetWriter):
    """Fills a page.

    Attributes:
        remaining: Number of lines that may be added.
    """

    def __init__(self, typesetter: Typesetter, body: LineSpec, leading: float, inner: Box) -> None:
        super().__init__(typesetter, body, leading)
        self._inner, self.remaining = inner, 0

    def write(self, columns: int) -> None:
        """Write header, footer, title and columns."""
        inner, em = self._inner, self._body.em
        top, bottom = inner.top, inner.bottom
        header, footer, title = self._rng.random(3).tolist()
        if header < 0.4:
            top = self._header(top) + em
        if footer < 0.4:
            line = self._typesetter.typeset_text(str(int(self._rng.integers(1, 400))), self._body)
            if line is not None:
                bottom -= line.height
                self._add([[RowCell(line, inner.left, inner.right, 0.5)]], bottom)
                bottom -= em
        if title < 0.6:
            top = self._title(top) + 1.2 * em
        columns = min(columns, max(1, int((inner.width + _GUTTER * em) / ((_MIN_COLUMN_WIDTH / 2 + _GUTTER) * em))))
        step = (inner.width + _GUTTER * em) / columns
        for left in self._lefts(inner.left, step, columns):
            self._column(Box(left, top, left + step - _GUTTER * em, bottom))

    def _lefts(self, start: float, step: float, count: int) -> list[float]:
        """Left sides of columns, in reading order."""
        lefts = [start + number * step for number in range(count)]
        return lefts[::-1] if self._leftwards else lefts

    def _header(self, top: float) -> float:
        """Write a line with text at both ends, and return its bottom."""
        lines = [self._typesetter.typeset_another(self._body) for _ in range(2)]
        cells = [
            RowCell(line, self._inner.left, self._inner.right, alignment)
            for line, alignment in zip(lines, (1.0, 0.0) if self._leftwards else (0.0, 1.0), strict=True)
            if line is not None
        ]
        if len(cells) < 2 or sum(cell.line.width for cell in cells) > self._inner.width - _GUTTER * self._body.em:
            return top
        return self._add([cells], top)

    def _title(self, top: float) -> float:
        scale, centred, two = self._rng.random(3).tolist()
        template = self._body._replace(em=self._body.em * (1.5 + 0.9 * scale))
        width = self._inner.width * (0.6 + 0.4 * two)
        lines = [self._typesetter.fill_line(template, width) for _ in range(1 + (two < 0.4))]
        shaped = [line for line in lines if line is not None]
        alignment = 0.5 if centred < 0.6 or not shaped else float(is_right_to_left(shaped[0]))
        rows = [[RowCell(line, self._inner.left, self._inner.right, alignment)] for line in shaped]
        return self._add(rows, top, grouped=True)

    def _column(self, column: Box) -> None:
        em, top = self._body.em, column.top
        while self.remaining > 0 and top + 2 * self._leading * em < column.bottom:
            kind, amount = self._rng.random(2).tolist()
            max_lines = min(self.remaining, int((column.bottom - top) / (self._leading * em)) - 1)
            if kind < _TABLE:
                rows = list(self._table(column, min(max_lines, 2 + int(6 * amount))))
            else:
                rows = list(self._paragraph(column, min(max_lines, 2 + int(7 * amount)), headed=kind < _HEADING))
            end = self._add(rows, top, grouped=kind >= _TABLE, bottom=column.bottom)
            if end <= top:
                return
            top = end + em * (0.6 + self._leading / 2)

    def _paragraph(self, column: Box, count: int, *, headed: bool) -> Iterator[list[RowCell]]:
        for number in range(count):
            width = column.width
            if headed and number == 0:
                width *= float(self._rng.uniform(0.3, 0.8))
            elif number == count - 1:
                width *= float(self._rng.uniform(0.3, 1.0))
            line = self._typesetter.fill_line(self._body, width)
            if line is not None:
                yield [RowCell(line, column.left, column.right, float(is_right_to_left(line)))]

    def _table(self, column: Box, count: int) -> Iterator[list[RowCell]]:
        cells = 2 + int(self._rng.integers(3))
        gutter = _GUTTER * self._body.em / 2
        step = (column.width + gutter) / cells
        for _ in range(count):
            row: list[RowCell] = []
            for number, left in enumerate(self._lefts(column.left, step, cells)):
                line, right = self._typesetter.typeset_another(self._body), left + step - gutter
                if line is not None and line.width <= right - left:
                    row.append(RowCell(line, left, right, float(self._leftwards == (number == 0))))
            if row:
                yield row

    def _add(self, rows: list[list[RowCell]], top: float, *, grouped: bool = False, bottom: float = np.inf) -> float:
        """Stack rows above `bottom`, and return the bottom of the last one."""
        item = self._stack(rows, top, bottom, grouped=grouped)
        if item is None:
            return top
        self.items.append(item)
        self.remaining -= len(item.block.lines)
        return item.bottom
