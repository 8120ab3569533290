"""Peak memory of a training step of a recognizer, by the width of its batch.

    python -m benchmarks.training_memory [--preset rec-lcnet] [--batch 64] [--width 320 --width 640] [KEY=VALUE ...]

Each width is measured in a process of its own, in one thread: forward, CTC loss of random labels, and backward, for
each part of the batch (`max_pixels`). What the process needed before the step is subtracted. Reads the peak of the
resident memory, so it runs on Linux only.
"""

import argparse
import multiprocessing
import resource
from collections.abc import Sequence

import torch

from models.batch import RecognitionBatch, divide_batch, normalise
from models.ctc import ctc_loss
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.resolve import resolve_config
from synthtext.core import Charset, InputError

_LABEL_LENGTH = 8
_WIDTHS = (320, 640, 1280)  # pixels; the last is the default of `input.drop_wider_than`


def step_memory(preset: str, overrides: Sequence[str], batch: int, width: int) -> float:
    """Return the memory that a step adds to that of the process, in megabytes."""
    config = resolve_config(preset, overrides=overrides)
    if not isinstance(config, RecognizerTrainConfig):
        raise InputError(f"{preset} is not a recognizer")
    torch.set_num_threads(1)
    charset = Charset.named("ascii")
    network = config.network.build(charset, config.input.height).train()
    images = torch.randint(256, (batch, 3, config.input.height, width), dtype=torch.uint8)
    targets, lengths = torch.randint(1, len(charset), (batch, _LABEL_LENGTH)), torch.full((batch,), _LABEL_LENGTH)
    whole = RecognitionBatch(
        images.contiguous(memory_format=torch.channels_last), torch.full((batch,), width), targets, lengths,
        ("",) * batch, ("",) * batch,
    )  # fmt: skip
    before = _peak()
    for part in divide_batch(whole, config.max_pixels):
        logits = network(normalise(part.images, part.widths)).logits
        ctc_loss(logits, part.targets, part.target_lengths).backward()
    return _peak() - before


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*")
    parser.add_argument("--preset", default="rec-lcnet")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, action="append")
    options = parser.parse_args()
    print("| width, pixels | memory of a step, MB |\n|---|---|")
    for width in options.width or _WIDTHS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            memory = pool.apply(step_memory, (options.preset, options.settings, options.batch, width))
        print(f"| {width:,} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
