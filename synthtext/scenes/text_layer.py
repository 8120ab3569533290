"""Text drawn straight into a scene's pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, Image, Parameters, Points, Size, Warp, bounding_box
from synthtext.core.compositing import cut_clearance, with_opacity
from synthtext.fonts import FaceCache
from synthtext.ink import (
    ContrastLoss,
    DecorationMargins,
    Ink,
    InkColour,
    InkMask,
    InkStyle,
    LocalBackground,
    choose_colours,
    composite,
    compute_ink_masks,
    measure_backgrounds,
)
from synthtext.scenes.composition import PlacedItem, PositionedLine
from synthtext.scenes.shapes import blend_polygon, draw_plate
from synthtext.typesetting.canvas import Strokes, rasterize_line, rasterize_strokes

_GROUND = 0.06  # ems around the ink that count as its ground
_EDGE = 1.5  # pixels between the ink and the picture's border
_ROOM = 3  # pixels around a line that resampling and its ground take
_LEAST_EM = 3.0  # pixels: less is no letter any more
_MAX_LUMINANCE_DIFFERENCE = (
    160.0  # luminance by which solid ink can be told from nearly every even ground; hairlines reach a part of it
)

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of a picture."""

StyledInk: TypeAlias = tuple[InkStyle, Parameters]
"""A style of ink, and what it drew."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedLine:
    """A line in the picture.

    Attributes:
        laid: as it was laid on its plane.
        clusters: where they are in the picture, pixels; a border around the letters is theirs.
        quads: (K, 4, 2) of the letters alone, pixels.
        border: how far beyond the letters the ink reaches, in ems.
        window: rows and columns of the picture in which it is.
        coverage: (h, w) uint8 of its ink in the window.
        em: about how many pixels an em has in the picture.
        contrast: with the ground of the worst cluster, before effects.
    """

    laid: PositionedLine
    clusters: Clusters
    quads: Points
    outset: float
    window: Window
    coverage: NDArray[np.uint8]
    em: float
    contrast: float


class _LocatedLine(NamedTuple):
    """A line whose ink is known, before it has a colour.

    Attributes:
        marks: along the line.
        marked: (h, w) uint8 of the marks in the window.
        field: of its letters.
    """

    laid: PositionedLine
    quads: Points
    window: Window
    coverage: NDArray[np.uint8]
    em: float
    marks: Strokes | None
    marked: NDArray[np.uint8]
    field: InkMask

    def ground(self, image: Image, style: StyledInk) -> Image:
        """What the letters come to lie on in the picture (H, W, 3): a new picture of the window."""
        inking, drawn = style
        paper = image[self.window].copy()
        if self.marks is not None and self.marks.colour is not None:
            paper = composite(paper, self.marked, self.marks.colour)
        return inking.underlay(paper, self.coverage, self.em, drawn)

    @property
    def inked(self) -> NDArray[np.uint8]:
        """All that has the letters' colour."""
        if self.marks is None or self.marks.colour is not None:
            return self.coverage
        return np.asarray(cv2.max(self.coverage, self.marked), np.uint8)


