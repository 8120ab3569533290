"""Recipes that cannot be satisfied: impossible ones stop at once, difficult ones end with counted reasons."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from pipelines.errors import JobError
from pipelines.io.statistics import Statistics
from pipelines.jobs.generation import generate
from pipelines.jobs.probe import PROBE_SAMPLES
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, SkippedSample
from synthtext.lines.generator import MAX_ATTEMPTS
from synthtext.lines.sampler import LineSampler

pytestmark = pytest.mark.slow

STRIPES = """from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Stripes:
    def paint(self, rng, size):
        row = (np.arange(int(size.width)) // 4 % 2 * 255).astype(np.uint8)
        return np.tile(row[None, :, None], (int(size.height), 1, 3))
"""


def write_recipe(folder: Path, **changes: object) -> str:
    folder.mkdir()
    (folder / "striped.py").write_text(STRIPES)
    tree = {
        "charset": "digits",
        "corpus": [{"use": "pattern", "pattern": "[0-9]{3,6}"}],
        "fonts": {"system": False, "size_range": [20, 30]},
        "output": {"height": 32},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree | changes))
    return str(path)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The number of attempts that were started."""
    counted: Counter[str] = Counter()
    sample: Callable[..., object] = LineSampler.sample

    def counting(*args: object) -> object:
        counted["attempts"] += 1
        return sample(*args)

    monkeypatch.setattr(LineSampler, "sample", counting)
    return counted


REFUSED = {
    "a charset without any character of the corpus": ({"charset": "lowercase"}, "does not fit the charset"),
    "a corpus that no font covers": (
        {"charset": "cuneiform.txt", "corpus": [{"use": "pattern", "pattern": "[\U00012000-\U0001200f]{3}"}]},
        "is covered by none of the",
    ),
    "a split without texts": (
        {"corpus": [{"use": "text_file", "path": "one.txt", "split": "validation"}]},
        "lines is in the split 'validation'",
    ),
    "a contrast floor above the maximum": ({"ink": {"contrast_floor": 200}}, "must be from 0 to 120"),
}
FEW_PROBES = 12  # in place of PROBE_SAMPLES, which a test below uses
FAILED = {
    "contrast on black and white stripes": (
        {"ink": {"contrast_floor": 120}, "background": {"striped.Stripes": 1}},
        rf"{FEW_PROBES} of {FEW_PROBES} samples .* contrast \({FEW_PROBES}\)",
    ),
    "only texts that are too long": (
        {"layout": {"length_range": [1, 2]}},
        rf"{FEW_PROBES} of {FEW_PROBES} samples .* text too long \({FEW_PROBES}\)",
    ),
    "images too small for any text": (
        {"output": {"height": 8}},
        rf"{FEW_PROBES} of {FEW_PROBES} samples .* too small to read \({FEW_PROBES}\)",
    ),
    "columns of brackets": (
        {"charset": "ascii", "corpus": [{"use": "pattern", "pattern": "[()]{4}"}], "baselines": {"vertical": 1}},
        rf"{FEW_PROBES} of {FEW_PROBES} samples .* cannot be set from top to bottom \({FEW_PROBES}\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_impossible_recipe_is_rejected_before_the_first_attempt(
    name: str, tmp_path: Path, attempts: Counter[str]
) -> None:
    changes, message = REFUSED[name]
    recipe = write_recipe(tmp_path / "recipe", **changes)
    (tmp_path / "recipe" / "cuneiform.txt").write_text("".join(f"{chr(c)}\n" for c in range(0x12000, 0x12010)))
    (tmp_path / "recipe" / "one.txt").write_text("123\n")
    with pytest.raises(InputError, match=message) as caught:
        generate(recipe, tmp_path / "data", 300, workers=0)
    assert "\n" not in str(caught.value)
    assert not attempts
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", FAILED)
def test_a_recipe_that_always_fails_ends_after_a_bounded_number_of_attempts(
    name: str, tmp_path: Path, attempts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.jobs.probe.PROBE_SAMPLES", FEW_PROBES)
    changes, message = FAILED[name]
    with pytest.raises(JobError, match=message) as caught:
        generate(write_recipe(tmp_path / "recipe", **changes), tmp_path / "data", 300, workers=0)
    assert "\n" not in str(caught.value)
    assert (
        0 < attempts["attempts"] <= FEW_PROBES * (MAX_ATTEMPTS + 1)
    )  # the first attempts are batched, then repeated alone
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("samples", "probed"), [(10, 10), (20, 16), (300, 30), (4000, 64)])
def test_a_tenth_of_the_samples_is_probed(samples: int, probed: int, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "recipe", **FAILED["images too small for any text"][0])
    with pytest.raises(JobError, match=rf"^{probed} of {probed} samples"):
        generate(recipe, tmp_path / "data", samples, workers=0)


def test_a_recipe_that_often_fails_ends_with_counted_reasons(tmp_path: Path) -> None:
    """A tenth of the texts fit: twenty attempts fail for an eighth of the samples, too few for the probe to decide."""
    corpus = [{"use": "pattern", "pattern": "[0-9]{6}", "weight": 9}, {"use": "pattern", "pattern": "[0-9]{3}"}]
    recipe = write_recipe(tmp_path / "recipe", corpus=corpus, layout={"length_range": [1, 4]})
    resolved = resolve_recipe(recipe)
    seed = next(
        seed for seed in range(50) if count_skipped(resolved.generator(seed).generate_many(range(PROBE_SAMPLES))) == 5
    )
    with pytest.raises(JobError, match=r"text too long \(\d+\)") as caught:
        generate(recipe, tmp_path / "data", 400, workers=0, seed=seed, shard_size=100)
    counted = re.match(r"(\d+) of (\d+) samples .* .* more than 1%: text too long", str(caught.value))
    assert counted
    assert int(counted[1]) > 0.05 * int(counted[2])
    assert json.loads((tmp_path / "data" / "dataset.json").read_text())["complete"] is False
    assert not (tmp_path / "data" / "statistics.json").exists()


def count_skipped(samples: Iterator[object]) -> int:
    return sum(isinstance(sample, SkippedSample) for sample in samples)


def test_a_skipped_sample_has_a_reason_for_each_attempt(tmp_path: Path) -> None:
    changes, _ = FAILED["contrast on black and white stripes"]
    drawn = resolve_recipe(write_recipe(tmp_path / "recipe", **changes)).generator(0).generate(7)
    assert isinstance(drawn, SkippedSample)
    assert drawn.reasons == ("contrast",) * MAX_ATTEMPTS
    statistics = Statistics()
    statistics.add_skipped(drawn)
    assert statistics.skipped == {"contrast": 1}
