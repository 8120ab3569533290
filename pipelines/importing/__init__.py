"""Real data as data sets of ours."""

from pipelines.importing.lines import LinesImport
from pipelines.importing.origin import Form, open_import

__all__ = ["Form", "LinesImport", "open_import"]
