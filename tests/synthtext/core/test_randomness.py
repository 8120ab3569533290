from dataclasses import replace

import numpy as np
import pytest

from synthtext.core import StreamSource, WeightedSampler, block_stream


def test_streams_are_distinct() -> None:
    drawn = [
        tuple(stream.integers(2**62, size=3))
        for index in range(5)
        for seed in range(5)
        for stream in (*StreamSource(seed).at(index), block_stream(index * 256, seed))
    ]
    assert len(set(drawn)) == len(drawn)


def test_streams_are_repeatable_and_blocks_are_shared() -> None:
    source = StreamSource(3)
    first = [stream.random(9).tolist() for stream in source.at(7)]
    source.at(8).content.random(2, np.float32)  # leaves half of a number in the buffer
    assert [stream.random(9).tolist() for stream in source.at(7)] == first
    assert [stream.random(9).tolist() for stream in StreamSource(3).at(7)] == first
    assert block_stream(256, 3).random() == block_stream(511, 3).random()
    assert block_stream(255, 3).random() != block_stream(256, 3).random()


def test_indices_are_drawn_by_weight() -> None:
    weighted, rng = WeightedSampler([1, 0, 3]), np.random.default_rng(0)
    counts = np.bincount([weighted.draw(rng) for _ in range(4000)], minlength=3)
    assert counts[1] == 0
    assert counts[2] / counts[0] == pytest.approx(3, rel=0.15)


@pytest.mark.parametrize("weights", [[], [0, 0], [float("nan")], [-1, 3], [float("inf")]])
def test_invalid_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError):
        WeightedSampler(weights)


def test_streams_of_stages_are_distinct_and_independent_of_each_other() -> None:
    streams = StreamSource(3).start(7)
    attempts = [streams, replace(streams, attempt=1), StreamSource(3).start(8), StreamSource(4).start(7)]
    first = [attempt.appearance(stage).random(3).tolist() for attempt in attempts for stage in ("place", "composite")]
    assert len(set(map(tuple, first))) == len(first)
    streams.appearance("place").random(5)
    assert streams.appearance("composite").random(3).tolist() == first[1]
    assert streams.content.random() == StreamSource(3).at(7).content.random()
