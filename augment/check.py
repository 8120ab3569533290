"""Checks of settings, in one sentence each."""

from synthtext.core import InputError, Range


def check_range(name: str, interval: Range, lowest: float, highest: float) -> None:
    """Check an interval of a setting.

    Raises:
        InputError: it is not two numbers in order within `lowest` to `highest`.
    """
    if not lowest <= interval[0] <= interval[1] <= highest:
        raise InputError(f"{name} {list(interval)} must be two numbers from {lowest} to {highest}, in order")


def check_share(name: str, value: float) -> None:
    """Check a share or a probability.

    Raises:
        InputError: it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise InputError(f"{name} {value} must be from 0 to 1")
