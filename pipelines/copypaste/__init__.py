"""CopyPaste jobs: texts of some pictures pasted into others, as shards of scenes."""

from pipelines.copypaste.job import CopyPasteSummary, copypaste
from pipelines.copypaste.recipe import CopyPasteRecipe
from pipelines.copypaste.settings import CopyPasteSettings, Pasting, PictureOutput, read_settings
from pipelines.copypaste.sources import open_crop_source, open_target
from pipelines.copypaste.storage import load_bank

__all__ = [
    "CopyPasteRecipe",
    "CopyPasteSettings",
    "CopyPasteSummary",
    "Pasting",
    "PictureOutput",
    "copypaste",
    "load_bank",
    "open_crop_source",
    "open_target",
    "read_settings",
]
