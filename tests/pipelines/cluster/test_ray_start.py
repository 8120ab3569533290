"""A local Ray that does not start in time."""

import pytest

from pipelines.cluster import pool
from pipelines.errors import JobError


class SlowNode:
    """Stands for Ray's node: it gives up while its processes are starting."""

    def __init__(self):
        self.killed = 0

    def start(self):
        raise RuntimeError("the node timed out during startup")

    def kill_all_processes(self, check_alive, wait):
        assert (check_alive, wait) == (False, True)
        self.killed += 1


def test_its_processes_are_ended_before_the_next_try(monkeypatch):
    monkeypatch.setattr(pool, "_MAX_STARTS", 3)
    nodes = []

    def start():
        nodes.append(SlowNode())
        nodes[-1].start()

    with pytest.raises(JobError, match="Ray did not start: the node timed out during startup; try again"):
        pool._start_local(start)
    assert [node.killed for node in nodes] == [1, 1, 1]
