"""`ocrmill export`: a RUN as an ONNX file."""

import copy
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from models.conv import ConvNormAct
from models.db.head import MapHead
from models.detector import Detector
from models.recognizer import Recognizer
from pipelines.errors import JobError
from pipelines.inference.engine import (
    Engine,
    onnx_engine,
    open_onnx_session,
    require_onnx,
    torch_detector,
    torch_recognizer,
)
from pipelines.inference.onnx_graph import with_metadata
from pipelines.inference.onnx_metadata import detector_metadata, recognizer_metadata
from pipelines.inference.run import Run
from pipelines.io.atomic import write_atomic
from synthtext.core import InputError

Model = TypeVar("Model", bound=nn.Module)

OPSET = 17
EXPORT_TOLERANCE = 1e-4
"""Largest difference of a probability between the exported file and torch."""

INPUT_NAME, OUTPUT_NAME = "x", "probability"


def export_onnx(run: Run, out: Path, say: Callable[[str], None] = print) -> None:
    """Write the best network of a RUN as an ONNX file, and check that it says what the network says.

    The file takes normalised images (B, 3, H, W) float32 of any batch size and width (of a detector: any height and
    width that are multiples of 32), and gives probabilities: (B, T, classes) of a recognizer, (B, 1, H, W) of a
    detector. Charset, preprocessing and box settings are in its metadata.

    Raises:
        InputError: the RUN has no weights, the ONNX libraries are missing, or the file cannot be written.
        JobError: the file says something else than the network; it is not written then.
    """
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: there is no folder {out.absolute().parent}")
    content, difference = to_onnx(run)
    try:
        write_atomic(out, content)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from None
    say(f"{out}: {len(content):,} bytes; checked against torch, largest difference of a probability {difference:.1g}")


def to_onnx(run: Run) -> tuple[bytes, float]:
    """The ONNX file of a RUN, and how much it differs from torch; raises as `export` does."""
    if run.kind == "recognizer":
        recognizer = run.load_recognizer()
        height = run.preprocessing.height
        content = _exported(
            _Probabilities(fold_batch_norm(recognizer)),
            torch.zeros(2, 3, height, 320),
            {INPUT_NAME: {0: "batch", 3: "width"}, OUTPUT_NAME: {0: "batch", 1: "steps"}},
            recognizer_metadata(run.charset, run.preprocessing),
        )
        shapes = [(1, 3, height, 320), (3, 3, height, 97)]
        return content, _checked(content, torch_recognizer(recognizer), shapes)
    detector = run.load_detector()
    content = _exported(
        _Map(fold_batch_norm(detector)),
        torch.zeros(1, 3, 64, 96),
        {axis: {0: "batch", 2: "height", 3: "width"} for axis in (INPUT_NAME, OUTPUT_NAME)},
        detector_metadata(run.detector_preprocessing, run.boxes),
    )
    return content, _checked(content, torch_detector(detector), [(1, 3, 96, 160), (2, 3, 64, 32)])


class _Probabilities(nn.Module):
    def __init__(self, model: Recognizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        probabilities: Tensor = self.model(images).logits.softmax(2)
        return probabilities


class _Map(nn.Module):
    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.probability(images).unsqueeze(1)


def fold_batch_norm(model: Model) -> Model:
    """A copy of a network in evaluation mode, its batch normalisation folded into the convolutions before it."""
    result = copy.deepcopy(model).eval()
    for module in result.modules():
        if isinstance(module, ConvNormAct):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()  # type: ignore[assignment]
        elif isinstance(module, MapHead):
            module.up1 = fuse_conv_bn_eval(module.up1, module.norm, transpose=True)
            module.norm = nn.Identity()  # type: ignore[assignment]
    return result


def _exported(
    model: nn.Module, example: Tensor, axes: Mapping[str, Mapping[int, str]], metadata: Mapping[str, str]
) -> bytes:
    require_onnx()  # whether it is there: before the work
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter that follows torch.export cannot export bidirectional LSTMs of any length (torch 2.13).
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            buffer,  # type: ignore[arg-type]
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    return with_metadata(buffer.getvalue(), metadata)


def _checked(content: bytes, engine: Engine, shapes: Sequence[tuple[int, ...]]) -> float:
    written, largest, generator = onnx_engine(open_onnx_session(content)), 0.0, torch.Generator().manual_seed(0)
    for shape in shapes:
        images = torch.rand(shape, generator=generator) * 2 - 1
        largest = max(largest, float((written(images) - engine(images)).abs().max()))
    if not largest <= EXPORT_TOLERANCE:
        raise JobError(f"the exported network differs from torch by {largest:.3g}: no file was written")
    return largest
