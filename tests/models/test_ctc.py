import os
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.ctc import BLANK, CTCCodec, ctc_loss, is_exact_match
from synthtext.core import Charset, InputError

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
CODEC = CTCCodec(Charset.named("lowercase"))
WORDS = st.text(alphabet="abAB", max_size=6)


@pytest.fixture(scope="module")
def released():
    with np.load(REFERENCE / "losses_recognition.npz") as arrays:
        return {name: torch.from_numpy(np.asarray(arrays[name])) for name in arrays.files}


def spelled(text, classes=CODEC.classes, sureness=0.9):
    """Logits of the shortest sequence of steps that says a text."""
    steps = []
    for character in text:
        if steps and steps[-1] == CODEC.charset.index[character] + 1:
            steps.append(BLANK)
        steps.append(CODEC.charset.index[character] + 1)
    probabilities = torch.full((1, max(len(steps), 1), classes), (1 - sureness) / (classes - 1))
    probabilities.scatter_(2, torch.tensor([steps or [BLANK]])[..., None], sureness)
    return probabilities.log()


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_targets_encode_the_folded_texts(texts):
    targets, lengths = CODEC.encode(texts)
    assert targets.dtype == lengths.dtype == torch.int64
    for text, row, length in zip(texts, targets.tolist(), lengths.tolist(), strict=True):
        assert "".join(CODEC.charset.characters[k - 1] for k in row[:length]) == text.lower()
        assert not any(row[length:])


@given(WORDS)
def test_a_text_in_the_minimum_number_of_steps_is_decoded(text):
    logits = spelled(text.lower())
    (reading,) = CODEC.decode(logits)
    assert reading.text == text.lower()
    assert reading.confidence == pytest.approx(0.9 if text else 0.0, abs=1e-6)
    assert logits.shape[1] == max(CODEC.required_steps(text), 1)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_confidence_is_the_mean_of_the_first_step_of_every_run(steps, seed):
    rng = np.random.default_rng(seed)
    strengths = rng.uniform(4, 8, len(steps))
    logits = torch.zeros(1, len(steps), CODEC.classes)
    logits[0, range(len(steps)), steps] = torch.tensor(strengths, dtype=torch.float32)
    first = [next(run)[0] for value, run in groupby(enumerate(steps), key=lambda pair: pair[1]) if value != BLANK]
    (reading,) = CODEC.decode(logits)
    assert reading.text == "".join(CODEC.charset.characters[steps[k] - 1] for k in first)
    sure = [np.exp(strengths[k]) / (np.exp(strengths[k]) + CODEC.classes - 1) for k in first]
    assert reading.confidence == pytest.approx(np.mean(sure) if sure else 0.0, abs=1e-5)


@given(WORDS.filter(bool))
def test_a_text_has_a_loss_if_and_only_if_the_steps_suffice(text):
    targets, lengths = CODEC.encode([text])
    needed = CODEC.required_steps(text)
    assert ctc_loss(torch.zeros(1, needed, CODEC.classes), targets, lengths) > 0
    if needed > 1:
        assert ctc_loss(torch.zeros(1, needed - 1, CODEC.classes), targets, lengths) == 0


def test_a_character_outside_the_charset_is_reported():
    with pytest.raises(InputError, match="'é'"):
        CODEC.encode(["café"])


@pytest.mark.parametrize("case", ["t80", "t25", "infeasible"])
def test_the_loss_is_the_released_one(released, case):
    logits = released[f"{case}_logits"].clone().requires_grad_()
    labels, lengths = released[f"{case}_labels"].long(), released[f"{case}_label_lengths"]
    loss = ctc_loss(logits, labels, lengths)
    assert loss.item() == pytest.approx(released[f"{case}_ctc_mean"].item(), rel=1e-5, abs=1e-4)
    loss.backward()
    expected = released["infeasible_grad_logits" if case == "infeasible" else f"{case}_ctc_mean_grad_logits"]
    assert (logits.grad - expected).abs().max() <= 2e-4 * expected.abs().max()  # float32 at losses of 300
    rows = [ctc_loss(logits[k : k + 1], labels[k : k + 1], lengths[k : k + 1]).item() for k in range(len(labels))]
    assert rows == pytest.approx(released[f"{case}_ctc_nll"].tolist(), rel=1e-5, abs=1e-4)


def test_required_steps_are_the_released_ones(released):
    characters = [chr(ord("a") + k) for k in range(20)]
    codec = CTCCodec(Charset(tuple(characters)))
    for row, length, needed in zip(
        released["infeasible_labels"],
        released["infeasible_label_lengths"],
        released["infeasible_required_steps"],
        strict=True,
    ):
        assert codec.required_steps("".join(characters[k - 1] for k in row[:length])) == needed


def test_the_loss_of_bfloat16_logits_is_computed_in_float32():
    logits = torch.randn(2, 9, CODEC.classes).bfloat16()
    targets, lengths = CODEC.encode(["ab", "c"])
    assert torch.equal(ctc_loss(logits, targets, lengths), ctc_loss(logits.float(), targets, lengths))


@pytest.mark.parametrize("size", [1e2, 1e4])
def test_loss_and_gradient_stay_finite_for_large_logits(size):
    torch.manual_seed(0)
    logits = (size * torch.randn(3, 12, CODEC.classes)).requires_grad_()
    loss = ctc_loss(logits, *CODEC.encode(["abc", "bb", ""]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@given(st.integers(0, 2**32 - 1))
def test_exact_matches_are_lines_that_decode_to_their_text(seed):
    generator = torch.Generator().manual_seed(seed)
    codec = CTCCodec(Charset(tuple("ab")))
    logits = torch.randn(64, 4, 3, generator=generator)
    texts = ["", "a", "b", "ab", "ba", "aa", "aba", "bab"] * 8
    right = is_exact_match(logits, *codec.encode(texts))
    assert right.tolist() == [reading.text == text for reading, text in zip(codec.decode(logits), texts, strict=True)]
