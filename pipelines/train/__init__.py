"""Training: one loop, and what a recognizer brings to it."""

from pipelines.train.checkpoint import Progress
from pipelines.train.config import TrainConfig, preset_names, resolve_config
from pipelines.train.job import train
from pipelines.train.loop import run_training
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.task import Task, Validation

__all__ = [
    "Progress",
    "RecognizerTask",
    "Task",
    "TrainConfig",
    "Validation",
    "preset_names",
    "resolve_config",
    "run_training",
    "train",
]
