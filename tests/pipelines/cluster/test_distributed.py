"""Functions that run in several connected processes, and the messages about their failures."""

import itertools
import operator
import time

import pytest
import ray
from ray.exceptions import RayActorError, RayTaskError, WorkerCrashedError

from pipelines.cluster import distributed
from pipelines.cluster.distributed import check_resources, describe_failures, run_distributed
from pipelines.cluster.nodes import NodeMonitor
from pipelines.cluster.pool import worker_pool
from pipelines.errors import JobError
from synthtext.core import InputError
from tests.pipelines.ray_tasks import fail_after_sum


def test_each_cause_is_reported_once():
    closed = RayTaskError("run", "", ConnectionError("closed by peer\nwhere"))
    failures = {2: RayActorError(), 0: closed, 1: closed, 3: WorkerCrashedError()}
    assert describe_failures(failures) == (
        "process 0: ConnectionError: closed by peer; process 2: it was killed, maybe for lack of memory, or lost with "
        "its node; process 3: WorkerCrashedError: The worker died unexpectedly while executing this task. Check "
        "python-core-worker-*.log files for more information."
    )


@pytest.mark.parametrize(("resources", "cuda"), [({"CPU": 8.0, "GPU": 1.0}, True), ({"CPU": 1.0}, False), ({}, True)])
def test_more_processes_than_there_is_room_for_are_refused(resources, cuda):
    check_resources({"CPU": 2.0, "GPU": 2.0}, 2, cuda=cuda)
    with pytest.raises(InputError, match="2 processes need a CPU each"):
        check_resources({"CPU": 1.0, "GPU": 2.0}, 2, cuda=cuda)
    with pytest.raises(InputError, match=r"2 processes need a [CG]PU each, and there are [01]: ask for fewer"):
        check_resources(resources, 2, cuda=cuda)


def wait_for_room():
    deadline = time.monotonic() + 60
    while ray.available_resources().get("CPU") != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def running():
    """One local Ray with two CPUs."""
    with worker_pool(2):
        yield


@pytest.mark.ray
@pytest.mark.usefixtures("running")
def test_messages_and_failures_arrive_and_the_room_is_free_again(monkeypatch):
    monkeypatch.setattr(distributed, "MAX_TASK_ATTEMPTS", 1)
    received = []
    with pytest.raises(JobError, match=r"^the processes failed 1 times, .* process 1: KeyError: 'missing'; .*re-run"):
        run_distributed(fail_after_sum, 10, 2, None, received.append)
    assert sorted(received) == [(0, 21), (1, 21)]
    wait_for_room()


@pytest.mark.ray
@pytest.mark.usefixtures("running")
def test_an_interrupt_ends_the_processes():
    def interrupt(message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_distributed(fail_after_sum, 10, 2, None, interrupt)
    wait_for_room()


@pytest.mark.ray
@pytest.mark.usefixtures("running")
def test_no_room_for_all_processes_is_reported_rather_than_waited_for(monkeypatch):
    monkeypatch.setattr(distributed, "_ROOM_TIMEOUT", 0.1)
    held = ray.util.placement_group([{"CPU": 1}])
    try:
        assert held.wait(60)
        with pytest.raises(JobError, match=r"^the cluster has no room for 2 processes: "):
            run_distributed(operator.truediv, 1, 2, None, print)
    finally:
        ray.util.remove_placement_group(held)


@pytest.mark.ray
@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("calls", [0, 3])
def test_a_cluster_that_is_lost_ends_the_wait(monkeypatch, calls):
    """Before the processes have room, and while they start."""
    counter = itertools.count()

    def check(nodes):
        if next(counter) >= calls:
            raise JobError("the Ray cluster has not answered")

    wait_for_room()
    monkeypatch.setattr(NodeMonitor, "check", check)
    with pytest.raises(JobError, match="has not answered"):
        run_distributed(operator.truediv, 1, 2, None, print)
