"""A line on its way from a text to a picture."""

from dataclasses import dataclass, field
from typing import NamedTuple

from synthtext.core import Applied, Image, Parameters, Streams
from synthtext.core.randomness import Entry
from synthtext.design import Block
from synthtext.ink import Ground, InkColour, InkField, InkStyle
from synthtext.lines.coverage import Debt
from synthtext.lines.placement import Frame
from synthtext.lines.sampler import Content, Copy
from synthtext.typesetting.canvas import Canvas, Marks


class Look(NamedTuple):
    """How the ink is laid and where the line comes to lie."""

    style: Entry[InkStyle]
    style_drawn: Parameters
    marks: Marks | None
    moved: tuple[Applied, ...]
    frame: Frame


@dataclass(slots=True)
class Draft:
    """One attempt at a sample: what is known so far. Every stage adds to it.

    Attributes:
        index: of the sample.
        streams: of its random numbers.
        block: its fonts and papers.
        debt: a character that it owes.
        copy: what it says.
        content: how it is set.
        look: its ink, and its place in the picture.
        canvas: the line's glyphs.
        coverage: (H, W) of all ink in the picture.
        below: (H, W) of marks along the line that lie below its letters.
        inked: where the line's own ink is.
        number: of its paper.
        paper: (H, W, 3) RGB.
        paper_drawn: what it drew, of a paper that tells it.
        calm: how far the paper was calmed.
        ground: what lies around the ink.
        ink: its colour; None where none can be read.
        image: (H, W, 3) RGB.
        coloured: effects on its pixels.
        failure: why nothing comes of it: a `Rejection`, or an error in a part of the user's.
    """

    index: int
    streams: Streams
    block: Block
    debt: Debt | None = None
    copy: Copy = field(init=False)
    content: Content = field(init=False)
    look: Look = field(init=False)
    canvas: Canvas = field(init=False)
    coverage: Image = field(init=False)
    below: Image | None = None
    inked: InkField = field(init=False)
    number: int = field(init=False)
    paper: Image = field(init=False)
    paper_drawn: Parameters = field(init=False, default_factory=dict)
    calm: float = field(init=False)
    ground: Ground = field(init=False)
    ink: InkColour | None = None
    image: Image = field(init=False)
    coloured: tuple[Applied, ...] = ()
    failure: Exception | None = None
