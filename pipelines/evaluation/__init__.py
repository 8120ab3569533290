"""Evaluation: scores, outcomes, slices, confusion, and thresholds."""
