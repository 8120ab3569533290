import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import alphanumeric, edit_distance, normalized_edit_distance, recognition_scores, without_spaces

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
SHORT = st.text(alphabet="abcAB é一", max_size=9)
FORMS = {
    "spaces_ignored": without_spaces,
    "spaces_kept": str,
    "alphanumeric_lowercase": alphanumeric,
}


@pytest.fixture(scope="module")
def recognition():
    return json.loads((REFERENCE / "metrics.json").read_text(encoding="utf-8"))["recognition"]


def table_distance(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


@given(SHORT, SHORT)
def test_distance_equals_dynamic_programming(first, second):
    assert edit_distance(first, second) == table_distance(first, second)


@given(st.text(alphabet="ab", min_size=60, max_size=150), st.text(alphabet="ab", min_size=60, max_size=150))
def test_distance_of_long_texts(first, second):
    assert edit_distance(first, second) == table_distance(first, second)


@pytest.mark.parametrize("form", FORMS)
def test_released_pairs(recognition, form):
    expected, change = recognition[form], FORMS[form]
    pairs = [(change(pair["target"]), change(pair["prediction"])) for pair in recognition["pairs"]]
    assert [int(label == prediction) for label, prediction in pairs] == expected["correct"]
    assert [normalized_edit_distance(*pair) for pair in pairs] == pytest.approx(
        expected["normalized_distance"], abs=1e-12
    )


def test_released_sums_differ_only_in_the_divisor(recognition):
    labels = [pair["target"] for pair in recognition["pairs"]]
    scores = recognition_scores(labels, [pair["prediction"] for pair in recognition["pairs"]])
    shrink = scores.samples / (scores.samples + 1e-5)
    kept, ignored, letters = (recognition[form] for form in ("spaces_kept", "spaces_ignored", "alphanumeric_lowercase"))
    assert scores.accuracy * shrink == pytest.approx(kept["accuracy"], abs=1e-9)
    assert scores.accuracy_without_spaces * shrink == pytest.approx(ignored["accuracy"], abs=1e-9)
    assert 1 - (1 - scores.normalized_edit_similarity) * shrink == pytest.approx(kept["one_minus_ned"], abs=1e-9)
    has_letters = [bool(alphanumeric(label)) for label in labels]
    correct_count = sum(correct for correct, counted in zip(letters["correct"], has_letters, strict=True) if counted)
    assert scores.alphanumeric_samples == sum(has_letters)
    assert scores.alphanumeric_accuracy == correct_count / max(sum(has_letters), 1)


def test_scores_of_one_text_each():
    scores = recognition_scores(["Ab 1", "一", "x", "--"], ["ab1", "一", "y", "a"])
    assert scores.accuracy == 0.25
    assert scores.accuracy_without_spaces == 0.25
    assert scores.alphanumeric_accuracy == 0.5  # of "Ab 1" and "x"
    assert scores.normalized_edit_similarity == pytest.approx(1 - (0.5 + 0 + 1 + 1) / 4)


@given(st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=8))
def test_scores_are_between_0_and_1(pairs):
    scores = recognition_scores(*zip(*pairs, strict=True))
    values = list(scores.as_dict().values())[1:]
    assert all(0 <= value <= 1 for value in values)
    assert scores.accuracy <= scores.accuracy_without_spaces


@given(st.lists(SHORT, min_size=1, max_size=8))
def test_perfect_predictions_score_1(texts):
    scores = recognition_scores(texts, texts)
    assert (scores.accuracy, scores.accuracy_without_spaces, scores.normalized_edit_similarity) == (1, 1, 1)


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="no samples to score"):
        recognition_scores([], [])
    with pytest.raises(ValueError):
        recognition_scores(["a"], [])
