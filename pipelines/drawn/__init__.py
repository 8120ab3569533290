"""Lines that are drawn when they are read: a recipe as a source, with no shard on disk."""

from pipelines.drawn.draws import Draws
from pipelines.drawn.source import DrawnSource
from pipelines.drawn.storage import open_survey, save_survey
from pipelines.drawn.survey import Survey, take_survey

__all__ = ["DrawnSource", "Draws", "Survey", "open_survey", "save_survey", "take_survey"]
