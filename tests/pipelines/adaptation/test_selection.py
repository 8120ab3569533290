"""Views, pseudo-labels, the corpus, estimates without labels, and the guards against a collapse."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adaptation.calibration import fit_calibration
from pipelines.adaptation.decision import Score, decide
from pipelines.adaptation.guards import find_collapse
from pipelines.adaptation.near_duplicates import difference_hash, group_near_duplicates, has_near_duplicate
from pipelines.adaptation.pseudo_labels import NOT_ALLOWED, REPEATED, UNSTABLE, UNSURE, ConfidenceBand
from pipelines.adaptation.pseudo_labels import select_pseudo_labels as select
from pipelines.adaptation.text_filter import TextFilter
from pipelines.adaptation.texts import MIN_TEXTS, corpus_lines, with_corpus
from pipelines.adaptation.training_data import mix
from pipelines.adaptation.views import Reading, combine_views, make_views
from pipelines.datasets.image import decode_image
from synthtext.core import Charset

BAND = ConfidenceBand(0.8, 1.0)
ANY = TextFilter()
ASCII = Charset(tuple(map(chr, range(32, 127))))


def sure(text: str, confidence: float = 0.97) -> Reading:
    return Reading(text, confidence, 1.0, (text,) * 5)


def test_views_keep_the_text_and_only_change_the_frame() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 200, 3), np.uint8)
    plain, reduced, narrow, inner, outer = make_views(image, 32)
    assert plain is image
    assert reduced.shape[0] == round(0.6 * 32)
    assert narrow.shape == (40, 176, 3)
    assert np.array_equal(inner, image[2:-2, 2:-2])
    assert np.array_equal(outer[2:-2, 2:-2], image)


@given(st.lists(st.sampled_from(["cat", "cap", ""]), min_size=1, max_size=6), st.data())
def test_the_text_is_that_of_most_views(texts: list[str], data: st.DataObject) -> None:
    confidences = data.draw(st.lists(st.floats(0, 1), min_size=len(texts), max_size=len(texts)))
    found = combine_views(texts, confidences)
    assert texts.count(found.text) == max(map(texts.count, texts))
    assert found.agreement == pytest.approx(texts.count(found.text) / len(texts))
    if texts.count(texts[0]) == texts.count(found.text):
        assert found.text == texts[0]


def test_long_texts_may_differ_by_one_edit_in_a_minority_of_views() -> None:
    assert combine_views(["receipt 12"] * 4 + ["receipt 1Z"], [1.0] * 5).is_stable
    assert not combine_views(["receipt 12"] * 4 + ["reciept 1Z"], [1.0] * 5).is_stable
    assert not combine_views(["12"] * 4 + ["1Z"], [1.0] * 5).is_stable


def test_reasons_of_lines_without_a_pseudo_label() -> None:
    readings = [
        sure("AB12"),
        sure("AB13", 0.5),
        combine_views(["AB14", "A814", "AB14", "AB14", "AB14"], [0.9] * 5),
        sure("hello"),
    ]
    found = select(readings, BAND, TextFilter(pattern="[A-Z]{2}[0-9]{2}"))
    assert found.reasons == ("", UNSURE, UNSTABLE, NOT_ALLOWED)
    assert found.kept == (0,)


def test_frequent_texts_are_capped() -> None:
    found = select([sure("EXIT")] * 100 + [sure(f"text {n}") for n in range(100)], BAND, ANY)
    assert found.counts == {REPEATED: 100 - found.cap}
    assert len(found.kept) == 100 + found.cap


def test_a_lexicon_allows_its_words_in_any_case_with_punctuation_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("apple\nice cream\n")
    allowed = TextFilter(path)
    assert [t for t in ("Apple, 3", "ICE CREAM", "ice", "", "apples") if allowed.allows(t)] == ["Apple, 3", "ICE CREAM"]


def test_the_corpus_has_every_text_once_and_pseudo_labels_thrice() -> None:
    readings = [sure(f"kept {n}") for n in range(MIN_TEXTS)] * 2
    readings += [Reading("likely", 0.7, 0.6, ()), Reading("doubtful", 0.3, 0.6, ()), Reading("日本", 0.9, 1.0, ())]
    lines = corpus_lines(readings, range(2 * MIN_TEXTS), ANY, ASCII)
    assert {text: lines.count(text) for text in lines} == {**{f"kept {n}": 3 for n in range(MIN_TEXTS)}, "likely": 1}
    assert corpus_lines(readings[:5], range(5), ANY, ASCII) == ()


def test_the_share_of_the_corpus_grows_with_its_texts(tmp_path: Path) -> None:
    recipe = {"corpus": [{"use": "words", "weight": 2.0}, {"use": "pattern", "weight": 1.0}]}
    weights = [
        with_corpus(recipe, tmp_path / "corpus.txt", texts)["corpus"][-1]["weight"] for texts in (20, 100, 10**6)
    ]
    shares = [weight / (weight + 3) for weight in weights]
    assert shares == pytest.approx([0.5 * 20 / 120, 0.25, 0.5], abs=1e-3)


def test_few_pseudo_labels_are_not_repeated_endlessly() -> None:
    few, many = mix(10, 10_000), mix(5_000, 10_000)
    assert few.pseudo == pytest.approx(0.008)
    assert many.pseudo == pytest.approx(0.4)
    assert few.new + few.pseudo + few.replay == pytest.approx(1)


def test_the_estimate_is_the_accuracy_where_readings_behave_the_same() -> None:
    rng = np.random.default_rng(0)

    def draw(count: int, easy: float) -> tuple[list[Reading], list[bool]]:
        is_easy = rng.random(count) < easy
        right = rng.random(count) < np.where(is_easy, 0.95, 0.3)
        agreement, confidence = np.where(is_easy, 1.0, 0.4), np.where(is_easy, 0.97, 0.6)
        return [Reading("a", c, a, ()) for c, a in zip(confidence, agreement, strict=True)], right.tolist()

    calibration = fit_calibration(*draw(2000, 0.8))
    for easy in (0.2, 0.5, 0.9):
        readings, right = draw(2000, easy)
        assert calibration.accuracy(readings) == pytest.approx(np.mean(right), abs=0.04)
    assert fit_calibration([sure("a")] * 30, [True] * 30).accuracy([sure("a")]) > 0.9
    assert calibration.accuracy([Reading("", 0.0, 1.0, ())]) == 0


HELD_OUT = [sure(f"text {n}") for n in range(40)]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ([sure("text 1")] * 40, "different texts fell from 40 to 1"),
        ([sure(f"{n}") for n in range(40)], "mean length"),
        ([Reading("", 0, 1, ("",))] * 10 + HELD_OUT[10:], "without a text rose from 0% to 25%"),
        ([Reading(r.text, 0.995, 0.6, r.texts) for r in HELD_OUT], "the confidence rose from 0.97 to 0.99"),
        ([sure(f"test {n}", 0.97) for n in range(40)], "only 0 are read the same"),
    ],
)
def test_a_collapse_is_found(after: list[Reading], told: str) -> None:
    assert told in find_collapse(HELD_OUT, after)


def test_a_better_network_is_no_collapse() -> None:
    before = [Reading(f"text {n}", 0.7, 0.6, ("",)) for n in range(40)]
    assert find_collapse(before, HELD_OUT) == ""
    assert find_collapse(HELD_OUT, HELD_OUT) == ""


def test_only_a_gain_without_a_collapse_is_accepted() -> None:
    low, high = Score(0.8, None, {}), Score(0.85, None, {})
    assert decide(low, high, "").accepted
    assert not decide(low, low, "").accepted
    assert not decide(low, high, "the texts became shorter").accepted
    assert not decide(Score(0.8, 0.9, {}), Score(0.85, 0.88, {}), "").accepted  # labelled scores decide
    assert decide(Score(0.8, 0.9, {}), Score(0.7, 0.92, {}), "").accepted


def test_near_duplicates_are_scaled_and_compressed_copies() -> None:
    rng = np.random.default_rng(1)
    images = [np.asarray(cv2.resize(rng.integers(0, 256, (6, 24, 3), np.uint8), (240, 60)), np.uint8) for _ in range(5)]
    copies = [
        decode_image(cv2.imencode(".jpg", cv2.resize(image[..., ::-1], (160, 40)))[1].tobytes(), "")
        for image in images[:2]
    ]
    hashes, others = list(map(difference_hash, images)), list(map(difference_hash, copies))
    assert group_near_duplicates([*hashes, *others]).tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert has_near_duplicate(hashes, others).tolist() == [True, True, False, False, False]
