"""The nodes of a Ray cluster: which are alive, which are excluded, and whether the cluster still exists."""

import socket
import threading
import time
from collections.abc import MutableMapping
from typing import NamedTuple

import ray

from pipelines.errors import JobError
from synthtext.core import InputError

HEARTBEAT_TIMEOUT = 40.0
"""Seconds without an answer after which the cluster counts as lost. Ray itself would end the process after 60."""

CONNECTION_REFUSED_TIMEOUT = 15.0
"""The same where connections are refused, so that the cluster is not just busy."""

NO_CAPACITY_TIMEOUT = 300.0
"""Seconds that a job waits for a node with CPUs, at the start or after all are lost: some clusters grow on demand."""

NODE_ID_LABEL = "ray.io/node-id"
"""Label under which Ray stores the id of a node."""

_POLL_INTERVAL = 1.0  # seconds


class _Node(NamedTuple):
    name: str
    cpus: int


class NodeMonitor:
    """Polls the cluster every second from a thread, because a call to a cluster that is gone blocks for a minute.

    Args:
        excluded: nodes that get no tasks, by id, with the reason; it may grow.
    """

    def __init__(self, excluded: MutableMapping[str, str]) -> None:
        self._excluded = excluded
        self._address: str = ray.get_runtime_context().gcs_address
        self._closed = threading.Event()
        self._alive = _alive_nodes()
        self._last_seen_at = self._last_capacity_at = time.monotonic()
        self._unreachable_since: float | None = None  # connections are refused
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    @property
    def cpus(self) -> int:
        """CPUs of the nodes that are not excluded."""
        return sum(node.cpus for node_id, node in self._alive.items() if node_id not in self._excluded)

    @property
    def label_selector(self) -> dict[str, str]:
        """The label selector that keeps a task from excluded nodes."""
        return {NODE_ID_LABEL: f"!in({','.join(self._excluded)})"} if self._excluded else {}

    @property
    def is_lost(self) -> bool:
        """Whether the cluster has not answered for so long that it counts as lost."""
        now, unreachable_since = time.monotonic(), self._unreachable_since
        is_refused = unreachable_since is not None and now - unreachable_since > CONNECTION_REFUSED_TIMEOUT
        return is_refused or now - self._last_seen_at > HEARTBEAT_TIMEOUT

    def name(self, node_id: str) -> str:
        """Return the host name and address of a node."""
        return self._alive[node_id].name if node_id in self._alive else f"node {node_id[:8]}, which is gone"

    def check(self) -> None:
        """Check that the cluster answers and has nodes for tasks.

        Raises:
            InputError: all nodes are excluded.
            JobError: the cluster is lost, or has had no CPU for too long.
        """
        now, alive = time.monotonic(), self._alive
        if self.is_lost:
            raise JobError(
                f"the Ray cluster at {self._address} has not answered for {now - self._last_seen_at:.0f} seconds; "
                "finished work is kept: re-run the same command to resume, on this or another cluster"
            )
        if self.cpus:
            self._last_capacity_at = now
        elif any(node_id in self._excluded for node_id, node in alive.items() if node.cpus):
            reasons = "; ".join(self._excluded.values())
            raise InputError(
                f"no compatible node is left: {reasons}; make the nodes equal to this machine, or remove them"
            )
        elif now - self._last_capacity_at > NO_CAPACITY_TIMEOUT:
            raise JobError(
                f"the Ray cluster at {self._address} has had no CPU for {NO_CAPACITY_TIMEOUT:.0f} seconds; finished "
                "work is kept: start nodes, and re-run the same command to resume"
            )

    def close(self) -> None:
        """Stop polling, which must not go on while Ray shuts down."""
        self._closed.set()
        self._thread.join(timeout=_POLL_INTERVAL)

    def _poll(self) -> None:
        host, _, port = self._address.rpartition(":")
        while not self._closed.wait(_POLL_INTERVAL):
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=_POLL_INTERVAL).close()
            except ConnectionRefusedError:
                self._unreachable_since = self._unreachable_since or time.monotonic()
                continue
            except OSError:
                continue
            self._unreachable_since = None
            self._alive = _alive_nodes()
            self._last_seen_at = time.monotonic()


def _alive_nodes() -> dict[str, _Node]:
    """The nodes that are alive, by id."""
    return {
        node["NodeID"]: _Node(
            f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})", int(node["Resources"].get("CPU", 0))
        )
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"]
    }
