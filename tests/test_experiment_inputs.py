"""The inputs of experiments: generated data, other code, commits, and the words of another generator."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ValidationError

from benchmarks import arms
from benchmarks.inputs import Inputs, checked_out, run, without_effects
from benchmarks.trdg_worker import save_lines
from pipelines.datasets.open import open_line_source
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"generate": "lines", "count": 5, "seed": 1, "commit": "main"}, "commit"),
        ({"generate": "lines", "count": 5, "seed": 1, "commit": "abcdef1", "families": 8}, "remove without"),
        ({"generate": "lines", "count": 5, "seed": 1, "without": "colour"}, "without"),
        ({"generate": "lines", "count": 5, "seed": 1, "families": 0}, "families"),
        (
            {"generate": "lines", "count": 5, "seed": 1, "families": 8, "rebalance": {"run": "r", "misread": "l"}},
            "used unchanged",
        ),
        ({"labels": "l.tsv", "first": 5, "split": [0, 0.5]}, "either first or last"),
        ({"trdg": "1.8.0", "count": 0, "seed": 1, "charset": "digits"}, "count"),
        ({"trdg": "1.8.0", "count": 5, "seed": 1}, "charset"),
    ],
)
def test_an_invalid_input_is_rejected(tree, text):
    with pytest.raises(ValidationError, match=text):
        arms.Experiments(inputs={"lines": tree}, tables={})


def test_parts_of_a_split_are_disjoint_and_complete(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(bytes([number]))
    (tmp_path / "all.tsv").write_text("".join(f"{number}.png\tword {number}\n" for number in range(40)))
    how = {name: {"labels": "$all", "split": ends} for name, ends in (("low", (0, 0.6)), ("high", (0.6, 1)))}
    experiments = arms.Experiments.model_validate({"inputs": how, "tables": {}})
    made = Inputs(experiments, {"all": str(tmp_path / "all.tsv")}, tmp_path / "out")
    rows = [Path(made.path(name)).read_text().splitlines() for name in how]
    assert all(rows)
    assert sorted(rows[0] + rows[1]) == sorted(f"{tmp_path / f'{n}.png'}\tword {n}" for n in range(40))


def test_a_fitted_recipe_generates_an_input(tmp_path):
    how = {
        "real": {"generate": "digits", "count": 24, "seed": 1},
        "fitted": {"fit": "$real", "base": "digits", "rounds": 1, "lines": 24},
        "drawn": {"generate": "$fitted", "count": 4, "seed": 2},
    }
    inputs = Inputs(arms.Experiments.model_validate({"inputs": how, "tables": {}}), {}, tmp_path)
    assert len(open_line_source(inputs.path("drawn"))) == 4
    assert "fitted to" in (tmp_path / "fitted.yaml").read_text()
    assert inputs.digests().keys() == how.keys()


def test_effects_are_removed_by_kind():
    whole = resolve_recipe("lines").settings["effects"]
    kept = {
        kind: json.loads(without_effects(kind, "lines", []).removeprefix("effects=")) for kind in ("geometry", "pixels")
    }
    assert {effect["use"] for effect in kept["pixels"]} >= {"perspective", "rotation", "skew"}
    assert {effect["use"] for effect in kept["geometry"]} >= {"blur", "noise", "jpeg", "downscale"}
    assert [effect for effect in whole if effect in kept["geometry"]] == kept["geometry"]
    assert len(kept["geometry"]) + len(kept["pixels"]) == len(whole)


def test_the_given_code_is_run(tmp_path, capfd):
    (tmp_path / "pipelines" / "cli").mkdir(parents=True)
    (tmp_path / "pipelines" / "__init__.py").write_text("")
    (tmp_path / "pipelines" / "cli" / "__init__.py").write_text("")
    main = tmp_path / "pipelines" / "cli" / "main.py"
    main.write_text("import sys\ndef main():\n    print('first cut', *sys.argv[1:])\n")
    run("generate", "lines", code=tmp_path)
    assert capfd.readouterr().out == "first cut generate lines\n"
    main.write_text("def run():\n    raise SystemExit(2)\n")
    with pytest.raises(InputError, match="generate failed"):
        run("generate", "lines", code=tmp_path)


def test_a_commit_is_checked_out(tmp_path):
    repository, nobody = tmp_path / "repository", {"user.name": "nobody", "user.email": "nobody@example.org"}

    def git(*words):
        settings = [word for pair in nobody.items() for word in ("-c", "=".join(pair))]
        done = subprocess.run(
            ["git", "-C", str(repository), *settings, *words], check=True, capture_output=True, text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        )  # fmt: skip
        return done.stdout.strip()

    repository.mkdir()
    git("init", "-q")
    for content in ("first", "second"):
        (repository / "code.txt").write_text(content)
        git("add", ".")
        git("commit", "-q", "-m", content)
    first = git("rev-parse", "HEAD~1")
    folder = checked_out(first, tmp_path / "code", repository)
    assert (folder / "code.txt").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["code", "repository"]
    with pytest.raises(InputError, match="commit abcdef1 is not in the repository"):
        checked_out("abcdef1", tmp_path / "other", repository)
    assert not (tmp_path / "other").exists()


def test_words_of_another_generator_become_a_label_file_when_complete(tmp_path):
    drawn = [(Image.new("RGBA", (40 + i, 20), (i, 2 * i, 3 * i, 255)), f"word{i}") for i in range(6)]
    with pytest.raises(StopIteration):
        save_lines(tmp_path / "broken", iter(drawn), 7)
    assert not (tmp_path / "broken" / "labels.tsv").exists()
    save_lines(tmp_path / "whole", iter(drawn), 5)
    source = open_line_source(tmp_path / "whole" / "labels.tsv")
    assert list(source.texts()) == [f"word{i}" for i in range(5)]
    assert source.sizes().tolist() == [[40 + i, 20] for i in range(5)]
