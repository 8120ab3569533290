"""A line on its way from a text to a picture, and the stages that take it there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from synthtext.canvas import Canvas, draw_line
from synthtext.content import Content, Copy, Writer
from synthtext.core import Applied, Clusters, Image, Parameters, Provenance, Sample, Streams, Weighted
from synthtext.design import LineDesign
from synthtext.fonts import Face, FaceCache
from synthtext.frame import Frame, frame_line
from synthtext.ink import Ground, InkColour, InkField, StyleEntry, choose_colour, composite
from synthtext.paper import Paper
from synthtext.rejection import Rejection

_CALM = (0.0, 0.0, 0.3, 0.55, 0.75)  # papers that are tried for a line: another costs a tenth of another line
_GROUND = 0.06  # ems around the ink that count as its ground


class Block(NamedTuple):
    """What the samples of a block share."""

    faces: Sequence[Face]
    papers: Sequence[Paper]


class Look(NamedTuple):
    """How the ink is laid and where the line comes to lie."""

    style: StyleEntry
    style_drawn: Parameters
    moved: tuple[Applied, ...]
    frame: Frame


@dataclass(slots=True)
class Draft:
    """One attempt at a sample: what is known so far. Every stage adds to it.

    Attributes:
        index: of the sample.
        streams: of its random numbers.
        block: its fonts and papers.
        copy: what it says.
        content: how it is set.
        look: its ink, and its place in the picture.
        canvas: the line's glyphs.
        coverage: (H, W) of all ink in the picture.
        inked: where the line's own ink is.
        number: of its paper.
        paper: (H, W, 3) RGB.
        calm: how far the paper was calmed.
        ground: what lies around the ink.
        ink: its colour.
        image: (H, W, 3) RGB.
        coloured: effects on its pixels.
    """

    index: int
    streams: Streams
    block: Block
    copy: Copy = field(init=False)
    content: Content = field(init=False)
    look: Look = field(init=False)
    canvas: Canvas = field(init=False)
    coverage: Image = field(init=False)
    inked: InkField = field(init=False)
    number: int = field(init=False)
    paper: Image = field(init=False)
    calm: float = field(init=False)
    ground: Ground = field(init=False)
    ink: InkColour = field(init=False)
    image: Image = field(init=False)
    coloured: tuple[Applied, ...] = ()


class Stages:
    """The stages, in order: `all`. Each raises `Rejection` when nothing good can come of the draft.

    Args:
        design: what lines look like.
        cache: of faces and their glyphs.
    """

    def __init__(self, design: LineDesign, cache: FaceCache) -> None:
        self._design, self._cache = design, cache
        self._writer = Writer(
            design.charset, design.corpora, design.font_options.size_range, design.layout, design.baselines
        )
        self._papers = Weighted([entry.weight for entry in design.papers])
        self.all: tuple[Callable[[Draft], None], ...] = (
            self._write,
            self._set,
            self._place,
            self._draw,
            self._warp,
            self._find,
            self._paint,
            self._measure,
            self._choose,
            self._compose,
            self._affect,
        )

    def _write(self, draft: Draft) -> None:
        draft.copy = self._writer.write(draft.streams.content, draft.block.faces)

    def _set(self, draft: Draft) -> None:
        draft.content = self._writer.set(draft.streams.content, draft.copy)

    def _place(self, draft: Draft) -> None:
        copy, bent, rng = draft.copy, draft.content.bent, draft.streams.appearance
        style = self._design.ink.draw_style(rng)
        style_drawn = style.style.draw(rng)
        warp, moved = self._design.effects.draw_warp(rng, bent.natural_size(copy.em))
        reach = style.style.reach(style_drawn)
        frame = frame_line(bent, warp, copy.em, copy.margins, copy.slack, reach, self._design.output)
        draft.look = Look(style, style_drawn, moved, frame)

    def _draw(self, draft: Draft) -> None:
        draft.canvas = draw_line(draft.content.bent.line, draft.copy.face, self._cache, draft.look.frame.em)

    def _warp(self, draft: Draft) -> None:
        draft.coverage = draft.canvas.warped(draft.look.frame.warp, draft.look.frame.size)

    def _find(self, draft: Draft) -> None:
        content, frame = draft.content, draft.look.frame
        reach = max(1, round(frame.em * _GROUND))
        draft.inked = InkField(draft.coverage, frame.quads[content.bent.line.inked], reach)
        if content.neighbour is not None:
            other = draw_line(content.neighbour.line, draft.copy.face, self._cache, frame.em)
            shown = other.warped(content.neighbour.shift.then(frame.warp), frame.size)
            draft.coverage = np.asarray(cv2.max(draft.coverage, shown), np.uint8)

    def _paint(self, draft: Draft) -> None:
        draft.number = self._papers.draw(draft.streams.appearance)
        self._lay(draft, _CALM[0])

    def _lay(self, draft: Draft, calm: float) -> None:
        style, style_drawn, _, frame = draft.look
        paper = _calmed(draft.block.papers[draft.number].paint(draft.streams.appearance, frame.size), calm)
        draft.paper, draft.calm = style.style.underlay(paper, draft.coverage, frame.em, style_drawn), calm

    def _measure(self, draft: Draft) -> None:
        draft.ground = draft.inked.ground(draft.paper)

    def _choose(self, draft: Draft) -> None:
        for calm in (*_CALM[1:], None):
            ink = choose_colour(draft.streams.appearance, draft.ground, self._design.ink.contrast_floor)
            if ink is not None:
                draft.ink = ink
                return
            if calm is not None:
                self._lay(draft, calm)
                self._measure(draft)
        raise Rejection("contrast")

    def _compose(self, draft: Draft) -> None:
        draft.image = composite(draft.paper, draft.coverage, draft.ink.colour)

    def _affect(self, draft: Draft) -> None:
        draft.image, draft.coloured = self._design.effects.apply_pixels(draft.streams.appearance, draft.image)

    def finish(self, draft: Draft, prefix: str, rejected: tuple[str, ...]) -> Sample:
        """The sample of a draft that went through all stages.

        Args:
            draft: whole.
            prefix: of the sample's key.
            rejected: why earlier attempts were given up.
        """
        content, look = draft.content, draft.look
        line = content.bent.line
        low, high = self._design.output.quality_range
        drawn = {
            "em": round(look.frame.em, 2),
            "ink": [round(part) for part in draft.ink.colour],
            "style": look.style.name,
            **look.style_drawn,
            "paper": self._design.papers[draft.number].name,
            "calm": draft.calm,
            "jpeg_quality": low + int(draft.streams.appearance.random() * (high - low + 1)),
            **content.drawn,
        }
        meta = Provenance(
            font=draft.copy.face.file.name,
            script=line.script,
            corpus=draft.copy.text.corpus,
            contrast=round(draft.ink.contrast, 2),
            effects=look.moved + draft.coloured,
            drawn=drawn,
            rejected=rejected,
        )
        clusters = Clusters(line.clusters.offsets, look.frame.quads)
        return Sample(f"{prefix}{draft.index:010d}", draft.image, line.text, clusters, meta)


def _calmed(paper: Image, calm: float) -> Image:
    """The paper with its contrast taken back, as by haze or a wash: 0 leaves it, 1 would make it one grey."""
    if not calm:
        return paper
    return np.asarray(cv2.convertScaleAbs(paper, alpha=1 - calm, beta=calm * cv2.mean(paper)[1]), np.uint8)
