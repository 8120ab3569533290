"""Settings for all tests."""

import gc
import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Modules and collected tests live as long as the process: visiting them in each collection takes seconds.
gc.disable()

# Ray lowers the priority of its workers by 15: beside other tests they would hardly run, and tests would time out.
os.environ.setdefault("RAY_worker_niceness", "0")

# No test may depend on how busy a machine is, nor a verdict on luck: `pytest --hypothesis-profile explore` looks for
# examples that were not tried yet.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Enable garbage collection again, except for the objects that exist now."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest file first, so that no process is left with it when the others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("docs") is None)


@pytest.fixture(autouse=True)
def _same_numbers() -> Iterator[None]:
    """Fresh networks and random inputs of a test are the same every time, and one thread rounds them."""
    import torch

    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def restore_loggers() -> Iterator[None]:
    """Restore the loggers of this process, which the command configures."""
    loggers = [logging.getLogger(name) for name in ("synthtext", "augment", "models", "pipelines")]
    before = [(logger, logger.level, logger.handlers) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers = handlers
