"""Training recognizers on lines of recipes that are generated online."""

import json
import os
import signal
import sys

import cv2
import numpy as np
import pytest

from pipelines.config import read_yaml
from pipelines.errors import JobError
from pipelines.inference.run import open_run
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.job import train
from pipelines.training.resolve import parse_source, resolve_config
from synthtext.core import InputError

pytestmark = pytest.mark.train

VARYING = {"seconds", "cpu_seconds", "samples_per_second", "data_wait_fraction"}
SMALL = (
    "network={backbone_scale: 0.125, neck_hidden: 16, head_dim: 16}", "charset=alphanumeric_lower", "batch_size=8",
    "max_outside_charset=1", "threads=1",
    "data_workers=0", "optim.warmup_steps=5", "log_every=1", "validate_every=5", "checkpoint_every=4", "samples=80",
)  # fmt: skip
RECIPE = """
charset: ascii
fonts: {system: false}
corpus: [{use: text_file, path: texts.txt, weight: 3}, {use: pattern, pattern: "[0-9a-c]{1,6}"}]
"""


@pytest.fixture(autouse=True)
def path_as_it_was():
    path = list(sys.path)
    yield
    sys.path[:] = path


def write_recipe(folder, text=RECIPE):
    folder.mkdir(exist_ok=True)
    (folder / "texts.txt").write_text("\n".join(["alpha", "beta!", "Gamma", "delta 4", "epsilon"]))
    (folder / "mine.yaml").write_text(text)
    return folder / "mine.yaml"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def val(tmp_path_factory):
    folder = tmp_path_factory.mktemp("val") / "data"
    generate("digits", folder, 8, seed=9, workers=0)
    return str(folder)


def run_small(folder, data, val, *overrides, log=lambda message: None):
    return train(
        "rec-tiny", folder, [str(data)] if not isinstance(data, list) else data, [val], [*SMALL, *overrides], log
    )


def metrics(folder):
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in entry.items() if key not in VARYING} for entry in entries]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, recipe, val):
    folder, messages = tmp_path_factory.mktemp("runs") / "whole", []
    run_small(folder, recipe, val, "data.0.seed=4", log=messages.append)
    return folder, messages


def test_online_generation_equals_a_dataset(tmp_path, recipe, val, uninterrupted):
    generate(str(recipe), tmp_path / "shards", 80, seed=4, workers=0)
    run_small(tmp_path / "run", tmp_path / "shards", val)
    assert metrics(tmp_path / "run") == metrics(uninterrupted[0])
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == (
        uninterrupted[0] / "weights.safetensors"
    ).read_bytes()


def test_a_curriculum_is_read_in_order_from_shards_and_from_the_recipe(tmp_path, val):
    easy = "[{until: 40, set: {corpus: [{use: pattern, pattern: 'a'}], effects: []}}]"
    recipe = write_recipe(tmp_path / "recipe", f"{RECIPE}curriculum: {easy}\n")
    generate(str(recipe), tmp_path / "shards", 80, workers=0)
    run_small(tmp_path / "run", recipe, val, "data.0.order=index")
    run_small(tmp_path / "other", tmp_path / "shards", val, "data.0.order=index")
    assert metrics(tmp_path / "run") == metrics(tmp_path / "other")
    kept = resolve_recipe(str(tmp_path / "run" / "recipes" / "0-mine.yaml"))
    assert kept.digest == open_run(tmp_path / "run").config["data"][0]["digest"]
    run_small(tmp_path / "shuffled", recipe, val)
    assert metrics(tmp_path / "shuffled") != metrics(tmp_path / "run")


def test_the_data_are_described_as_shards_are(recipe, uninterrupted):
    messages = "\n".join(uninterrupted[1])
    assert f"generate {recipe} online: samples 0 to 79 of seed 4" in messages
    assert "left out: character outside the charset" in messages
    assert "training labels contain characters outside the charset: ! (" in messages


