"""Lines of text as pictures: sample i is a pure function of the design, the seed and i."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from synthtext.core import (
    BLOCK,
    Charset,
    EffectChain,
    Gap,
    Image,
    Provenance,
    Sample,
    Size,
    Streams,
    Warp,
    Weighted,
    block_stream,
    probe_stream,
    sample_streams,
)
from synthtext.corpora import CorpusMixture, DrawnText
from synthtext.fonts import Face, FaceCache, FontInventory, FontOptions, drawn_size, fit_fonts
from synthtext.frame import Frame, Margins, Output, frame_line
from synthtext.ink import Ink, InkColour, InkField, choose_colour, composite
from synthtext.layout import Layout, SetLine, draw_glyphs, set_line
from synthtext.paper import Paper, PaperStock
from synthtext.rejection import Rejection

ATTEMPTS = 20
"""How often a sample is tried before its index stays a gap."""

_CALM = (0.0, 0.0, 0.3, 0.55, 0.75)  # papers that are tried for a line: another costs a tenth of another line
_GROUND = 0.06  # ems around the ink that count as its ground
_BLOCKS_KEPT = 2


@dataclass(frozen=True)
class PaperEntry:
    """A paper, the name it is recorded under, and how often it is used."""

    name: str
    paper: Paper | PaperStock
    weight: float = 1.0


@dataclass(frozen=True)
class LineDesign:
    """Everything that decides what lines look like."""

    charset: Charset
    corpora: CorpusMixture
    font_options: FontOptions
    inventory: FontInventory
    layout: Layout
    ink: Ink
    papers: tuple[PaperEntry, ...]
    effects: EffectChain
    output: Output


class _Block(NamedTuple):
    """What the samples of a block share."""

    faces: Sequence[Face]
    papers: Sequence[Paper]


class _Content(NamedTuple):
    """What the content stream drew."""

    text: DrawnText
    face: Face
    line: SetLine
    em: float
    margins: Margins
    slack: tuple[float, float]


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
        self._cache = FaceCache()
        self._fonts = fit_fonts(design.inventory, design.corpora, design.charset, self._cache, probe_stream(0))
        self._papers = Weighted([entry.weight for entry in design.papers])
        self._blocks: OrderedDict[int, _Block] = OrderedDict()

    def draw(self, index: int) -> Sample | Gap:
        """Draw sample `index`, or say why each attempt was rejected."""
        streams, block = sample_streams(index, self._seed), self._block(index)
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
        content = self._draw_content(streams.content, block)
        rng, line, output = streams.appearance, content.line, self.design.output
        style = self.design.ink.draw_style(rng)
        style_drawn = style.style.draw(rng)
        natural = Size(line.ink.width * content.em, line.ink.height * content.em)
        warp, moved = self.design.effects.draw_warp(rng, natural)
        reach = style.style.reach(style_drawn)
        frame = frame_line(line, warp, content.em, content.margins, content.slack, reach, output)
        clusters = line.clusters.warped(frame.warp)
        coverage = self._draw_coverage(content, frame)
        field = InkField(coverage, clusters.quads[line.inked], max(1, round(frame.em * _GROUND)))
        number = self._papers.draw(rng)

        def paint(calm: float) -> Image:
            paper = _calmed(block.papers[number].paint(rng, frame.size), calm)
            return style.style.underlay(paper, coverage, frame.em, style_drawn)

        ground = _find_ground(rng, paint, field, self.design.ink.contrast_floor)
        image = composite(ground.paper, coverage, ground.ink.colour)
        image, coloured = self.design.effects.apply_pixels(rng, image)
        drawn = {
            "em": round(frame.em, 2),
            "ink": np.round(ground.ink.colour).astype(int).tolist(),
            "style": style.name,
            **style_drawn,
            "paper": self.design.papers[number].name,
            "calm": ground.calm,
            "jpeg_quality": int(rng.integers(*output.quality_range, endpoint=True)),
        }
        meta = Provenance(
            font=content.face.file.name,
            script=line.script,
            corpus=content.text.corpus,
            contrast=round(ground.ink.contrast, 2),
            effects=moved + coloured,
            drawn=drawn,
            rejected=rejected,
        )
        return Sample(f"{self._prefix}{index:010d}", image, line.text, clusters, meta)

    def _draw_content(self, rng: np.random.Generator, block: _Block) -> _Content:
        design = self.design
        drawn = design.corpora.draw(rng)
        text = drawn.text
        shortest, longest = design.layout.length_range
        if not shortest <= len(text) <= longest:
            raise Rejection("text too short" if len(text) < shortest else "text too long")
        start = int(rng.integers(len(block.faces)))
        order = (*block.faces[start:], *block.faces[:start])
        face = next((face for face in order if face.covers(text)), None)
        if face is None:
            raise Rejection("no font of the block covers the text")
        tracking = round(rng.uniform(*design.layout.tracking_range), 3)
        em = rng.uniform(*design.font_options.size_range)
        margins = Margins(*rng.uniform(*design.layout.margin_range, 4).tolist())
        slack = (float(rng.random()), float(rng.random()))
        shown = text.upper() if face.capitals_only else text
        if not design.charset.covers(design.charset.fold(shown)):
            raise Rejection("character outside of the charset")
        return _Content(drawn, face, set_line(shown, face, tracking), em, margins, slack)

    def _draw_coverage(self, content: _Content, frame: Frame) -> Image:
        size = drawn_size(frame.em)
        canvas, (x, y) = draw_glyphs(content.line, content.face, self._cache, size)
        to_ems = np.array([[1 / size, 0, -x / size], [0, 1 / size, -y / size], [0, 0, 1]])
        warp = Warp.of_matrix(to_ems).then(frame.warp)
        return warp.image(canvas, frame.size, interpolation=cv2.INTER_LINEAR)


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
