"""Why an attempt at a sample was given up."""


class Rejection(Exception):  # noqa: N818 - no error: the next attempt follows
    """An attempt cannot become a sample.

    Attributes:
        reason: a few words, the same for all attempts that fail for the same cause: they are counted.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
