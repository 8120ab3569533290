"""Shows that a training in two processes, of which one is killed, equals one process with gradient accumulation.

    python -m benchmarks.killed_worker DIR

Generates 400 lines of digits, trains `rec-udml` for 32 steps with `--workers 2`, kills one of the two training
processes after the first checkpoint, and trains once more in one process with `micro_batches=2`. The exit status is 1
if a weight differs by more than 1e-3 of the largest weight of its tensor, or a loss by more than 1e-3 of itself.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from benchmarks.processes import kill, of_session

_OCRMILL = [sys.executable, "-c", "from pipelines.cli.main import main; main()"]
_SETTINGS = [
    "samples=512", "batch_size=8", "optim.warmup_steps=4", "spacing_samples=0", "data_workers=0", "threads=1",
    "device=cpu", "precision=fp32", "log_every=4", "validate_every=16", "checkpoint_every=4", "seed=3",
    "network={backbone_scale: 0.25}", "micro_batches=2",
]  # fmt: skip
_STATE = "state.safetensors"
_TOLERANCE = 1e-3


def training_processes(leader: int) -> list[int]:
    """Return the training processes among the Ray workers of a session."""
    return [pid for pid in of_session(leader) if b"DistributedWorker" in (Path(f"/proc/{pid}/cmdline").read_bytes())]


def train_and_kill(command: list[str], run: Path) -> int:
    """Run a training, kill one of its processes after the first checkpoint, and return the killed process."""
    process = subprocess.Popen(command, start_new_session=True)
    while not (run / _STATE).is_file():
        if process.poll() is not None:
            raise SystemExit("the training ended before its first checkpoint")
        time.sleep(0.05)
    killed = training_processes(process.pid)[-1]
    kill(killed)
    if process.wait():
        raise SystemExit("the training failed")
    return killed


def largest_difference(first: Path, second: Path) -> float:
    """Return the largest difference of the states of two trainings, relative to the largest value of its tensor."""
    one, other = load_file(first / _STATE), load_file(second / _STATE)
    assert one.keys() == other.keys()
    differences = []
    for name, tensor in one.items():
        if tensor.is_floating_point() and not name.startswith("optimizer"):
            scale = max(float(tensor.abs().max()), 1e-3)
            differences.append(float((tensor - other[name]).abs().max()) / scale)
    return max(differences)


def losses(run: Path) -> list[float]:
    """Return the logged losses of a training."""
    rows = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [row["loss"] for row in rows if row["event"] == "train"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="new folder")
    folder = parser.parse_args().folder.resolve()
    lines, two, one = folder / "lines", folder / "two", folder / "one"
    subprocess.run([*_OCRMILL, "generate", "digits", "-o", str(lines), "-n", "400", "--workers", "0"], check=True)
    train = [*_OCRMILL, "train", "rec-udml", "--data", str(lines), "--val", str(lines), *_SETTINGS]
    start = time.monotonic()
    killed = train_and_kill([*train, "-o", str(two), "--workers", "2"], two)
    seconds = time.monotonic() - start
    subprocess.run([*train, "-o", str(one)], check=True)
    difference = largest_difference(two, one)
    pairs = list(zip(losses(two), losses(one), strict=True))
    loss = max(abs(a - b) / max(abs(b), 1e-6) for a, b in pairs)
    print(f"process {killed} was killed; the training took {seconds:.0f} s")
    print(f"largest relative difference: {difference:.1e} of weights, {loss:.1e} of {len(pairs)} losses")
    sys.exit(difference > _TOLERANCE or loss > _TOLERANCE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
