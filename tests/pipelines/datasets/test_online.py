"""A recipe as an online source: the same lines in the same order as from its shards."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models.ctc import CTCCodec
from pipelines.datasets.loader import make_loader
from pipelines.datasets.online import OnlineSource, RecipeSampler, SourceIndex, load_index, save_index, scan_recipe
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.stream import BUCKET_BATCHES, RecognitionStream, select_lines
from pipelines.errors import JobError
from pipelines.io.line_row import LineRow
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Charset, Clusters, InputError, SkippedSample

pytestmark = pytest.mark.slow

COUNT, SEED, BATCH = 1000, 5, 8
CODEC = CTCCodec(Charset.named("alphanumeric_lower"))
PREPROCESSING = RecognizerPreprocessing()
RECIPE = """
charset: ascii
corpus: [{use: odd_of_drawn.Odd}]
output: {height: 32, width: 64}
effects: [{use: noise, probability: 0.5}]
"""
# Three of four texts are outside of the charset of the recipe, so that some samples are skipped after 20 attempts; one
# of twenty is outside of the charset of the recognizer; many repeat more characters than 64 pixels have steps.
MODULE = """
from dataclasses import dataclass


@dataclass(frozen=True)
class Odd:
    def draw(self, rng):
        if rng.random() < 0.75:
            return "é"
        tail = "!" if rng.random() < 0.05 else ""
        return "".join("011aab2e"[i] for i in rng.integers(0, 8, rng.integers(1, 14))) + tail
