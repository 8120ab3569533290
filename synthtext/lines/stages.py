"""The stages that take lines from a text to a picture."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from synthtext.background import MadePaper
from synthtext.core import Box, Clusters, Image, Provenance, Sample, Weighted
from synthtext.core.compositing import clear_of
from synthtext.core.errors import Rejection
from synthtext.fonts import FaceCache
from synthtext.ink import Fading, Room, choose_colours, composite, find_ink, measure_grounds
from synthtext.lines.design import LineDesign
from synthtext.lines.placement import frame_line
from synthtext.lines.sampler import Writer
from synthtext.lines.state import Draft, Look
from synthtext.typesetting.canvas import Marks, draw_line, draw_marks

_CALM = (0.0, 0.3, 0.55, 0.75)  # further papers that are tried for a line: each costs a tenth of another line
_GROUND = 0.06  # ems around the ink that count as its ground
_DECORATION = 0.3  # ems that a picture grows for decoration on a side, at most: letters would become small

Stage: TypeAlias = Callable[[Sequence[Draft]], None]
"""Takes drafts one step on. What it cannot take on, it leaves with a `failure`, which later stages pass over."""


def _each(step: Callable[[Draft], None]) -> Stage:
    """A stage that takes drafts one by one."""

    def stage(drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            try:
                step(draft)
            except Exception as failure:
                draft.failure = failure

    return stage


def _together(step: Stage) -> Stage:
    """A stage that takes drafts all at once. When one stops it, all fail: drawn alone, each meets its own fate."""

    def stage(drafts: Sequence[Draft]) -> None:
        try:
            step(drafts)
        except Exception as failure:
            for draft in drafts:
                draft.failure = failure

    return stage


class Stages:
    """The stages that make samples of drafts.

    A stage is done for all drafts before the next one begins: what the processor has at hand of a stage, it uses again,
    which takes a third off the time of a line.

    Attributes:
        steps: the stages by name, in order.

    Args:
        design: what lines look like.
        cache: of faces and their glyphs.
    """

    def __init__(self, design: LineDesign, cache: FaceCache) -> None:
        self._design, self._cache = design, cache
        self._writer = Writer(design, design.layout)
        self._papers = Weighted([entry.weight for entry in design.papers])
        self.steps: dict[str, Stage] = {
            "write": _each(self._write),
            "set": _each(self._set),
            "place": _each(self._place),
            "draw": _each(self._draw),
            "warp": _each(self._warp),
            "find ink": _together(self._find),
            "add neighbours": _each(self._add_neighbour),
            "mark": _each(self._mark),
            "paint paper": _each(self._paint),
            "measure ground": _together(self._measure),
            "choose colour": _together(self._choose),
            "calm paper": _each(self._calm),
            "compose": _each(self._compose),
            "pixel effects": _each(self._affect),
        }

    def _write(self, draft: Draft) -> None:
        draft.copy = self._writer.write(draft.streams.content, draft.block.faces, draft.debt)

    def _set(self, draft: Draft) -> None:
        draft.content = self._writer.set(draft.streams.content, draft.copy)

    def _place(self, draft: Draft) -> None:
        copy, bent, rng = draft.copy, draft.content.bent, draft.streams.appearance
        style = self._design.ink.draw_style(rng)
        style_drawn = style.part.draw(rng)
        marks = style.part.marks(bent.line, style_drawn)
        warp, moved = self._design.effects.draw_warp(rng, bent.natural_size(copy.em))
        reach = style.part.reach(style_drawn)
        room = _room(style.part.room(style_drawn), bent.line.ink, marks)
        frame = frame_line(bent, warp, copy.em, copy.margins, copy.slack, reach, self._design.output, room)
        draft.look = Look(style, style_drawn, marks, moved, frame)

    def _draw(self, draft: Draft) -> None:
        draft.canvas = draw_line(draft.content.bent.line, draft.copy.face, self._cache, draft.look.frame.em)

    def _warp(self, draft: Draft) -> None:
        draft.coverage = self._inked(draft, draft.canvas.warped(draft.look.frame.warp, draft.look.frame.size))

    def _inked(self, draft: Draft, coverage: Image) -> Image:
        look = draft.look
        return look.style.part.letters(coverage, look.frame.em, look.style_drawn)

    def _find(self, drafts: Sequence[Draft]) -> None:
        quads = [draft.look.frame.quads[draft.content.bent.line.inked] for draft in drafts]
        reaches = [max(1, round(draft.look.frame.em * _GROUND)) for draft in drafts]
        fields = find_ink([draft.coverage for draft in drafts], quads, reaches)
        for draft, inked in zip(drafts, fields, strict=True):
            if inked is None:
                draft.failure = Rejection("blank glyph")
            else:
                draft.inked = inked

    def _add_neighbour(self, draft: Draft) -> None:
        neighbour, frame = draft.content.neighbour, draft.look.frame
        if neighbour is not None:
            other = draw_line(neighbour.line, draft.copy.face, self._cache, frame.em)
            shown = self._inked(draft, other.warped(neighbour.shift.then(frame.warp), frame.size))
            draft.coverage = np.asarray(cv2.max(draft.coverage, shown), np.uint8)

    def _mark(self, draft: Draft) -> None:
        marks, frame = draft.look.marks, draft.look.frame
        if marks is None:
            return
        drawn = draw_marks(marks, frame.em).warped(frame.warp, frame.size)
        if marks.apart:
            drawn = clear_of(drawn, draft.coverage, marks.apart * frame.em)
        if marks.colour is None:
            draft.coverage = np.asarray(cv2.max(draft.coverage, drawn), np.uint8)
        else:
            draft.below = drawn

    def _paint(self, draft: Draft) -> None:
        draft.number = self._papers.draw(draft.streams.appearance)
        self._lay(draft, 0.0)

    def _lay(self, draft: Draft, calm: float) -> None:
        style, style_drawn, marks, _, frame = draft.look
        part, rng = draft.block.papers[draft.number], draft.streams.appearance
        if isinstance(part, MadePaper):
            draft.paper_drawn = part.draw(rng)
            painted = part.show(frame.size, draft.paper_drawn)
        else:
            painted = part.paint(rng, frame.size)
        paper = _calmed(painted, calm)
        if draft.below is not None and marks is not None and marks.colour is not None:
            paper = composite(paper, draft.below, marks.colour)
        draft.paper, draft.calm = style.part.underlay(paper, draft.coverage, frame.em, style_drawn), calm

    def _measure(self, drafts: Sequence[Draft]) -> None:
        grounds = measure_grounds([draft.inked for draft in drafts], [draft.paper for draft in drafts])
        for draft, ground in zip(drafts, grounds, strict=True):
            draft.ground = ground

    def _choose(self, drafts: Sequence[Draft]) -> None:
        offered = [self._design.ink.candidates(draft.streams.appearance, draft.paper) for draft in drafts]
        floors = [_fading(draft).needed(self._design.ink.contrast_floor / _clarity(draft)) for draft in drafts]
        inks = choose_colours(offered, [draft.ground for draft in drafts], floors)
        for draft, ink in zip(drafts, inks, strict=True):
            draft.ink = ink

    def _calm(self, draft: Draft) -> None:
        for calm in _CALM:
            if draft.ink is not None:
                return
            self._lay(draft, calm)
            self._measure([draft])
            self._choose([draft])
        if draft.ink is None:
            raise Rejection("contrast")

    def _compose(self, draft: Draft) -> None:
        assert draft.ink is not None
        style, style_drawn, _, _, frame = draft.look
        image = style.part.fill(draft.paper, draft.coverage, draft.ink, frame.em, style_drawn)
        part = draft.block.papers[draft.number]
        draft.image = part.veil(image, draft.paper_drawn) if isinstance(part, MadePaper) else image

    def _affect(self, draft: Draft) -> None:
        draft.image, draft.coloured = self._design.effects.apply_pixels(draft.streams.appearance, draft.image)

    def run(self, drafts: Sequence[Draft]) -> None:
        """Take drafts through all stages; each ends whole, or with a `failure`."""
        for stage in self.steps.values():
            drafts = [draft for draft in drafts if draft.failure is None]
            if drafts:
                stage(drafts)

    def finish(self, draft: Draft, prefix: str, rejected: tuple[str, ...]) -> Sample:
        """The sample of a draft that went through all stages.

        Args:
            draft: whole.
            prefix: of the sample's key.
            rejected: why earlier attempts were given up.
        """
        content, look, ink = draft.content, draft.look, draft.ink
        assert ink is not None
        line = content.bent.line
        low, high = self._design.output.quality_range
        drawn = {
            "em": round(look.frame.em, 2),
            "ink": [round(part) for part in ink.colour],
            "style": look.style.name,
            **look.style_drawn,
            "paper": self._design.papers[draft.number].name,
            **({"paper_drawn": draft.paper_drawn} if draft.paper_drawn else {}),
            "calm": draft.calm,
            "jpeg_quality": low + int(draft.streams.appearance.random() * (high - low + 1)),
            **content.drawn,
        }
        meta = Provenance(
            font=draft.copy.face.file.name,
            script=line.script,
            corpus=draft.copy.text.corpus,
            contrast=round(_fading(draft).left(ink.contrast) * _clarity(draft), 2),
            effects=look.moved + draft.coloured,
            drawn=drawn,
            rejected=rejected,
        )
        reach = look.style.part.reach(look.style_drawn)
        clusters = Clusters(line.clusters.offsets, look.frame.quads)
        if reach:  # the border is the text's, too
            clusters = line.clusters.grown(reach).warped(look.frame.warp)
        return Sample(f"{prefix}{draft.index:010d}", draft.image, line.text, clusters, meta)


def _fading(draft: Draft) -> Fading:
    """What the style takes off the contrast of the colour."""
    return draft.look.style.part.faded(draft.look.style_drawn)


def _clarity(draft: Draft) -> float:
    """The share of contrast that the paper leaves."""
    part = draft.block.papers[draft.number]
    return part.clarity(draft.paper_drawn) if isinstance(part, MadePaper) else 1.0


def _room(room: Room, ink: Box, marks: Marks | None) -> Room:
    """The room that decoration gets in the picture: what a style asks for, and what marks take beyond a line's ink."""
    sides = list(room)
    if marks is not None:
        box = marks.box
        beyond = (ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)
        sides = [max(side, more) for side, more in zip(sides, beyond, strict=True)]
    return Room(*[min(side, _DECORATION) for side in sides])


def _calmed(paper: Image, calm: float) -> Image:
    """The paper with its contrast taken back, as by haze or a wash: 0 leaves it, 1 would make it one grey."""
    if not calm:
        return paper
    return np.asarray(cv2.convertScaleAbs(paper, alpha=1 - calm, beta=calm * cv2.mean(paper)[1]), np.uint8)
