"""A mailbox for messages between processes; a module of its own, so that the process that holds it loads no torch."""

from typing import Any

import ray

from pipelines.cluster.nodes import NODE_ID_LABEL


class Mailbox:
    """Holds messages until they are taken."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def put(self, item: Any) -> None:
        """Add a message."""
        self._items.append(item)

    def take(self) -> list[Any]:
        """Remove and return all messages, in order."""
        items, self._items = self._items, []
        return items


def start_mailbox() -> Any:
    """Start a mailbox as a Ray actor on the node of this process, so that it depends on no other node."""
    here = {NODE_ID_LABEL: ray.get_runtime_context().get_node_id()}
    return ray.remote(num_cpus=0, label_selector=here)(Mailbox).remote()
