"""Errors in components of the user name their sample, although samples are drawn in batches."""

from pathlib import Path

import pytest

from pipelines.errors import JobError
from pipelines.recipes.drawing import draw_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Sample, SkippedSample

PAPER = """
from dataclasses import dataclass
import numpy as np

@dataclass(frozen=True)
class Short:
    def paint(self, rng, size):
        lost = 7 if rng.random() < 0.03 else 0
        return np.full((int(size.height) - lost, int(size.width), 3), 250, np.uint8)

@dataclass(frozen=True)
class Grey:
    def paint(self, rng, size):
        image = np.full((int(size.height), int(size.width), 3), 250, np.uint8)
        return image[..., 0] if rng.random() < 0.03 else image
"""


@pytest.mark.parametrize("paper", ["Short", "Grey"])
def test_an_error_in_a_user_background_names_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paper: str
) -> None:
    (tmp_path / "odd_paper.py").write_text(PAPER)
    monkeypatch.syspath_prepend(tmp_path)
    recipe = resolve_recipe("digits", (f"background={{odd_paper.{paper}: 1}}", "fonts.system=false"))
    generator, alone = recipe.generator(1), recipe.generator(1)
    drawn: list[Sample | SkippedSample] = []
    with pytest.raises(JobError, match=r"sample \d+ ") as raised:
        drawn.extend(draw_samples(generator, range(200), "odd"))
    assert drawn  # so that the faulty one is not the first of its batch
    assert f"sample {len(drawn)} " in str(raised.value)
    for index in range(len(drawn)):
        assert isinstance(alone.generate(index), Sample)
    with pytest.raises(Exception):  # noqa: B017 - whatever it is
        alone.generate(len(drawn))
