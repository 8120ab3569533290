"""Where a cluster is."""

import socket

from synthtext.core import InputError

_PATIENCE = 5.0  # seconds; Ray itself would try for minutes


def check_address(address: str) -> None:
    """Check that something listens at the address of a Ray cluster, before a job changes anything.

    Args:
        address: "host:port" of the cluster's head, or "auto" for the one of this machine.

    Raises:
        InputError: it is no address, or nothing answers.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(f"{address!r} is no address of a Ray cluster: give host:port, as in 10.0.0.5:6379, or auto")
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise InputError(f"no Ray cluster answers at {address}: {error.strerror or error}") from None
