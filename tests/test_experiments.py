"""The ledger of experiments: what is compared, how surely, and a whole arm with networks that are tiny."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import arms, comparison, experiments, inputs, ledger
from benchmarks.hard_words import is_hard
from benchmarks.inputs import Inputs
from pipelines.cli.main import app
from pipelines.training.resolve import resolve_config
from synthtext.core import InputError

pytestmark = pytest.mark.train

ENTRY = ledger.Entry(
    arm="base",
    seed=0,
    command="ocrmill train",
    commit="abc",
    finished="2026-01-01T00:00:00+00:00",
    hardware="one",
    samples=8,
    cpu_seconds=1.0,
    data_wait_fraction=0.0,
    parameters=1,
    scores={},
    outcomes={},
)
TABLE = {
    "score": ["$held_out"],
    "baseline": "base",
    "arms": {"base": {"network": "$a"}, "other": {"network": "$b"}},
}


def matches(entry, counts):
    total = np.sum(counts, axis=0)
    scores = {
        "hmean": 2 * total[2] / (total[0] + total[1]),
        **dict.fromkeys(("precision", "recall", "coverage_recall", "coverage_precision"), 0.5),
    }
    return replace(entry, scores={"$held_out": scores}, outcomes={"$held_out": {"matches": counts.tolist()}})


def readings(entry, marks):
    scores = dict.fromkeys(("accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"), 0.5)
    return replace(entry, scores={"$held_out": scores}, outcomes={"$held_out": {"alphanumeric_accuracy": marks}})


def differences(*entries):
    """The column of differences, by arm, as (difference, low, high)."""
    text = comparison.compared(arms.Experiments(inputs={}, tables={"table": TABLE}), "table", entries)
    cells = {row.split(" | ")[0].strip("| "): row.split(" | ")[-3] for row in text.splitlines() if row.startswith("|")}
    numbers = {arm: cell.replace("(", "").replace(")", "").replace(" to ", " ").split() for arm, cell in cells.items()}
    return {arm: tuple(map(float, found)) for arm, found in numbers.items() if arm == "other"}


def test_a_clear_difference_is_significant_and_an_equal_arm_is_not():
    rng = np.random.default_rng(3)
    truths = rng.integers(1, 9, 200)
    found = rng.binomial(truths, 0.5)
    base = matches(ENTRY, np.stack([truths, truths, found], axis=1))
    better = np.minimum(truths, found + rng.binomial(1, 0.5, 200))
    other = matches(replace(ENTRY, arm="other"), np.stack([truths, truths, better], axis=1))
    exact = 100 * (other.scores["$held_out"]["hmean"] - base.scores["$held_out"]["hmean"])
    difference, low, high = differences(base, other)["other"]
    assert difference == pytest.approx(exact, abs=0.06)
    assert 0 < low < difference < high
    assert differences(base, replace(base, arm="other"))["other"] == (0, 0, 0)  # paired: nothing is left to rng


def test_the_interval_is_as_wide_as_the_known_one_of_a_share():
    rng = np.random.default_rng(4)
    for size in (200, 600):
        marks = ["".join(map(str, rng.integers(0, 2, size))) for _ in range(2)]
        base, other = readings(ENTRY, marks[0] + "--"), readings(replace(ENTRY, arm="other"), marks[1] + "--")
        _, low, high = differences(base, other)["other"]
        assert high - low == pytest.approx(2 * 1.96 * 100 * np.sqrt(0.5 / size), rel=0.12)


def test_seeds_are_averaged_and_a_repeated_arm_counts_once():
    truths = np.full((40, 1), 4)
    half, all_of_them = np.hstack([truths, truths, truths // 2]), np.hstack([truths, truths, truths])
    base = [matches(replace(ENTRY, seed=seed), half) for seed in (0, 1)]
    other = [matches(replace(ENTRY, arm="other", seed=seed), counts) for seed, counts in ((0, half), (1, all_of_them))]
    assert differences(*base, *other)["other"][0] == pytest.approx(25)
    repeated = matches(replace(ENTRY, arm="other", seed=1), half)
    assert differences(*base, *other, repeated)["other"][0] == 0


def test_lines_of_several_sources_count_as_one_against_the_arm_that_is_named():
    marks = {"$a": ("1" * 30 + "0" * 70, "1" * 60 + "0" * 40), "$b": ("1" * 300, "1" * 290 + "0" * 10)}
    entries = []
    for column, arm in enumerate(("base", "other")):
        outcomes = {source: {"alphanumeric_accuracy": m[column]} for source, m in marks.items()}
        scores = {
            source: {"samples": len(m[0]), "accuracy": 0.2 if source == "$a" else 0.6, "alphanumeric_accuracy": 0.5,
                     "normalized_edit_similarity": 0.8 if source == "$a" else 0.4}
            for source, m in marks.items()
        }  # fmt: skip
        entries.append(replace(ENTRY, arm=arm, scores=scores, outcomes=outcomes))
    table = {**TABLE, "score": ["$a", "$b"], "together": ["$a", "$b"]}
    known = arms.Experiments(inputs={}, tables={"table": table})
    for baseline, difference in (("base", "+5.0"), ("other", "-5.0")):
        text = comparison.compared(known, "table", entries, baseline).partition(comparison.COMBINED)[2]
        assert "| base | 1 | 50.0 | 82.5 | 50.0 |" in text
        assert "| other | 1 | 50.0 | 87.5 | 50.0 |" in text
        assert difference in text
    with pytest.raises(InputError, match="there is no arm 'bas' in table; did you mean 'base'"):
        comparison.compared(known, "table", entries, "bas")


def test_the_ledger_returns_its_entries_and_names_an_invalid_line(tmp_path):
    path = tmp_path / "ledger.jsonl"
    entry = matches(ENTRY, np.ones((2, 3), int))
    ledger.append(path, entry)
    ledger.append(path, replace(entry, seed=1))
    assert ledger.find(ledger.read_ledger(path), "base", 1) == replace(entry, seed=1)
    assert ledger.find(ledger.read_ledger(path), "base", 2) is None
    path.write_text(path.read_text() + '{"arm": 1}\n')
    with pytest.raises(InputError, match="line 3"):
        ledger.read_ledger(path)


def test_every_arm_has_valid_settings():
    """Settings are those that trainings know; inputs are made by a command or given."""
    known = arms.Experiments.read()
    names = [arm for table in known.tables.values() for arm in table.arms]
    assert len(names) == len(set(names))
    for table in known.tables.values():
        assert table.baseline in table.arms
        for arm in table.arms.values():
            assert all(name.partition("@")[0] in names for runs in arm.runs.values() for name in runs)
            if arm.preset is None:
                continue
            settings = [s for s in (*(arm.instead or table.settings), *arm.settings) if "$" not in s]
            settings = [
                s for s in settings if not s.startswith("freeze_batch_norm")
            ]  # which wants the start left out above
            resolve_config(arm.preset, [*arm.data], [*arm.val], settings)


def test_the_ledger_of_the_repository_is_valid():
    known = arms.Experiments.read()
    for entry in ledger.read_ledger(ledger.LEDGER):
        assert set(known.table_of(entry.arm)[1].score) <= set(entry.scores), entry.arm


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A table of two tiny recognizers, the second of which starts from the first; commands run in this process."""

    def call(*arguments, code=None):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output

    tree = {
        "inputs": {
            "digits": {"generate": "digits", "count": 64, "seed": 1},
            "held_out": {"generate": "digits", "count": 32, "seed": 2},
        },
        "tables": {
            "tiny": {
                "score": ["$held_out"],
                "baseline": "first",
                "settings": [
                    "network.backbone_scale=0.25",
                    "samples=64",
                    "batch_size=16",
                    "threads=1",
                    "data_workers=0",
                ],
                "arms": {
                    "first": {"preset": "rec-tiny", "data": {"$digits": 1}, "val": ["$held_out"]},
                    "second": {
                        "preset": "rec-tiny",
                        "data": {"$digits": 1},
                        "val": ["$held_out"],
                        "runs": {"init": ["first@0"]},
                    },
                },
            }
        },
    }
    known = arms.Experiments.model_validate(tree)
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        for module in (experiments, inputs):
            patch.setattr(module, "run", call)
        yield known, experiments.Bench(known, Inputs(known, {}, out / "inputs"), out, out / "ledger.jsonl"), out


