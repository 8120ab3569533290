"""Intervals that settings are drawn from, and the bounds of settings."""

from typing import TypeAlias

from synthtext.core.errors import InputError

Range: TypeAlias = tuple[float, float]
"""Lowest and highest value of a setting."""


def check_range(name: str, interval: Range, lowest: float, highest: float, what: str = "two numbers") -> None:
    """Check an interval.

    Args:
        name: of the setting, for the message.
        interval: its lowest and highest value.
        lowest: that it may have.
        highest: that it may have.
        what: the two are, such as "ems".

    Raises:
        InputError: they are not in order within the bounds.
    """
    if not lowest <= interval[0] <= interval[1] <= highest:
        raise InputError(f"{name} {list(interval)} must be {what} from {lowest:g} to {highest:g}, in order")


def check_number(name: str, value: float, lowest: float, highest: float, unit: str = "") -> None:
    """Check a number.

    Args:
        name: of the setting, for the message.
        value: that it has.
        lowest: that it may have.
        highest: that it may have.
        unit: it is counted in, such as "pixels".

    Raises:
        InputError: it is not within the bounds.
    """
    if not lowest <= value <= highest:
        raise InputError(f"{name} {value} must be from {lowest:g} to {highest:g}{unit and ' '}{unit}")


def check_fraction(name: str, value: float) -> None:
    """Check a share or a probability.

    Raises:
        InputError: it is not from 0 to 1.
    """
    check_number(name, value, 0, 1)


def lerp(interval: Range, share: float) -> float:
    """The number at a share, 0 to 1, of the way through an interval."""
    return interval[0] + (interval[1] - interval[0]) * share
