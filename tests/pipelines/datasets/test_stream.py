import multiprocessing
import tracemalloc
from collections import Counter

import cv2
import numpy as np
import pytest
import torch

from models.backbones.lcnet import PPLCNet
from models.ctc import CTCCodec
from pipelines.datasets.loader import make_loader
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import ConcatenatedLines
from pipelines.datasets.stream import (
    BUCKET_BATCHES,
    EMPTY_LABEL,
    TOO_FEW_TIME_STEPS,
    TOO_WIDE,
    RecognitionStream,
    select_lines,
)
from pipelines.errors import JobError
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.slow

CODEC = CTCCodec(Charset.named("lowercase"))
PREPROCESSING = RecognizerPreprocessing()


def write_lines(folder, lines):
    """Write a label file of (text, width) lines, all 32 pixels high; the grey value of an image is its number."""
    folder.mkdir()
    for index, (_, width) in enumerate(lines):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((32, width, 3), index % 256, np.uint8))
    (folder / "labels.tsv").write_text("".join(f"{index}.png\t{text}\n" for index, (text, _) in enumerate(lines)))
    return open_line_source(folder / "labels.tsv")


@pytest.fixture(scope="module")
def selections(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    rng = np.random.default_rng(3)
    small = [("a" * length, 40 * length) for length in rng.integers(1, 9, 30)]
    large = [("Bc" * length, int(30 * length)) for length in rng.integers(1, 9, 150)]
    return [
        select_lines(write_lines(folder / name, lines), CODEC, PREPROCESSING)
        for name, lines in (("small", small), ("large", large))
    ]


def make_stream(selections, weights=(1, 3), seed=1, batch_size=8):
    return RecognitionStream(selections, weights, CODEC, PREPROCESSING, batch_size, seed)


def same(first, second):
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in zip(first, second, strict=True))


def test_a_batch_holds_its_lines(selections):
    stream = make_stream(selections)
    batch = stream[5]
    count, width = len(batch.texts), batch.images.shape[3]
    assert batch.images.shape == (8, 3, 32, width)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert width == PREPROCESSING.batch_width(int(batch.widths.max()))
    assert (batch.images.dtype, batch.widths.dtype, batch.targets.dtype) == (torch.uint8, torch.int32, torch.int64)
    assert batch.targets.shape == (count, batch.target_lengths.max())
    for row in range(count):
        letters = batch.targets[row, : batch.target_lengths[row]]
        assert "".join(CODEC.charset.characters[k - 1] for k in letters) == batch.texts[row]
        assert (batch.targets[row, batch.target_lengths[row] :] == 0).all()
        assert batch.texts[row] == batch.texts[row].lower()
        assert (batch.images[row, :, :, : batch.widths[row]] == int(batch.keys[row].removesuffix(".png"))).all()


def test_a_step_does_not_depend_on_earlier_steps(selections):
    stream, other = make_stream(selections), make_stream(selections)
    steps = [0, 1, BUCKET_BATCHES - 1, BUCKET_BATCHES, 3 * BUCKET_BATCHES + 2]
    batches = {step: stream[step] for step in steps}
    for step in reversed(steps):
        assert same(other[step], batches[step])


def test_batches_are_the_same_with_workers(selections):
    stream = make_stream(selections)
    here = list(make_loader(stream, range(BUCKET_BATCHES - 3, BUCKET_BATCHES + 4)))
    there = list(make_loader(stream, range(BUCKET_BATCHES - 3, BUCKET_BATCHES + 4), workers=2))
    assert len(here) == 7
    assert all(same(a, b) and type(a) is type(b) for a, b in zip(here, there, strict=True))
    assert not same(here[0], here[1])


