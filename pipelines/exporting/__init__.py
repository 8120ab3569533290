"""Data sets of ours in the formats of others."""

from pipelines.exporting.job import Exported, Form, export_data

__all__ = ["Exported", "Form", "export_data"]
