"""Quantization of ONNX files to int8, with as many layers as the scores allow."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import normalise
from models.detection_metric import count_matches, detection_scores
from models.metrics import recognition_scores
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.scene_source import EncodedScene, instances_at_level
from pipelines.datasets.sequence import RowT_co
from pipelines.datasets.source import EncodedLine, RowSource, read_rows
from pipelines.errors import JobError
from pipelines.inference.engine import Engine, onnx_engine, open_onnx_session, require_onnx
from pipelines.inference.onnx_graph import read_metadata, with_metadata
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.run import RecognizerRun, Run
from synthtext.core import Image, InputError

Inputs: TypeAlias = Sequence[NDArray[np.float32]]
"""Normalised inputs of a network, each (1, 3, H, W)."""

QUANTIZED_OPERATORS = ("Conv", "ConvTranspose", "MatMul", "Gemm")
"""Operators that are quantized. LSTMs stay in float: ONNX has no static quantization of them."""

MAX_LOSS = 0.002
"""Largest loss of the score that counts as none."""


class _Judge(Protocol):
    """Inputs to calibrate with, and the score of a network on other labelled images."""

    score_name: str
    calibration: Inputs
    samples: int

    def score(self, engine: Engine) -> float: ...


@dataclass(frozen=True)
class QuantizationSummary:
    """What a quantization did.

    Attributes:
        layers: number of layers that can be quantized.
        quantized: number of layers that are.
        score_name: what the scores measure.
        samples: images that the scores were measured on.
        float_score: of the network before, 0 to 1.
        int8_score: of the network after, 0 to 1.
    """

    layers: int
    quantized: int
    score_name: str
    samples: int
    float_score: float
    int8_score: float

    def __str__(self) -> str:
        return (
            f"int8: {self.quantized} of {self.layers} layers; {self.score_name} on {self.samples} images "
            f"{self.int8_score:.4f}, before {self.float_score:.4f}"
        )


def quantize(content: bytes, run: Run, source: str | Path) -> tuple[bytes, QuantizationSummary]:
    """Quantize weights and activations of an exported network to int8 (QDQ, static, per channel).

    Layers differ in what quantization costs them: with all layers, PP-LCNet reads hardly anything. Each layer is
    quantized alone, to measure how far the output moves. Then as many layers as possible are quantized, the least
    sensitive first, without a loss of more than `MAX_LOSS` of the score.

    Args:
        content: of the ONNX file.
        run: the run directory that it was exported from.
        source: labelled lines for a recognizer, scenes for a detector, like those that will be read. A few hundred
            lines or tens of scenes are enough; the first third calibrates, the others are scored.

    Returns:
        The content of the file with the same input, output and metadata, and what was done.

    Raises:
        InputError: the ONNX libraries are missing, or the source cannot be read or is of the other kind.
        JobError: no layer can be quantized without a loss.
    """
    judge = _open_judge(run, source)
    with _Quantizer(content, judge.calibration) as quantizer:
        float_score = judge.score(quantizer.float_engine)
        sensitivities = quantizer.sensitivities()
        order = sorted(sensitivities, key=lambda name: sensitivities[name])
        candidates: dict[int, tuple[bytes, float]] = {}

        def score(count: int) -> float:
            candidate = quantizer.quantized(order[:count])
            candidates[count] = candidate, judge.score(_engine(candidate))
            return candidates[count][1]

        count = largest_count(len(order), lambda number: score(number) >= float_score - MAX_LOSS)
    if not count:
        raise JobError(f"no layer can be quantized without a loss of {judge.score_name}: export without --int8")
    result, int8_score = candidates[count]
    summary = QuantizationSummary(len(order), count, judge.score_name, judge.samples, float_score, int8_score)
    return with_metadata(result, read_metadata(require_onnx().load_from_string(content))), summary


def largest_count(limit: int, is_good: Callable[[int], bool]) -> int:
    """Return the largest count from 1 to `limit` that is good, by bisection; 0 if none is found."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_good(middle) else (low, middle - 1)
    return low


