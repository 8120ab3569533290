"""What can go wrong in a job. Bad input is `synthtext.core.InputError` (exit status 2)."""

from collections.abc import Mapping


class JobError(RuntimeError):
    """A job failed although its input was good (exit status 1): one sentence says what, where, and what to do."""


class IncompatibleNodeError(RuntimeError):
    """This machine must not do a task that others may do.

    Args:
        what: is wrong with it, as the end of a sentence.
        ingredients: that it would work from, by name, where these differ from those of the job.
        passing: it may do the task at another time.
    """

    def __init__(self, what: str, ingredients: Mapping[str, str] | None = None, passing: bool = False) -> None:
        super().__init__(what, ingredients, passing)
        self.reason, self.fingerprint, self.passing = what, ingredients, passing

    def __str__(self) -> str:
        return self.reason


def format_counts(counts: Mapping[str, int]) -> str:
    """Reasons and how often each was met, the most frequent first, such as "image missing (3)"; empty for none."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{reason} ({count:,})" for reason, count in ordered)
