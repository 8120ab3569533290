"""From what a user names to a network that is ready to read."""

from pathlib import Path
from typing import Any, Literal, TypeAlias

from pipelines.inference.engine import Precision, has_onnx_export, onnx_engine, open_onnx_session
from pipelines.inference.onnx_export import to_onnx
from pipelines.inference.onnx_graph import load_onnx, with_floor_resize
from pipelines.inference.onnx_metadata import (
    read_detector_preprocessing,
    read_postprocessing,
    read_recognizer_preprocessing,
    resolve_model_charset,
)
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.run import ModelKind, Run
from synthtext.core import InputError

Runtime: TypeAlias = Literal["auto", "onnxruntime", "torch"]
"""What runs the network of a RUN: `auto` is onnxruntime where it is installed. An ONNX file is run by onnxruntime."""

_AXES: dict[int, ModelKind] = {3: "recognizer", 4: "detector"}


def model_kind(name: Path) -> ModelKind:
    """What a RUN or an ONNX file does.

    Raises:
        InputError: it is neither, or does something else.
    """
    if not _is_file(name):
        return Run.open(name).kind
    axes = len(open_onnx_session(name).get_outputs()[0].shape)
    if axes not in _AXES:
        raise InputError(f"{name} is no recognizer and no detector: its output has {axes} axes")
    return _AXES[axes]


def open_recognizer(
    name: Path | None = None,
    *,
    runtime: Runtime = "auto",
    threads: int | None = None,
    charset: Path | None = None,
    precision: Precision = "fp32",
) -> TextRecognizer:
    """Make a recognizer ready to read.

    Args:
        name: a RUN's folder or an ONNX file; None for the published recognizer.
        runtime: what runs a RUN.
        threads: of onnxruntime; None: all.
        charset: dictionary of an ONNX file that does not name its characters.
        precision: of torch.

    Raises:
        InputError: it cannot be opened, is a detector, or its characters are unknown.
    """
    if name is not None and not _is_file(name):
        run = Run.open(name)
        if charset is not None:
            raise InputError(f"{name} has a charset of its own: leave --charset out")
        if _uses_torch(runtime, precision):
            return run.recognizer(precision)
        engine = onnx_engine(open_onnx_session(to_onnx(run)[0], threads))
        return TextRecognizer(engine, run.charset, run.preprocessing)
    path = name or published_file(RECOGNIZER_FILE)
    session = open_onnx_session(path, threads)
    classes, metadata = _last_axis(session, path, "recognizer"), _metadata(session)
    return TextRecognizer(
        onnx_engine(session),
        resolve_model_charset(metadata, classes, charset, path),
        read_recognizer_preprocessing(metadata, path),
    )


def open_detector(
    name: Path | None = None,
    *,
    runtime: Runtime = "auto",
    threads: int | None = None,
    precision: Precision = "fp32",
) -> TextDetector:
    """Make a detector ready to read, as `open_recognizer` does.

    The published one is run as it was trained (see `with_repeated_cells`); its file, named, is run as it is.

    Raises:
        InputError: it cannot be opened, or is a recognizer.
    """
    if name is not None and not _is_file(name):
        run = Run.open(name)
        if _uses_torch(runtime, precision):
            return run.detector(precision)
        session = open_onnx_session(to_onnx(run)[0], threads)
        return TextDetector(onnx_engine(session), run.detector_preprocessing, run.boxes)
    path = name or published_file(DETECTOR_FILE)
    session = open_onnx_session(path if name else with_floor_resize(load_onnx(path)), threads)
    _last_axis(session, path, "detector")
    metadata = _metadata(session)
    return TextDetector(
        onnx_engine(session), read_detector_preprocessing(metadata, path), read_postprocessing(metadata, path)
    )


def _is_file(name: Path) -> bool:
    if name.is_dir():
        return False
    if name.suffix.lower() != ".onnx":
        raise InputError(f"{name}: there is no such RUN; name the folder of one, or an ONNX file")
    return True


def _uses_torch(runtime: Runtime, precision: Precision) -> bool:
    return runtime == "torch" or precision != "fp32" or (runtime == "auto" and not has_onnx_export())


def _last_axis(session: Any, path: Path, kind: ModelKind) -> int:
    shape = session.get_outputs()[0].shape
    if _AXES.get(len(shape)) != kind:
        raise InputError(f"{path} is no {kind}: its output has {len(shape)} axes")
    return shape[-1] if isinstance(shape[-1], int) else 0


def _metadata(session: Any) -> dict[str, str]:
    metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map
    return metadata
