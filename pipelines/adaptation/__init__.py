"""Adaptation of a network to unlabelled photographs, in rounds of pseudo-labels, generation and training."""
