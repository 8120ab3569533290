"""What a line says and how it is set: everything that the content stream draws."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthtext.baselines import Baseline
from synthtext.core import Parameters, Weighted, within
from synthtext.core.errors import Rejection
from synthtext.core.randomness import Entry
from synthtext.corpora import DrawnText
from synthtext.design import Design
from synthtext.fonts import Face
from synthtext.lines.choice import ChosenText, TextChooser, as_drawn
from synthtext.lines.coverage import Debt
from synthtext.lines.design import Layout
from synthtext.lines.neighbour import Neighbour, beside
from synthtext.lines.placement import BentLine, Margins
from synthtext.typesetting.shaping import SetLine, Setting, set_line


class Copy(NamedTuple):
    """What is to be set, and how: what the content stream drew before it.

    Attributes:
        text: as the corpus gave it.
        shown: as the font shows it; what the label says.
        face: the font.
        setting: how it is set.
        baseline: how it runs.
        em: size in pixels.
        margins: around it.
        slack: where it lies in a picture that is larger than it needs, shares (x, y) from 0 to 1.
        drawn: what else was drawn, for explanation.
    """

    text: DrawnText
    shown: str
    face: Face
    setting: Setting
    baseline: Entry[Baseline]
    em: float
    margins: Margins
    slack: tuple[float, float]
    drawn: Parameters


class Content(NamedTuple):
    """A set line.

    Attributes:
        copy: what was to be set.
        bent: the set line along its baseline, in ems.
        neighbour: other text beside it.
        drawn: what else was drawn, for explanation.
    """

    copy: Copy
    bent: BentLine
    neighbour: Neighbour | None
    drawn: Parameters


class Writer:
    """Draws contents.

    Args:
        design: its charset, corpora, sizes and baselines; texts with other characters are rejected.
        layout: how lines are laid out.

    Raises:
        InputError: no text of the corpora has a length that the layout wants.
    """

    def __init__(self, design: Design, layout: Layout) -> None:
        self._charset, self._corpora, self._baselines = design.charset, design.corpora, design.baselines
        self._size_range, self._layout = design.font_options.size_range, layout
        self._weighted = Weighted([entry.weight for entry in self._baselines]) if len(self._baselines) > 1 else None
        self._features = sorted(layout.features.items())
        self._chooser = TextChooser(design.corpora, design.charset, layout)

    def write(self, rng: np.random.Generator, faces: Sequence[Face], debt: Debt | None = None) -> Copy:
        """Draw a text, and how to set it in one of the faces.

        Args:
            rng: the content stream.
            faces: to choose from.
            debt: a character that the text should have.

        Raises:
            Rejection: the text is too short or long, no face covers it, or the charset lacks a character.
        """
        layout = self._layout
        chosen = self._chooser.choose(rng) if debt is None else self._chooser.pay(rng, debt, faces)
        text = chosen.text
        shares = rng.random(9).tolist()
        face = self._face(chosen, faces, shares[0])
        shown = as_drawn(text.text, face)
        if not self._charset.covers(self._charset.fold(shown)):
            raise Rejection("character outside of the charset")
        tracking = round(within(layout.tracking_range, shares[1]), 3)
        em = within(self._size_range, shares[2])
        margins = Margins(*(within(layout.margin_range, share) for share in shares[3:7]))
        baseline = self._baselines[self._weighted.draw(rng) if self._weighted else 0]
        setting, drawn = self._setting(rng, shown, tracking, vertical=baseline.part.vertical)
        drawn |= chosen.told
        return Copy(text, shown, face, setting, baseline, em, margins, (shares[7], shares[8]), drawn)

    def set(self, rng: np.random.Generator, copy: Copy) -> Content:
        """Set a text, and let it run along its baseline.

        Raises:
            Rejection: it cannot be set so.
        """
        line = set_line(copy.shown, copy.face, copy.setting)
        name, baseline = copy.baseline.name, copy.baseline.part
        bend = baseline.draw(rng, line.ink)
        drawn = {**copy.drawn, "baseline": name, **bend} if bend or baseline.vertical else copy.drawn
        bent = BentLine.of(line, baseline.warp(line.ink, bend))
        neighbour = None if bent.bend.maps else self._neighbour(rng, copy, line)
        if neighbour:
            drawn = {**drawn, "neighbour": neighbour.line.text}
        return Content(copy, bent, neighbour, drawn)

    def draw_text(self, rng: np.random.Generator) -> str:
        """Another text of the corpora; it may be empty, or beyond charset and fonts."""
        return self._corpora.draw(rng).text

    def rewrite(self, rng: np.random.Generator, text: str, like: Copy) -> Copy | None:
        """A text in the face and the setting of another copy; None if the face or the charset lacks a character."""
        shown = as_drawn(text, like.face)
        if not (text and like.face.covers(text) and self._charset.covers(self._charset.fold(shown))):
            return None
        setting = like.setting
        if setting.shifts is not None:
            most = like.drawn["jitter"]
            setting = setting._replace(shifts=rng.uniform(-most, most, len(shown)))
        return like._replace(text=like.text._replace(text=text), shown=shown, setting=setting)

    def _face(self, chosen: ChosenText, faces: Sequence[Face], share: float) -> Face:
        text, owed = chosen.text.text, chosen.owed
        shortest, longest = self._layout.length_range
        if not shortest <= len(text) <= longest:
            raise Rejection("text too short" if len(text) < shortest else "text too long")
        start = int(share * len(faces))
        for i in range(start, start + len(faces)):
            face = faces[i % len(faces)]
            if face.covers(text) if owed is None else self._chooser.shows(face, text, owed):
                return face
        raise Rejection("no font of the block covers the text")

    def _setting(
        self, rng: np.random.Generator, text: str, tracking: float, *, vertical: bool
    ) -> tuple[Setting, Parameters]:
        layout, drawn = self._layout, Parameters()
        setting = Setting(tracking=tracking, vertical=vertical, language=layout.language)
        if tracking:
            drawn["tracking"] = tracking
        if self._features:
            features = [tag for tag, probability in self._features if rng.random() < probability]
            setting = setting._replace(features=dict.fromkeys(features, 1))
            drawn["features"] = features
        if layout.jitter_range[1]:
            most = within(layout.jitter_range, rng.random())
            setting = setting._replace(shifts=rng.uniform(-most, most, len(text)))
            drawn["jitter"] = round(most, 3)
        return setting, drawn

    def _neighbour(self, rng: np.random.Generator, copy: Copy, line: SetLine) -> Neighbour | None:
        options = self._layout.neighbours
        if not options.probability or rng.random() >= options.probability:
            return None
        text = self._corpora.draw(rng).text
        if not text or not copy.face.covers(text):
            return None
        try:
            other = set_line(text, copy.face, copy.setting._replace(shifts=None))
        except Rejection:
            return None
        return beside(rng, line, other, copy.margins, within(options.depth_range, rng.random()))
