"""Train arms of an experiment, one after the other, and keep what came of them in a ledger that grows over days.

    python -m benchmarks.experiments --arm det-tuned --seed 0 --out OUT --input ic15=LABELS --input photos=FOLDER
    python -m benchmarks.experiments --table detectors

`arms.yaml` says what an arm is. What it reads is made first, and kept under OUT. A training that was interrupted goes
on with the same command; an arm that is in the ledger already is not trained again. `--table` compares what the ledger
has.
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
        inputs: that they read.
        out: folder of the RUNs.
        file: of the ledger.
    """

    def __init__(self, experiments: Experiments, inputs: Inputs, out: Path, file: Path) -> None:
        self._experiments, self._inputs, self._out, self._file = experiments, inputs, out, file
        inputs.places["run"] = str(out.absolute())

    def finish(self, name: str, seed: int) -> None:
        """Train an arm to its end, score it and enter it, unless that was done.

        Raises:
            InputError: there is no such arm, something that it needs is missing, or the training failed.
        """
        if ledger.find(ledger.read_ledger(self._file), name, seed):
            print(f"{name}, seed {seed}: it is in {self._file} already")
            return
        table = self._experiments.table_of(name)[1]
        arm = table.arms[name]
        if arm.network is None:
            command = self._command(table, arm, seed)
            place, told = self._trained(name, seed, command), "ocrmill " + " ".join(command)
            spent = _spent(place)
        else:
            place, told, spent = open_run(Path(self._inputs.filled(arm.network))), f"{arm.network} as it is", _Spent()
        scores, outcomes = {}, {}
        for source in table.score:
            scores[source], outcomes[source] = score(place, self._inputs.filled(source))
        entry = ledger.Entry(
            arm=name,
            seed=seed,
            command=told,
            commit=ledger.commit(),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            hardware=ledger.hardware(),
            samples=spent.samples,
            cpu_seconds=spent.cpu_seconds,
            waiting=spent.waiting,
            parameters=parameters(place),
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
        """The folder of the arm whose weights had the best validation score."""
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
    waiting: float = 0.0


def _spent(place: Run) -> _Spent:
    entries = [json.loads(line) for line in (place.folder / "metrics.jsonl").read_text().splitlines()]
    steps = [entry for entry in entries if entry["event"] == "train"]
    waiting = sum(entry["waiting"] for entry in steps) / len(steps)
    return _Spent(steps[-1]["samples"], entries[-1]["cpu_seconds"], round(waiting, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", action="append", default=[], help="may be given several times")
    parser.add_argument("--seed", type=int, action="append", help="may be given several times; 0 if left out")
    parser.add_argument("--table", help="print this table as Markdown")
    parser.add_argument("--baseline", metavar="ARM", help="that --table compares with, instead of the table's own")
    parser.add_argument("--out", type=Path, help="folder for RUNs and inputs")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--ledger", type=Path, default=ledger.LEDGER)
    options = parser.parse_args()
    try:
        experiments = Experiments.read()
        given = dict(entry.split("=", 1) for entry in options.input)
        if options.arm and options.out is None:
            raise InputError("--arm trains: say with --out where RUNs are to be")
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
