"""Sampling and shaping of a line's text: everything that is drawn from the content stream."""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from synthtext.baselines import Baseline
from synthtext.core import Parameters, StageStreams, WeightedComponent, WeightedSampler, lerp
from synthtext.core.errors import Rejection
from synthtext.corpora import SampledText
from synthtext.design import Design
from synthtext.fonts import Face, glyph_distinction
from synthtext.glyph_layouts import GlyphLayout
from synthtext.ink import InkStyle
from synthtext.lines.choice import TextChoice, TextSampler, displayed_text
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.design import LayoutOptions
from synthtext.lines.placement import CurvedLine, Margins, Neighbour, place_neighbour, place_overlap
from synthtext.lines.variation import LetterVariation
from synthtext.typesetting.shaping import ShapedLine, ShapingOptions, shape_line


class LineSpec(NamedTuple):
    """A text and how to set it."""

    text: SampledText  # text from the corpus
    displayed: str  # text as the font displays it, which is the label
    face: Face  # font face
    shaping: ShapingOptions  # options of shaping
    baseline: WeightedComponent[Baseline]  # shape of the baseline
    em: float  # font size in pixels
    margins: Margins  # margins around the line
    alignment: tuple[float, float]  # position in an image larger than required: fractions (x, y) from 0 to 1
    parameters: Parameters  # other drawn parameters, recorded with the sample


class LineLayout(NamedTuple):
    """A shaped line."""

    spec: LineSpec  # what was shaped
    curved: CurvedLine  # the shaped line along its baseline, in ems
    neighbour: Neighbour | None  # other text next to it
    parameters: Parameters  # other drawn parameters, recorded with the sample

    def drawn_by(self, style: InkStyle, style_parameters: Parameters) -> "LineLayout":
        """Return the layout in an ink style; a neighbour that the style cannot draw is left out."""
        line = style.relayout(self.curved.line, style_parameters)
        if line is self.curved.line:
            return self
        curved, neighbour = CurvedLine.of(line, self.curved.warp), self.neighbour
        if neighbour is None:
            return self._replace(curved=curved)
        if style.supports(neighbour.line):
            moved = neighbour._replace(line=style.relayout(neighbour.line, style_parameters))
            return self._replace(curved=curved, neighbour=moved)
        parameters = {name: value for name, value in self.parameters.items() if name != "neighbour"}
        return self._replace(curved=curved, neighbour=None, parameters=parameters)


