"""Lines of 60 to 120 characters: selected, used for training, recognized, and scored without being squashed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.ctc import CTCCodec
from pipelines.datasets.loader import LinesDataset
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.stream import select_lines
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.run import open_run
from pipelines.jobs.generation import generate
from pipelines.training.job import train
from synthtext.core import Charset

pytestmark = pytest.mark.train

RECIPE = """
charset: ascii
corpus: [{use: words, language: en, count_range: [8, 30]}]
layout: {length_range: [60, 120], margin_range: [0.05, 0.15]}
fonts: {size_range: [30, 34]}
output: {height: 48}
"""
MAX_WIDTH = 4096


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "long.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def source(recipe):
    generate(str(recipe), recipe.parent / "data", 16, workers=0)
    return open_line_source(recipe.parent / "data")


def test_no_long_line_is_lost_silently(source):
    lengths = [len(text) for text in source.texts()]
    assert 60 <= min(lengths) < 70 < 110 < max(lengths) <= 120
    codec = CTCCodec(Charset.named("ascii"))
    sizes = source.sizes()
    widths = RecognizerPreprocessing().resized_width(sizes[:, 0], sizes[:, 1])
    assert (widths > 4 * np.array(lengths)).all()  # at least two time steps for a character, one of them for a blank
    wide = select_lines(source, codec, RecognizerPreprocessing(), MAX_WIDTH)
    assert (len(wide.rows), wide.discards.count) == (16, 0)
    narrow = select_lines(source, codec, RecognizerPreprocessing(), 800)
    assert narrow.discards.reasons == {"image wider than the limit": int((widths > 800).sum())}
    assert 0 < narrow.discards.count < 16


def test_long_lines_are_recognized_without_squashing(source, published):
    recognizer = open_run(published / "recognizer").predictor()
    evaluation = evaluate_recognizer(recognizer, source)
    assert evaluation.scores.normalized_edit_similarity > 0.93
    longest = max(evaluation.predictions, key=lambda prediction: len(prediction.label))
    image, _ = LinesDataset(source.name)[longest.row]
    (alone,) = recognizer.read([image])
    assert alone.text == longest.prediction  # independent of its batch
    squashing = TextRecognizer(
        recognizer.engine, recognizer.charset, replace(recognizer.preprocessing, max_width=320)
    )  # as in PaddleOCR's training
    assert evaluate_recognizer(squashing, source).scores.normalized_edit_similarity < 0.6


def test_a_published_recognizer_can_be_fine_tuned_on_long_lines(tmp_path, recipe, published):
    val = str(tmp_path / "val")
    generate(str(recipe), val, 3, seed=1, workers=0)
    settings = (
        f"init={published / 'recognizer'}", "charset=ascii", "batch_size=2", "samples=4", "threads=1", "data_workers=0",
        f"input.drop_wider_than={MAX_WIDTH}", "log_every=1", "optim.warmup_steps=1", "optim.lr=1e-5", "precision=fp32",
    )  # fmt: skip
    messages: list[str] = []
    run = train("rec-lcnet", tmp_path / "run", [str(recipe)], [val], settings, messages.append)
    assert f"train {recipe}: 4 lines; 0 of 4 lines left out" in messages
    entries = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert all(np.isfinite(entry["loss"]) for entry in entries if entry["event"] == "train")
    validations = [entry["scores"][val] for entry in entries if entry["event"] == "validation"]
    assert all(scores["normalized_edit_similarity"] > 0.93 for scores in validations)
