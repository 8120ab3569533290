"""Counted reasons in words."""

from collections.abc import Mapping


def describe_counts(counts: Mapping[str, int]) -> str:
    """Reasons and how often each was met, the most frequent first, such as "picture missing (3)"; empty for none."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{reason} ({count:,})" for reason, count in ordered)
