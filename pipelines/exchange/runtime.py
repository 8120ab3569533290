"""The ONNX libraries, which are an extra."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from synthtext.core import InputError


@cache
def onnx() -> ModuleType:
    """The library `onnx`, with the parts of it that are used here.

    Raises:
        InputError: it is not installed.
    """
    for part in ("checker", "helper", "numpy_helper", "reference"):
        _required(f"onnx.{part}")
    return _required("onnx")


@cache
def onnxruntime() -> ModuleType:
    """The library `onnxruntime`.

    Raises:
        InputError: it is not installed.
    """
    return _required("onnxruntime")


def has_onnxruntime() -> bool:
    """Whether ONNX files can be run."""
    return find_spec("onnxruntime") is not None


def has_both() -> bool:
    """Whether networks can be made into ONNX files and run."""
    return has_onnxruntime() and find_spec("onnx") is not None


def _required(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        raise InputError(
            f"{library} is needed for this ({error}): install it with pip install 'ocrmill[onnx]'"
        ) from None
