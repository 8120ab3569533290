"""Messages of processes that work together, in a file of its own: the process that holds them loads no torch."""

from typing import Any

import ray

from pipelines.cluster.nodes import NODE_ID_LABEL


class Mailbox:
    """Holds messages until somebody takes them."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def put(self, item: Any) -> None:
        """Add a message."""
        self._items.append(item)

    def take(self) -> list[Any]:
        """The messages since the last time, in their order."""
        items, self._items = self._items, []
        return items


def start_mailbox() -> Any:
    """Start a mailbox on the machine of this process: it goes with no other one, nor with what others do there."""
    here = {NODE_ID_LABEL: ray.get_runtime_context().get_node_id()}
    return ray.remote(num_cpus=0, label_selector=here)(Mailbox).remote()
