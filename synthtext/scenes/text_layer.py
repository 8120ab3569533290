"""Rendering of text into the pixels of a scene."""

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
    Plain,
    choose_colours,
    composite,
    compute_ink_masks,
    measure_backgrounds,
)
from synthtext.lines.placement import CurvedLine
from synthtext.scenes.composition import PlacedItem, PositionedLine
from synthtext.scenes.shapes import blend_polygon, draw_plate
from synthtext.typesetting.canvas import Strokes, rasterize_strokes

_BACKGROUND_RADIUS = 0.06  # ems around the ink that count as its background
_EDGE = 1.5  # minimum distance of ink from the edge of the image, pixels
_PADDING = 3  # pixels around a line for resampling and its background
_MIN_EM = 3.0  # pixels
_MAX_LUMINANCE_DIFFERENCE = 160.0  # that solid ink reaches on almost any uniform background; hairlines reach less

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of an image."""

StyledInk: TypeAlias = tuple[InkStyle, Parameters]
"""An ink style and its drawn parameters."""

_PLAIN: StyledInk = (Plain(), {})


@dataclass(frozen=True, slots=True, eq=False)
class RenderedLine:
    """A line in the image.

    Attributes:
        positioned: The line in its plane.
        clusters: Clusters in the image, pixels, including outlines of the letters.
        quads: (K, 4, 2) of the clusters without outlines, pixels.
        outset: How far ink extends beyond the letters, in ems.
        window: Rows and columns of the image that contain the line.
        coverage: (h, w) uint8 of its ink in the window.
        em: Approximate font size in the image, pixels.
        contrast: Contrast with the background at the worst cluster, before effects.
    """

    positioned: PositionedLine
    clusters: Clusters
    quads: Points
    outset: float
    window: Window
    coverage: NDArray[np.uint8]
    em: float
    contrast: float


class _LocatedLine(NamedTuple):
    """A line with its ink mask, before its colour is chosen.

    Attributes:
        strokes: Strokes along the line.
        stroke_coverage: (h, w) uint8 of the strokes in the window.
        ink_mask: Ink mask of the letters.
    """

    positioned: PositionedLine
    quads: Points
    window: Window
    coverage: NDArray[np.uint8]
    em: float
    strokes: Strokes | None
    stroke_coverage: NDArray[np.uint8]
    ink_mask: InkMask

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


class TextRenderer:
    """Renders blocks of text into images.

    Args:
        ink: Colours and styles.
        cache: Cache of faces and their glyphs.
    """

    def __init__(self, ink: Ink, cache: FaceCache) -> None:
        self._ink, self._cache = ink, cache

    def render_all(
        self, rng: np.random.Generator, image: Image, items: Sequence[PlacedItem], view_warp: Warp
    ) -> list[tuple[PlacedItem, list[RenderedLine]]]:
        """Render blocks into an image (H, W, 3) in place; all blocks on a sheet have the same style.

        Returns:
            The blocks with lines in the image, and these lines.
        """
        print_style = self._draw_style(rng)
        rendered: list[tuple[PlacedItem, list[RenderedLine]]] = []
        for placed in items:
            style = self._draw_style(rng) if placed.print_colour is None else print_style
            lines = self.render(rng, image, placed, view_warp, style)
            if lines:
                rendered.append((placed, lines))
        return rendered

    def _draw_style(self, rng: np.random.Generator) -> StyledInk:
        entry = self._ink.draw_style(rng)
        return entry.component, entry.component.draw(rng)

    def render(
        self, rng: np.random.Generator, image: Image, placed: PlacedItem, view_warp: Warp, style: StyledInk
    ) -> list[RenderedLine]:
        """Render a block into an image (H, W, 3) in place.

        If no colour reaches the contrast floor at every cluster, a plate is drawn behind the block, unless it is on a
        sheet. Lines with strokes too thin for any colour are skipped.

        Args:
            rng: Draws colours.
            image: The image.
            placed: The block.
            view_warp: Warp of the whole image.
            style: Ink style and its parameters.

        Returns:
            The lines that are completely in the image and legible; none if no colour reaches the contrast floor.
        """
        if not all(style[0].supports(one.line.curved.line) for one in placed.item.block.lines):
            style = _PLAIN
        ink_style, parameters = style
        warp = placed.warp.then(view_warp)
        lines = self._locate(placed, warp, Size(image.shape[1], image.shape[0]), style)
        if not lines:
            return []
        if placed.item.plate:
            draw_plate(rng, image, placed.item.block, warp)
        colour = self._choose_colour(rng, image, lines, style, placed)
        if colour is None and placed.print_colour is None:
            draw_plate(rng, image, placed.item.block, warp)
            colour = self._choose_colour(rng, image, lines, style, placed)
        if colour is None:
            return []
        for rule in placed.rules:
            blend_polygon(image, view_warp.points(rule), colour.colour)
        for line in lines:
            ink = with_opacity(line.ink_coverage, placed.opacity)
            image[line.window] = ink_style.fill(line.paint_background(image, style), ink, colour, line.em, parameters)
        return [
            RenderedLine(
                line.positioned,
                _with_outset(line.positioned, line.quads, warp, ink_style.outset(parameters)),
                line.quads,
                ink_style.outset(parameters),
                line.window,
                line.coverage,
                line.em,
                ink_style.contrast_loss(parameters).remaining_contrast(colour.contrast),
            )
            for line in lines
        ]

    def _locate(self, placed: PlacedItem, warp: Warp, size: Size, style: StyledInk) -> list[_LocatedLine]:
        """Rasterize the lines that are completely in the image."""
        ink_style, parameters = style
        outset = ink_style.outset(parameters)
        found: list[
            tuple[PositionedLine, Points, Window, NDArray[np.uint8], float, Strokes | None, NDArray[np.uint8]]
        ] = []
        for positioned in placed.item.block.lines:
            positioned = _drawn_by(positioned, style)
            line = positioned.line.curved.line
            to_picture = positioned.warp.then(warp)
            quads = line.clusters.warped(to_picture).quads
            em = _em_in_picture(
                quads, line.ink_box.width if line.vertical else line.ink_box.height, vertical=line.vertical
            )
            strokes = ink_style.strokes(line, parameters)
            window = _window(quads, size, em, outset, _decoration(ink_style.padding(parameters), line.ink_box, strokes))
            if window is None or em < _MIN_EM:
                continue
            rows, columns = window
            shift = Warp.translation(-columns.start, -rows.start)
            raster = ink_style.rasterize(line, positioned.line.face, self._cache, em, parameters)
            window_size = Size(columns.stop - columns.start, rows.stop - rows.start)
            to_window = to_picture.then(shift)
            coverage = ink_style.style_coverage(raster.warped(to_window, window_size), em, parameters)
            stroke_coverage = (
                coverage if strokes is None else rasterize_strokes(strokes, em).warped(to_window, window_size)
            )
            if strokes is not None and strokes.clearance:
                stroke_coverage = cut_clearance(stroke_coverage, coverage, strokes.clearance * em)
            if strokes is not None:
                stroke_coverage = with_opacity(stroke_coverage, strokes.opacity)
            found.append((positioned, quads, window, coverage, em, strokes, stroke_coverage))
        if not found:
            return []
        masks = compute_ink_masks(
            [coverage for *_, coverage, _, _, _ in found],
            [
                _visible_quads(positioned, quads) - np.array([window[1].start, window[0].start], np.float32)
                for positioned, quads, window, *_ in found
            ],
            [max(1, round(em * _BACKGROUND_RADIUS)) for *_, em, _, _ in found],
        )
        return [
            _LocatedLine(*parts, mask)
            for parts, mask in zip(found, masks, strict=True)
            if mask is not None
            and mask.strength.min() * _MAX_LUMINANCE_DIFFERENCE >= max(self._ink.contrast_floor, 1.0)
        ]

    def _choose_colour(
        self,
        rng: np.random.Generator,
        image: Image,
        lines: Sequence[_LocatedLine],
        style: StyledInk,
        placed: PlacedItem,
    ) -> InkColour | None:
        """Choose a colour that reaches the contrast floor at every cluster with the opacity of the item."""
        backgrounds = [line.paint_background(image, style) for line in lines]
        measured = measure_backgrounds([line.ink_mask for line in lines], backgrounds)
        background = LocalBackground(*(np.concatenate(parts) for parts in zip(*measured, strict=True)))
        floor = (
            style[0]
            .contrast_loss(style[1])
            .required_contrast(ContrastLoss(placed.opacity).required_contrast(self._ink.contrast_floor))
        )
        candidates = style[0].colours(style[1])
        print_colour = None if candidates else placed.print_colour
        if print_colour is not None and background.ink_colour(print_colour).contrast >= floor:
            return background.ink_colour(print_colour)
        chosen = choose_colours([candidates or self._ink.candidates(rng, backgrounds[0])], [background], [floor])[0]
        return None if chosen is None else chosen._replace(contrast=chosen.contrast * placed.opacity)


def _drawn_by(positioned: PositionedLine, style: StyledInk) -> PositionedLine:
    """Return a line as its ink style lays it out."""
    curved = positioned.line.curved
    line = style[0].relayout(curved.line, style[1])
    if line is curved.line:
        return positioned
    return positioned._replace(line=positioned.line._replace(curved=CurvedLine.of(line, curved.warp)))


def _with_outset(positioned: PositionedLine, quads: Points, warp: Warp, outset: float) -> Clusters:
    """Clusters of a line in the image, expanded by `outset` ems."""
    clusters = positioned.line.curved.line.clusters
    return clusters.expanded(outset).warped(positioned.warp.then(warp)) if outset else Clusters(clusters.offsets, quads)


def _visible_quads(positioned: PositionedLine, quads: Points) -> Points:
    return np.asarray(quads[positioned.line.curved.line.visible], np.float32)


def _em_in_picture(quads: Points, thickness: float, *, vertical: bool) -> float:
    """Font size in pixels: the mean thickness of the line in the image over its thickness in ems."""
    first, second = (quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]) if vertical else (
        quads[:, 3] - quads[:, 0], quads[:, 2] - quads[:, 1]
    )  # fmt: skip
    sides = np.hypot(*np.concatenate([first, second]).T)
    return float(sides.mean()) / thickness


def _decoration(padding: DecorationMargins, ink: Box, strokes: Strokes | None) -> float:
    """Maximum extent of decoration beyond the letters, in ems."""
    extent = max(padding)
    if strokes is not None:
        box = strokes.box
        extent = max(extent, ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)
    return extent


def _window(quads: Points, size: Size, em: float, outset: float, decoration: float) -> Window | None:
    """Rows and columns of a line with its decoration; None if the line is not completely in the image."""
    box = bounding_box(quads)
    edge = _EDGE + outset * em
    if box.left < edge or box.top < edge or box.right > size.width - edge or box.bottom > size.height - edge:
        return None
    padding = _PADDING + int((_BACKGROUND_RADIUS + outset + decoration) * em)
    left, top = max(0, int(box.left) - padding), max(0, int(box.top) - padding)
    right, bottom = (
        min(int(size.width), int(box.right) + 1 + padding),
        min(int(size.height), int(box.bottom) + 1 + padding),
    )
    return slice(top, bottom), slice(left, right)
