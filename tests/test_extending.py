"""A new part is one module, which nothing else has to name: the table at the end of docs/architecture.md."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.train

HOME = Path(__file__).resolve().parent.parent

EFFECT = """
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Invert:
    def draw(self, rng, size):
        return {}

    def apply(self, image, parameters):
        return 255 - image
"""

USE_EFFECT = """
from pathlib import Path

from pipelines import iterate_samples
from pipelines.recipes.resolve import resolve_recipe

Path("digits.yaml").write_text("base: digits\\neffects: [{use: invert.Invert, probability: 1}]\\n")
for sample in iterate_samples(resolve_recipe("digits.yaml"), 3):
    assert [effect.name for effect in sample.meta.effects] == ["invert.Invert"], sample.meta.effects
"""

LOSS_TERM = """
from models.losses.base import RECOGNIZER_LOSSES, LossTerm


@RECOGNIZER_LOSSES.register("confidence")
class ConfidenceTerm(LossTerm):
    def forward(self, outputs, labels, progress):
        log_probabilities = outputs.student.logits.float().log_softmax(2)
        return {"confidence": (log_probabilities.exp() * log_probabilities).sum(2).mean()}
"""

BACKBONE = """
from torch import nn

from models.backbones.base import RECOGNIZER_BACKBONES, RecognizerBackbone


@RECOGNIZER_BACKBONES.register("patches")
class Patches(RecognizerBackbone):
    def __init__(self, scale):
        super().__init__()
        self.channels = 32
        self.convolution = nn.Conv2d(3, 32, (32, 2), (32, 2))

    def forward(self, x):
        return self.convolution(x)

    @staticmethod
    def time_steps(width):
        return width // 2

    @staticmethod
    def valid_steps(widths, steps):
        return (widths // 2).clamp(1, steps)
"""

USE_NETWORK_PARTS = """
import models.backbones
import models.losses

models.backbones.__path__.append("backbones")
models.losses.__path__.append("losses")
from pipelines import evaluate, generate, train

generate("digits", "data", 16, workers=0)
losses = "network_group.losses=[{student: student, target: labels, terms: {ctc: 1, confidence: 0.1}}]"
settings = ["batch_size=8", "samples=16", "validate_every=2", "log_every=1", "threads=1", "data_workers=0", losses]
train("rec-tiny", "run", data=["data"], val=["data"], overrides=[*settings, "network.backbone=patches"])
assert "loss/student/labels/confidence" in open("run/metrics.jsonl").read()
assert len(evaluate("run", "data").predictions) == 16
"""

COMMAND = """
import typer


def count_command(path: str) -> None:
    "Print the number of rows of a dataset."
    from pipelines import open_dataset

    print(len(open_dataset(path)))
"""

USE_COMMAND = """
from typer.testing import CliRunner

from count import count_command
from pipelines import generate
from pipelines.cli.main import app

app.command("count")(count_command)
generate("digits", "data", 5, workers=0)
result = CliRunner().invoke(app, ["count", "data"])
assert result.output.strip().endswith("5"), result.output
"""


PARTS = {  # the modules and the script of each test, which runs in a folder of its name
    "effect": ({"invert": EFFECT}, USE_EFFECT),
    "network": ({"losses/confidence": LOSS_TERM, "backbones/patches": BACKBONE}, USE_NETWORK_PARTS),
    "command": ({"count": COMMAND}, USE_COMMAND),
}

RUN_ALL = """
import os, runpy, sys, traceback

for name in sys.argv[1:]:
    os.chdir(name)
    sys.path.insert(0, name)
    try:
        runpy.run_path("script.py")
        result = ""
    except BaseException:
        result = traceback.format_exc()
    sys.path.remove(name)
    with open("result.txt", "w") as file:
        file.write(result)
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The errors of the scripts, by name. One new interpreter runs all, since its imports take most of the time."""
    home = tmp_path_factory.mktemp("parts")
    for name, (modules, script) in PARTS.items():
        for module, content in {**modules, "script": script}.items():
            path = home / name / f"{module}.py"
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(content)
    command = [sys.executable, "-c", RUN_ALL, *(str(home / name) for name in PARTS)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(HOME)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: (home / name / "result.txt").read_text() for name in PARTS}


def test_an_effect_is_a_class_beside_the_recipe(results: dict[str, str]) -> None:
    assert results["effect"] == ""


def test_a_loss_term_and_a_backbone_are_modules(results: dict[str, str]) -> None:
    assert results["network"] == ""


def test_a_command_is_a_function(results: dict[str, str]) -> None:
    assert results["command"] == ""
