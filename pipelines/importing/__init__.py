"""Real data as data sets of ours."""

from pipelines.importing.job import Import
from pipelines.importing.lines import LinesImport
from pipelines.importing.origin import Form, open_import
from pipelines.importing.scenes import ScenesImport, inside

__all__ = ["Form", "Import", "LinesImport", "ScenesImport", "inside", "open_import"]
