"""Training: one loop, and what a recognizer or a detector brings to it."""

from pipelines.train.checkpoint import Progress
from pipelines.train.config import TrainConfig
from pipelines.train.detector import DetectorTask
from pipelines.train.detector_config import DetectorTrainConfig
from pipelines.train.job import train
from pipelines.train.loop import run_training
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.resolve import preset_names, resolve_config
from pipelines.train.task import Task, Validation

__all__ = [
    "DetectorTask",
    "DetectorTrainConfig",
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
