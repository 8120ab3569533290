"""Trainings in several processes."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.train import train
from pipelines.train.checkpoint import TENSORS
from synthtext.core import InputError

SETTINGS = [
    "samples=192", "batch_size=8", "optim.warmup_steps=2", "spacing_samples=0", "data_workers=0", "threads=1",
    "device=cpu", "precision=fp32", "log_every=2", "validate_every=6", "checkpoint_every=2", "seed=3",
    "network={scale: 0.25}", "loss.center_weight=0.05", "loss.center_samples_range=[0, 16]",
]  # fmt: skip


@pytest.fixture(scope="module")
def lines(draw_lines):
    return draw_lines(256)


def run(folder, lines, *settings, preset="rec-udml", **options):
    return train(preset, folder, [str(lines)], [str(lines)], [*SETTINGS, *settings], lambda _: None, **options)


def tensors(folder: Path):
    found = load_file(folder / TENSORS)
    return {name: tensor for name, tensor in found.items() if tensor.is_floating_point()}
