"""Pages to look at: one self-contained HTML file each."""

from pipelines.pages.checks import Finding, findings
from pipelines.pages.dataset import dataset_page
from pipelines.pages.facts import Facts, gather
from pipelines.pages.frame import Section, page
from pipelines.pages.markup import Html, element, escape, join, user_text
from pipelines.pages.samples import Example, choose
from pipelines.pages.scene_checks import scene_findings
from pipelines.pages.scene_facts import SceneFacts, gather_scenes
from pipelines.pages.scenes import choose_scenes, scenes_page
from pipelines.pages.worst import WorstRow, worst_lines

__all__ = [
    "Example",
    "Facts",
    "Finding",
    "Html",
    "SceneFacts",
    "Section",
    "WorstRow",
    "choose",
    "choose_scenes",
    "dataset_page",
    "element",
    "escape",
    "findings",
    "gather",
    "gather_scenes",
    "join",
    "page",
    "scene_findings",
    "scenes_page",
    "user_text",
    "worst_lines",
]