def test_the_run_says_what_it_was_trained_on(tmp_path, recipe, val, uninterrupted):
    folder, _ = uninterrupted
    (entry,) = open_run(folder).config["data"]
    assert {**entry, "digest": len(entry["digest"])} == {
        "source": str(recipe), "weight": 1.0, "count": 80, "seed": 4, "digest": 64,
    }  # fmt: skip
    kept = folder / "recipes" / "0-mine.yaml"
    assert read_yaml(kept)["corpus"][0]["path"] == str(recipe.parent / "texts.txt")
    assert sorted(path.name for path in kept.parent.iterdir()) == ["0-mine.arrow", "0-mine.yaml"]
    generate(str(kept), tmp_path / "again", 12, workers=0)  # it can be used


def test_a_stopped_training_is_resumed_exactly(tmp_path, recipe, val, uninterrupted, capfd):
    folder = tmp_path / "run"

    def stop(line):
        if line.startswith("step 5:"):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_small(folder, recipe, val, "data.0.seed=4", "data_workers=1", log=stop)
    assert json.loads((folder / "state.json").read_text())["step"] == 5
    assert f"{recipe}: 80 of 80 lines" in capfd.readouterr().err
    run_small(folder, recipe, val, "data.0.seed=4")
    assert f"{recipe}: 80 of 80 lines" not in capfd.readouterr().err  # the index of the lines is in the run directory
    assert metrics(folder) == metrics(uninterrupted[0])
    weights = [path / "weights.safetensors" for path in (folder, uninterrupted[0])]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_changed_recipe_is_rejected_with_the_change(tmp_path, val):
    recipe = write_recipe(tmp_path / "recipe")
    run_small(tmp_path / "run", recipe, val, "samples=16")
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    write_recipe(tmp_path / "recipe", RECIPE.replace("weight: 3", "weight: 2"))
    with pytest.raises(InputError, match=r"trained on other lines of recipe .*\(corpus\.0\.weight was 3\.0, is 2\.0\)"):
        run_small(tmp_path / "run", recipe, val, "samples=16")
    write_recipe(tmp_path / "recipe")
    (tmp_path / "recipe" / "texts.txt").write_text("zeta")
    with pytest.raises(InputError, match=r"\(corpus\.0\.path has changed\)"):
        run_small(tmp_path / "run", recipe, val, "samples=16")
    (tmp_path / "run" / "recipes" / "0-mine.arrow").unlink()  # as if the process had been killed before it was written
    with pytest.raises(InputError, match=r"data\.0\.digest was [0-9a-f]{64}, is [0-9a-f]{64}"):
        run_small(tmp_path / "run", recipe, val, "samples=16")
    write_recipe(tmp_path / "recipe")
    for override, message in (("data.0.seed=1", "data.0.seed was 0"), ("data.0.count=20", "data.0.count was 16")):
        with pytest.raises(InputError, match=message):
            run_small(tmp_path / "run", recipe, val, "samples=16", override)
    run_small(tmp_path / "run", recipe, val, "samples=16")
    assert {path: path.read_bytes() for path in before} == before


