"""The published recognizer reads what is generated: pictures and labels belong together."""

import pytest

from pipelines.evaluate import evaluate_recognizer
from pipelines.exchange.opening import open_recognizer
from pipelines.generate import generate
from pipelines.reader import open_source

CLEAN = ("paper={plain: 1}", "effects=[]", "ink={contrast_floor: 120}", "fonts.system=false")


@pytest.mark.parametrize(
    ("overrides", "least", "most"),
    [(CLEAN, 0.90, 1.0), (("fonts.system=false",), 0.50, 0.95)],
    ids=["clean", "lines"],
)
def test_generated_lines_are_legible(tmp_path, overrides, least, most):
    generate("lines", tmp_path / "data", 100, overrides=overrides, workers=0)
    scores = evaluate_recognizer(open_recognizer(), open_source(tmp_path / "data")).scores
    assert scores.samples == 100
    assert least <= scores.alphanumeric_accuracy <= most
