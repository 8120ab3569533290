"""Skipped samples: how many a job accepts."""

import pytest

from pipelines.errors import JobError
from pipelines.jobs.generation import generate
from pipelines.recipes.drawing import check_skipped
from synthtext.core import InputError


def test_a_recipe_without_samples_fails_and_writes_nothing(tmp_path):
    settings = ["layout.length_range=[30, 40]", "fonts.system=false"]
    with pytest.raises((JobError, InputError), match="text too short"):
        generate("digits", tmp_path / "data", 100_000, workers=0, overrides=settings)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("gaps", "drawn", "whole", "fails"),
    [
        (1, 10, True, False),
        (2, 10, True, True),
        (1, 1, True, True),
        (100, 10_000, True, False),
        (101, 10_000, True, True),
        (101, 10_000, False, False),
        (200, 10_000, False, True),
        (5, 64, False, False),
        (20, 64, False, True),
        (0, 0, True, False),
    ],
)
def test_more_than_one_percent_of_skipped_samples_fails(gaps, drawn, whole, fails):
    reasons = {"no ink": gaps - gaps // 3, "too long": gaps // 3} if gaps else {}
    if fails:
        with pytest.raises(JobError, match="no ink"):
            check_skipped(reasons, drawn, "mine", whole=whole)
    else:
        check_skipped(reasons, drawn, "mine", whole=whole)
