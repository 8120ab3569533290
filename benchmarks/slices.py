"""Shares of words that a recognizer reads, by length, height and width a character, and its commonest confusions.

python -m benchmarks.slices RUN SOURCE...
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from models.metrics import alphanumeric
from pipelines.evaluate import evaluate_recognizer
from pipelines.reader import open_source
from pipelines.run import Run


def show(run: Run, name: str) -> None:
    source = open_source(name)
    evaluation = evaluate_recognizer(run.recognizer(), source)
    sizes = source.sizes()
    pairs = [(alphanumeric(r.truth), alphanumeric(r.reading), sizes[r.row]) for r in evaluation.readings]
    pairs = [pair for pair in pairs if pair[0]]
    right = np.array([truth == reading for truth, reading, _ in pairs])
    length = np.array([len(truth) for truth, _, _ in pairs])
    width, height = np.array([size for _, _, size in pairs]).T
    slices = {
        "all": length > 0,
        "fewer than 0.3 heights of width a character": width / height < 0.3 * length,
        "taller than wide (width < 0.9 heights)": width / height < 0.9,
        **{f"{a} to {b} characters": (length >= a) & (length <= b) for a, b in ((1, 3), (4, 6), (7, 9), (10, 999))},
        **{
            f"{a} to {b} pixels high": (height >= a) & (height <= b)
            for a, b in ((0, 15), (16, 31), (32, 63), (64, 9999))
        },
    }
    print(name)
    for label, mask in slices.items():
        if mask.any():
            print(f"  {label:46s} {100 * right[mask].mean():5.1f} % of {mask.sum():,}")
    alike = [(t, r) for t, r, _ in pairs if len(t) == len(r) and t != r]
    swaps = Counter(f"{a}>{b}" for t, r in alike for a, b in zip(t, r, strict=True) if a != b)
    print("  confusions:", ", ".join(f"{swap} {count}" for swap, count in swaps.most_common(12)))
    print("  one character replaced:", sum(sum(a != b for a, b in zip(t, r, strict=True)) == 1 for t, r in alike))


if __name__ == "__main__":
    opened = Run.open(Path(sys.argv[1]))
    for source_name in sys.argv[2:]:
        show(opened, source_name)
