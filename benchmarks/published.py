"""Differences between the imported published networks and their ONNX files, on real images.

python -m benchmarks.published recognizer DIR SOURCE     # probabilities and texts of all lines
python -m benchmarks.published charset DIR SOURCE        # before and after a change to 95 characters, untrained
python -m benchmarks.published enlargement DIR SOURCE    # hmean by the maximum enlargement of small images
python -m benchmarks.published detector DIR SOURCE       # probability maps of the last 20 scenes
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.batch import normalise
from pipelines.datasets.image import decode_image
from pipelines.datasets.loader import collate_encoded
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import onnx_engine, open_onnx_session, torch_recognizer
from pipelines.inference.onnx_graph import load_onnx, with_floor_resize
from pipelines.inference.predictors import TextRecognizer, batches_by_width
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.run import DetectorRun, RecognizerRun
from pipelines.training.initial_weights import load_initial_weights
from synthtext.core import Charset

MIN_MARGIN = 1e-3
"""Lines with a step whose two best classes are closer than this may be read either way."""


def compare_recognizer(folder: Path, name: str) -> None:
    imported, source = RecognizerRun.open(folder).predictor(), open_line_source(name)
    published = onnx_engine(open_onnx_session(published_file(RECOGNIZER_FILE)))
    preprocessing, sizes = imported.preprocessing, source.sizes()
    widths = preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    largest, unambiguous, differing = 0.0, 0, 0
    for rows in batches_by_width(widths, preprocessing, 16):
        images = normalise(*collate_encoded(source.read(rows), preprocessing))
        output, expected = imported.engine(images), published(images)
        largest = max(largest, float((output - expected).abs().max()))
        best = expected.topk(2, dim=2).values
        is_clear = (best[..., 0] - best[..., 1]).amin(1) > MIN_MARGIN
        decode = imported.codec.decode_probabilities
        unambiguous += int(is_clear.sum())
        pairs = zip(is_clear, decode(output), decode(expected), strict=True)
        differing += sum(bool(clear) and a.text != b.text for clear, a, b in pairs)
    print(f"{len(source)} lines: largest difference of a probability {largest:.2g}")
    print(f"{differing} of {unambiguous} unambiguous lines are read differently")


def compare_detector(folder: Path, name: str) -> None:
    imported = DetectorRun.open(folder).predictor()
    trained = onnx_engine(open_onnx_session(with_floor_resize(load_onnx(published_file(DETECTOR_FILE)))))
    unchanged = onnx_engine(open_onnx_session(published_file(DETECTOR_FILE)))
    largest, shares = 0.0, []
    scenes = list(iterate_scenes(open_scene_source(name)))[-20:]
    for scene in scenes:
        images = torch.from_numpy(imported.preprocessing.prepare(decode_image(scene.image, scene.key)))
        output = imported.engine(images)
        largest = max(largest, float((output - trained(images)).abs().max()))
        shares.append(float(((output - unchanged(images)).abs() > 0.05).float().mean()))
    print(f"{len(scenes)} images: largest difference from the trained network {largest:.2g}")
    print(f"{100 * np.mean(shares):.2f} % of the pixels differ by more than 0.05 from the unchanged file")


def compare_charset(folder: Path, name: str) -> None:
    run, charset, source = RecognizerRun.open(folder), Charset.named("ascii"), open_line_source(name)
    model = run.settings.build(charset, run.preprocessing.height)
    print(load_initial_weights(model, charset, run))
    changed = TextRecognizer(torch_recognizer(model), charset, run.preprocessing)
    before, after = (evaluate_recognizer(r, source).predictions for r in (run.predictor(), changed))
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if charset.covers(b.label)]
    correct = [sum(p.prediction == p.label for p in column) for column in zip(*pairs, strict=True)]
    lost = sum(b.prediction == b.label != a.prediction for b, a in pairs)
    print(f"{len(pairs)} words of shared characters: {correct[0]} read before, {correct[1]} after; {lost} lost")


def compare_enlargements(folder: Path, name: str) -> None:
    detector, source = DetectorRun.open(folder).predictor(), open_scene_source(name)
    for maximum in (1.0, 1.5, 2.0, 3.0, 100.0):
        preprocessing = replace(detector.preprocessing, max_enlargement=maximum)
        scores = evaluate_detector(replace(detector, preprocessing=preprocessing), source).scores
        print(f"at most {maximum:g} times: hmean {scores.hmean:.4f}, covered {scores.coverage_recall:.4f}", flush=True)


if __name__ == "__main__":
    modes = {
        "recognizer": compare_recognizer,
        "charset": compare_charset,
        "enlargement": compare_enlargements,
        "detector": compare_detector,
    }
    if len(sys.argv) != 4 or sys.argv[1] not in modes:
        raise SystemExit(__doc__)
    modes[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