def test_ranks_with_data_workers_share_the_steps_and_resume_from_any(selections):
    stream, end, size = make_stream(selections), BUCKET_BATCHES + 4, 2
    whole = list(make_loader(stream, range(end)))
    for stopped in (0, BUCKET_BATCHES - 3):
        parts = [list(make_loader(stream, range(stopped + rank, end, size), workers=1)) for rank in range(size)]
        together = [parts[number % size][number // size] for number in range(end - stopped)]
        assert sum(map(len, parts)) == len(together)
        assert all(same(a, b) for a, b in zip(together, whole[stopped:], strict=True))


def test_seeds_differ(selections):
    assert stream_keys(make_stream(selections, seed=1)) != stream_keys(make_stream(selections, seed=2))


def stream_keys(stream, windows=1):
    return [stream[step].keys for step in range(windows * BUCKET_BATCHES)]


def test_sources_are_mixed_by_weight_and_every_line_occurs(selections):
    stream = make_stream(selections, weights=(1, 3))
    seen = Counter(text[0] for step in range(4 * BUCKET_BATCHES) for text in stream[step].texts)
    assert seen == {"a": 8 * BUCKET_BATCHES, "b": 24 * BUCKET_BATCHES}
    alone = make_stream(selections[1:], weights=[7])
    counts = Counter(key for keys in stream_keys(alone, 3) for key in keys)
    assert len(counts) == len(selections[1].rows)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_little_is_padded(selections):
    stream = make_stream(selections, weights=(1, 1), batch_size=16)
    batches = [stream[step] for step in range(BUCKET_BATCHES)]
    padded = np.mean([1 - batch.widths.sum().item() / (len(batch.keys) * batch.images.shape[3]) for batch in batches])
    widths = torch.cat([batch.widths for batch in batches])
    unsorted = 1 - widths.float().mean().item() / 320
    assert padded < 0.12 < 0.4 < unsorted
    assert len({int(batch.images.shape[3]) for batch in batches[:8]}) > 3  # narrow and wide ones are mixed


def test_unusable_lines_are_counted(tmp_path):
    lines = [
        ("abc", 100),
        ("", 100),
        ("a1", 100),
        ("ABC", 100),
        ("abcdefgh", 32),
        ("aabb", 20),
        ("aab", 20),
        ("a", 1400),
    ]
    selection = select_lines(write_lines(tmp_path / "lines", lines), CODEC, PREPROCESSING)
    assert PPLCNet.time_steps(32) == 8
    assert selection.rows.tolist() == [0, 3, 4, 5, 6]
    assert selection.widths.tolist() == [100, 100, 32, 20, 20]
    assert selection.discards.reasons == {
        "empty label": 1,
        "character outside the charset": 1,
        "image wider than the limit": 1,
    }
    assert str(selection.discards).startswith("3 of 8 lines left out: ")


class SyntheticLines:
    """Lines without images, of many lengths and widths; a few are too wide or have no label."""

    name, group_offsets = "made", np.array([0])

    def __init__(self, first, count):
        self.numbers = range(first, first + count)

    def __len__(self):
        return len(self.numbers)

    def texts(self):
        return ("a" * (number % 9) for number in self.numbers)

    def sizes(self):
        return np.array([(number % 1500 + 1, 32) for number in self.numbers])


def test_selection_takes_little_more_memory_than_its_result():
    count, part = 60_000, 5_000
    source = ConcatenatedLines("all", tuple(SyntheticLines(first, part) for first in range(0, count, part)))
    select_lines(source, CODEC, PREPROCESSING)
    tracemalloc.start()
    selection = select_lines(source, CODEC, PREPROCESSING)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * count
    reasons = ["" for _ in range(count)]
    for number in range(count):
        letters, width = number % 9, number % 1500 + 1
        if width > 1280:
            reasons[number] = TOO_WIDE
        elif not letters:
            reasons[number] = EMPTY_LABEL
        elif 2 * letters - 1 > PPLCNet.time_steps(PREPROCESSING.batch_width(width)):  # a blank between equal characters
            reasons[number] = TOO_FEW_TIME_STEPS
    assert selection.rows.tolist() == [number for number, reason in enumerate(reasons) if not reason]
    assert selection.widths.tolist() == [number % 1500 + 1 for number in selection.rows]
    assert selection.discards.total == count
    assert selection.discards.reasons == {name: many for name, many in Counter(reasons).items() if name}


def test_repeated_characters_need_additional_steps(tmp_path):
    lines = [("abababab", 32), ("aabababa", 32), ("aabababa", 33), ("ababababa", 32)]
    selection = select_lines(write_lines(tmp_path / "lines", lines), CODEC, PREPROCESSING)
    assert selection.rows.tolist() == [0, 2]
    assert selection.discards.reasons == {"label longer than the time steps of its image": 2}


def test_a_source_without_a_usable_line_is_rejected(tmp_path):
    with pytest.raises(InputError, match="no line to learn from: 2 of 2 lines left out: character outside"):
        select_lines(write_lines(tmp_path / "lines", [("1", 50), ("2", 50)]), CODEC, PREPROCESSING)


def test_invalid_settings_are_rejected(selections):
    with pytest.raises(InputError, match="at least one source"):
        make_stream([], ())
    with pytest.raises(InputError, match="weight"):
        make_stream(selections, weights=(1, 0))
    with pytest.raises(InputError, match="batch size"):
        make_stream(selections, batch_size=0)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_image_is_named(tmp_path, workers):
    source = write_lines(tmp_path / "lines", [("abc", 100)])
    stream = make_stream([select_lines(source, CODEC, PREPROCESSING)], weights=[1])
    (tmp_path / "lines" / "0.png").write_bytes(b"text")
    with pytest.raises(InputError, match=r"^0\.png: this is not a readable image$"):
        list(make_loader(stream, range(2), workers))


def test_a_killed_data_worker_is_reported_in_one_sentence(selections):
    batches = make_loader(make_stream(selections), range(10**6), workers=1)
    next(batches)
    (worker,) = multiprocessing.active_children()
    worker.kill()
    with pytest.raises(
        JobError, match=r"^a process that prepares batches was killed.*re-run the same command to resume$"
    ):
        list(batches)


def test_a_sequential_source_is_read_window_by_window(selections):
    stream = RecognitionStream(selections, (1, 3), CODEC, PREPROCESSING, 2, 1, sequential=[1])
    keys = [
        [key for step in range(first, first + BUCKET_BATCHES) for key in stream[step].keys]
        for first in (0, BUCKET_BATCHES)
    ]
    numbers = [sorted(int(key.removesuffix(".png")) for key in some) for some in keys]
    # Both sources name their images by number: of 64 lines, 48 are of the second one, and none repeats.
    large, others = Counter(range(48)), Counter(numbers[0])
    assert not large - others
    assert sum((others - large).values()) == 16
    assert not Counter(range(48, 96)) - Counter(numbers[1])
