"""Generate labelled images of text lines; `synthtext.scenes` generates images with many texts.

The names below are imported on first use, so that `import synthtext.core` loads neither fonts nor generators.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthtext.lines.coverage import CoverageOptions
    from synthtext.lines.design import LayoutOptions, LineDesign, LineOutput
    from synthtext.lines.generator import LineGenerator
    from synthtext.lines.legibility import LineLegibility

__all__ = ["CoverageOptions", "LayoutOptions", "LineDesign", "LineGenerator", "LineLegibility", "LineOutput"]

_MODULES = {
    "CoverageOptions": "synthtext.lines.coverage",
    "LayoutOptions": "synthtext.lines.design",
    "LineDesign": "synthtext.lines.design",
    "LineGenerator": "synthtext.lines.generator",
    "LineLegibility": "synthtext.lines.legibility",
    "LineOutput": "synthtext.lines.design",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
