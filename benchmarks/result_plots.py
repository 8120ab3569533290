"""Draws the plots of RESULTS.md whose measurements are in the ledger.

python -m benchmarks.result_plots [NAME ...]    # docs/images/NAME.png and .svg; without names, all of them
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import ledger
from benchmarks.arms import Experiments
from benchmarks.comparison import COMBINED, SEEDS, differences
from benchmarks.plots import group_chart, interval_chart

FOLDER = Path("docs/images")

WORTH = {
    "worth-trdg": "lines of TRDG",
    "worth-start": "before the training",
    "worth-8-fonts": "8 families of fonts",
    "worth-40-fonts": "40 families of fonts",
    "worth-no-camera": "without blur, noise, light, JPEG",
    "worth-no-geometry": "without rotation, perspective, curves",
    "worth-no-inks": "plain ink",
    "worth-no-papers": "plain backgrounds and gradients",
    "worth-no-balance": "without character coverage",
    "worth-rebalanced": "reweighted by ocrmill rebalance",
    "worth-filtered": "filtered by ocrmill filter",
    "worth-harder": "stronger camera effects, more curves",
}
DETECTORS = {
    "det-published": "published, not trained further",
    "det-scenes": "+ 1,500 generated scenes",
    "det-cml": "+ CML",
    "det-cml-copypaste": "+ CopyPaste",
    "det-distill": "scenes, teacher of CML alone",
    "det-dml": "scenes, peer of CML alone",
}
RECOGNIZERS = {
    "rec-udml": "U-DML",
    "rec-enhanced-ctc": "Enhanced CTC",
    "rec-ppocrv2": "both",
    "rec-mobilenet": "MobileNetV3 in place of PP-LCNet",
}
TUNED = {"tuned-published": "before", "tuned-english": "English lines", "tuned-replay": "with the replay stream"}
_SOURCES = {
    "$iiit5k": "IIIT5K",
    "$svt": "SVT",
    "$ic15_words": "ICDAR 2015",
    "$english_held_out": "English lines",
    "$old_held_out": "Chinese lines",
    "$long_held_out": "60 to 100\ncharacters",
}


def _intervals(name: str, table: str, source: str, arms: dict[str, str], label: str) -> None:
    entries = ledger.read_ledger(ledger.LEDGER)
    found = differences(Experiments.read().tables[table], entries, source, list(arms))
    interval_chart(FOLDER / name, {arms[arm]: values for arm, values in found.items()}, label)


def worth(name: str) -> None:
    """What the parts of the preset `lines` teach."""
    _intervals(name, "worth", COMBINED, WORTH, "alphanumeric accuracy minus that of worth-lines, points")


def detectors(name: str) -> None:
    """The tricks of detectors."""
    _intervals(name, "detectors", "$held_out", DETECTORS, "hmean minus that of fine-tuning on 500 photographs, points")


def recognizers(name: str) -> None:
    """The tricks of recognizers."""
    label = "alphanumeric accuracy on IIIT5K minus that of rec-lcnet, points"
    _intervals(name, "recognizers", "$iiit5k", RECOGNIZERS, label)


def fine_tuning(name: str) -> None:
    """What fine-tuning with and without a replay stream brings."""
    entries = ledger.read_ledger(ledger.LEDGER)

    def mean(arm: str, source: str) -> float:
        found = [entry for seed in SEEDS if (entry := ledger.find(entries, arm, seed))]
        return 100 * float(np.mean([entry.scores[source]["accuracy"] for entry in found]))

    groups = {title: {label: mean(arm, source) for arm, label in TUNED.items()} for source, title in _SOURCES.items()}
    group_chart(FOLDER / name, groups, "exact accuracy, %")


PLOTS: dict[str, Callable[[str], None]] = {
    "worth": worth,
    "detectors": detectors,
    "recognizers": recognizers,
    "fine-tuning": fine_tuning,
}
"""The plots by name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PLOTS))
    for name in parser.parse_args().names or PLOTS:
        PLOTS[name](name)


if __name__ == "__main__":
    main()