class _Quantizer:
    """Quantizes layers of one network, in a temporary folder. The calibration runs once."""

    def __init__(self, content: bytes, calibration: Inputs) -> None:
        self._content, self._calibration = content, calibration
        self.float_engine = _engine(content)

    def __enter__(self) -> "_Quantizer":
        from onnxruntime.quantization.shape_inference import quant_pre_process

        self._temporary = TemporaryDirectory()
        self._folder = Path(self._temporary.name)
        (self._folder / "float.onnx").write_bytes(self._content)
        quant_pre_process(
            self._folder / "float.onnx",
            self._folder / "prepared.onnx",
            skip_optimization=True,  # it would write the graph in operators of onnxruntime
            skip_symbolic_shape=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    @property
    def layers(self) -> list[str]:
        """Names of the layers with weights, from the input to the output."""
        graph = require_onnx().load(self._folder / "prepared.onnx").graph
        weights = {weight.name for weight in graph.initializer}
        nodes = [node for node in graph.node if node.op_type in QUANTIZED_OPERATORS]
        return [node.name for node in nodes if node.input[1] in weights]

    def sensitivities(self) -> dict[str, float]:
        """Return the mean change of the output, by name of the one layer that is quantized."""
        pixels = np.cumsum([inputs[0, 0].size for inputs in self._calibration[:_SENSITIVITY_INPUTS]])
        few = self._calibration[: max(int((pixels <= _SENSITIVITY_PIXELS).sum()), 1)]
        expected = [self.float_engine(torch.from_numpy(inputs)) for inputs in few]
        changes = {}
        for name in self.layers:
            engine = _engine(self.quantized([name]))
            outputs = (engine(torch.from_numpy(inputs)) for inputs in few)
            changes[name] = float(
                np.mean([(a - b).abs().amax(-1).mean() for a, b in zip(outputs, expected, strict=True)])
            )
        return changes

    def quantized(self, layers: Sequence[str]) -> bytes:
        """Return the content of the file with these layers quantized."""
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        path = self._folder / "int8.onnx"
        quantize_static(
            self._folder / "prepared.onnx",
            path,
            _Reader(self._calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED_OPERATORS),
            nodes_to_quantize=list(layers),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,  # processors without VNNI add two products of 8 bits in 16, which would saturate
            calibration_cache_path=self._folder / "ranges.json",  # of all layers, whichever are quantized
        )
        return path.read_bytes()


_SENSITIVITY_INPUTS, _SENSITIVITY_PIXELS = 8, 2_500_000
"""Limits of the inputs that a single layer is measured on: 8 lines, or 2 photographs."""


class _Reader:
    """Feeds calibration inputs to onnxruntime (`CalibrationDataReader`)."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs: Iterator[NDArray[np.float32]] = iter(inputs)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(({"x": inputs} for inputs in self._inputs), None)


def _engine(content: bytes) -> Engine:
    return onnx_engine(open_onnx_session(content))


def _open_judge(run: Run, source: str | Path) -> _Judge:
    wanted = "lines" if isinstance(run, RecognizerRun) else "scenes"
    kind = dataset_kind(source)
    if kind != wanted:
        raise InputError(f"{source} holds {kind}: quantize a {run.kind} with labelled {wanted}")
    if isinstance(run, RecognizerRun):
        return _RecognizerJudge(run.predictor(), _sample(open_line_source(source), 384, "lines"))
    return _DetectorJudge(run.predictor(), _sample(open_scene_source(source), 48, "scenes"))


MIN_SAMPLES = 12


def _sample(source: RowSource[RowT_co], count: int, noun: str) -> list[RowT_co]:
    """Read at most `count` rows at equal distances; those that cannot be read are left out."""
    rows = np.unique(np.linspace(0, len(source) - 1, count).astype(np.int64))
    found = [row for row in read_rows(source, rows) if not isinstance(row, str)]
    if len(found) < MIN_SAMPLES:
        raise InputError(f"{source.name} has {len(found)} {noun} that can be read: quantization needs {MIN_SAMPLES}")
    return found


class _RecognizerJudge:
    """Scores a recognizer by the similarity of its texts to the labels."""

    score_name = "normalized edit similarity"

    def __init__(self, recognizer: TextRecognizer, lines: Sequence[EncodedLine]) -> None:
        images = [decode_image(line.image, line.key) for line in lines]
        self.calibration: Inputs = [self._input(recognizer, image) for image in images[::3]]
        self._recognizer = recognizer
        self._images = [image for number, image in enumerate(images) if number % 3]
        self._labels = [recognizer.charset.fold(line.text) for number, line in enumerate(lines) if number % 3]
        self.samples = len(self._images)

    @staticmethod
    def _input(recognizer: TextRecognizer, image: Image) -> NDArray[np.float32]:
        batch, widths = recognizer.preprocessing.pad([recognizer.preprocessing.resize(image)])
        images = torch.from_numpy(batch).permute(0, 3, 1, 2)
        inputs: NDArray[np.float32] = normalise(images, torch.from_numpy(widths)).contiguous().numpy()
        return inputs

    def score(self, engine: Engine) -> float:
        results = replace(self._recognizer, engine=engine).read(self._images)
        return recognition_scores(self._labels, [result.text for result in results]).normalized_edit_similarity


class _DetectorJudge:
    """Scores a detector by the harmonic mean of ICDAR 2015."""

    score_name = "hmean"

    def __init__(self, detector: TextDetector, scenes: Sequence[EncodedScene]) -> None:
        images = [decode_image(scene.image, scene.key) for scene in scenes]
        self.calibration: Inputs = [detector.preprocessing.prepare(image) for image in images[::3]]
        self._detector = detector
        self._images = [image for number, image in enumerate(images) if number % 3]
        self._texts = [instances_at_level(scene.instances, "word") for number, scene in enumerate(scenes) if number % 3]
        self.samples = len(self._images)

    def score(self, engine: Engine) -> float:
        detector = replace(self._detector, engine=engine)
        matches = [
            count_matches([t.polygon for t in texts], [t.ignore for t in texts], detector.detect(image).polygons)
            for image, texts in zip(self._images, self._texts, strict=True)
        ]
        return detection_scores(matches).hmean
