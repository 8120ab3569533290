"""Settings for all tests."""

import pytest
import torch
from hypothesis import settings

# No test may depend on how busy a machine is, nor a verdict on luck: `pytest --hypothesis-profile explore` looks for
# examples that were not tried yet.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Fresh networks and random inputs of a test are the same every time."""
    torch.manual_seed(0)
