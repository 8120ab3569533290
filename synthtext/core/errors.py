"""The one kind of error that is a user's to mend."""


class InputError(ValueError):
    """Something that was given cannot be used: one sentence says what, where, and what to do."""


class Rejection(Exception):  # noqa: N818 - no error: the next attempt follows
    """An attempt cannot become a sample.

    Attributes:
        reason: a few words, the same for all attempts that fail for the same cause: they are counted.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
