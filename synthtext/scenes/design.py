"""Everything that decides what scenes look like."""

from dataclasses import dataclass

from synthtext.design import Design
from synthtext.entry import Entry
from synthtext.scenes.clutter import Clutter
from synthtext.scenes.layouts import SceneLayout
from synthtext.scenes.legibility import Legibility
from synthtext.scenes.lettering import Lettering
from synthtext.scenes.output import SceneOutput


@dataclass(frozen=True, kw_only=True)
class SceneDesign(Design):
    """Everything that decides what scenes look like."""

    lettering: Lettering
    layouts: tuple[Entry[SceneLayout], ...]
    clutter: Clutter
    legibility: Legibility
    output: SceneOutput
