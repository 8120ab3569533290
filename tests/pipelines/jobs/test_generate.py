"""The generate job in one process: the same bytes, resume, extension, refusals."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from typer.testing import CliRunner

from pipelines.cli.generation import generate_command as command
from pipelines.errors import JobError
from pipelines.io.statistics import Statistics
from pipelines.jobs.generation import generate, iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

COUNT, SIZE = 130, 50


def write_recipe(folder: Path, **changes: object) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "words.txt").write_text("12 345\n6\n7890\n")
    tree = {
        "kind": "lines",
        "charset": "digits",
        "corpus": [{"use": "text_file", "path": "words.txt"}, {"use": "pattern", "pattern": "[0-9]{1,6}"}],
        "fonts": {"system": False, "bundled": True, "size_range": [20, 30]},
        "output": {"height": 24, "width": "free"},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree | changes))
    return str(path)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def reference(tmp_path_factory, recipe):
    folder = tmp_path_factory.mktemp("reference") / "data"
    run(recipe, folder)
    return folder


def run(recipe, folder, count=COUNT, **options):
    return generate(recipe, folder, count, **{"workers": 0, "shard_size": SIZE, **options})


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").glob("*.parquet"))}


def mtimes(folder):
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("*s/part-*"))}


def rows(folder):
    return {r["key"]: r for path in sorted(folder.glob("shards/*.parquet")) for r in pq.read_table(path).to_pylist()}


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_files_of_a_dataset(reference, recipe):
    names = [path.relative_to(reference).as_posix() for path in sorted(reference.rglob("*"))]
    shards, manifests = (
        [folder, *(f"{folder}/part-00000{i}.{suffix}" for i in range(3))]
        for folder, suffix in (("shards", "parquet"), ("manifests", "json"))
    )
    assert names == ["README.md", "dataset.json", *manifests, "recipe.yaml", *shards, "statistics.json"]
    about = json.loads((reference / "dataset.json").read_text())
    assert about["complete"]
    assert (about["kind"], about["count"], about["rows"], about["shard_size"]) == ("lines", COUNT, COUNT, SIZE)
    assert about["digest"] == resolve_recipe(recipe).digest
    assert about["fonts"]
    assert all(font["family"] and len(font["digest"]) == 64 for font in about["fonts"])
    statistics = Statistics.model_validate_json((reference / "statistics.json").read_text())
    assert statistics.rows == COUNT
    assert statistics.characters.total() == sum(len(row["text"]) for row in rows(reference).values())


def test_shards_hold_the_samples_of_the_recipe(reference, recipe):
    stored = rows(reference)
    samples = list(iterate_samples(recipe, COUNT))
    assert list(stored) == [sample.key for sample in samples]
    for sample in samples:
        row = stored[sample.key]
        image = cv2.imdecode(np.frombuffer(row["image"]["bytes"], np.uint8), cv2.IMREAD_COLOR_RGB)
        assert row["text"] == sample.text
        assert image.shape == sample.image.shape == (row["height"], row["width"], 3)
        assert np.abs(image.mean(axis=2) - sample.image.mean(axis=2)).mean() < 12  # JPEG, with coarse colours


def test_png_keeps_every_pixel(tmp_path, recipe):
    changes = ["output.format=png"]
    run(recipe, tmp_path / "data", 10, overrides=changes)
    for sample in iterate_samples(resolve_recipe(recipe, changes), 10):
        stored = rows(tmp_path / "data")[sample.key]["image"]
        assert stored["path"].endswith(".png")
        image = cv2.imdecode(np.frombuffer(stored["bytes"], np.uint8), cv2.IMREAD_COLOR_RGB)
        np.testing.assert_array_equal(image, sample.image)


def test_the_seed_decides_the_bytes(tmp_path, recipe, reference):
    run(recipe, tmp_path / "same")
    assert contents(tmp_path / "same") == contents(reference)
    run(recipe, tmp_path / "other", seed=1)
    other, first = rows(tmp_path / "other"), rows(reference)
    assert sum(other[key]["image"] == first[key]["image"] for key in first) == 0


def test_recipe_yaml_repeats_the_job(tmp_path, reference):
    run(str(reference / "recipe.yaml"), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(reference)


def test_the_shard_size_does_not_change_samples(tmp_path, recipe, reference):
    run(recipe, tmp_path / "data", shard_size=17)
    assert len(contents(tmp_path / "data")) == 8
    assert rows(tmp_path / "data") == rows(reference)


def test_start_opens_a_range_that_does_not_overlap(tmp_path, recipe, reference):
    run(recipe, tmp_path / "tail", 30, start=100)
    run(recipe, tmp_path / "next", 30, start=COUNT)
    whole = rows(reference)
    assert rows(tmp_path / "tail") == {key: whole[key] for key in list(whole)[100:]}
    assert not set(rows(tmp_path / "next")) & set(whole)


def test_a_complete_dataset_is_not_changed(tmp_path, recipe, reference):
    shutil.copytree(reference, tmp_path / "data")
    before = everything(tmp_path / "data")
    summary = run(recipe, tmp_path / "data")
    after = everything(tmp_path / "data")
    assert summary.new_shards == 0
    assert summary.rows == COUNT
    assert {path for path in before if before[path] != after.get(path)} <= {tmp_path / "data"}  # the lock came and went


def test_larger_count_extends(tmp_path, recipe, reference):
    folder = tmp_path / "data"
    run(recipe, folder, 70)
    before = mtimes(folder)
    summary = run(recipe, folder)
    after = mtimes(folder)
    assert (summary.new_shards, summary.new_samples) == (2, 80)
    assert contents(folder) == contents(reference)
    for name in ("part-000000.parquet", "part-000000.json"):
        assert after[name] == before[name]
    assert json.loads((folder / "dataset.json").read_text())["count"] == COUNT
    assert (folder / "statistics.json").read_bytes() == (reference / "statistics.json").read_bytes()


def test_smaller_count_is_refused(tmp_path, recipe, reference):
    with pytest.raises(InputError, match="130 samples, more than 70"):
        run(recipe, reference, 70)


@pytest.mark.parametrize("victim", ["manifests/part-000001.json", "shards/part-000001.parquet"])
def test_only_a_lost_shard_is_written_again(tmp_path, recipe, reference, victim):
    folder = shutil.copytree(reference, tmp_path / "data")
    (folder / victim).unlink()
    (folder / "shards" / ".tmp-part-000001-9-00.parquet").write_bytes(b"half")
    before = mtimes(folder)
    summary = run(recipe, folder)
    assert summary.new_shards == 1
    assert contents(folder) == contents(reference)
    assert {name for name, time in mtimes(folder).items() if before.get(name) != time} == {
        "part-000001.json",
        "part-000001.parquet",
    }


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"seed": 1}, "seed was 0, is 1"),
        ({"start": 5}, "start was 0, is 5"),
        ({"shard_size": 60}, "shard size was 50, is 60"),
        ({"format": "lmdb"}, "format was parquet, is lmdb"),
        ({"overrides": ["ink.contrast_floor=70"]}, "contrast_floor"),
    ],
)
def test_another_dataset_in_the_folder_is_refused(recipe, reference, options, named):
    before = everything(reference)
    with pytest.raises(InputError, match="holds other samples") as refusal:
        run(recipe, reference, **options)
    assert named in str(refusal.value)
    assert everything(reference) == before


def test_a_folder_that_cannot_be_created_is_not_reported_as_a_full_disk():
    for form in ("parquet", "lmdb"):
        with pytest.raises(InputError, match="/proc/nothing/data cannot be created"):
            run("digits", "/proc/nothing/data", 3, format=form)


def test_an_edited_corpus_is_refused(tmp_path):
    recipe = write_recipe(tmp_path / "recipe")
    run(recipe, tmp_path / "data", 10)
    (tmp_path / "recipe" / "words.txt").write_text("1\n2\n")
    with pytest.raises(InputError, match=r"corpus\.0.*changed"):
        run(recipe, tmp_path / "data", 20)


def test_an_edited_font_folder_is_refused(tmp_path):
    used = resolve_recipe(write_recipe(tmp_path / "recipe")).fonts
    fonts = tmp_path / "recipe" / "fonts"
    fonts.mkdir()
    (fonts / "first.ttf").write_bytes(used[0].path.read_bytes())
    recipe = write_recipe(tmp_path / "recipe", fonts={"folders": ["fonts"], "system": False, "bundled": False})
    run(recipe, tmp_path / "data", 10)
    second = next(font for font in used if font.path != used[0].path)
    (fonts / "second.ttf").write_bytes(second.path.read_bytes())
    with pytest.raises(InputError, match=rf"font {second.name} .*is new"):
        run(recipe, tmp_path / "data", 10)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"count": 0}, "at least 1"),
        ({"count": -4}, "-4"),
        ({"start": -1}, "-1"),
        ({"count": 2**32 + 1}, "4294967295"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**32}, "seed"),
        ({"workers": -1}, "workers"),
        ({"shard_size": 0}, "shard"),
        ({"format": "zip"}, "zip"),
        ({"address": "127.0.0.1:1"}, "address"),
        ({"overrides": ["fonts.sytem=true"]}, "sytem"),
        ({"count": 2**32}, "free|left"),  # takes more room than any disk here has
    ],
)
def test_invalid_input_is_refused_and_writes_nothing(tmp_path, recipe, options, named):
    with pytest.raises(InputError, match=named) as refusal:
        run(recipe, tmp_path / "data", **options)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_skipped_samples_are_counted_and_left_out(tmp_path):
    # An attempt fits with 24 %: of 20 attempts all fail for 1 sample in 240.
    recipe = write_recipe(
        tmp_path / "recipe",
        corpus=[{"use": "pattern", "pattern": "[0-9]{1,100}"}],
        layout={"length_range": [1, 24]},
    )
    summary = run(recipe, tmp_path / "data", 500, shard_size=225)
    stored = rows(tmp_path / "data")
    manifests = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("data/manifests/*.json"))]
    assert list(summary.skipped) == ["text too long"]
    assert len(stored) == summary.rows == 500 - sum(summary.skipped.values()) < 500
    assert (
        sum(manifest["skipped"].get("text too long", 0) for manifest in manifests) == summary.skipped["text too long"]
    )
    assert max(int(key[8:]) for key in stored) >= 490  # gaps move nothing


def test_an_error_in_a_user_effect_names_the_sample_and_line(tmp_path):
    recipe = write_recipe(tmp_path / "recipe", effects=[{"use": "failing_fade.Fade", "probability": 1}])
    (tmp_path / "recipe" / "failing_fade.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass(frozen=True)\nclass Fade:\n"
        "    def draw(self, rng, size):\n        return {}\n"
        "    def apply(self, image, parameters):\n        return image * parameters['strength']\n"
    )
    with pytest.raises(JobError, match=r"sample 0 .*KeyError: 'strength' \(.*failing_fade\.py, line 8\)"):
        run(recipe, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_folder_with_another_job_is_refused(tmp_path, recipe):
    from pipelines.io.dataset_folder import DatasetFolder

    with DatasetFolder(tmp_path / "data").open(), pytest.raises(JobError, match="is being written by process"):
        run(recipe, tmp_path / "data")


def test_command(tmp_path, recipe, reference):
    app = typer.Typer()
    app.command()(command)
    arguments = [recipe, "-o", str(tmp_path / "data"), "-n", str(COUNT), "--workers", "0", "--shard-size", str(SIZE)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    assert f"{COUNT} lines in 3 shards" in first.stdout
    assert contents(tmp_path / "data") == contents(reference)
    assert "nothing was written" in CliRunner().invoke(app, arguments).stdout
    changed = CliRunner().invoke(app, [*arguments, "ink.contrast_floor=70"])
    assert isinstance(changed.exception, InputError)
    assert "Example" in CliRunner().invoke(app, ["--help"]).stdout
