"""Engines that run a network: torch and onnxruntime, which is an optional dependency."""

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
    """Import `onnx` with the submodules that this package uses; raises InputError if it is not installed."""
    for part in ("checker", "helper", "numpy_helper", "reference"):
        _import(f"onnx.{part}")
    return _import("onnx")


@cache
def require_onnxruntime() -> ModuleType:
    """Import `onnxruntime`; raises InputError if it is not installed."""
    return _import("onnxruntime")


def has_onnxruntime() -> bool:
    """Return whether ONNX files can be run."""
    return find_spec("onnxruntime") is not None


def has_onnx_export() -> bool:
    """Return whether networks can be exported as ONNX files and run."""
    return has_onnxruntime() and find_spec("onnx") is not None


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        raise InputError(
            f"{library} is required for this ({error}): install it with pip install 'ocrmill[onnx]'"
        ) from None


Engine: TypeAlias = Callable[[Tensor], Tensor]
"""Maps normalised images (B, 3, H, W) float32 to the network's output, float32 on the CPU: the probabilities
(B, T, classes) of a recognizer, or the probability maps (B, H, W) of a detector."""

Precision: TypeAlias = Literal["fp32", "bf16"]

_ERRORS_ONLY = 3  # log level of onnxruntime


def torch_recognizer(model: nn.Module, precision: Precision = "fp32") -> Engine:
    """Return an engine that runs a recognizer in torch.

    Args:
        model: returns `.logits` (B, T, classes); its training mode is restored after every call.
        precision: "bf16" computes in bfloat16 where torch's autocast does.
    """

    def run(images: Tensor) -> Tensor:
        with _inference(model, precision) as device:
            probabilities: Tensor = model(images.to(device)).logits.float().softmax(2).cpu()
            return probabilities

    return run


def torch_detector(model: Detector, precision: Precision = "fp32") -> Engine:
    """Return an engine that runs a detector in torch, see `torch_recognizer`."""

    def run(images: Tensor) -> Tensor:
        with _inference(model, precision) as device:
            return model.probability(images.to(device)).float().cpu()

    return run


@contextmanager
def _inference(model: nn.Module, precision: Precision) -> Iterator[torch.device]:
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield device
    finally:
        model.train(was_training)


def open_onnx_session(model: Path | bytes, threads: int | None = None) -> Any:
    """Open an ONNX file, or its content, as an `onnxruntime.InferenceSession` on the CPU.

    Args:
        model: path or bytes of the file.
        threads: of onnxruntime; None: as many as torch uses, which `OMP_NUM_THREADS` limits.

    Raises:
        InputError: onnxruntime is not installed, or the file is missing or cannot be run.
    """
    runtime = require_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or torch.get_num_threads()
    content = model if isinstance(model, bytes) else _read_bytes(model)
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime defines many exceptions
        reason = " ".join(str(error).split())[:150]
        where = "the network" if isinstance(model, bytes) else str(model)
        raise InputError(f"{where} is damaged or not an ONNX file that onnxruntime can run ({reason})") from None


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def onnx_engine(session: Any) -> Engine:
    """Return an engine that runs an ONNX session; a detector's maps (B, 1, H, W) lose the second axis."""
    (name,) = (entry.name for entry in session.get_inputs())

    def run(images: Tensor) -> Tensor:
        result = torch.from_numpy(session.run(None, {name: images.contiguous().numpy()})[0])
        return result.squeeze(1) if result.ndim == 4 else result

    return run


@contextmanager
def torch_single_thread() -> Iterator[None]:
    """Restrict torch to one thread, as in Ray workers: the number of threads can change the last bits of a result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
