"""The machines of a Ray cluster: which are there, which may not be asked, whether there is a cluster at all."""

import socket
import threading
import time
from collections.abc import MutableMapping
from typing import NamedTuple

import ray

from pipelines.errors import JobError
from synthtext.core import InputError

HEARTBEAT_TIMEOUT = 40.0
"""Seconds without a sign of the cluster before it counts as lost. Ray itself would end the process after 60."""

CONNECTION_REFUSED_TIMEOUT = 15.0
"""The same where nobody listens any more, so that it is not just busy."""

NO_CAPACITY_TIMEOUT = 300.0
"""Seconds that a job waits for a first machine, or for another when all are gone: some clusters grow on demand."""

NODE_ID_LABEL = "ray.io/node-id"
"""The label by which Ray names every node."""

_PAUSE = 1.0  # seconds between looks


class _Node(NamedTuple):
    name: str
    cpus: int


class NodeMonitor:
    """Looks at the cluster every second, in a thread of its own: who asks a cluster that is gone waits for a minute.

    Args:
        excluded: machines that may not be asked, by the id of the node; grows.
    """

    def __init__(self, excluded: MutableMapping[str, str]) -> None:
        self._refused = excluded
        self._address: str = ray.get_runtime_context().gcs_address
        self._ended = threading.Event()
        self._alive = _look()
        self._last_seen_at = self._last_capacity_at = time.monotonic()
        self._unreachable_since: float | None = None  # since when nobody listens at the address
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def cpus(self) -> int:
        """CPUs of the machines that may be asked."""
        return sum(node.cpus for name, node in self._alive.items() if name not in self._refused)

    @property
    def label_selector(self) -> dict[str, str]:
        """What keeps a task from the machines that may not be asked."""
        return {NODE_ID_LABEL: f"!in({','.join(self._refused)})"} if self._refused else {}

    def name(self, node: str) -> str:
        """What people call a node."""
        return self._alive[node].name if node in self._alive else f"node {node[:8]}, which is gone"

    def check(self) -> None:
        """See whether there is anyone to ask.

        Raises:
            InputError: there is none left, for machines that were refused.
            JobError: the cluster is gone, or all of its machines.
        """
        now, alive, deaf = time.monotonic(), self._alive, self._unreachable_since
        if now - self._last_seen_at > HEARTBEAT_TIMEOUT or (
            deaf is not None and now - deaf > CONNECTION_REFUSED_TIMEOUT
        ):
            raise JobError(
                f"the Ray cluster at {self._address} has not answered for {now - self._last_seen_at:.0f} seconds; what is "
                "finished is kept: the same command again goes on, there or on another cluster"
            )
        if self.cpus:
            self._last_capacity_at = now
        elif any(node in self._refused for node, there in alive.items() if there.cpus):
            reasons = "; ".join(self._refused.values())
            raise InputError(f"no machine is left that may draw, for {reasons}; make them the same, or leave them out")
        elif now - self._last_capacity_at > NO_CAPACITY_TIMEOUT:
            raise JobError(
                f"the Ray cluster at {self._address} has had no CPU for {NO_CAPACITY_TIMEOUT:.0f} seconds; what is finished is kept: "
                "start nodes and the same command again"
            )

    def close(self) -> None:
        """Look no more. Ray must not be left while someone asks it."""
        self._ended.set()
        self._thread.join(timeout=_PAUSE)

    def _watch(self) -> None:
        host, _, port = self._address.rpartition(":")
        while not self._ended.wait(_PAUSE):
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=_PAUSE).close()
            except ConnectionRefusedError:
                self._unreachable_since = self._unreachable_since or time.monotonic()
                continue
            except OSError:
                continue
            self._unreachable_since = None
            self._alive = _look()
            self._last_seen_at = time.monotonic()


def _look() -> dict[str, _Node]:
    """The nodes that are alive, by id."""
    return {
        node["NodeID"]: _Node(
            f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})", int(node["Resources"].get("CPU", 0))
        )
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"]
    }
