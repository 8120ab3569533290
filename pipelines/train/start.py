"""Training that starts from the weights of another RUN, with the same characters or others."""

import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass

import torch
from torch import Tensor

from models.recognizer import Recognizer
from pipelines.run import CONFIG, Run
from synthtext.core import Charset, InputError

_HEAD = ("head.fc2.weight", "head.fc2.bias")
"""The tensors with a row for every class."""


@dataclass(frozen=True)
class CharsetChange:
    """What became of the classes of a head.

    Attributes:
        kept: characters that both charsets have.
        new: characters that only the new charset has.
        similar: how many of the new ones began as a mixture with a character of the same shape.
        dropped: characters that only the old charset had.
    """

    kept: int
    new: int
    similar: int
    dropped: int

    def __str__(self) -> str:
        similar = f" ({self.similar:,} of them near a similar one)" if self.similar else ""
        return f"{self.kept:,} characters kept, {self.new:,} new{similar}, {self.dropped:,} dropped"


def start_from(model: Recognizer, charset: Charset, run: Run) -> CharsetChange:
    """Copy the weights of a RUN into a recognizer of the same sizes; classes go by their characters.

    A new character starts as the mean of all kept ones, or half as that and half as a kept one that it resembles (the
    letter without its accent, the other case). Being a mixture, its logit is never above the highest of the kept ones:
    before the first step nothing is read that was not read before.

    Args:
        model: receives the weights.
        charset: of `model`.
        run: where they come from.

    Raises:
        InputError: the sizes differ, or the charsets share no character.
    """
    source, target = run.load_recognizer().state_dict(), model.state_dict()
    for name, tensor in target.items():
        there = source[name].shape if name in source else None
        if there is None or tensor.shape[name in _HEAD :] != there[name in _HEAD :]:
            raise InputError(
                f"init: {run.folder} has another network ({name} is {_size(there)} there and {_size(tensor.shape)} "
                f"here); give the training the `network` settings of {run.folder / CONFIG}"
            )
    kept = {c for c in charset if c in run.charset}
    if not kept:
        raise InputError(f"init: the charset shares no character with that of {run.folder}; train from the start")
    similar = {c: s for c in charset if c not in run.charset and (s := _similar(c, kept)) is not None}
    model.load_state_dict(source | {name: _rows(source[name], charset, run.charset, similar) for name in _HEAD})
    return CharsetChange(len(kept), len(charset) - len(kept), len(similar), len(run.charset) - len(kept))


def _rows(rows: Tensor, charset: Charset, before: Charset, similar: Mapping[str, str]) -> Tensor:
    """Rows of a head for the characters of a charset, from those for `before`; the blank's comes first."""
    mean = torch.stack([rows[before.index[c] + 1] for c in charset if c in before]).mean(0)
    result = [rows[0]]
    for character in charset:
        if character in before:
            result.append(rows[before.index[character] + 1])
        elif character in similar:
            result.append((rows[before.index[similar[character]] + 1] + mean) / 2)
        else:
            result.append(mean)
    return torch.stack(result)


def _similar(character: str, known: Set[str]) -> str | None:
    """A known character that looks alike: the letter without its accent, the other case, the other width."""
    plain = unicodedata.normalize("NFKD", character)[0]
    return next((c for c in (plain, character.swapcase(), plain.swapcase()) if c in known), None)


def _size(shape: torch.Size | None) -> str:
    return "missing" if shape is None else "x".join(map(str, shape)) or "a number"
