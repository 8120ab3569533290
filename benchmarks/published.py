"""How far the imported published networks are from their ONNX files, on real pictures.

python -m benchmarks.published recognizer RUN SOURCE     # softmax and strings on every line
python -m benchmarks.published charset RUN SOURCE        # before and after a change to 95 characters, untrained
python -m benchmarks.published enlargement RUN SOURCE    # hmean by the bound on enlarging small pictures
python -m benchmarks.published detector RUN SOURCE       # probability maps; of a SOURCE of scenes the last 20 pictures
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.batch import normalise
from pipelines.datasets.image import decode_image
from pipelines.datasets.loader import collate
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import onnx_engine, open_onnx_session, torch_recognizer
from pipelines.inference.onnx_graph import load_onnx, with_floor_resize
from pipelines.inference.predictors import TextRecognizer, batches_by_width
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.run import Run, open_run
from pipelines.training.initial_weights import load_initial_weights
from synthtext.core import Charset

CLEAR = 1e-3
"""Steps whose two best classes are closer than this may be read either way."""


def compare_recognizer(run: Run, name: str) -> None:
    ours, source = run.predictor(), open_line_source(name)
    theirs = onnx_engine(open_onnx_session(published_file(RECOGNIZER_FILE)))
    sizes = source.sizes()
    widths = ours.preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    largest, clear, differing = 0.0, 0, 0
    for rows in batches_by_width(widths, ours.preprocessing, 16):
        images = normalise(*collate(source.read(rows), ours.preprocessing))
        here, there = ours.engine(images), theirs(images)
        largest = max(largest, float((here - there).abs().max()))
        best = there.topk(2, dim=2).values
        is_clear = (best[..., 0] - best[..., 1]).amin(1) > CLEAR
        pairs = zip(ours.codec.decode_probabilities(here), ours.codec.decode_probabilities(there), strict=True)
        clear += int(is_clear.sum())
        differing += sum(bool(c) and a.text != b.text for c, (a, b) in zip(is_clear, pairs, strict=True))
    print(f"{len(source)} lines: softmax within {largest:.2g}; {differing} of {clear} clear lines read differently")


def compare_detector(run: Run, name: str) -> None:
    ours = run.predictor()
    trained = onnx_engine(open_onnx_session(with_floor_resize(load_onnx(published_file(DETECTOR_FILE)))))
    as_exported = onnx_engine(open_onnx_session(published_file(DETECTOR_FILE)))
    largest, shares = 0.0, []
    scenes = list(iterate_scenes(open_scene_source(name)))[-20:]
    for scene in scenes:
        images = torch.from_numpy(ours.preprocessing.prepare(decode_image(scene.image, scene.key)))
        here = ours.engine(images)
        largest = max(largest, float((here - trained(images)).abs().max()))
        shares.append(float(((here - as_exported(images)).abs() > 0.05).float().mean()))
    print(
        f"{len(scenes)} pictures: maps within {largest:.2g} of the trained network's; "
        f"{100 * np.mean(shares):.2f} % of the pixels differ from the file as it is by more than 0.05"
    )


def compare_charset(run: Run, name: str) -> None:
    charset, source = Charset.named("ascii"), open_line_source(name)
    model = run.settings.build(charset, run.preprocessing.height)
    print(load_initial_weights(model, charset, run))
    changed = TextRecognizer(torch_recognizer(model), charset, run.preprocessing)
    before, after = (evaluate_recognizer(r, source).readings for r in (run.predictor(), changed))
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if charset.covers(b.truth)]
    right = [sum(r.reading == r.truth for r in readings) for readings in zip(*pairs, strict=True)]
    lost = sum(b.prediction == b.truth != a.prediction for b, a in pairs)
    print(f"{len(pairs)} words of shared characters: {right[0]} read before, {right[1]} after; {lost} lost")


def compare_enlargements(run: Run, name: str) -> None:
    detector, source = run.predictor(), open_scene_source(name)
    for most in (1.0, 1.5, 2.0, 3.0, 100.0):
        preprocessing = replace(detector.preprocessing, max_enlargement=most)
        scores = evaluate_detector(replace(detector, preprocessing=preprocessing), source).scores
        print(f"at most {most:g} times: hmean {scores.hmean:.4f}, covered {scores.coverage_recall:.4f}", flush=True)


if __name__ == "__main__":
    modes = {
        "recognizer": compare_recognizer,
        "charset": compare_charset,
        "enlargement": compare_enlargements,
        "detector": compare_detector,
    }
    if len(sys.argv) != 4 or sys.argv[1] not in modes:
        raise SystemExit(__doc__)
    modes[sys.argv[1]](open_run(Path(sys.argv[2])), sys.argv[3])
