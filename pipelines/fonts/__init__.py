"""What fonts there are, what they cover, and what they look like."""

from pipelines.fonts.report import CharsetCoverage, FamilyReport, describe_families
from pipelines.fonts.scripts import SCRIPTS, Script
from pipelines.fonts.sheet import draw_sheet, draw_specimen
from pipelines.fonts.table import describe_coverage, plain_lines, table_rows

__all__ = [
    "SCRIPTS",
    "CharsetCoverage",
    "FamilyReport",
    "Script",
    "describe_coverage",
    "describe_families",
    "draw_sheet",
    "draw_specimen",
    "plain_lines",
    "table_rows",
]
