"""The address of a Ray cluster, and messages that libraries write to the error stream only."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synthtext.core import InputError

_CONNECT_TIMEOUT = 5.0  # seconds; Ray itself would try for minutes


@contextmanager
def capture_stderr(is_captured: Callable[[bytes], bool]) -> Iterator[list[str]]:
    """Capture lines that libraries write to the error stream of the process.

    All other lines are written to the error stream at the end.

    Args:
        is_captured: returns whether a line is captured.

    Yields:
        The list to which the captured lines are added at the end.
    """
    captured: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        original = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield captured
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if is_captured(line):
                    captured.append(line.decode(errors="replace").strip())
                else:
                    os.write(original, line)
            os.close(original)


def check_cluster_address(address: str) -> None:
    """Check that a server listens at the address of a Ray cluster, before a job changes anything.

    Args:
        address: "host:port" of the head of the cluster, or "auto" for a cluster on this machine.

    Raises:
        InputError: the address is malformed, or does not answer.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(
            f"{address!r} is not the address of a Ray cluster: give host:port, as in 10.0.0.5:6379, or auto"
        )
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_TIMEOUT).close()
    except OSError as error:
        raise InputError(f"no Ray cluster answers at {address}: {error.strerror or error}") from None
