"""Lines split among data workers and ranks: none twice, none left out, from any step on."""

from collections import Counter
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.ctc import CTCCodec
from pipelines.datasets.loader import make_loader
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import EncodedLine
from pipelines.datasets.stream import BUCKET_BATCHES, RecognitionStream, select_lines
from synthtext.core import Charset

pytestmark = pytest.mark.slow

CODEC = CTCCodec(Charset.named("digits"))
PREPROCESSING = RecognizerPreprocessing()


@cache
def picture(width: int) -> bytes:
    return cv2.imencode(".png", np.zeros((32, width, 3), np.uint8))[1].tobytes()


class Numbers:
    """Lines whose text is their number; every fifth one is unusable."""

    name = "numbers"

    def __init__(self, count: int, group: int) -> None:
        self._count = count
        self.group_offsets = np.append(np.arange(0, count, group), count)

    def __len__(self) -> int:
        return self._count

    def texts(self) -> list[str]:
        return [str(number) if number % 5 else f"{number}x" for number in range(self._count)]

    def sizes(self) -> NDArray[np.int64]:
        return np.array([(60 + number % 3 * 20, 32) for number in range(self._count)])

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        texts, sizes = self.texts(), self.sizes()
        return [EncodedLine(str(row), picture(int(sizes[row][0])), texts[row]) for row in rows.tolist()]


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 30), st.integers(0, 2**32 - 1), st.integers(1, 5), st.data())
def test_every_line_occurs_once_an_epoch_for_any_number_of_workers(batch, group, seed, workers, data):
    usable = BUCKET_BATCHES * batch  # an epoch is as long as a window, within which lines are sorted by width
    source = Numbers(usable * 5 // 4, group)
    selection = select_lines(source, CODEC, PREPROCESSING)
    assert len(selection.rows) == usable
    expected = Counter({str(row): 2 for row in selection.rows})

    def stream() -> RecognitionStream:
        return RecognitionStream([selection], [1.0], CODEC, PREPROCESSING, batch, seed)

    # Worker w makes the steps w, w + workers, ...; each has its own stream, and some start a new one in between.
    seen: Counter[str] = Counter()
    for worker in range(workers):
        mine = range(worker, 2 * BUCKET_BATCHES, workers)
        stopped = data.draw(st.integers(0, len(mine)))
        first, second = stream(), stream()
        for number, step in enumerate(mine):
            seen.update((first if number < stopped else second)[step].keys)
    assert seen == expected

    position = data.draw(st.integers(0, 2 * BUCKET_BATCHES))
    loaded = [*make_loader(stream(), range(position)), *make_loader(stream(), range(position, 2 * BUCKET_BATCHES))]
    whole = list(make_loader(stream(), range(2 * BUCKET_BATCHES)))
    assert [one.keys for one in loaded] == [one.keys for one in whole]
    assert Counter(key for one in loaded for key in one.keys) == expected
