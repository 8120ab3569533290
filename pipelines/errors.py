"""Errors of jobs. Bad input is `synthtext.core.InputError` (exit status 2)."""

from collections.abc import Mapping


class JobError(RuntimeError):
    """A job failed although its input is valid (exit status 1). The message names the fix."""


class IncompatibleNodeError(RuntimeError):
    """A task must not run on this node, though it may run on others.

    Args:
        reason: as the end of a sentence.
        fingerprint: of this node, by name, where it differs from that of the job.
        transient: the node may become compatible later.
    """

    def __init__(self, reason: str, fingerprint: Mapping[str, str] | None = None, transient: bool = False) -> None:
        super().__init__(reason, fingerprint, transient)  # all arguments, for pickle
        self.reason, self.fingerprint, self.transient = reason, fingerprint, transient

    def __str__(self) -> str:
        return self.reason


def format_counts(counts: Mapping[str, int]) -> str:
    """Format reasons with their counts, the most frequent first, such as "image missing (3)"; empty for none."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{reason} ({count:,})" for reason, count in ordered)
