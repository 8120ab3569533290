"""Intervals of settings, and checks of bounds."""

from dataclasses import field, fields
from typing import Any, TypeAlias, TypeVar

import numpy as np

from synthtext.core.errors import InputError

Range: TypeAlias = tuple[float, float]
"""Minimum and maximum of a setting."""


def check_range(name: str, interval: Range, lowest: float, highest: float, what: str = "two numbers") -> None:
    """Check that an interval is in order and within bounds; `what`, such as "ems", is its unit in the message.

    Raises:
        InputError: The interval is not in order or out of bounds.
    """
    if not lowest <= interval[0] <= interval[1] <= highest:
        raise InputError(f"{name} {list(interval)} must be {what} from {lowest:g} to {highest:g}, in order")


def check_number(name: str, value: float, lowest: float, highest: float, unit: str = "") -> None:
    """Check that a number is within bounds; `unit`, such as "pixels", is used in the message.

    Raises:
        InputError: The number is out of bounds.
    """
    if not lowest <= value <= highest:
        raise InputError(f"{name} {value} must be from {lowest:g} to {highest:g}{unit and ' '}{unit}")


def check_fraction(name: str, value: float) -> None:
    """Check that a fraction or probability is from 0 to 1.

    Raises:
        InputError: It is not.
    """
    check_number(name, value, 0, 1)


Value = TypeVar("Value")


def bounded(default: Value, lowest: float, highest: float, unit: str = "") -> Value:
    """Declare a field with bounds, a number or an interval, in a dataclass that extends `BoundedSettings`.

    The unit, such as "ems", is used in messages.
    """
    declared: Value = field(default=default, metadata={"bounds": (lowest, highest, unit)})
    return declared


class BoundedSettings:
    """Base class of dataclasses; it checks the bounds of the fields that are declared by `bounded`.

    Raises:
        InputError: A number or an interval is out of bounds, or an interval is not in order.
    """

    def __post_init__(self) -> None:
        for entry in fields(self):  # type: ignore[arg-type]
            if "bounds" in entry.metadata:
                lowest, highest, unit = entry.metadata["bounds"]
                value = getattr(self, entry.name)
                if isinstance(entry.default, tuple):
                    check_range(entry.name, value, lowest, highest, unit or "two numbers")
                else:
                    check_number(entry.name, value, lowest, highest, unit)

    def uniform(self, rng: np.random.Generator, *names: str) -> dict[str, Any]:
        """Sample uniform numbers by name, in this order, each from the interval in the field `NAME_range`."""
        return {name: lerp(getattr(self, f"{name}_range"), rng.random()) for name in names}


def lerp(interval: Range, fraction: float) -> float:
    """Interpolate linearly: return the number at a fraction (0 to 1) of the way through an interval."""
    return interval[0] + (interval[1] - interval[0]) * fraction


def draw_integer(rng: np.random.Generator, interval: tuple[int, int]) -> int:
    """Draw a uniformly distributed whole number from an interval, both ends included.

    Takes a third of the time of `rng.integers`.
    """
    return interval[0] + int(rng.random() * (interval[1] - interval[0] + 1))
