"""Rendering of text into the pixels of a scene."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, Image, Parameters, Points, Size, Warp, bounding_box
from synthtext.core.compositing import composite, cut_clearance, with_opacity
from synthtext.fonts import FaceCache
from synthtext.ink import (
    ContrastLoss,
    DecorationMargins,
    Ink,
    InkColour,
    InkMask,
    InkStyle,
    LocalBackground,
    Plain,
    choose_colours,
    compute_ink_masks,
    measure_backgrounds,
)
from synthtext.lines.placement import CurvedLine
from synthtext.scenes.composition import PlacedItem, PositionedLine
from synthtext.scenes.shapes import Window, blend_polygon, draw_plate, window_around
from synthtext.typesetting.canvas import Strokes, rasterize_strokes

_BACKGROUND_RADIUS = 0.06  # ems around the ink that count as its background
_EDGE = 1.5  # minimum distance of ink from the edge of the image, pixels
_PADDING = 3  # pixels around a line for resampling and its background
_MIN_EM = 3.0  # pixels
_MAX_LUMINANCE_DIFFERENCE = 160.0  # that solid ink reaches on almost any uniform background; hairlines reach less

StyledInk: TypeAlias = tuple[InkStyle, Parameters]
"""An ink style and its drawn parameters."""

_PLAIN: StyledInk = (Plain(), {})


class RenderedLine(NamedTuple):
    """A line in the image.

    Attributes:
        positioned: The line in its plane.
        clusters: Clusters in the image, pixels, including outlines of the letters.
        quads: (K, 4, 2) of the clusters without outlines, pixels.
        outset: How far ink extends beyond the letters, in ems.
        window: Rows and columns of the image that contain the line.
        coverage: (h, w) uint8 of its letters in the window.
        em: Approximate font size in the image, pixels.
        strokes: Strokes along the line.
        stroke_coverage: (h, w) uint8 of the strokes in the window.
        contrast: Contrast with the background at the worst cluster, before effects.
    """

    positioned: PositionedLine
    clusters: Clusters
    quads: Points
    outset: float
    window: Window
    coverage: NDArray[np.uint8]
    em: float
    strokes: Strokes | None
    stroke_coverage: NDArray[np.uint8]
    contrast: float = 0.0

    def paint_background(self, image: Image, style: StyledInk) -> Image:
        """Return the background of the letters in the window, a copy from the image (H, W, 3)."""
        ink_style, parameters = style
        background = ink_style.surface(image[self.window].copy(), parameters)
        if self.strokes is not None and self.strokes.colour is not None:
            background = composite(background, self.stroke_coverage, self.strokes.colour)
        return ink_style.underlay(background, self.coverage, self.em, parameters)

    @property
    def ink_coverage(self) -> NDArray[np.uint8]:
        """Coverage of the letters and of strokes in their colour."""
        if self.strokes is None or self.strokes.colour is not None:
            return self.coverage
        return np.asarray(cv2.max(self.coverage, self.stroke_coverage), np.uint8)


class RenderedItem(NamedTuple):
    """An item with its lines (at least one) that are in the image, and the warp of the whole image."""

    placed: PlacedItem
    view_warp: Warp
    lines: list[RenderedLine]


class TextRenderer:
    """Renders blocks of text into images, in the colours and styles of an ink."""

    def __init__(self, ink: Ink, cache: FaceCache) -> None:
        self._ink, self._cache = ink, cache

    def render(
        self, rng: np.random.Generator, image: Image, items: Sequence[PlacedItem], view_warp: Warp
    ) -> list[RenderedItem]:
        """Render blocks into an image (H, W, 3) in place; all blocks on a sheet have the same style.

        If no colour reaches the contrast floor at every cluster of a block, a plate is drawn behind it, unless it is on
        a sheet. Lines with strokes too thin for any colour are skipped.

        Returns:
            The blocks with their lines that are completely in the image and legible, without blocks that have none.
        """
        print_style = self._draw_style(rng)
        rendered = []
        for placed in items:
            style = self._draw_style(rng) if placed.print_colour is None else print_style
            lines = self._render_item(rng, image, placed, view_warp, style)
            if lines:
                rendered.append(RenderedItem(placed, view_warp, lines))
        return rendered

    def _draw_style(self, rng: np.random.Generator) -> StyledInk:
        ink_style = self._ink.draw_style(rng).component
        return ink_style, ink_style.draw(rng)

    def _render_item(
        self, rng: np.random.Generator, image: Image, placed: PlacedItem, view_warp: Warp, style: StyledInk
    ) -> list[RenderedLine]:
        if not all(style[0].supports(positioned.line.curved.line) for positioned in placed.item.block.lines):
            style = _PLAIN
        ink_style, parameters = style
        block, warp = placed.item.block, placed.warp.then(view_warp)
        located = self._locate(placed, warp, Size(image.shape[1], image.shape[0]), style)
        if not located:
            return []
        lines, masks = [line for line, _ in located], [mask for _, mask in located]
        if placed.item.plate:
            draw_plate(rng, image, block, warp)
        colour = self._choose_colour(rng, image, lines, masks, style, placed)
        if colour is None and placed.print_colour is None:
            draw_plate(rng, image, block, warp)
            colour = self._choose_colour(rng, image, lines, masks, style, placed)
        if colour is None:
            return []
        for rule in placed.rules:
            blend_polygon(image, view_warp.points(rule), colour.colour)
        for line in lines:
            ink = with_opacity(line.ink_coverage, placed.opacity)
            image[line.window] = ink_style.fill(line.paint_background(image, style), ink, colour, line.em, parameters)
        contrast = ink_style.contrast_loss(parameters).remaining_contrast(colour.contrast)
        return [line._replace(contrast=contrast) for line in lines]

    def _locate(
        self, placed: PlacedItem, warp: Warp, size: Size, style: StyledInk
    ) -> list[tuple[RenderedLine, InkMask]]:
        """Rasterize the lines that are completely in the image, and compute their ink masks."""
        rasterized = [self._rasterize(positioned, warp, size, style) for positioned in placed.item.block.lines]
        lines = [line for line in rasterized if line is not None]
        if not lines:
            return []
        masks = compute_ink_masks(
            [line.coverage for line in lines],
            [
                line.quads[line.positioned.line.curved.line.visible]
                - np.array([line.window[1].start, line.window[0].start], np.float32)
                for line in lines
            ],
            [max(1, round(line.em * _BACKGROUND_RADIUS)) for line in lines],
        )
        floor = max(self._ink.contrast_floor, 1.0)
        return [
            (line, mask)
            for line, mask in zip(lines, masks, strict=True)
            if mask is not None and mask.strength.min() * _MAX_LUMINANCE_DIFFERENCE >= floor
        ]

    def _rasterize(self, positioned: PositionedLine, warp: Warp, size: Size, style: StyledInk) -> RenderedLine | None:
        """Rasterize a line; None if it is too small or not completely in the image."""
        ink_style, parameters = style
        positioned = _drawn_by(positioned, style)
        line, outset = positioned.line.curved.line, ink_style.outset(parameters)
        to_image = positioned.warp.then(warp)
        clusters = line.clusters.warped(to_image)
        quads = clusters.quads
        thickness = float(cross_lengths(quads, vertical=line.vertical).ravel().mean())
        em = thickness / (line.ink_box.width if line.vertical else line.ink_box.height)
        strokes = ink_style.strokes(line, parameters)
        window = _window(quads, size, em, outset, _decoration(ink_style.padding(parameters), line.ink_box, strokes))
        if window is None or em < _MIN_EM:
            return None
        rows, columns = window
        to_window = to_image.then(Warp.translation(-columns.start, -rows.start))
        window_size = Size(columns.stop - columns.start, rows.stop - rows.start)
        raster = ink_style.rasterize(line, positioned.line.face, self._cache, em, parameters)
        coverage = stroke_coverage = ink_style.style_coverage(raster.warped(to_window, window_size), em, parameters)
        if strokes is not None:
            stroke_coverage = rasterize_strokes(strokes, em).warped(to_window, window_size)
            if strokes.clearance:
                stroke_coverage = cut_clearance(stroke_coverage, coverage, strokes.clearance * em)
            stroke_coverage = with_opacity(stroke_coverage, strokes.opacity)
        if outset:
            clusters = line.clusters.expanded(outset).warped(to_image)
        return RenderedLine(positioned, clusters, quads, outset, window, coverage, em, strokes, stroke_coverage)

    def _choose_colour(
        self,
        rng: np.random.Generator,
        image: Image,
        lines: Sequence[RenderedLine],
        masks: Sequence[InkMask],
        style: StyledInk,
        placed: PlacedItem,
    ) -> InkColour | None:
        """Choose a colour that reaches the contrast floor at every cluster with the opacity of the item."""
        backgrounds = [line.paint_background(image, style) for line in lines]
        measured = measure_backgrounds(masks, backgrounds)
        background = LocalBackground(*(np.concatenate(parts) for parts in zip(*measured, strict=True)))
        required = ContrastLoss(placed.opacity).required_contrast(self._ink.contrast_floor)
        floor = style[0].contrast_loss(style[1]).required_contrast(required)
        candidates = style[0].colours(style[1])
        if placed.print_colour is not None and not candidates:
            printed = background.ink_colour(placed.print_colour)
            if printed.contrast >= floor:
                return printed
        chosen = choose_colours([candidates or self._ink.candidates(rng, backgrounds[0])], [background], [floor])[0]
        return None if chosen is None else chosen._replace(contrast=chosen.contrast * placed.opacity)


def _drawn_by(positioned: PositionedLine, style: StyledInk) -> PositionedLine:
    """Return a line as its ink style lays it out."""
    curved = positioned.line.curved
    line = style[0].relayout(curved.line, style[1])
    if line is curved.line:
        return positioned
    return positioned._replace(line=positioned.line._replace(curved=CurvedLine.of(line, curved.warp)))


def cross_lengths(quads: Points, *, vertical: bool) -> NDArray[np.float32]:
    """Lengths (2, K) of the sides of clusters (K, 4, 2) across the line: those at their start, those at their end."""
    a, b, c, d = quads.transpose(1, 0, 2)
    sides = np.stack([b - a, c - d] if vertical else [d - a, c - b])
    return np.asarray(np.hypot(sides[..., 0], sides[..., 1]), np.float32)


def _decoration(padding: DecorationMargins, ink: Box, strokes: Strokes | None) -> float:
    """Maximum extent of decoration beyond the letters, in ems."""
    if strokes is None:
        return max(padding)
    box = strokes.box
    return max(*padding, ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)


def _window(quads: Points, size: Size, em: float, outset: float, decoration: float) -> Window | None:
    """Rows and columns of a line with its decoration; None if the line is not completely in the image."""
    box = bounding_box(quads)
    edge = _EDGE + outset * em
    if box.left < edge or box.top < edge or box.right > size.width - edge or box.bottom > size.height - edge:
        return None
    return window_around(quads, size, _PADDING + int((_BACKGROUND_RADIUS + outset + decoration) * em))
