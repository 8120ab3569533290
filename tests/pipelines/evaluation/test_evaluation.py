from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.cli.evaluation import evaluate_command
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.evaluation.recognizer import analyse_recognizer, evaluate_recognizer, worst_predictions
from pipelines.inference import predictors
from pipelines.inference.engine import torch_recognizer
from pipelines.inference.predictors import TextRecognizer, batches_by_width
from pipelines.reports.recognizer_report import recognizer_report
from synthtext.core import Charset, InputError

GREYS = {"a": 0, "b": 64, "c": 192, "d": 255}
CHARSET = Charset(tuple(GREYS))
PREPROCESSING = RecognizerPreprocessing()
CELL = 8


class Logits(NamedTuple):
    logits: Tensor


class GreyReader(nn.Module):
    """Reads lines whose characters are grey cells: the class of a step is that of the nearest grey."""

    def __init__(self):
        super().__init__()
        greys = torch.tensor([127.5, *GREYS.values()])
        self.greys = nn.Parameter(greys / 127.5 - 1)
        self.sizes = []

    def forward(self, images):
        assert not self.training
        self.sizes.append(tuple(images.shape))
        steps = nn.functional.avg_pool2d(images.mean(dim=1, keepdim=True), (32, 4))[:, 0, 0]
        return Logits(-50 * (steps[:, :, None] - self.greys) ** 2)


def reader(model=None, precision="fp32", preprocessing=PREPROCESSING):
    return TextRecognizer(torch_recognizer(model or GreyReader(), precision), CHARSET, preprocessing)


def paint(text):
    """Grey cells with gaps between them."""
    image = np.full((32, 2 * CELL * max(len(text), 1), 3), 128, np.uint8)
    for index, character in enumerate(text):
        image[:, 2 * CELL * index : 2 * CELL * index + CELL] = GREYS[character]
    return image


def write_lines(folder, lines):
    """A label file of (painted text, label)."""
    folder.mkdir()
    for index, (painted, _) in enumerate(lines):
        cv2.imwrite(str(folder / f"{index}.png"), paint(painted))
    (folder / "labels.tsv").write_text("".join(f"{i}.png\t{label}\n" for i, (_, label) in enumerate(lines)))
    return open_line_source(folder / "labels.tsv")


@pytest.fixture
def lines():
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcd"), length)) for length in rng.integers(1, 30, 40)]
    return [(text, text) for text in texts]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_all_lines_are_read_and_scored(tmp_path, lines, precision):
    model, read = GreyReader().train(), []
    source = write_lines(tmp_path / "lines", lines)
    evaluation = evaluate_recognizer(reader(model, precision), source, batch_size=7, advance=read.append)
    assert evaluation.scores.accuracy == 1
    assert [r.row for r in evaluation.predictions] == list(range(40))
    assert [r.label for r in evaluation.predictions] == [text for text, _ in lines]
    assert [r.key for r in evaluation.predictions] == [f"{row}.png" for row in range(40)]
    assert all(0.9 < r.confidence <= 1 for r in evaluation.predictions)
    assert model.training
    assert sum(read) == 40
    assert max(read) == 7


def test_scores_and_worst_predictions(tmp_path):
    labels = [("ab", "ab"), ("ab", "a b"), ("ab", "AB"), ("ab", "ad"), ("", "c")]
    evaluation = evaluate_recognizer(reader(), write_lines(tmp_path / "x", labels))
    scores = evaluation.scores
    assert scores.samples == 5
    assert scores.accuracy == 2 / 5  # the charset has no upper case
    assert scores.accuracy_without_spaces == 3 / 5
    assert scores.alphanumeric_accuracy == 3 / 5
    assert scores.normalized_edit_similarity == pytest.approx((1 + 2 / 3 + 1 + 1 / 2 + 0) / 5)
    worst = worst_predictions(evaluation)
    assert [(r.label, r.prediction) for r in worst] == [("c", ""), ("ad", "ab"), ("a b", "ab")]
    assert worst_predictions(evaluation, 1) == worst[:1]
    page = recognizer_report("grey lines", [analyse_recognizer(evaluation)])
    assert page.count("data:image/png;base64,") == 3
    assert "2.png" not in page  # it was read correctly


def test_batches_have_similar_widths_and_bounded_size(lines, monkeypatch):
    widths = np.array([paint(text).shape[1] for text, _ in lines], np.int64)
    monkeypatch.setattr(predictors, "MAX_BATCH_COLUMNS", 1000)
    batches = list(batches_by_width(widths, PREPROCESSING, 8))
    assert sorted(np.concatenate(batches)) == list(range(40))
    assert (np.diff(widths[np.concatenate(batches)]) >= 0).all()
    assert max(map(len, batches)) == 8
    assert all(len(rows) * PREPROCESSING.batch_width(int(widths[rows].max())) <= 1000 for rows in batches)
    monkeypatch.setattr(predictors, "MAX_BATCH_COLUMNS", 10)
    assert [len(rows) for rows in batches_by_width(widths, PREPROCESSING, 8)] == [1] * 40


def test_results_are_in_the_order_of_the_lines(lines):
    readings = reader().read([paint(text) for text, _ in lines])
    assert [reading.text for reading in readings] == [text for text, _ in lines]
    assert reader().read([]) == []


def test_batching_does_not_change_predictions(tmp_path, lines):
    source = write_lines(tmp_path / "lines", lines)
    one, many = (evaluate_recognizer(reader(), source, batch_size=n) for n in (1, 40))
    assert [r.prediction for r in one.predictions] == [r.prediction for r in many.predictions]


def test_preprocessing_is_that_of_the_predictor(tmp_path, lines):
    model, source = GreyReader(), write_lines(tmp_path / "lines", lines)
    evaluate_recognizer(reader(model, preprocessing=RecognizerPreprocessing(min_width=320, width_step=32)), source)
    assert all(size[1:3] == (3, 32) and size[3] >= 320 and size[3] % 32 == 0 for size in model.sizes)


def test_missing_image_is_named_and_training_mode_restored(tmp_path, lines):
    model, source = GreyReader().train(), write_lines(tmp_path / "lines", lines)
    source.sizes()
    (tmp_path / "lines" / "3.png").unlink()
    with pytest.raises(InputError, match=r"3\.png is missing"):
        evaluate_recognizer(reader(model), source)
    assert model.training


def test_command_checks_its_paths_first(tmp_path):
    with pytest.raises(InputError, match=r"model\.onnx: there is no such file"):
        evaluate_command(tmp_path / "model.onnx", ["data"])
    with pytest.raises(InputError, match="no such run directory"):
        evaluate_command(tmp_path / "nowhere", ["data"])
    with pytest.raises(InputError, match="there is no folder"):
        evaluate_command(tmp_path, ["data"], json=tmp_path / "missing" / "scores.json")
    with pytest.raises(InputError, match="there is no folder"):
        evaluate_command(tmp_path, ["data"], report=tmp_path / "missing" / "worst.html")
    with pytest.raises(InputError, match="it is a folder"):
        evaluate_command(tmp_path, ["data"], json=tmp_path)
