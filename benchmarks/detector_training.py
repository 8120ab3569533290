"""The cost of training a detector on one thread: images per CPU-second, time for data and network, and memory.

    python -m benchmarks.detector_training SOURCE [--preset det-db] [--sides 320 480] [--batch 8] [KEY=VALUE ...]

Data and network are measured one after the other in this process, as with `data_workers=0`; for a training with a data
worker, see `data_wait_fraction` in its metrics.jsonl. SOURCE is a label file or a dataset of scenes.
"""

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import torch

from pipelines.inference.run import create_run
from pipelines.training.configs import DetectorTrainConfig
from pipelines.training.detector import prepare_detector
from pipelines.training.job import resolve_device
from pipelines.training.resolve import resolve_config
from pipelines.training.state import TrainState


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("settings", nargs="*")
    parser.add_argument("--preset", default="det-db")
    parser.add_argument("--sides", type=int, nargs="+", default=[320, 480])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for side in options.sides:
        settings = [f"view.size=[{side}, {side}]", f"batch_size={options.batch}", "data_workers=0", *options.settings]
        config = resolve_device(resolve_config(options.preset, [options.source], [options.source], settings))
        assert isinstance(config, DetectorTrainConfig)
        with TemporaryDirectory() as folder:
            measure(config, Path(folder), options.steps)


def measure(config: DetectorTrainConfig, folder: Path, steps: int) -> None:
    prepared = prepare_detector(config, folder)
    prepared.on_start(create_run(folder, prepared.settings, prepared.preprocessing))
    task = prepared.task
    state = TrainState(task.model, config)
    data, network = 0.0, 0.0
    for step in range(steps + 2):
        started = time.process_time()
        (batch,) = task.batches(range(step, step + 1))
        loaded = time.process_time()
        with torch.autocast(config.device, torch.bfloat16, enabled=config.precision == "bf16"):
            parts = task.losses(batch, step)
        state.backward([(torch.stack(list(parts.values())).sum(), 1.0)])
        state.reduce_gradients()
        state.step(step, config.optim.lr)
        if step >= 2:  # the first two are warm-up
            data, network = data + loaded - started, network + time.process_time() - loaded
    images = steps * config.batch_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{config.view.size[0]} pixels, batch {config.batch_size}, {config.precision}: "
        f"{images / (data + network):.1f} images per CPU-second; data {1000 * data / images:.1f} ms and network "
        f"{1000 * network / images:.1f} ms an image; peak {peak:,.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
