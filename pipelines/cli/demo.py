"""`ocrmill demo`."""

from pathlib import Path
from typing import Annotated

from pipelines.cli.options import output_option
from synthtext.core import InputError

_LINES, _HELD_OUT, _SAMPLES = 16_000, 1_000, 48_000


def demo_command(
    out: Annotated[Path, output_option("DIR", "Folder for everything.")] = Path("demo"),
) -> None:
    """Generate lines of digits, train a recognizer on them, evaluate it and inspect the data, in minutes.

    It runs the commands that it prints, with the bundled fonts. Re-run the same command to resume.

    Example: ocrmill demo -o demo
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: name a folder for the demonstration")
    from pipelines.cli.evaluation import evaluate_command
    from pipelines.cli.generation import generate_command
    from pipelines.cli.inspection import inspect_command
    from pipelines.cli.training import train_command

    for part, count, seed in (("train", _LINES, 1), ("validation", _HELD_OUT, 2), ("test", _HELD_OUT, 3)):
        _print_command(f"generate digits -o {out / part} -n {count} --seed {seed}")
        generate_command("digits", str(out / part), count, seed=seed)
    budget = f"samples={_SAMPLES}"
    _print_command(f"train rec-tiny -o {out / 'run'} --data {out / 'train'} --val {out / 'validation'} {budget}")
    train_command("rec-tiny", out / "run", [str(out / "train")], [str(out / "validation")], [budget])
    scores, worst, page = out / "scores.json", out / "worst.html", out / "train.html"
    _print_command(f"evaluate {out / 'run'} {out / 'test'} --json {scores} --report {worst}")
    evaluate_command(out / "run", [str(out / "test")], json=scores, report=worst, batch_size=64, bf16=False)
    _print_command(f"inspect {out / 'train'} -o {page}")
    inspect_command(str(out / "train"), page, samples=120, seed=0)
    print(_SUMMARY.format(out=out, scores=scores, worst=worst, page=page))


def _print_command(command: str) -> None:
    print(f"\n$ ocrmill {command}", flush=True)


_SUMMARY = """
Done. The results:
  {out}/train     lines as Parquet shards, with statistics.json
  {page}   a report about them: open it in a browser
  {out}/run       the recognizer, its settings and metrics.jsonl
  {scores}   its scores on lines of another seed
  {worst}   the lines with the most errors

Next steps:
  ocrmill preview lines -o grid.png
  ocrmill generate lines -o data/lines -n 20000
  ocrmill train rec-lcnet -o runs/lines --data data/lines --val {out}/test samples=20000"""
