import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.learning_rate import cosine_with_warmup, piecewise_with_warmup, polynomial_with_warmup

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
CURVES = json.loads((REFERENCE / "schedules.json").read_text())["curves"]


def learning_rate(curve, step):
    """The released schedule of a curve, counted over all steps."""
    kind, config, warmup = curve["kind"], curve["config"], curve["warmup_steps"]
    if kind == "piecewise":
        highest = config["values"][0]
        at = [epoch * config["step_each_epoch"] for epoch in config["decay_epochs"]]
        drops = [(start, value / highest) for start, value in zip(at, config["values"][1:], strict=True)]
        return highest * piecewise_with_warmup(step, warmup, drops)
    highest, length = config["learning_rate"], config["step_each_epoch"] * config["epochs"]
    if kind == "linear":
        return highest * polynomial_with_warmup(step, warmup, length, config["end_lr"] / highest, config["power"])
    assert kind == "cosine"
    return highest * cosine_with_warmup(step, warmup, length)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: f"{curve['kind']} {curve['config']}")
def test_curves_equal_the_released_ones(curve):
    rates = [learning_rate(curve, step) for step in curve["steps"]]
    assert rates == pytest.approx(curve["values"], rel=1e-9, abs=0)


FALLS = {
    "cosine": cosine_with_warmup,
    "straight": polynomial_with_warmup,
    "square": lambda step, warmup, length, final: polynomial_with_warmup(step, warmup, length, final, 2.0),
}


@pytest.mark.parametrize("fall", FALLS)
@given(st.integers(0, 50), st.integers(1, 300), st.floats(0, 1))
def test_factors_warm_up_decay_and_stay_at_the_final_factor(fall, warmup, length, final):
    factors = [FALLS[fall](step, warmup, length, final) for step in range(warmup + length + 5)]
    assert factors[:warmup] == sorted(factors[:warmup])
    assert factors[warmup] == 1
    assert factors[warmup:] == sorted(factors[warmup:], reverse=True)
    assert factors[warmup + length :] == pytest.approx([final] * 5)
    assert all(final - 1e-9 <= factor <= 1 for factor in factors[warmup:])


def test_piecewise_factors_are_constant_between_milestones():
    factors = [piecewise_with_warmup(step, 2, [(3, 0.5), (4.5, 0.1)]) for step in range(9)]
    assert factors == [0, 0.5, 1, 1, 1, 0.5, 0.5, 0.1, 0.1]
