"""What `ocrmill fit` is worth: recognizers tuned on lines of a preset and of the recipe fitted to a domain.

    python -m benchmarks.domains DATA WORK [--domain NAME ...] [--seeds 2] [--lines 10000]
    python -m benchmarks.domains DATA WORK --table

DATA holds the labelled sets, `NAME/labels.tsv`. Each is split by a hash of the image: one half is fitted to, the other
half scores. The published recognizer is tuned on `--lines` generated lines, once of the preset and once of the fitted
recipe, with the same settings and seeds; the minimum width of its input covers 95 % of the words that are fitted to.
The last weights are scored. What WORK already holds is not repeated. The table has the 95 % interval of a paired
bootstrap over the words of the scoring half.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scoring import score
from pipelines.datasets.open import open_line_source
from pipelines.datasets.stream import resized_widths
from pipelines.inference.run import RecognizerRun, open_run

ARMS = ("preset", "fitted")
_OCRMILL = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
_DRAWS = 10_000
_LEVELS = ("accuracy", "alphanumeric_accuracy")


@dataclass(frozen=True)
class Domain:
    """Labelled images of one kind.

    Attributes:
        set: Folder in DATA, of lines or scenes.
        base: Preset that is fitted.
        charset: Charset of the recognizer; that of the published one if empty.
        scenes: The labels are of scenes, whose texts are cut out.
    """

    set: str
    base: str
    charset: str = "ascii"
    scenes: bool = False


DOMAINS = {
    "icdar2015": Domain("rec_ic15_train", "lines"),
    "iiit5k": Domain("rec_iiit5k_train", "lines"),
    "receipts": Domain("det_wildreceipt", "lines-receipt", scenes=True),
    "forms": Domain("det_funsd_train", "lines-document", scenes=True),
    "scans": Domain("rec_scan_en", "lines-document"),
    "screens": Domain("det_zh_gamescreen", "lines-chinese", "", scenes=True),
}


def ocrmill(*arguments: str | Path) -> None:
    """Run a command in a process of its own."""
    subprocess.run([*_OCRMILL, *map(str, arguments)], check=True)


def prepare(domain: Domain, data: Path, folder: Path) -> None:
    """Write `words/fit.txt` and `words/score.txt` into the folder of a domain."""
    if (folder / "words/score.txt").is_file():
        return
    if domain.scenes:
        ocrmill("crops", data / domain.set / "labels.tsv", "-o", folder / "crops")
        ocrmill("export-data", folder / "crops", "-o", folder / "words", "--to", "paddleocr")
    else:
        shutil.copytree(data / domain.set, folder / "words", dirs_exist_ok=True)
    ocrmill("split", folder / "words/labels.tsv", "-o", folder / "words", "fit=0.5", "score=0.5")


def run_domain(domain: Domain, data: Path, folder: Path, published: Path, lines: int, seeds: Sequence[int]) -> None:
    """Fit, compare, generate, train and score; finished steps are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare(domain, data, folder)
    ocrmill("fit", folder / "words/fit.txt", "--base", domain.base, "-o", folder / "fitted.yaml", "-n", "1000")
    for arm in ARMS:
        recipe = domain.base if arm == "preset" else str(folder / "fitted.yaml")
        if not (folder / f"{arm}.json").is_file():
            ocrmill("compare", folder / "words/score.txt", recipe, "-n", "1000", "--json", folder / f"{arm}.json")
        ocrmill("generate", recipe, "-o", folder / f"{arm}-lines", "-n", str(lines), "--workers", "0")
    ocrmill("generate", domain.base, "-o", folder / "validation", "-n", "100", "--seed", "1", "--workers", "0")
    if not (folder / "published-scores.json").is_file():
        write_scores(published, folder / "words/score.txt", folder / "published-scores.json")
    for seed in seeds:
        for arm in ARMS:
            tune(domain, folder, arm, published, lines, seed)


