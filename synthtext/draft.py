"""A line on its way from a text to a picture, and the stages that take it there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from synthtext.canvas import draw_line
from synthtext.content import Content, Writer
from synthtext.core import Applied, Clusters, Image, Parameters, Provenance, Sample, Streams, Weighted
from synthtext.design import LineDesign
from synthtext.fonts import Face, FaceCache
from synthtext.frame import Frame, frame_line
from synthtext.ink import InkColour, InkField, StyleEntry, choose_colour, composite
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


class Ground(NamedTuple):
    """A paper on which an ink can be read, and how far it was calmed for that."""

    paper: Image
    name: str
    ink: InkColour
    calm: float


@dataclass(slots=True)
class Draft:
    """One attempt at a sample: what is known so far. Every stage adds to it.

    Attributes:
        index: of the sample.
        streams: of its random numbers.
        block: its fonts and papers.
        content: stage `write`.
        look: stage `place`.
        coverage: (H, W) of all ink, stage `draw`.
        inked: where the line's own ink is, stage `draw`.
        ground: stage `lay`.
        image: (H, W, 3) RGB, stage `colour`.
        coloured: effects on its pixels, stage `colour`.
    """

    index: int
    streams: Streams
    block: Block
    content: Content = field(init=False)
    look: Look = field(init=False)
    coverage: Image = field(init=False)
    inked: InkField = field(init=False)
    ground: Ground = field(init=False)
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
        self.all: tuple[Callable[[Draft], None], ...] = (self._write, self._place, self._draw, self._lay, self._colour)

    def _write(self, draft: Draft) -> None:
        draft.content = self._writer.draw(draft.streams.content, draft.block.faces)

    def _place(self, draft: Draft) -> None:
        content, rng = draft.content, draft.streams.appearance
        style = self._design.ink.draw_style(rng)
        style_drawn = style.style.draw(rng)
        warp, moved = self._design.effects.draw_warp(rng, content.bent.natural_size(content.em))
        reach = style.style.reach(style_drawn)
        frame = frame_line(content.bent, warp, content.em, content.margins, content.slack, reach, self._design.output)
        draft.look = Look(style, style_drawn, moved, frame)

    def _draw(self, draft: Draft) -> None:
        content, frame = draft.content, draft.look.frame
        line, neighbour = content.bent.line, content.neighbour
        coverage = draw_line(line, content.face, self._cache, frame.em).warped(frame.warp, frame.size)
        draft.inked = InkField(coverage, frame.quads[line.inked], max(1, round(frame.em * _GROUND)))
        if neighbour is not None:
            other = draw_line(neighbour.line, content.face, self._cache, frame.em)
            coverage = np.asarray(
                cv2.max(coverage, other.warped(neighbour.shift.then(frame.warp), frame.size)), np.uint8
            )
        draft.coverage = coverage

    def _lay(self, draft: Draft) -> None:
        rng, (style, style_drawn, _, frame) = draft.streams.appearance, draft.look
        number = self._papers.draw(rng)
        for calm in _CALM:
            paper = _calmed(draft.block.papers[number].paint(rng, frame.size), calm)
            paper = style.style.underlay(paper, draft.coverage, frame.em, style_drawn)
            ink = choose_colour(rng, draft.inked.ground(paper), self._design.ink.contrast_floor)
            if ink is not None:
                draft.ground = Ground(paper, self._design.papers[number].name, ink, calm)
                return
        raise Rejection("contrast")

    def _colour(self, draft: Draft) -> None:
        image = composite(draft.ground.paper, draft.coverage, draft.ground.ink.colour)
        draft.image, draft.coloured = self._design.effects.apply_pixels(draft.streams.appearance, image)

    def finish(self, draft: Draft, prefix: str, rejected: tuple[str, ...]) -> Sample:
        """The sample of a draft that went through all stages.

        Args:
            draft: whole.
            prefix: of the sample's key.
            rejected: why earlier attempts were given up.
        """
        content, look, ground = draft.content, draft.look, draft.ground
        line = content.bent.line
        low, high = self._design.output.quality_range
        drawn = {
            "em": round(look.frame.em, 2),
            "ink": [round(part) for part in ground.ink.colour.tolist()],
            "style": look.style.name,
            **look.style_drawn,
            "paper": ground.name,
            "calm": ground.calm,
            "jpeg_quality": low + int(draft.streams.appearance.random() * (high - low + 1)),
            **content.drawn,
        }
        meta = Provenance(
            font=content.face.file.name,
            script=line.script,
            corpus=content.text.corpus,
            contrast=round(ground.ink.contrast, 2),
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
