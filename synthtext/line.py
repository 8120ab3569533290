"""Lines of text as pictures: sample i is a pure function of the design, the seed and i."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from synthtext.canvas import draw_line
from synthtext.content import Content, Writer
from synthtext.core import (
    BLOCK,
    Applied,
    Clusters,
    Gap,
    Image,
    Parameters,
    Provenance,
    Sample,
    Streams,
    StreamSource,
    Weighted,
    block_stream,
    probe_stream,
)
from synthtext.design import LineDesign
from synthtext.fonts import Face, FaceCache, fit_fonts
from synthtext.frame import Frame, frame_line
from synthtext.ink import InkColour, InkField, StyleEntry, choose_colour, composite
from synthtext.paper import Paper, PaperStock
from synthtext.rejection import Rejection

ATTEMPTS = 20
"""How often a sample is tried before its index stays a gap."""

_CALM = (0.0, 0.0, 0.3, 0.55, 0.75)  # papers that are tried for a line: another costs a tenth of another line
_GROUND = 0.06  # ems around the ink that count as its ground
_BLOCKS_KEPT = 2


class _Block(NamedTuple):
    """What the samples of a block share."""

    faces: Sequence[Face]
    papers: Sequence[Paper]


class _Look(NamedTuple):
    """What the appearance stream drew before anything was drawn."""

    style: StyleEntry
    style_drawn: Parameters
    moved: tuple[Applied, ...]
    frame: Frame


class LineGenerator:
    """Draws lines.

    Args:
        design: what they look like.
        seed: 0 to 2**32 - 1.
        prefix: of the samples' keys.

    Raises:
        InputError: no font can set one of the corpora.
    """

    def __init__(self, design: LineDesign, seed: int, prefix: str = "") -> None:
        self.design = design
        self._seed, self._prefix = seed, prefix
        self._streams = StreamSource(seed)
        self._writer = Writer(
            design.charset, design.corpora, design.font_options.size_range, design.layout, design.baselines
        )
        self._cache = FaceCache()
        self._fonts = fit_fonts(design.inventory, design.corpora, design.charset, self._cache, probe_stream(0))
        self._papers = Weighted([entry.weight for entry in design.papers])
        self._blocks: OrderedDict[int, _Block] = OrderedDict()

    def draw(self, index: int) -> Sample | Gap:
        """Draw sample `index`, or say why each attempt was rejected."""
        streams, block = self._streams.at(index), self._block(index)
        reasons: list[str] = []
        for _ in range(ATTEMPTS):
            try:
                return self._attempt(index, streams, block, tuple(reasons))
            except Rejection as rejection:
                reasons.append(rejection.reason)
        return Gap(index, tuple(reasons))

    def _block(self, index: int) -> _Block:
        number = index // BLOCK
        if number not in self._blocks:
            rng = block_stream(index, self._seed)
            faces = [self._cache.face(file) for file in self._fonts.draw(rng, self.design.font_options.pool)]
            papers = [
                paper.for_block(rng) if isinstance(paper, PaperStock) else paper
                for paper in (entry.paper for entry in self.design.papers)
            ]
            self._blocks[number] = _Block(faces, papers)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return self._blocks[number]

    def _attempt(self, index: int, streams: Streams, block: _Block, rejected: tuple[str, ...]) -> Sample:
        content, rng = self._writer.draw(streams.content, block.faces), streams.appearance
        look = self._draw_look(rng, content)
        frame, line = look.frame, content.bent.line
        coverage = draw_line(line, content.face, self._cache, frame.em).warped(frame.warp, frame.size)
        field = InkField(coverage, frame.quads[line.inked], max(1, round(frame.em * _GROUND)))
        if content.neighbour is not None:
            other = draw_line(content.neighbour.line, content.face, self._cache, frame.em)
            shown = other.warped(content.neighbour.shift.then(frame.warp), frame.size)
            coverage = np.asarray(cv2.max(coverage, shown), np.uint8)
        number = self._papers.draw(rng)

        def paint(calm: float) -> Image:
            paper = _calmed(block.papers[number].paint(rng, frame.size), calm)
            return look.style.style.underlay(paper, coverage, frame.em, look.style_drawn)

        ground = _find_ground(rng, paint, field, self.design.ink.contrast_floor)
        image = composite(ground.paper, coverage, ground.ink.colour)
        image, coloured = self.design.effects.apply_pixels(rng, image)
        low, high = self.design.output.quality_range
        drawn = {
            "em": round(frame.em, 2),
            "ink": [round(part) for part in ground.ink.colour.tolist()],
            "style": look.style.name,
            **look.style_drawn,
            "paper": self.design.papers[number].name,
            "calm": ground.calm,
            "jpeg_quality": low + int(rng.random() * (high - low + 1)),
            **content.drawn,
        }
        meta = Provenance(
            font=content.face.file.name,
            script=line.script,
            corpus=content.text.corpus,
            contrast=round(ground.ink.contrast, 2),
            effects=look.moved + coloured,
            drawn=drawn,
            rejected=rejected,
        )
        clusters = Clusters(line.clusters.offsets, frame.quads)
        return Sample(f"{self._prefix}{index:010d}", image, line.text, clusters, meta)

    def _draw_look(self, rng: np.random.Generator, content: Content) -> _Look:
        style = self.design.ink.draw_style(rng)
        style_drawn = style.style.draw(rng)
        warp, moved = self.design.effects.draw_warp(rng, content.bent.natural_size(content.em))
        reach = style.style.reach(style_drawn)
        frame = frame_line(content.bent, warp, content.em, content.margins, content.slack, reach, self.design.output)
        return _Look(style, style_drawn, moved, frame)


class _Ground(NamedTuple):
    """A paper on which an ink can be read, and how far it was calmed for that."""

    paper: Image
    ink: InkColour
    calm: float


def _find_ground(rng: np.random.Generator, paint: Callable[[float], Image], field: InkField, floor: float) -> _Ground:
    """Paint papers until there is a colour that can be read on one.

    Raises:
        Rejection: on none of a few.
    """
    for calm in _CALM:
        paper = paint(calm)
        colour = choose_colour(rng, field.ground(paper), floor)
        if colour is not None:
            return _Ground(paper, colour, calm)
    raise Rejection("contrast")


def _calmed(paper: Image, calm: float) -> Image:
    """The paper with its contrast taken back, as by haze or a wash: 0 leaves it, 1 would make it one grey."""
    if not calm:
        return paper
    return np.asarray(cv2.convertScaleAbs(paper, alpha=1 - calm, beta=calm * cv2.mean(paper)[1]), np.uint8)
