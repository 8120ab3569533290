"""The wait for the processes of a distributed training, and the messages about their failures."""

import os
import signal
import threading

import pytest
from ray.exceptions import RayActorError
from ray.train import ControllerError, WorkerGroupError

from pipelines.cluster.distributed import SilenceMonitor, check_resources, describe_failure, run_in_thread
from pipelines.cluster.pool import MAX_TASK_ATTEMPTS
from pipelines.errors import JobError
from synthtext.core import InputError


def test_each_cause_is_told_once():
    lost = ConnectionError("closed by peer\nwhere")
    failures = {2: RayActorError(), 0: lost, 1: lost, 3: KeyError("missing")}
    assert describe_failure(WorkerGroupError("process 0 ...", failures), 4) == (
        f"the processes failed {MAX_TASK_ATTEMPTS} times, the last time with process 0: ConnectionError: "
        "closed by peer; process 2: it was killed, maybe for lack of memory, or lost with its node; process 3: "
        "KeyError: 'missing'"
    )
    assert (
        describe_failure(ControllerError(OSError("no such file")), 4)
        == "4 processes could not be started: OSError: no such file"
    )


@pytest.mark.parametrize(("resources", "cuda"), [({"CPU": 8.0, "GPU": 1.0}, True), ({"CPU": 1.0}, False), ({}, True)])
def test_more_processes_than_there_is_room_for_are_refused(resources, cuda):
    check_resources({"CPU": 2.0, "GPU": 2.0}, 2, cuda=cuda)
    with pytest.raises(InputError, match=r"2 processes need a [CG]PU each, and there are [01]: ask for fewer"):
        check_resources(resources, 2, cuda=cuda)


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, as in a process that was not started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_wait_for_the_processes_at_once(interruptible):
    ended = threading.Event()

    def fit():
        if threading.current_thread() is threading.main_thread():  # as Ray Train does
            signal.signal(signal.SIGINT, lambda *_: None)
        os.kill(os.getpid(), signal.SIGINT)
        ended.wait(30)

    with pytest.raises(KeyboardInterrupt):
        run_in_thread(fit)
    assert not ended.is_set()
    assert signal.getsignal(signal.SIGINT) is interruptible
    ended.set()
    with pytest.raises(ZeroDivisionError):
        run_in_thread(lambda: 1 / 0)


def test_processes_that_do_not_answer_end_the_wait():
    """Whatever Ray waits for."""
    ended = threading.Event()
    silence = SilenceMonitor(timeout=0.01)
    silence.hear()
    with pytest.raises(JobError, match="no process of the training has answered for 0 seconds; re-run"):
        run_in_thread(lambda: ended.wait(30), silence.check)
    ended.set()
    SilenceMonitor().check()


def test_a_cluster_that_is_lost_ends_the_wait_for_the_processes():
    ended = threading.Event()

    def check():
        raise JobError("the Ray cluster has not answered")

    with pytest.raises(JobError, match="has not answered"):
        run_in_thread(lambda: ended.wait(30), check)
    assert not ended.is_set()
    ended.set()
