"""Findings of dataset checks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipelines.io.statistics import Statistics
from pipelines.reports.formatting import format_percent

MAX_EXAMPLES = 6
"""Maximum number of examples of a finding."""


class Severity(StrEnum):
    """Severity of a finding, most severe first."""

    ERROR = "error"
    """Samples are lost or teach the wrong thing."""
    WARNING = "warning"
    """Should be inspected."""
    INFO = "info"
    """For information only."""
    OK = "ok"
    """The check passed."""


@dataclass(frozen=True)
class Finding:
    """Result of a check, with a message of one sentence, and labels, keys, characters or reasons as examples.

    If the check passed, the severity is `Severity.OK` and the message is empty.
    """

    check: str
    severity: Severity = Severity.OK
    message: str = ""
    examples: tuple[str, ...] = ()


def count_finding(
    check: str,
    severity: Severity,
    count: int,
    total: int,
    message: str,
    examples: tuple[str, ...] = (),
    unit: str = "lines",
) -> Finding:
    """Return a finding about `count` of `total` things; the check passes if `count` is 0."""
    if not count:
        return Finding(check)
    share = format_percent(count / total)
    return Finding(check, severity, f"{count:,} of {total:,} {unit} ({share}) {message}", examples)


def reason_finding(
    check: str, severity: Severity, reasons: Counter[str], total: int, message: str, unit: str
) -> Finding:
    """Return a finding about things that are counted by reason."""
    examples = tuple(f"{reason} × {count:,}" for reason, count in reasons.most_common())
    return count_finding(check, severity, reasons.total(), total, message, examples, unit)


def skipped_samples(statistics: Statistics, unit: str) -> Finding:
    """Find samples that could not be rendered or imported, or were filtered out."""
    total = statistics.rows + statistics.skipped.total()
    return reason_finding("skipped samples", Severity.INFO, statistics.skipped, total, "were skipped", unit)


def sort_by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings, most severe first."""
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))
