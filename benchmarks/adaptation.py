"""What an adaptation without labels is worth: accuracy before it and after every round, on photographs of their own.

    python -m benchmarks.adaptation MODEL LABELS -o OUT [--labelled 0.05] [--mixed LABELS] [-- OPTIONS OF OCRMILL ADAPT]

A hash of each image divides the labelled lines: 70 % lose their labels and are adapted to, 30 % are only scored here.
With `--labelled`, this share of all lines, taken from the 70 %, keeps its labels and decides about the rounds.
`--mixed` adds the unlabelled lines of another domain to the photographs. Re-run the same command to resume. Prints the
accuracy of MODEL, of every round and of the result, with the number of scored lines, and writes it to OUT/scores.json.

For example, for the three questions of a domain:

    python -m benchmarks.adaptation runs/published words/labels.tsv -o out/words
    python -m benchmarks.adaptation runs/published words/labels.tsv -o out/words-5 --labelled 0.05
    python -m benchmarks.adaptation runs/published words/labels.tsv -o out/words-mixed --mixed receipts/labels.tsv
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.adaptation.round import MODEL_FOLDER
from pipelines.datasets.image import image_suffix
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import LineSource, read_row
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.io.atomic import write_atomic
from pipelines.io.split import Split

SCORED = 0.3


def divide(labels: str, folder: Path, labelled: float) -> None:
    """Write `unlabelled` (a folder of images), `val.tsv` and `scored.tsv` of a source, unless they exist."""
    if (folder / "scored.tsv").is_file():
        return
    splits = {
        "scored": Split(name="scored", low=0, high=SCORED),
        "val": Split(name="val", low=SCORED, high=SCORED + labelled),
        "unlabelled": Split(name="unlabelled", low=SCORED + labelled, high=1),
    }
    source, rows = open_line_source(labels), {name: list[str]() for name in splits}
    for name in splits:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for row in range(len(source)):
        line = read_row(source, row)
        if isinstance(line, str):
            continue
        name = next(name for name, split in splits.items() if split.has(line.image))
        image = f"{name}/{row:06d}{image_suffix(line.image)}"
        (folder / image).write_bytes(line.image)
        rows[name].append(f"{image}\t{line.text}\n")
    for name in ("val", "scored"):
        write_atomic(folder / f"{name}.tsv", "".join(rows[name]))


def adapt(model: Path, photos: Sequence[Path], out: Path, val: Path | None, options: Sequence[str]) -> None:
    """Run `ocrmill adapt`, or finish it."""
    labelled = [] if val is None else ["--val", str(val)]
    arguments = ["adapt", str(model), *map(str, photos), "-o", str(out), "--kind", "crops", *labelled, *options]
    code = "from pipelines.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)


def accuracy(model: Path, source: LineSource) -> float:
    """Return the accuracy of a recognizer in letters and digits, without regard to case, 0 to 1."""
    return evaluate_recognizer(open_recognizer(model), source).scores.alphanumeric_accuracy


def main() -> None:
    """Divide, adapt, score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("labels")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--labelled", type=float, default=0.0)
    parser.add_argument("--mixed")
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    given, options = parser.parse_args(arguments[:end]), arguments[end + 1 :]
    divide(given.labels, given.out / "data", given.labelled)
    photos = [given.out / "data" / "unlabelled"]
    if given.mixed:
        divide(given.mixed, given.out / "mixed", 0.0)
        photos.append(given.out / "mixed" / "unlabelled")
    adapted = given.out / "adapted"
    adapt(given.model, photos, adapted, given.out / "data" / "val.tsv" if given.labelled else None, options)
    source = open_line_source(given.out / "data" / "scored.tsv")
    models = {"before": given.model, "result": adapted / MODEL_FOLDER}
    models |= {folder.name: folder / "run" for folder in sorted(adapted.glob("round-*"))}
    scores = {name: accuracy(path, source) for name, path in models.items()}
    write_atomic(given.out / "scores.json", json.dumps({"lines": len(source), "accuracy": scores}, indent=1) + "\n")
    for name, score in scores.items():
        print(f"{name}: {score:.4f} of {len(source):,} lines")


if __name__ == "__main__":
    main()
