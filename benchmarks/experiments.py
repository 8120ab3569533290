"""Train arms of an experiment, one after the other, and record the results in a ledger.

    python -m benchmarks.experiments --arm det-tuned --seed 0 --out OUT --input ic15=LABELS --input photos=FOLDER
    python -m benchmarks.experiments --table detectors

`arms.yaml` defines the arms. Their inputs are made first and kept under OUT. Re-run the same command to resume an
interrupted training; an arm that is in the ledger is not trained again. `--table` compares the entries of the ledger.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks import ledger
from benchmarks.arms import Arm, Experiments, Table
from benchmarks.comparison import compared
from benchmarks.inputs import Inputs, run
from benchmarks.scoring import parameters, score
from pipelines.inference.run import Run, open_run
from synthtext.core import InputError


class Bench:
    """Trains and scores arms.

    Args:
        experiments: all arms.
        inputs: inputs of the arms.
        out: folder for run directories.
        file: path of the ledger.
    """

    def __init__(self, experiments: Experiments, inputs: Inputs, out: Path, file: Path) -> None:
        self._experiments, self._inputs, self._out, self._file = experiments, inputs, out, file
        inputs.paths["run"] = str(out.absolute())

    def finish(self, name: str, seed: int) -> None:
        """Train and score an arm and append it to the ledger, unless it has an entry.

        Raises:
            InputError: there is no such arm, an input is missing, or the training failed.
        """
        if ledger.find(ledger.read_ledger(self._file), name, seed):
            print(f"{name}, seed {seed}: is already in {self._file}")
            return
        table = self._experiments.table_of(name)[1]
        arm = table.arms[name]
        if arm.network is None:
            command = self._command(table, arm, seed)
            model_run, command_text = self._trained(name, seed, command), "ocrmill " + " ".join(command)
            spent = _spent(model_run)
        else:
            model_run, command_text, spent = (
                open_run(Path(self._inputs.filled(arm.network))),
                f"{arm.network} as it is",
                _Spent(),
            )
        scores, outcomes = {}, {}
        for source in table.score:
            scores[source], outcomes[source] = score(model_run, self._inputs.filled(source))
        entry = ledger.Entry(
            arm=name,
            seed=seed,
            command=command_text,
            commit=ledger.commit(),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            hardware=ledger.hardware(),
            samples=spent.samples,
            cpu_seconds=spent.cpu_seconds,
            data_wait_fraction=spent.data_wait_fraction,
            parameters=parameters(model_run),
            scores=scores,
            outcomes=outcomes,
            inputs=self._inputs.digests(),
        )
        ledger.append(self._file, entry)
        print(f"{name}, seed {seed}: {json.dumps(scores)}", flush=True)

    def _command(self, table: Table, arm: Arm, seed: int) -> list[str]:
        data = [f"--data={source}={weight:g}" for source, weight in arm.data.items()]
        val = [f"--val={source}" for source in arm.val]
        settings = table.settings if arm.instead is None else arm.instead
        runs = [f"{setting}=$run/{self._best(names, seed)}" for setting, names in arm.runs.items()]
        return ["train", arm.preset or "", *data, *val, f"seed={seed}", *settings, *arm.settings, *runs]

    def _best(self, names: Sequence[str], seed: int) -> str:
        """Return the folder of the arm with the best validation score."""
        folders = []
        for name in names:
            arm, _, own = name.partition("@")
            folders.append(f"{arm}-{own or seed}")
        missing = [folder for folder in folders if not (self._out / folder / "best.json").is_file()]
        if missing:
            raise InputError(f"{missing[0]} must be trained first, in the same --out")
        return max(folders, key=lambda folder: _json(self._out / folder / "best.json")["score"])

    def _trained(self, name: str, seed: int, command: list[str]) -> Run:
        folder = self._out / f"{name}-{seed}"
        run(*(self._inputs.filled(word) for word in command), "-o", str(folder))
        return open_run(folder)


def _json(path: Path) -> dict[str, float]:
    tree: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return tree


class _Spent(NamedTuple):
    samples: int = 0
    cpu_seconds: float = 0.0
    data_wait_fraction: float = 0.0


def _spent(model_run: Run) -> _Spent:
    entries = [json.loads(line) for line in (model_run.folder / "metrics.jsonl").read_text().splitlines()]
    steps = [entry for entry in entries if entry["event"] == "train"]
    fraction = sum(entry["data_wait_fraction"] for entry in steps) / len(steps)
    return _Spent(steps[-1]["samples"], entries[-1]["cpu_seconds"], round(fraction, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", action="append", default=[], help="can be repeated")
    parser.add_argument("--seed", type=int, action="append", help="can be repeated; default: 0")
    parser.add_argument("--table", help="print this table as Markdown")
    parser.add_argument(
        "--baseline", metavar="ARM", help="arm to compare with in --table, instead of the table's baseline"
    )
    parser.add_argument("--out", type=Path, help="folder for run directories and inputs")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--ledger", type=Path, default=ledger.LEDGER)
    options = parser.parse_args()
    try:
        experiments = Experiments.read()
        given = dict(entry.split("=", 1) for entry in options.input)
        if options.arm and options.out is None:
            raise InputError("--arm needs --out, a folder for run directories")
        for seed in options.seed or [0]:
            for arm in options.arm:
                inputs = Inputs(experiments, given, options.out / "inputs")
                Bench(experiments, inputs, options.out, options.ledger).finish(arm, seed)
        if options.table:
            print(compared(experiments, options.table, ledger.read_ledger(options.ledger), options.baseline))
    except InputError as error:
        sys.exit(f"benchmarks.experiments: {error}")


if __name__ == "__main__":
    main()
