"""What a line says and how it is set: everything that the content stream draws."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthtext.baselines import Baseline
from synthtext.core import Parameters, WeightedSampler, lerp
from synthtext.core.errors import Rejection
from synthtext.core.randomness import WeightedComponent
from synthtext.corpora import SampledText
from synthtext.design import Design
from synthtext.fonts import Face
from synthtext.lines.choice import TextChoice, TextSampler, displayed_text
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.design import LayoutOptions
from synthtext.lines.neighbour import Neighbour, place_neighbour
from synthtext.lines.placement import CurvedLine, Margins
from synthtext.typesetting.shaping import ShapedLine, ShapingOptions, shape_line


class LineSpec(NamedTuple):
    """What is to be set, and how: what the content stream drew before it.

    Attributes:
        text: as the corpus gave it.
        displayed: as the font shows it; what the label says.
        face: the font.
        setting: how it is set.
        baseline: how it runs.
        em: size in pixels.
        margins: around it.
        alignment: where it lies in a picture that is larger than it needs, shares (x, y) from 0 to 1.
        drawn: what else was drawn, for explanation.
    """

    text: SampledText
    displayed: str
    face: Face
    shaping: ShapingOptions
    baseline: WeightedComponent[Baseline]
    em: float
    margins: Margins
    alignment: tuple[float, float]
    parameters: Parameters


class LineLayout(NamedTuple):
    """A set line.

    Attributes:
        copy: what was to be set.
        bent: the set line along its baseline, in ems.
        neighbour: other text beside it.
        drawn: what else was drawn, for explanation.
    """

    spec: LineSpec
    curved: CurvedLine
    neighbour: Neighbour | None
    drawn: Parameters


class LineSampler:
    """Draws contents.

    Args:
        design: its charset, corpora, sizes and baselines; texts with other characters are rejected.
        layout: how lines are laid out.

    Raises:
        InputError: no text of the corpora has a length that the layout wants.
    """

    def __init__(self, design: Design, layout: LayoutOptions) -> None:
        self._charset, self._corpora, self._baselines = design.charset, design.corpora, design.baselines
        self._size_range, self._layout = design.font_options.size_range, layout
        self._weighted = (
            WeightedSampler([entry.weight for entry in self._baselines]) if len(self._baselines) > 1 else None
        )
        self._features = sorted(layout.features.items())
        self._chooser = TextSampler(design.corpora, design.charset, layout)

    def sample(
        self, rng: np.random.Generator, faces: Sequence[Face], debt: RequiredCharacter | None = None
    ) -> LineSpec:
        """Draw a text, and how to set it in one of the faces.

        Args:
            rng: the content stream.
            faces: to choose from.
            debt: a character that the text should have.

        Raises:
            Rejection: the text is too short or long, no face covers it, or the charset lacks a character.
        """
        layout = self._layout
        chosen = self._chooser.choose(rng) if debt is None else self._chooser.choose_with(rng, debt, faces)
        text = chosen.text
        shares = rng.random(9).tolist()
        face = self._face(chosen, faces, shares[0])
        shown = displayed_text(text.text, face)
        if not self._charset.covers(self._charset.fold(shown)):
            raise Rejection("character outside of the charset")
        tracking = round(lerp(layout.tracking_range, shares[1]), 3)
        em = lerp(self._size_range, shares[2])
        margins = Margins(*(lerp(layout.margin_range, share) for share in shares[3:7]))
        baseline = self._baselines[self._weighted.draw(rng) if self._weighted else 0]
        setting, drawn = self._setting(rng, shown, tracking, vertical=baseline.component.vertical)
        drawn |= chosen.parameters
        return LineSpec(text, shown, face, setting, baseline, em, margins, (shares[7], shares[8]), drawn)

    def layout(self, rng: np.random.Generator, copy: LineSpec) -> LineLayout:
        """Set a text, and let it run along its baseline.

        Raises:
            Rejection: it cannot be set so.
        """
        line = shape_line(copy.displayed, copy.face, copy.shaping)
        name, baseline = copy.baseline.name, copy.baseline.component
        bend = baseline.draw(rng, line.ink_box)
        drawn = {**copy.parameters, "baseline": name, **bend} if bend or baseline.vertical else copy.parameters
        bent = CurvedLine.of(line, baseline.warp(line.ink_box, bend))
        neighbour = None if bent.warp.maps else self._neighbour(rng, copy, line)
        if neighbour:
            drawn = {**drawn, "neighbour": neighbour.line.text}
        return LineLayout(copy, bent, neighbour, drawn)

    def sample_text(self, rng: np.random.Generator) -> str:
        """Another text of the corpora; it may be empty, or beyond charset and fonts."""
        return self._corpora.draw(rng).text

    def with_text(self, rng: np.random.Generator, text: str, like: LineSpec) -> LineSpec | None:
        """A text in the face and the setting of another copy; None if the face or the charset lacks a character."""
        shown = displayed_text(text, like.face)
        if not (text and like.face.covers(text) and self._charset.covers(self._charset.fold(shown))):
            return None
        setting = like.shaping
        if setting.baseline_shifts is not None:
            most = like.parameters["jitter"]
            setting = setting._replace(baseline_shifts=rng.uniform(-most, most, len(shown)))
        return like._replace(text=like.text._replace(text=text), displayed=shown, shaping=setting)

    def _face(self, chosen: TextChoice, faces: Sequence[Face], share: float) -> Face:
        text, owed = chosen.text.text, chosen.required_character
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
    ) -> tuple[ShapingOptions, Parameters]:
        layout, drawn = self._layout, Parameters()
        setting = ShapingOptions(tracking=tracking, vertical=vertical, language=layout.language)
        if tracking:
            drawn["tracking"] = tracking
        if self._features:
            features = [tag for tag, probability in self._features if rng.random() < probability]
            setting = setting._replace(features=dict.fromkeys(features, 1))
            drawn["features"] = features
        if layout.jitter_range[1]:
            most = lerp(layout.jitter_range, rng.random())
            setting = setting._replace(baseline_shifts=rng.uniform(-most, most, len(text)))
            drawn["jitter"] = round(most, 3)
        return setting, drawn

    def _neighbour(self, rng: np.random.Generator, copy: LineSpec, line: ShapedLine) -> Neighbour | None:
        options = self._layout.neighbours
        if not options.probability or rng.random() >= options.probability:
            return None
        text = self._corpora.draw(rng).text
        if not text or not copy.face.covers(text):
            return None
        try:
            other = shape_line(text, copy.face, copy.shaping._replace(baseline_shifts=None))
        except Rejection:
            return None
        return place_neighbour(rng, line, other, copy.margins, lerp(options.depth_range, rng.random()))
