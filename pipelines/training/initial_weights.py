"""Batch normalisation over the parts of a step."""

import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.recognizer import Recognizer
from pipelines.inference.run import CONFIG_FILE, RecognizerRun
from synthtext.core import Charset, InputError


class BatchNormStatistics:
    """Lets the running statistics of a network follow the mean of a step's batches, in whichever process each was.

    Left alone they would follow one batch after the other, and so depend on who looked at which.

    Args:
        model: the network.
    """

    def __init__(self, model: nn.Module) -> None:
        norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
        self._running = [t for norm in norms for t in (norm.running_mean, norm.running_var) if t is not None]
        self._counters = [norm.num_batches_tracked for norm in norms if norm.num_batches_tracked is not None]
        self._before: list[Tensor] = []
        self._counted: list[Tensor] = []
        self._sums: list[Tensor] = []

    def begin_step(self) -> None:
        """A step begins."""
        self._before = [tensor.clone() for tensor in self._running]
        self._counted = [counter.clone() for counter in self._counters]
        self._sums = [torch.zeros_like(tensor) for tensor in self._running]

    def accumulate(self, share: float) -> None:
        """A batch was looked at, which counts that much; the next one finds the statistics as they were."""
        for tensor, before, total in zip(self._running, self._before, self._sums, strict=True):
            total.add_(tensor, alpha=share)
            tensor.copy_(before)

    def sums(self) -> Sequence[Tensor]:
        """What was collected."""
        return self._sums

    def settle(self) -> None:
        """The step ends: take over what was collected. A step counts once."""
        for tensor, total in zip(self._running, self._sums, strict=True):
            tensor.copy_(total)
        for counter, before in zip(self._counters, self._counted, strict=True):
            counter.copy_(torch.minimum(counter, before + 1))


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


def load_initial_weights(model: Recognizer, charset: Charset, run: RecognizerRun) -> CharsetChange:
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
    source, target = run.load_model().state_dict(), model.state_dict()
    for name, tensor in target.items():
        there = source[name].shape if name in source else None
        if there is None or tensor.shape[name in _HEAD :] != there[name in _HEAD :]:
            raise InputError(
                f"init: {run.folder} has another network ({name} is {_size(there)} there and {_size(tensor.shape)} "
                f"here); give the training the `network` settings of {run.folder / CONFIG_FILE}"
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
