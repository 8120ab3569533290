"""Export of a run directory as an ONNX file."""

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
from pipelines.inference.run import RecognizerRun, Run, open_run
from pipelines.io.atomic import write_atomic
from synthtext.core import InputError

Model = TypeVar("Model", bound=nn.Module)

OPSET = 17
EXPORT_TOLERANCE = 1e-4
"""Largest allowed difference between a probability of the exported file and of torch."""

INPUT_NAME, OUTPUT_NAME = "x", "probability"


def export_onnx(run: Run, out: Path, log: Callable[[str], None] = print, *, int8: str | Path | None = None) -> None:
    """Write the best network of a run directory as an ONNX file, and compare its output with that of torch.

    The file maps normalised images (B, 3, H, W) float32 to probabilities: (B, T, classes) of a recognizer, with any
    batch size and width; (B, 1, H, W) of a detector, with any batch size, and any height and width that are multiples
    of 32. Charset, preprocessing and postprocessing are in its metadata.

    Args:
        run: the run directory.
        out: file to write.
        log: called with one line of text.
        int8: labelled lines of a recognizer, or scenes of a detector: quantize the network to int8, see `quantize`.

    Raises:
        InputError: the run has no weights, the ONNX libraries are missing, or the file cannot be written; or `int8`
            cannot be read.
        JobError: the outputs differ, or no layer can be quantized; no file is written.
    """
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: there is no folder {out.absolute().parent}")
    content, difference = to_onnx(run)
    if int8 is not None:
        from pipelines.inference.quantization import quantize

        content, summary = quantize(content, run, int8)
    try:
        write_atomic(out, content)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from None
    result = f"largest difference from torch in a probability: {difference:.1g}" if int8 is None else str(summary)
    log(f"{out}: {len(content):,} bytes; {result}")


def export(run: str | Path, out: str | Path, *, int8: str | Path | None = None) -> None:
    """Write the best network of a run directory as an ONNX file, and compare its output with that of torch.

    The file maps normalised images (B, 3, H, W) float32 to probabilities, and has charset, preprocessing and
    postprocessing in its metadata; see `export_onnx`.

    Args:
        run: Path of the run directory.
        out: File to write.
        int8: Labelled lines of a recognizer, or scenes of a detector, to quantize the network to int8.

    Raises:
        InputError: The run has no weights, the ONNX libraries are missing, or a path cannot be read or written.
        JobError: The outputs differ, or no layer can be quantized; no file is written.

    Examples:
        >>> from pipelines import export
        >>> export("runs/digits", "digits.onnx")
        digits.onnx: ... bytes; largest difference from torch in a probability: ...
    """
    export_onnx(open_run(Path(run)), Path(out), int8=int8)


def to_onnx(run: Run) -> tuple[bytes, float]:
    """Return the content of a run's ONNX file, and its largest difference from torch; raises as `export_onnx`."""
    if isinstance(run, RecognizerRun):
        recognizer = run.load_model()
        height = run.preprocessing.height
        content = _exported(
            _Exported(fold_batch_norm(recognizer), lambda model, images: model(images).logits.softmax(2)),
            torch.zeros(2, 3, height, 320),
            {INPUT_NAME: {0: "batch", 3: "width"}, OUTPUT_NAME: {0: "batch", 1: "steps"}},
            recognizer_metadata(run.charset, run.preprocessing),
        )
        shapes = [(1, 3, height, 320), (3, 3, height, 97)]
        return content, _largest_difference(content, torch_recognizer(recognizer), shapes)
    detector = run.load_model()
    content = _exported(
        _Exported(fold_batch_norm(detector), lambda model, images: model.probability(images).unsqueeze(1)),
        torch.zeros(1, 3, 64, 96),
        {axis: {0: "batch", 2: "height", 3: "width"} for axis in (INPUT_NAME, OUTPUT_NAME)},
        detector_metadata(run.preprocessing, run.postprocessing),
    )
    return content, _largest_difference(content, torch_detector(detector), [(1, 3, 96, 160), (2, 3, 64, 32)])


class _Exported(nn.Module):
    """A network whose forward pass is a given function of it."""

    def __init__(self, model: Model, compute: Callable[[Model, Tensor], Tensor]) -> None:
        super().__init__()
        self.model, self.compute = model, compute

    def forward(self, images: Tensor) -> Tensor:
        result: Tensor = self.compute(self.model, images)
        return result


def fold_batch_norm(model: Model) -> Model:
    """Return a copy of a network in evaluation mode whose batch normalisation is folded into its convolutions."""
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
    require_onnx()  # fail before the work
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter on torch.export does not support bidirectional LSTMs of variable length (torch 2.13).
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


def _largest_difference(content: bytes, engine: Engine, shapes: Sequence[tuple[int, ...]]) -> float:
    """Compare the outputs of an ONNX file and an engine on random images; raises JobError if they differ."""
    exported, largest, generator = onnx_engine(open_onnx_session(content)), 0.0, torch.Generator().manual_seed(0)
    for shape in shapes:
        images = torch.rand(shape, generator=generator) * 2 - 1
        largest = max(largest, float((exported(images) - engine(images)).abs().max()))
    if not largest <= EXPORT_TOLERANCE:
        raise JobError(f"the exported network differs from torch by {largest:.3g}: no file was written")
    return largest
