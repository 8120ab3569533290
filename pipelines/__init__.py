"""Jobs on labelled text images: generation, datasets, training, evaluation, inference, and the command line.

The names below are the public interface. They are imported on first use, so that `import pipelines` loads neither torch
nor Ray.

Example:
    >>> from pipelines import iterate_samples
    >>> [sample.text for sample in iterate_samples("digits", count=2)]  # doctest: +SKIP
    ['7', '2718']
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.guard import check_package_shadowing

if TYPE_CHECKING:
    from pipelines.datasets.loader import LinesDataset, collate
    from pipelines.datasets.open import open_dataset
    from pipelines.evaluation.evaluate import evaluate
    from pipelines.inference.onnx_export import export
    from pipelines.inference.reader import Reader
    from pipelines.jobs.copypaste import copypaste
    from pipelines.jobs.generation import generate, iterate_samples
    from pipelines.training.job import train

__all__ = [
    "LinesDataset",
    "Reader",
    "collate",
    "copypaste",
    "evaluate",
    "export",
    "generate",
    "iterate_samples",
    "open_dataset",
    "train",
]

_MODULES = {
    "LinesDataset": "pipelines.datasets.loader",
    "Reader": "pipelines.inference.reader",
    "collate": "pipelines.datasets.loader",
    "copypaste": "pipelines.jobs.copypaste",
    "evaluate": "pipelines.evaluation.evaluate",
    "export": "pipelines.inference.onnx_export",
    "generate": "pipelines.jobs.generation",
    "iterate_samples": "pipelines.jobs.generation",
    "open_dataset": "pipelines.datasets.open",
    "train": "pipelines.training.job",
}

check_package_shadowing(Path(__file__).resolve().parent.parent)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
