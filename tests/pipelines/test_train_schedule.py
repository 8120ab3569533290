"""Learning rates as a training asks for them."""

import pytest

from pipelines.training.settings import OptimSettings


def rates_of(**schedule):
    settings = OptimSettings(lr=0.05, warmup_steps=2, **schedule)
    return [settings.learning_rate(step, 12) for step in range(2, 13)]


def test_schedules_go_over_the_steps_after_the_warm_up():
    assert rates_of(schedule="polynomial", final_lr_fraction=0) == pytest.approx([0.005 * k for k in range(10, -1, -1)])
    drops = rates_of(schedule="piecewise", drops=[[0.3, 0.5], [0.9, 0.1]])
    assert drops == pytest.approx([0.05] * 3 + [0.025] * 6 + [0.005] * 2)
    assert rates_of()[5] == pytest.approx(0.05 * 0.505)