class TextRenderer:
    """Draws blocks of text into pictures.

    Args:
        ink: colours and styles.
        cache: of glyphs.
    """

    def __init__(self, ink: Ink, cache: FaceCache) -> None:
        self._ink, self._cache = ink, cache

    def render_all(
        self, rng: np.random.Generator, image: Image, items: Sequence[PlacedItem], view: Warp
    ) -> list[tuple[PlacedItem, list[RenderedLine]]]:
        """Draw blocks into a picture (H, W, 3), in place; those that are printed on a sheet have one style.

        Returns:
            The blocks of which lines are in the picture, with these.
        """
        printed = self._draw_style(rng)
        drawn: list[tuple[PlacedItem, list[RenderedLine]]] = []
        for placed in items:
            style = self._draw_style(rng) if placed.print_colour is None else printed
            lines = self.render(rng, image, placed, view, style)
            if lines:
                drawn.append((placed, lines))
        return drawn

    def _draw_style(self, rng: np.random.Generator) -> StyledInk:
        entry = self._ink.draw_style(rng)
        return entry.component, entry.component.draw(rng)

    def render(
        self, rng: np.random.Generator, image: Image, placed: PlacedItem, view: Warp, style: StyledInk
    ) -> list[RenderedLine]:
        """Draw a block into a picture (H, W, 3), in place.

        Where no colour keeps the contrast floor at every cluster, the block gets a plate behind it, unless it is print
        on a sheet. Lines whose strokes are too thin at their size for any colour are left out.

        Args:
            rng: draws colours.
            image: where to.
            placed: the block.
            view: how the whole picture is seen, after the block's own place in it.
            style: of the ink, with what it drew.

        Returns:
            The lines that are whole in the picture and can be read; none of the block if no colour can be found.
        """
        inking, drawn = style
        warp = placed.warp.then(view)
        lines = self._trace(placed, warp, Size(image.shape[1], image.shape[0]), style)
        if not lines:
            return []
        if placed.item.plate:
            draw_plate(rng, image, placed.item.block, warp)
        colour = self._colour(rng, image, lines, style, placed)
        if colour is None and placed.print_colour is None:
            draw_plate(rng, image, placed.item.block, warp)
            colour = self._colour(rng, image, lines, style, placed)
        if colour is None:
            return []
        for rule in placed.rules:
            blend_polygon(image, view.points(rule), colour.colour)
        for line in lines:
            ink = with_opacity(line.inked, placed.opacity)
            image[line.window] = inking.fill(line.ground(image, style), ink, colour, line.em, drawn)
        return [
            RenderedLine(
                line.laid,
                _bordered(line.laid, line.quads, warp, inking.outset(drawn)),
                line.quads,
                inking.outset(drawn),
                line.window,
                line.coverage,
                line.em,
                inking.contrast_loss(drawn).remaining_contrast(colour.contrast),
            )
            for line in lines
        ]

    def _trace(self, placed: PlacedItem, warp: Warp, size: Size, style: StyledInk) -> list[_LocatedLine]:
        """The ink of the lines that are whole in the picture."""
        inking, drawn = style
        reach = inking.outset(drawn)
        found: list[
            tuple[PositionedLine, Points, Window, NDArray[np.uint8], float, Strokes | None, NDArray[np.uint8]]
        ] = []
        for laid in placed.item.block.lines:
            line = laid.line.bent.line
            to_picture = laid.warp.then(warp)
            quads = line.clusters.warped(to_picture).quads
            em = _em_in_picture(
                quads, line.ink_box.width if line.vertical else line.ink_box.height, vertical=line.vertical
            )
            marks = inking.strokes(line, drawn)
            window = _window(quads, size, em, reach, _decoration(inking.padding(drawn), line.ink_box, marks))
            if window is None or em < _LEAST_EM:
                continue
            rows, columns = window
            shift = Warp.translation(-columns.start, -rows.start)
            canvas = rasterize_line(line, laid.line.face, self._cache, em)
            shape = Size(columns.stop - columns.start, rows.stop - rows.start)
            to_window = to_picture.then(shift)
            coverage = inking.style_coverage(canvas.warped(to_window, shape), em, drawn)
            marked = coverage if marks is None else rasterize_strokes(marks, em).warped(to_window, shape)
            if marks is not None and marks.clearance:
                marked = cut_clearance(marked, coverage, marks.clearance * em)
            found.append((laid, quads, window, coverage, em, marks, marked))
        if not found:
            return []
        fields = compute_ink_masks(
            [coverage for *_, coverage, _, _, _ in found],
            [
                _inked(laid, quads) - np.array([window[1].start, window[0].start], np.float32)
                for laid, quads, window, *_ in found
            ],
            [max(1, round(em * _GROUND)) for *_, em, _, _ in found],
        )
        return [
            _LocatedLine(*parts, field)
            for parts, field in zip(found, fields, strict=True)
            if field is not None
            and field.strength.min() * _MAX_LUMINANCE_DIFFERENCE >= max(self._ink.contrast_floor, 1.0)
        ]

    def _colour(
        self,
        rng: np.random.Generator,
        image: Image,
        lines: Sequence[_LocatedLine],
        style: StyledInk,
        placed: PlacedItem,
    ) -> InkColour | None:
        """One colour that keeps the floor at every cluster of the lines, though it lets something through."""
        papers = [line.ground(image, style) for line in lines]
        grounds = measure_backgrounds([line.field for line in lines], papers)
        ground = LocalBackground(*(np.concatenate(parts) for parts in zip(*grounds, strict=True)))
        floor = (
            style[0]
            .contrast_loss(style[1])
            .required_contrast(ContrastLoss(placed.opacity).required_contrast(self._ink.contrast_floor))
        )
        printed = placed.print_colour
        if printed is not None and ground.ink_colour(printed).contrast >= floor:
            return ground.ink_colour(printed)
        chosen = choose_colours([self._ink.candidates(rng, papers[0])], [ground], [floor])[0]
        return None if chosen is None else chosen._replace(contrast=chosen.contrast * placed.opacity)


def _bordered(laid: PositionedLine, quads: Points, warp: Warp, reach: float) -> Clusters:
    """The clusters of a line in the picture, with a border that reaches so many ems beyond the letters."""
    clusters = laid.line.bent.line.clusters
    return clusters.expanded(reach).warped(laid.warp.then(warp)) if reach else Clusters(clusters.offsets, quads)


def _inked(laid: PositionedLine, quads: Points) -> Points:
    return np.asarray(quads[laid.line.bent.line.visible], np.float32)


def _em_in_picture(quads: Points, thickness: float, *, vertical: bool) -> float:
    """Pixels of an em, by how thick the line is in the picture on average and how many ems that is."""
    first, second = (quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]) if vertical else (
        quads[:, 3] - quads[:, 0], quads[:, 2] - quads[:, 1]
    )  # fmt: skip
    sides = np.hypot(*np.concatenate([first, second]).T)
    return float(sides.mean()) / thickness


def _decoration(room: DecorationMargins, ink: Box, marks: Strokes | None) -> float:
    """How far decoration goes beyond a line's letters to any side, in ems."""
    far = max(room)
    if marks is not None:
        box = marks.box
        far = max(far, ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)
    return far


def _window(quads: Points, size: Size, em: float, reach: float, decoration: float) -> Window | None:
    """Rows and columns that a line and its decoration take; None if the line is not whole in the picture."""
    box = bounding_box(quads)
    edge = _EDGE + reach * em
    if box.left < edge or box.top < edge or box.right > size.width - edge or box.bottom > size.height - edge:
        return None
    room = _ROOM + int((_GROUND + reach + decoration) * em)
    left, top = max(0, int(box.left) - room), max(0, int(box.top) - room)
    right, bottom = min(int(size.width), int(box.right) + 1 + room), min(int(size.height), int(box.bottom) + 1 + room)
    return slice(top, bottom), slice(left, right)
