"""Initial weights of a recognizer from a run with the same charset or another one."""

import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass

import torch
from torch import Tensor

from models.recognizer import Recognizer
from pipelines.inference.run import CONFIG_FILE, RecognizerRun
from synthtext.core import Charset, InputError

_CLASS_TENSORS = ("head.fc2.weight", "head.fc2.bias")
"""The tensors with a row for every class."""


@dataclass(frozen=True)
class CharsetChange:
    """How the classes of a head were changed: numbers of characters."""

    kept: int  # in both charsets
    new: int  # only in the new charset
    similar: int  # new ones that were initialised from a similar one
    dropped: int  # only in the old charset

    def __str__(self) -> str:
        similar = f" ({self.similar:,} of them initialised from a similar one)" if self.similar else ""
        return f"{self.kept:,} characters kept, {self.new:,} new{similar}, {self.dropped:,} dropped"


def load_initial_weights(model: Recognizer, charset: Charset, run: RecognizerRun) -> CharsetChange:
    """Copy the weights of a run into a recognizer of the same sizes, classes by their characters.

    A new character is initialised to the mean of all kept ones, or to the mean of that and a similar kept character
    (the letter without its accent, the other case). As a convex combination, its logit never exceeds the highest logit
    of the kept ones: before the first step, no new character is predicted.

    Args:
        model: receives the weights.
        charset: charset of `model`.
        run: run with the weights.

    Raises:
        InputError: the sizes differ, or the charsets share no character.
    """
    source, target = run.load_model().state_dict(), model.state_dict()
    for name, tensor in target.items():
        shape = source[name].shape if name in source else None
        if shape is None or tensor.shape[name in _CLASS_TENSORS :] != shape[name in _CLASS_TENSORS :]:
            raise InputError(
                f"init: {run.folder} has another network ({name} is {_format_shape(shape)} in the run and "
                f"{_format_shape(tensor.shape)} in this training); use the `network` settings of "
                f"{run.folder / CONFIG_FILE}"
            )
    kept = {c for c in charset if c in run.charset}
    if not kept:
        raise InputError(f"init: the charset shares no character with that of {run.folder}; train without init")
    similar = {c: s for c in charset if c not in run.charset and (s := _similar_character(c, kept)) is not None}
    rows = {name: _class_rows(source[name], charset, run.charset, similar) for name in _CLASS_TENSORS}
    model.load_state_dict(source | rows)
    return CharsetChange(len(kept), len(charset) - len(kept), len(similar), len(run.charset) - len(kept))


def _class_rows(rows: Tensor, charset: Charset, old_charset: Charset, similar: Mapping[str, str]) -> Tensor:
    """Rows of a head for `charset`, from those for `old_charset`; the first row is the blank's."""
    old = {character: rows[index + 1] for character, index in old_charset.index.items()}
    mean = torch.stack([old[c] for c in charset if c in old]).mean(0)
    new = {c: (old[similar[c]] + mean) / 2 if c in similar else mean for c in charset if c not in old}
    return torch.stack([rows[0], *((old | new)[c] for c in charset)])


def _similar_character(character: str, known: Set[str]) -> str | None:
    """Find a known character that looks similar: the letter without its accent, the other case, the other width."""
    base = unicodedata.normalize("NFKD", character)[0]
    return next((c for c in (base, character.swapcase(), base.swapcase()) if c in known), None)


def _format_shape(shape: torch.Size | None) -> str:
    return "missing" if shape is None else "x".join(map(str, shape)) or "a number"