"""


def write_recipe(folder, name, module, text=RECIPE):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(module)
    (folder / "recipe.yaml").write_text(text.replace("odd_of_drawn", name))
    return folder / "recipe.yaml"


def make_sampler(path, seed=SEED):
    recipe = resolve_recipe(str(path))
    return RecipeSampler(recipe, recipe.digest, seed)


@pytest.fixture(scope="module", autouse=True)
def import_path():
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write_recipe(tmp_path_factory.mktemp("recipe"), "odd_of_drawn", MODULE)


@pytest.fixture(scope="module")
def online(recipe):
    sampler = make_sampler(recipe)
    return OnlineSource(sampler, scan_recipe(sampler, COUNT, 0))


@pytest.fixture(scope="module")
def stored(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "data"
    generate(str(recipe), folder, COUNT, seed=SEED, workers=0)
    return open_line_source(folder)


def stream_of(source):
    return RecognitionStream([select_lines(source, CODEC, PREPROCESSING)], [1], CODEC, PREPROCESSING, BATCH, 3)


def same(one, other):
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in zip(one, other, strict=True))


def test_an_index_equals_what_shards_hold(online, stored):
    assert 0 < online.index.count - len(online) < 0.01 * COUNT
    assert sum(online.index.skipped.values()) == online.index.count - len(online)
    assert len(online) == len(stored)
    assert list(online.texts()) == list(stored.texts())
    assert np.array_equal(online.sizes(), stored.sizes())
    assert np.array_equal(online.group_offsets, stored.group_offsets)


def test_the_index_is_the_same_for_any_number_of_processes(recipe, online):
    other = scan_recipe(make_sampler(recipe), COUNT, 2)
    assert other.texts.equals(online.index.texts)
    assert np.array_equal(other.indices, online.index.indices)
    assert np.array_equal(other.sizes, online.index.sizes)
    assert (other.count, other.skipped) == (online.index.count, online.index.skipped)


def test_rows_in_any_order_equal_those_of_shards_to_the_byte(online, stored):
    rng = np.random.default_rng(0)
    for rows in (
        rng.permutation(len(online))[:150],
        np.array([7, 7, 3]),
        np.array([len(online) - 1]),
        np.array([], int),
    ):
        assert online.read(rows) == stored.read(rows)


@pytest.mark.parametrize(
    ("workers", "start", "stop"),
    [
        (0, 0, 6),
        (0, 3 * BUCKET_BATCHES - 3, 3 * BUCKET_BATCHES + 3),
        (0, 9 * BUCKET_BATCHES, 9 * BUCKET_BATCHES + 2),
        (1, 0, 3),
        (2, BUCKET_BATCHES - 4, BUCKET_BATCHES + 4),
    ],
)
def test_batches_equal_those_of_shards(online, stored, workers, start, stop):
    streams = stream_of(online), stream_of(stored)
    left_out = streams[0].selections[0].discards
    assert left_out.reasons == streams[1].selections[0].discards.reasons
    assert "character outside the charset" in left_out.reasons
    here = list(make_loader(streams[0], range(start, stop), workers))
    there = list(make_loader(streams[1], range(start, stop)))
    assert len(here) == stop - start
    assert all(same(a, b) for a, b in zip(here, there, strict=True))
    assert len({key for batch in here for key in batch.keys}) == BATCH * len(here)


def test_windows_of_a_long_epoch_mix_many_blocks(online):
    stream = stream_of(online)
    blocks = {int(key[-10:]) // 256 for key in stream[0].keys}
    assert len(blocks) > 2  # more than a generator caches for drawing in sequence


@pytest.mark.parametrize("share", [0.0, 0.004, 0.6])
def test_group_offsets_are_those_of_shards(tmp_path, dataset, online, share):
    rng = np.random.default_rng(1)
    count, nothing = 2 * LineRow.SHARD_SIZE + 700, Clusters(np.zeros(1, np.int32), np.zeros((0, 4, 2), np.float32))
    gaps = rng.random(count) < share
    gaps[LineRow.SHARD_SIZE : 2 * LineRow.SHARD_SIZE] |= share > 0.5  # a shard without a row
    rows = [
        SkippedSample(i, ("no ink",)) if gap else LineRow(f"{i}", b"", "", "a", 9, 9, nothing)
        for i, gap in enumerate(gaps)
    ]
    folder = dataset(tmp_path / "data", rows, size=LineRow.SHARD_SIZE)
    indices = np.flatnonzero(~gaps)
    index = SourceIndex(count, indices, np.full((len(indices), 2), 9), online.index.texts, {})
    assert np.array_equal(OnlineSource(online.sampler, index).group_offsets, open_line_source(folder).group_offsets)


def test_an_index_is_saved_and_loaded(tmp_path, online):
    path = tmp_path / "recipes" / "index.arrow"
    assert load_index(path) is None
    save_index(path, online.index, {"digest": "d", "seed": 5})
    index, about = load_index(path)
    assert about == {"digest": "d", "seed": 5}
    assert index.texts.equals(online.index.texts)
    assert np.array_equal(index.indices, online.index.indices)
    assert np.array_equal(index.sizes, online.index.sizes)
    assert (index.count, index.skipped) == (online.index.count, online.index.skipped)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("keep", [0, 10, 300, -20])
def test_a_damaged_index_file_is_named(tmp_path, online, keep):
    path = tmp_path / "index.arrow"
    save_index(path, online.index, {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"index\.arrow is damaged"):
        load_index(path)


def test_a_source_can_be_pickled(online):
    other = pickle.loads(pickle.dumps(online))
    rows = np.array([5, 1])
    assert other.read(rows) == online.read(rows)


def test_too_many_skipped_samples_fail_the_scan(tmp_path):
    path = write_recipe(tmp_path / "gaps", "odd_of_gaps", MODULE.replace("0.75", "0.9"))
    with pytest.raises(JobError, match=r"more than 1%: .*charset"):
        scan_recipe(make_sampler(path), 600, 0)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_user_code_is_reported_in_one_sentence(tmp_path, workers):
    module = MODULE.replace("rng.random() < 0.75", "rng.random() < 0.001").replace('return "é"', "return 1 / 0")
    path = write_recipe(tmp_path / "errors", f"odd_of_errors_{workers}", module)
    with pytest.raises(JobError, match=r"^sample \d+ of recipe .*: ZeroDivisionError"):
        scan_recipe(make_sampler(path), 3000, workers)


def test_a_nondeterministic_component_is_detected(tmp_path):
    module = MODULE.replace("rng.random() < 0.75", "False").replace("rng.integers(0, 8,", "np.random.randint(0, 8,")
    path = write_recipe(tmp_path / "chance", "odd_of_chance", "import numpy as np\n" + module)
    sampler = make_sampler(path)
    source = OnlineSource(sampler, scan_recipe(sampler, 100, 0))
    with pytest.raises(InputError, match=r"sample \d+ of recipe .* differs from the one that was first drawn"):
        source.read(np.arange(100))


def test_files_that_changed_since_the_start_are_detected(recipe, online):
    another = RecipeSampler(
        online.sampler.recipe, "0" * 64, SEED
    )  # the digest that a data worker expects, but does not find
    with pytest.raises(InputError, match="would draw other lines now"):
        OnlineSource(another, online.index).read(np.array([0]))
    assert Path(recipe).is_file()
