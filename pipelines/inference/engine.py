"""The ONNX libraries, which are an extra."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from models.detector import Detector
from synthtext.core import InputError


@cache
def require_onnx() -> ModuleType:
    """The library `onnx`, with the parts of it that are used here.

    Raises:
        InputError: it is not installed.
    """
    for part in ("checker", "helper", "numpy_helper", "reference"):
        _required(f"onnx.{part}")
    return _required("onnx")


@cache
def require_onnxruntime() -> ModuleType:
    """The library `onnxruntime`.

    Raises:
        InputError: it is not installed.
    """
    return _required("onnxruntime")


def has_onnxruntime() -> bool:
    """Whether ONNX files can be run."""
    return find_spec("onnxruntime") is not None


def has_onnx_export() -> bool:
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


Engine: TypeAlias = Callable[[Tensor], Tensor]
"""Normalised images (B, 3, H, W) float32 to what the network says of them, float32 on the CPU: a recognizer the
probabilities (B, T, classes), a detector the probability maps (B, H, W)."""

Precision: TypeAlias = Literal["fp32", "bf16"]

_QUIET = 3  # onnxruntime tells errors only


def torch_recognizer(model: nn.Module, precision: Precision = "fp32") -> Engine:
    """Run a recognizer with torch.

    Args:
        model: gives `.logits` (B, T, classes); its training mode is put back after every use.
        precision: bf16 computes in bfloat16 where that is safe.
    """

    def run(images: Tensor) -> Tensor:
        with _reading_mode(model, precision) as device:
            probabilities: Tensor = model(images.to(device)).logits.float().softmax(2).cpu()
            return probabilities

    return run


def torch_detector(model: Detector, precision: Precision = "fp32") -> Engine:
    """Run a detector with torch, see `torch_recognizer`."""

    def run(images: Tensor) -> Tensor:
        with _reading_mode(model, precision) as device:
            return model.probability(images.to(device)).float().cpu()

    return run


@contextmanager
def _reading_mode(model: nn.Module, precision: Precision) -> Iterator[torch.device]:
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield device
    finally:
        model.train(was_training)


def open_onnx_session(model: Path | bytes, threads: int | None = None) -> Any:
    """An ONNX file, or its bytes, as an `onnxruntime.InferenceSession` on the CPU.

    Raises:
        InputError: onnxruntime is not installed, or this is no network that it can run.
    """
    runtime = require_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = _QUIET
    if threads:
        options.intra_op_num_threads = threads
    content = model if isinstance(model, bytes) else _content(model)
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has many of its own
        reason = " ".join(str(error).split())[:150]
        where = "this network" if isinstance(model, bytes) else str(model)
        raise InputError(f"{where} is no ONNX file that can be run, or a damaged one ({reason})") from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def onnx_engine(session: Any) -> Engine:
    """Run an ONNX network; a detector's maps (B, 1, H, W) lose the second axis."""
    (name,) = (entry.name for entry in session.get_inputs())

    def run(images: Tensor) -> Tensor:
        result = torch.from_numpy(session.run(None, {name: images.contiguous().numpy()})[0])
        return result.squeeze(1) if result.ndim == 4 else result

    return run