def test_arms_are_trained_once_scored_and_compared(bench, capfd):
    known, made, out = bench
    with pytest.raises(InputError, match="first-0 must be trained first"):
        made.finish("second", 1)
    made.finish("first", 0)
    made.finish("second", 1)
    written = (out / "ledger.jsonl").read_text()
    first, second = ledger.read_ledger(out / "ledger.jsonl")
    assert (first.samples, second.seed) == (64, 1)
    assert "init=$run/first-0" in second.command
    assert str(out) not in written
    scores = json.loads((out / "first-0" / "best.json").read_text())["scores"]
    assert first.scores["$held_out"] == next(iter(scores.values()))
    found = first.scores["$held_out"]["alphanumeric_accuracy"]
    assert first.outcomes["$held_out"]["alphanumeric_accuracy"].count("1") == round(32 * found)
    assert first.inputs.keys() == {"digits", "held_out"}
    assert first.inputs == second.inputs
    text = comparison.compared(known, "tiny", [first, replace(second, inputs={**second.inputs, "digits": "another"})])
    assert "$digits differs between arms" in text
    made.finish("first", 0)
    assert "already" in capfd.readouterr().out
    assert (out / "ledger.jsonl").read_text() == written
    assert "| second |" in comparison.compared(known, "tiny", ledger.read_ledger(out / "ledger.jsonl"))


def test_an_unknown_arm_and_a_missing_input_are_reported(bench, tmp_path):
    known, made, _ = bench
    with pytest.raises(InputError, match="did you mean 'first'"):
        made.finish("frist", 0)
    with pytest.raises(InputError, match="--input photos=PATH"):
        Inputs(known, {}, tmp_path).filled("$photos/a")


def test_hard_words_are_turned_narrow_or_tilted():
    assert is_hard("no", 30, 32, None)
    assert is_hard("illicit", 60, 32, 3.0)
    assert is_hard("word", 120, 32, -25.0)
    assert not is_hard("word", 60, 32, 12.0)
    assert not is_hard("1", 12, 32, None)
