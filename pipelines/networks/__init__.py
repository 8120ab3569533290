"""Networks ready to read: from a RUN or an ONNX file, run by torch or by onnxruntime."""

from pipelines.networks.detector import TextDetector
from pipelines.networks.engine import Engine, Precision, torch_detector, torch_recognizer
from pipelines.networks.recognizer import TextRecognizer

__all__ = ["Engine", "Precision", "TextDetector", "TextRecognizer", "torch_detector", "torch_recognizer"]
