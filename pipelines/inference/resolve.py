"""Resolution of a path that a user names: a dataset, a run directory or an ONNX file."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pipelines.datasets.open import LineDataset, SceneDataset, resolve_dataset
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.engine import Engine, Precision, has_onnx_export, onnx_engine, open_onnx_session
from pipelines.inference.onnx_export import to_onnx
from pipelines.inference.onnx_graph import load_onnx, with_floor_resize
from pipelines.inference.onnx_metadata import (
    PUBLISHED_PREPROCESSING,
    read_postprocessing,
    read_preprocessing,
    resolve_model_charset,
)
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.run import CONFIG_FILE, DetectorRun, ModelKind, RecognizerRun, Run, open_run
from pipelines.io.paths import parse_path
from synthtext.core import InputError

Runtime: TypeAlias = Literal["auto", "onnxruntime", "torch"]
"""What runs the network of a run directory; "auto": onnxruntime where it is installed, else torch."""


@dataclass(frozen=True)
class OnnxModel:
    """The ONNX file of a recognizer or a detector, which onnxruntime runs.

    Attributes:
        path: of the file.
        floor_resize: see `with_floor_resize`; for the published detector.
    """

    path: Path
    floor_resize: bool = False

    @classmethod
    def published(cls, kind: ModelKind) -> "OnnxModel":
        """Return the published model of a kind; raises InputError if it is not installed."""
        if kind == "recognizer":
            return cls(published_file(RECOGNIZER_FILE))
        return cls(published_file(DETECTOR_FILE), floor_resize=True)

    @cached_property
    def kind(self) -> ModelKind:
        """What the network does, which the axes of its output show; raises InputError if it does neither."""
        axes = len(self._session.get_outputs()[0].shape)
        kinds: dict[int, ModelKind] = {3: "recognizer", 4: "detector"}
        if axes not in kinds:
            raise InputError(f"{self.path} is not a recognizer or a detector: its output has {axes} axes")
        return kinds[axes]

    def recognizer(self, charset: Path | None = None, threads: int | None = None) -> TextRecognizer:
        """Return the recognizer as a predictor; arguments and exceptions are those of `open_recognizer`."""
        self._require("recognizer")
        classes = self._session.get_outputs()[0].shape[-1]
        return TextRecognizer(
            self._engine(threads),
            resolve_model_charset(self._metadata, classes if isinstance(classes, int) else 0, charset, self.path),
            read_preprocessing(self._metadata, self.path, PUBLISHED_PREPROCESSING),
        )

    def detector(self, threads: int | None = None) -> TextDetector:
        """Return the detector as a predictor; arguments and exceptions are those of `open_detector`."""
        self._require("detector")
        return TextDetector(
            self._engine(threads),
            read_preprocessing(self._metadata, self.path, DetectorPreprocessing()),
            read_postprocessing(self._metadata, self.path),
        )

    def _require(self, kind: ModelKind) -> None:
        if self.kind != kind:
            raise InputError(f"{self.path} is a {self.kind}, not a {kind}")

    @cached_property
    def _session(self) -> Any:
        return self._open()

    def _open(self, threads: int | None = None) -> Any:
        return open_onnx_session(with_floor_resize(load_onnx(self.path)) if self.floor_resize else self.path, threads)

    def _engine(self, threads: int | None) -> Engine:
        return onnx_engine(self._open(threads) if threads else self._session)

    @property
    def _metadata(self) -> dict[str, str]:
        metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return metadata


Model: TypeAlias = Run | OnnxModel
Resolved: TypeAlias = LineDataset | SceneDataset | Model


def resolve(spec: str | Path) -> Resolved:
    """Find out what lies at a path, and open it. Commands call this once for each path that a user names.

    Args:
        spec: a dataset's folder or URI, a label file, an LMDB, a run directory or an ONNX file.

    Raises:
        InputError: there is nothing, or nothing of these kinds, or it cannot be read.
    """
    path = parse_path(spec)
    if isinstance(path, Path) and (path.suffix.lower() == ".onnx" or (path / CONFIG_FILE).is_file()):
        return resolve_model(path)
    return resolve_dataset(spec)


def resolve_model(spec: str | Path) -> Model:
    """Open a run directory or an ONNX file; raises InputError if it is neither."""
    path = Path(spec)
    if path.is_dir():
        return open_run(path)
    if path.suffix.lower() != ".onnx":
        raise InputError(f"{path}: there is no such run directory; name a run directory or an ONNX file")
    return OnnxModel(path)


def open_recognizer(
    model: str | Path | Model | None = None,
    *,
    runtime: Runtime = "auto",
    threads: int | None = None,
    charset: Path | None = None,
    precision: Precision = "fp32",
) -> TextRecognizer:
    """Return a recognizer as a predictor.

    Args:
        model: a run directory or an ONNX file; None: the published recognizer.
        runtime: what runs the network of a run directory.
        threads: of onnxruntime; None: as many as torch uses, which `OMP_NUM_THREADS` limits.
        charset: dictionary for an ONNX file that does not contain its characters.
        precision: of torch; "bf16" implies the runtime "torch".

    Raises:
        InputError: the model cannot be opened or is a detector, or its characters are unknown.
    """
    found = _resolved(model, "recognizer")
    if isinstance(found, OnnxModel):
        return found.recognizer(charset, threads)
    if isinstance(found, DetectorRun):
        raise InputError(f"{found.folder} is a detector, not a recognizer")
    if charset is not None:
        raise InputError(f"{found.folder} contains its charset: leave out --charset")
    engine = _engine(found, runtime, threads, precision)
    return TextRecognizer(engine, found.charset, found.preprocessing) if engine else found.predictor(precision)


def open_detector(
    model: str | Path | Model | None = None,
    *,
    runtime: Runtime = "auto",
    threads: int | None = None,
    precision: Precision = "fp32",
) -> TextDetector:
    """Return a detector as a predictor; arguments and exceptions are those of `open_recognizer`.

    Without a model, the published network runs with the resizing that it was trained with (see `with_floor_resize`);
    its file, when it is named, runs unchanged.
    """
    found = _resolved(model, "detector")
    if isinstance(found, OnnxModel):
        return found.detector(threads)
    if isinstance(found, RecognizerRun):
        raise InputError(f"{found.folder} is a recognizer, not a detector")
    engine = _engine(found, runtime, threads, precision)
    return TextDetector(engine, found.preprocessing, found.postprocessing) if engine else found.predictor(precision)


def _resolved(model: str | Path | Model | None, kind: ModelKind) -> Model:
    if model is None:
        return OnnxModel.published(kind)
    return resolve_model(model) if isinstance(model, str | Path) else model


def _engine(run: Run, runtime: Runtime, threads: int | None, precision: Precision) -> Engine | None:
    """Return an engine that runs a run's network in onnxruntime; None if torch is to run it."""
    if runtime == "torch" or precision != "fp32" or (runtime == "auto" and not has_onnx_export()):
        return None
    return onnx_engine(open_onnx_session(to_onnx(run)[0], threads))
