"""What libraries write to the error stream when something is wrong, and nowhere else."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synthtext.core import InputError


@contextmanager
def capture_stderr(wanted: Callable[[bytes], bool]) -> Iterator[list[str]]:
    """Collect lines that libraries write to the error stream of the process meanwhile.

    What others write there meanwhile is handed on afterwards.

    Args:
        wanted: says of a line whether it is collected.
    """
    found: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield found
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if wanted(line):
                    found.append(line.decode(errors="replace").strip())
                else:
                    os.write(kept, line)
            os.close(kept)


_PATIENCE = 5.0  # seconds; Ray itself would try for minutes


def check_cluster_address(address: str) -> None:
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
