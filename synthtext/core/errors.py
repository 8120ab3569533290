"""Errors that a user can fix, and rejections of attempts."""


class InputError(ValueError):
    """An input cannot be used; the message says what is wrong, where, and how to fix it."""


class Rejection(Exception):  # noqa: N818 - not an error: the next attempt follows
    """An attempt at a sample is rejected, and another one follows.

    Attributes:
        reason: A few words, the same for all rejections of one kind, which are counted.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
