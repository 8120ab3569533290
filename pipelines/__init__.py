"""Make OCR training data, train OCR models on it, evaluate and use them.

Recipes and samples:
    `Recipe`: describes lines or scenes; built in Python, or opened from a preset or a YAML file.
    `InkOptions`: contrast, styles and colours of the ink of a recipe.
    `iterate_samples`: generates samples in memory.

Datasets:
    `generate`: writes the samples of a recipe as a dataset.
    `copypaste`: pastes texts of some images into others, as a dataset of scenes.
    `open_dataset`: opens a dataset, a label file or an LMDB as a sequence of rows.
    `LinesDataset`: images and labels of lines, for PyTorch.
    `collate`: makes a batch of lines, for a `DataLoader`.

Networks:
    `train`: trains a recognizer or a detector.
    `evaluate`: scores one on labelled data.
    `export`: writes one as an ONNX file.
    `Reader`: reads the texts in images.

These names are the public interface. They are imported on first use, so that `import pipelines` loads neither torch nor
Ray.

Examples:
    >>> from pipelines import iterate_samples
    >>> for sample in iterate_samples("digits", count=2, seed=1):
    ...     assert sample.image.shape[0] > 0 and sample.text.isdecimal()
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
    from pipelines.recipes.python_recipe import InkOptions, Recipe
    from pipelines.training.job import train

__all__ = [
    "InkOptions",
    "LinesDataset",
    "Reader",
    "Recipe",
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
    "InkOptions": "pipelines.recipes.python_recipe",
    "LinesDataset": "pipelines.datasets.loader",
    "Reader": "pipelines.inference.reader",
    "Recipe": "pipelines.recipes.python_recipe",
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
