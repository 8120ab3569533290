import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schedule import warmed_up_cosine

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
CURVES = [c for c in json.loads((REFERENCE / "schedules.json").read_text())["curves"] if c["kind"] == "cosine"]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(curve["config"]))
def test_over_all_steps_it_is_the_released_curve(curve):
    config = curve["config"]
    length = config["step_each_epoch"] * config["epochs"]
    for step, value in zip(curve["steps"], curve["values"], strict=True):
        rate = config["learning_rate"] * warmed_up_cosine(step, curve["warmup_steps"], length)
        assert rate == pytest.approx(value, rel=1e-6, abs=1e-12)


@given(st.integers(0, 50), st.integers(1, 300), st.floats(0, 1))
def test_it_rises_then_falls_to_the_final_fraction_and_stays(warmup, length, final):
    factors = [warmed_up_cosine(step, warmup, length, final) for step in range(warmup + length + 5)]
    assert factors[:warmup] == sorted(factors[:warmup])
    assert factors[warmup] == 1
    assert factors[warmup:] == sorted(factors[warmup:], reverse=True)
    assert factors[warmup + length :] == pytest.approx([final] * 5)
    assert all(final - 1e-9 <= factor <= 1 for factor in factors[warmup:])