def test_the_budget_sets_the_lines_of_each_recipe(tmp_path, recipe, val):
    image = np.full((32, 60, 3), 200, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    (tmp_path / "labels.tsv").write_text("a.png\tabc\n")
    data = [f"{recipe}=3", str(tmp_path / "labels.tsv"), "digits=2"]
    run = run_small(tmp_path / "run", data, val, "samples=24", "data.2.count=10")
    entries = run.config["data"]
    assert [entry.get("count") for entry in entries] == [12, None, 10]
    assert [entry["source"] for entry in entries] == [str(recipe), str(tmp_path / "labels.tsv"), "digits"]
    assert {path.stem for path in (run.folder / "recipes").iterdir()} == {"0-mine", "2-digits"}
    # The settings of a run can be used again if the recipe is still the same.
    settings = tmp_path / "again.yaml"
    settings.write_text((run.folder / "config.yaml").read_text())
    train(str(settings), tmp_path / "again", log=lambda message: None)
    assert metrics(tmp_path / "again") == metrics(run.folder)
    settings.write_text(settings.read_text().replace(entries[0]["digest"], "f" * 64))
    with pytest.raises(InputError, match=r"data\.0\.digest: recipe .* has [0-9a-f]{12}, not ffffffffffff"):
        train(str(settings), tmp_path / "other", log=lambda message: None)


@pytest.mark.parametrize(
    ("preset", "data", "overrides", "message"),
    [
        ("rec-tiny", "scenes", (), "generates scenes, but a recognizer needs lines"),
        ("rec-tiny", "{val}", ("data.0.count=5",), r"data\.0\.count is only for recipes"),
        ("rec-tiny", "{val}", ("data.0.seed=5",), r"data\.0\.seed is only for recipes"),
        ("rec-tiny", "nowhere.yaml", (), "there is no such file"),
        ("rec-tiny", "digits", ("data.0.count=0",), r"data\.0\.count"),
        ("rec-tiny", "digits", ("charset=letters",), "no line to learn from"),
        ("det-tiny", "scenes", (), "scenes is a recipe: scenes are not generated online"),
        ("det-tiny", "{val}", ("data.0.seed=5",), r"data\.0\.seed is only for recipes"),
    ],
)
def test_invalid_recipes_are_rejected_and_leave_no_folder(tmp_path, val, preset, data, overrides, message):
    settings = ("samples=16", "threads=1", "data_workers=0", *overrides)
    with pytest.raises(InputError, match=message):
        train(preset, tmp_path / "run", [data.format(val=val)], [val], settings, lambda message: None)
    assert not (tmp_path / "run").exists()


def test_a_recipe_for_validation_is_rejected(tmp_path, recipe):
    with pytest.raises(InputError, match=r"digits is a recipe: .*ocrmill generate"):
        run_small(tmp_path / "run", recipe, "digits")


def test_too_many_skipped_lines_fail_the_job_and_leave_no_folder(tmp_path, val):
    recipe = write_recipe(tmp_path / "recipe", 'corpus: [{use: pattern, pattern: "é|ü|ö|ä|í|[0-9]{1,6}"}]')
    with pytest.raises(JobError, match="could not be generated, more than 1%"):
        run_small(tmp_path / "run", recipe, val, "samples=600")
    assert not (tmp_path / "run").exists()


def test_a_path_takes_precedence_over_a_preset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_source("digits=2").model_dump() == {"source": "digits", "weight": 2}
    assert parse_source("mine.yaml").source == str(tmp_path / "mine.yaml")
    assert resolve_config("rec-tiny", ["lines"], ["digits"]).val == ("digits",)
    (tmp_path / "digits").mkdir()
    assert parse_source("digits=2").source == str(tmp_path / "digits")


def test_a_replay_source_covers_every_character_of_a_run(tmp_path, recipe, val, uninterrupted):
    run, _ = uninterrupted
    replay = tmp_path / "replay.yaml"
    replay.write_text(
        f"base: digits\ncharset: {run}/charset.txt\n"
        f"corpus: [{{use: characters, charset: {run}/charset.txt, count_range: [2, 6]}}]\n"
    )
    old = run / "recipes" / "0-mine.yaml"  # the training lines of the run can be generated again, too
    new = write_recipe(tmp_path / "new", 'corpus: [{use: pattern, pattern: "[xyz]{2,4}"}]')
    messages = []
    data, again = [str(new), f"{replay}=2", f"{old}=1"], ("batch_size=40", "validate_every=100", f"init={run}")
    run_small(tmp_path / "run", data, val, *again, "samples=200", "data.2.seed=77", log=messages.append)
    assert not [line for line in messages if "are in no training label" in line]
    messages.clear()
    run_small(tmp_path / "without", data[:1], val, *again, "samples=40", log=messages.append)
    assert [line for line in messages if line.startswith("33 of 36 characters are in no training label")]
