"""Processes of a session, which is started with `start_new_session=True`. Reads /proc."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def of_session(leader: int) -> list[int]:
    """The running processes of a session."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _session(path) == leader]


def ray_workers(leader: int) -> list[int]:
    """The Ray workers of a session."""
    return [pid for pid in of_session(leader) if (name := _command(pid)).startswith(b"ray::") and b"Agent" not in name]


def kill(pid: int) -> None:
    """Kill a process, if it still exists."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_session(leader: int) -> None:
    """Kill all processes of a session, as a power failure would."""
    while pids := of_session(leader):
        for pid in pids:
            kill(pid)
        time.sleep(0.02)


def _session(path: Path) -> int:
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] == "Z" else int(fields[3])


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
