"""What is rendered passes `check` and `inspect`: quads within the image, and as many time steps as CTC needs."""

import numpy as np
import pytest

from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Sample, Size
from synthtext.core.ctc import required_steps, time_steps

OUTLINES = [
    "fonts.system=false", "background={plain: 1}", "layout.neighbours={probability: 0}", "output.height=48",
    "layout.margin_range=[0, 0]", "ink.styles={outline: {width_range: [0.06, 0.08]}}",
    "effects=[{use: perspective, probability: 1, strength_range: [0.2, 0.25]},"
    " {use: rotation, probability: 1, degrees_range: [-8, 8]}, {use: skew, probability: 1, degrees_range: [-25, 25]}]",
]  # fmt: skip


@pytest.mark.parametrize("baseline", ["straight", "arc"])
def test_outlined_quads_lie_within_the_image_after_strong_warps(baseline: str) -> None:
    recipe = resolve_recipe("lines", [*OUTLINES, f"baselines={{{baseline}: 1}}"])
    for sample in iterate_samples(recipe, 60, seed=0):
        assert isinstance(sample, Sample)
        points = sample.clusters.quads.reshape(-1, 2)
        assert points.min() >= 0
        assert (points.max(axis=0) <= np.array(sample.image.shape[1::-1])).all(), sample.key


def test_lines_have_as_many_time_steps_as_ctc_needs() -> None:
    narrow = ["layout.tracking_range=[-0.2, -0.15]", "corpus=[{use: pattern, pattern: '[il]{9,12}'}]"]
    recipe = resolve_recipe("lines", [*narrow, "fonts.system=false", "effects=[]"])
    samples = list(iterate_samples(recipe, 40, seed=0))
    reasons = [sample.meta.rejected if isinstance(sample, Sample) else sample.reasons for sample in samples]
    assert any("too narrow for CTC" in each for each in reasons)
    for sample in samples:
        if isinstance(sample, Sample):
            height, width = sample.image.shape[:2]
            assert required_steps(sample.text) <= time_steps(Size(width, height))