def tune(domain: Domain, folder: Path, arm: str, published: Path, lines: int, seed: int) -> None:
    """Tune the published recognizer on the lines of an arm, and score its last weights."""
    run, scores = folder / f"{arm}-{seed}", folder / f"{arm}-{seed}-scores.json"
    if scores.is_file():
        return
    settings = [
        f"init={published}", f"samples={lines}", f"seed={seed}", "threads=1", "data_workers=0", "device=cpu",
        "validate_every=1000000", "checkpoint_every=20", "max_outside_charset=1",
        f"input.min_width={input_width(folder / 'words/fit.txt', published)}",
    ]  # fmt: skip
    if domain.charset:
        settings.append(f"charset={domain.charset}")
    source = folder / f"{arm}-lines"
    ocrmill("train", "rec-lcnet", "-o", run, "--data", source, "--val", folder / "validation", *settings)
    write_scores(run, folder / "words/score.txt", scores, last=True)


def input_width(words: Path, published: Path) -> int:
    """Return the width in pixels that covers 95 % of the words, at most that of the published recognizer."""
    run = open_run(published)
    assert isinstance(run, RecognizerRun)
    widths = resized_widths(open_line_source(str(words)), run.preprocessing)
    return min(16 * math.ceil(np.percentile(widths, 95) / 16), run.preprocessing.min_width)


def write_scores(run: Path, source: Path, path: Path, *, last: bool = False) -> None:
    """Score a recognizer on a label file, with the outcome of each word."""
    scores, outcomes = score(replace(open_run(run), last=last), str(source))
    path.write_text(json.dumps({"scores": scores, "outcomes": outcomes}))


def table(work: Path) -> str:
    """Return the results of all domains as a Markdown table."""
    head = [
        "domain",
        "words",
        "AUC preset / fitted",
        "largest distances of the preset",
        "published",
        *ARMS,
        "difference",
    ]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name in DOMAINS:
        folder = work / name
        found = {arm: sorted(folder.glob(f"{arm}-[0-9]*-scores.json")) for arm in ARMS}
        if all(found.values()):
            rows.append(_row(name, folder, found))
    return "\n".join(rows)


def _row(name: str, folder: Path, found: dict[str, list[Path]]) -> str:
    count = min(map(len, found.values()))
    results = {arm: [json.loads(path.read_text()) for path in paths[:count]] for arm, paths in found.items()}
    marks = {arm: np.mean([_marks(result) for result in rows], axis=0) for arm, rows in results.items()}
    difference = marks["fitted"] - marks["preset"]
    rng = np.random.default_rng(0)
    means = difference[rng.integers(len(difference), size=(_DRAWS, len(difference)))].mean(axis=1)
    low, high = 100 * np.quantile(means, [0.025, 0.975])
    compared = [json.loads((folder / f"{arm}.json").read_text()) for arm in ARMS]
    published = json.loads((folder / "published-scores.json").read_text())["scores"]
    cells = [
        name,
        f"{len(difference):,}",
        " / ".join(f"{one['auc']['images']:.3f}" for one in compared),
        ", ".join(f"{d['name']} {d['distance']:.2f}" for d in compared[0]["features"][:3]),
        *(_percent([published]), *(_percent([r["scores"] for r in results[arm]]) for arm in ARMS)),
        f"{100 * difference.mean():+.1f} ({low:+.1f} to {high:+.1f}), {count} seeds",
    ]
    return "| " + " | ".join(cells) + " |"


def _marks(result: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.array([mark == "1" for mark in result["outcomes"]["alphanumeric_accuracy"] if mark != "-"], np.float64)


def _percent(scores: Sequence[dict[str, float]]) -> str:
    return " / ".join(f"{100 * np.mean([s[level] for s in scores]):.1f}" for level in _LEVELS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--domain", action="append", choices=DOMAINS, help="all by default")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--table", action="store_true", help="print the results and do nothing else")
    options = parser.parse_args()
    if options.table:
        print(table(options.work))
        return
    published = options.work / "published"
    if not published.is_dir():
        ocrmill("import-model", "published", "--kind", "recognizer", "-o", published)
    for seed in range(options.seeds):
        for name in options.domain or DOMAINS:
            run_domain(DOMAINS[name], options.data, options.work / name, published, options.lines, [seed])


if __name__ == "__main__":
    main()
