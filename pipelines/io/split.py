"""Splits of data, such as train and validation: what falls into a split is decided by a hash alone."""

import hashlib
import math
import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from pydantic import BaseModel, ConfigDict

from synthtext.core import InputError


class Split(BaseModel):
    """A part of some data: everything with a hash from `low` to below `high`.

    Attributes:
        name: such as "train".
        low: 0 to 1.
        high: 0 to 1, above `low`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    low: float
    high: float

    @property
    def share(self) -> float:
        """The expected share of the data."""
        return self.high - self.low

    def has(self, content: bytes) -> bool:
        """Return whether a content falls into this split."""
        digest = hashlib.blake2b(content, digest_size=6).digest()  # 48 bits, which a float holds exactly
        return self.low <= int.from_bytes(digest) / 2**48 < self.high

    def __str__(self) -> str:
        return f"{self.name} ({self.low:g} to {self.high:g})"


def parse_splits(entries: Sequence[str]) -> tuple[Split, ...]:
    """Parse entries of the form `train=0.98`, or several with commas in between.

    Raises:
        InputError: an entry is malformed, a name occurs twice, or the shares do not add up to 1.
    """
    pairs = [entry.partition("=") for entry in ",".join(entries).split(",")]
    for name, _, share in pairs:
        is_number = re.fullmatch(r"0?\.[0-9]+|1(\.0*)?", share) and float(share) > 0
        if not re.fullmatch(r"[A-Za-z0-9]\w{0,63}", name, re.ASCII) or not is_number:
            raise InputError(
                f"split {name}={share}: write NAME=SHARE, a share above 0, as in train=0.98 validation=0.02"
            )
    names = [name for name, _, _ in pairs]
    bounds = [round(bound, 12) for bound in accumulate((float(share) for *_, share in pairs), initial=0.0)]
    if len(set(names)) < len(names):
        raise InputError(f"splits {', '.join(names)}: give every split a name of its own")
    if not math.isclose(bounds[-1], 1, abs_tol=1e-9):
        raise InputError(f"the shares of {', '.join(names)} add up to {bounds[-1]:g}: they must add up to 1")
    bounds[-1] = 1.0
    return tuple(
        Split(name=name, low=low, high=high) for name, (low, high) in zip(names, pairwise(bounds), strict=True)
    )