class LineSampler:
    """Samples texts and lays them out; texts outside of the charset are rejected.

    Raises:
        InputError: No text of the corpora has a length that the layout accepts.
    """

    def __init__(
        self, design: Design, layout: LayoutOptions, glyph_layouts: Sequence[WeightedComponent[GlyphLayout]] = ()
    ) -> None:
        self._charset, self._corpora, self._baselines = design.charset, design.corpora, design.baselines
        self._size_range, self._layout = design.font_options.size_range, layout
        self._baseline_sampler = WeightedSampler([entry.weight for entry in self._baselines])
        self._variation = LetterVariation(layout.stretch, glyph_layouts)
        self._features = sorted(layout.features.items())
        self._distinction = glyph_distinction(design.charset, design.font_options.distinguish)
        self._texts = TextSampler(design.corpora, design.charset, layout, self._distinction)

    def with_design(self, design: Design, layout: LayoutOptions) -> "LineSampler":
        """Return a sampler of the same texts with other baselines, font sizes, margins and tracking.

        The corpora, the charset and the lengths of `design` and `layout` must be the same.
        """
        other = copy(self)
        other._baselines, other._layout = design.baselines, layout
        other._size_range = design.font_options.size_range
        other._baseline_sampler = WeightedSampler([entry.weight for entry in other._baselines])
        return other

    def sample(
        self, rng: np.random.Generator, faces: Sequence[Face], required: RequiredCharacter | None = None
    ) -> LineSpec:
        """Sample a text, with the required character if possible, and how to set it in one of the faces.

        Raises:
            Rejection: The text is too short or too long, no face covers it, or the charset lacks a character.
        """
        layout = self._layout
        chosen = self._texts.choose(rng) if required is None else self._texts.choose_with(rng, required, faces)
        text = chosen.text
        fractions = rng.random(9).tolist()
        face = self._face(chosen, faces, fractions[0])
        displayed = displayed_text(text.text, face)
        if not self._charset.covers(self._charset.fold(displayed)):
            raise Rejection("character outside of the charset")
        tracking = round(lerp(layout.tracking_range, fractions[1]), 3)
        em = lerp(self._size_range, fractions[2])
        margins = Margins(*(lerp(layout.margin_range, fraction) for fraction in fractions[3:7]))
        baseline = self._baselines[self._baseline_sampler.draw(rng) if len(self._baselines) > 1 else 0]
        shaping, parameters = self._sample_shaping(rng, displayed, tracking, vertical=baseline.component.vertical)
        parameters |= chosen.parameters
        return LineSpec(text, displayed, face, shaping, baseline, em, margins, (fractions[7], fractions[8]), parameters)

    def layout(self, streams: StageStreams, spec: LineSpec) -> LineLayout:
        """Shape a text, arrange and stretch its letters, and place it along its baseline.

        Raises:
            Rejection: The text cannot be set like this.
        """
        shaped = shape_line(spec.displayed, spec.face, spec.shaping)
        line, varied = self._variation.vary(streams, shaped, spec.face)
        name, baseline = spec.baseline.name, spec.baseline.component
        curvature = baseline.draw(streams.content, line.ink_box)
        parameters = {**spec.parameters, **varied}
        if curvature or baseline.vertical:
            parameters |= {"baseline": name, **curvature}
        curved = CurvedLine.of(line, baseline.warp(line.ink_box, curvature))
        neighbour = None if curved.warp.maps else self._neighbour(streams.content, spec, line)
        if not curved.warp.maps and self._layout.overlap.probability:
            neighbour = self._overlap(streams.appearance("overlap"), spec, line, parameters) or neighbour
        if neighbour:
            parameters["neighbour"] = neighbour.line.text
        return LineLayout(spec, curved, neighbour, parameters)

    def sample_text(self, rng: np.random.Generator) -> str:
        """Sample another text of the corpora; it may be empty or contain characters that charset and fonts lack."""
        return self._corpora.draw(rng).text

    def with_text(self, rng: np.random.Generator, text: str, template: LineSpec) -> LineSpec | None:
        """Return `template` with another text; None if its face or the charset lacks a character."""
        displayed = displayed_text(text, template.face)
        if not (text and template.face.covers(text) and self._charset.covers(self._charset.fold(displayed))):
            return None
        if not self._distinction.allows(template.face, text):
            return None
        shaping = template.shaping
        if shaping.baseline_shifts is not None:
            max_shift = template.parameters["jitter"]
            shaping = shaping._replace(baseline_shifts=rng.uniform(-max_shift, max_shift, len(displayed)))
        return template._replace(text=template.text._replace(text=text), displayed=displayed, shaping=shaping)

    def _face(self, chosen: TextChoice, faces: Sequence[Face], fraction: float) -> Face:
        text, required = chosen.text.text, chosen.required_character
        shortest, longest = self._layout.length_range
        if not shortest <= len(text) <= longest:
            raise Rejection("text too short" if len(text) < shortest else "text too long")
        start = int(fraction * len(faces))
        for i in range(start, start + len(faces)):
            face = faces[i % len(faces)]
            if required is not None:
                if self._texts.shows(face, text, required):
                    return face
            elif face.covers(text) and self._distinction.allows(face, text):
                return face
        if any(face.covers(text) for face in faces):
            raise Rejection("no font of the block tells the characters apart")
        raise Rejection("no font of the block covers the text")

    def _sample_shaping(
        self, rng: np.random.Generator, text: str, tracking: float, *, vertical: bool
    ) -> tuple[ShapingOptions, Parameters]:
        layout, parameters = self._layout, Parameters()
        shaping = ShapingOptions(tracking=tracking, vertical=vertical, language=layout.language)
        if tracking:
            parameters["tracking"] = tracking
        if self._features:
            features = [tag for tag, probability in self._features if rng.random() < probability]
            shaping = shaping._replace(features=dict.fromkeys(features, 1))
            parameters["features"] = features
        if layout.jitter_range[1]:
            max_shift = lerp(layout.jitter_range, rng.random())
            shaping = shaping._replace(baseline_shifts=rng.uniform(-max_shift, max_shift, len(text)))
            parameters["jitter"] = round(max_shift, 3)
        return shaping, parameters

    def _neighbour(self, rng: np.random.Generator, spec: LineSpec, line: ShapedLine) -> Neighbour | None:
        options = self._layout.neighbours
        if not options.probability or rng.random() >= options.probability:
            return None
        other = self._shape_another(rng, spec)
        return other and place_neighbour(rng, line, other, spec.margins, lerp(options.depth_range, rng.random()))

    def _overlap(
        self, rng: np.random.Generator, spec: LineSpec, line: ShapedLine, parameters: Parameters
    ) -> Neighbour | None:
        """Text that overlaps the line, whose depth is added to the parameters; None for most lines."""
        options = self._layout.overlap
        if rng.random() >= options.probability:
            return None
        other = self._shape_another(rng, spec)
        if other is None:
            return None
        depth = lerp(options.depth_range, rng.random())
        parameters["overlap"] = round(depth, 3)
        return place_overlap(rng, line, other.stretched(line.stretch), depth)

    def _shape_another(self, rng: np.random.Generator, spec: LineSpec) -> ShapedLine | None:
        """Shape another text in the face of a line; None if that is impossible."""
        text = self._corpora.draw(rng).text
        if not text or not spec.face.covers(text):
            return None
        try:
            return shape_line(text, spec.face, spec.shaping._replace(baseline_shifts=None))
        except Rejection:
            return None
