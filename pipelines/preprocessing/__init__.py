"""How pictures become inputs: one definition for training, evaluation, export and reading."""

from pipelines.preprocessing.detector import DetectorPreprocessing
from pipelines.preprocessing.recognizer import RecognizerPreprocessing

__all__ = ["DetectorPreprocessing", "RecognizerPreprocessing"]
