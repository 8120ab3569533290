"""`ocrmill demo`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import require_local_path
from synthtext.core import InputError

_LINES, _HELD_OUT, _SAMPLES = 16_000, 1_000, 48_000


def demo_command(
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="DIR", help="Folder for everything.")
    ] = Path("demo"),
) -> None:
    """Words to a trained recognizer in minutes: draw lines of digits, train on them, score, and look.

    It runs the commands that it prints, on fonts that are installed with the project. The same command again goes on
    where an interrupted one stopped.

    Example: ocrmill demo -o demo
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: name a folder for the demonstration")
    from pipelines.cli.evaluation import evaluate_command
    from pipelines.cli.generation import generate_command
    from pipelines.cli.inspection import inspect_command
    from pipelines.cli.training import train_command

    for part, count, seed in (("train", _LINES, 1), ("validation", _HELD_OUT, 2), ("test", _HELD_OUT, 3)):
        _say(f"generate digits -o {out / part} -n {count} --seed {seed}")
        generate_command("digits", str(out / part), count, seed=seed)
    budget = f"samples={_SAMPLES}"
    _say(f"train rec-tiny -o {out / 'run'} --data {out / 'train'} --val {out / 'validation'} {budget}")
    train_command("rec-tiny", out / "run", [str(out / "train")], [str(out / "validation")], [budget])
    scores, worst, page = out / "scores.json", out / "worst.html", out / "train.html"
    _say(f"evaluate {out / 'run'} {out / 'test'} --json {scores} --report {worst}")
    evaluate_command(out / "run", [str(out / "test")], json=scores, report=worst, batch_size=64, bf16=False)
    _say(f"inspect {out / 'train'} -o {page}")
    inspect_command(str(out / "train"), page, samples=120, seed=0)
    print(_SUMMARY.format(out=out, scores=scores, worst=worst, page=page))


def _say(command: str) -> None:
    print(f"\n$ ocrmill {command}", flush=True)


_SUMMARY = """
Done. What there is now:
  {out}/train     lines as Parquet shards, with statistics.json
  {page}   what is in them: open it in a browser
  {out}/run       the recognizer, its settings and metrics.jsonl
  {scores}   its scores on lines of another seed
  {worst}   the lines that it read worst

What to try next:
  ocrmill preview lines -o grid.png
  ocrmill generate lines -o data/lines -n 20000
  ocrmill train rec-lcnet -o runs/lines --data data/lines --val {out}/test samples=20000"""
