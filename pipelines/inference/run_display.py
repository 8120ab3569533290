"""The picture of a run directory in a notebook: its scores, and curves of the loss and of the validation score."""

import html
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

METRICS_FILE = "metrics.jsonl"
"""The file of a run directory with one JSON object for each logged step and each validation."""

BEST_FILE = "best.json"
"""The file of a run directory with the scores of the best validation."""

_WIDTH, _HEIGHT, _MARGIN = 320, 120, 12  # of a curve, pixels
_MAX_POINTS = 400  # of a curve


class Curve(NamedTuple):
    """Values by step, with a title."""

    title: str
    steps: list[float]
    values: list[float]

    def to_svg(self) -> str:
        """Draw the curve from its lowest to its highest value, with both as text."""
        stride = -(-len(self.steps) // _MAX_POINTS)
        low, high, last = min(self.values), max(self.values), max(self.steps[-1], 1)
        points = [
            (
                _MARGIN + (_WIDTH - 2 * _MARGIN) * step / last,
                _HEIGHT - _MARGIN - (_HEIGHT - 3 * _MARGIN) * (value - low) / ((high - low) or 1),
            )
            for step, value in zip(self.steps[::stride], self.values[::stride], strict=True)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        x, y = points[-1]
        title = html.escape(f"{self.title}: {self.values[-1]:.4g} (from {low:.4g} to {high:.4g})")
        return (
            f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{title}" style="background: #fff">'
            f'<text x="{_MARGIN}" y="{_MARGIN + 4}" font-size="11" font-family="sans-serif" fill="#333">{title}</text>'
            f'<polyline points="{path}" fill="none" stroke="#0072b2" stroke-width="1.5"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#0072b2"/></svg>'
        )


def run_to_html(folder: Path, title: str) -> str:
    """Return a run directory as HTML that needs no other file; parts that do not exist yet are left out.

    Args:
        folder: The run directory.
        title: First line.
    """
    best = _read_object(folder / BEST_FILE)
    scores = f"best weights: score {best['score']:.4g} after step {best['step']:,}" if _has(best, "score") else ""
    lines = [f"<strong>{html.escape(title)}</strong>", html.escape(scores)]
    drawings = [curve.to_svg() for curve in read_curves(folder / METRICS_FILE)]
    return "".join(f"<div>{line}</div>" for line in (*lines, "".join(drawings)) if line)


def read_curves(path: Path) -> list[Curve]:
    """Read the loss and the validation score from a `metrics.jsonl`; none if it does not exist or holds no values."""
    with suppress(OSError):
        entries = [entry for line in path.read_text(encoding="utf-8").splitlines() if (entry := _parse(line))]
        curves = [_curve("loss", entries, "train", "loss"), _curve("validation score", entries, "validation", "score")]
        return [curve for curve in curves if curve.steps]
    return []


def _curve(title: str, entries: Sequence[dict[str, Any]], event: str, name: str) -> Curve:
    found = [(entry["step"], entry[name]) for entry in entries if entry.get("event") == event and _has(entry, name)]
    return Curve(title, [step for step, _ in found], [value for _, value in found])


def _has(entry: dict[str, Any], name: str) -> bool:
    return all(isinstance(entry.get(key), int | float) for key in ("step", name))


def _read_object(path: Path) -> dict[str, Any]:
    with suppress(OSError):
        return _parse(path.read_text(encoding="utf-8"))
    return {}


def _parse(text: str) -> dict[str, Any]:
    with suppress(ValueError):
        parsed = json.loads(text)
        return parsed if isinstance(parsed, dict) else {}
    return {}
