"""Processes of one session: whoever started it with `start_new_session=True` can end all of it. Reads /proc."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def of_session(leader: int) -> list[int]:
    """The processes of a session that still run."""
    return [int(place.name) for place in Path("/proc").glob("[0-9]*") if _session(place) == leader]


def ray_workers(leader: int) -> list[int]:
    """Those that do tasks of Ray, or wait for some."""
    return [pid for pid in of_session(leader) if (name := _command(pid)).startswith(b"ray::") and b"Agent" not in name]


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_session(leader: int) -> None:
    """End a whole session, as a power cut would."""
    while pids := of_session(leader):
        for pid in pids:
            kill(pid)
        time.sleep(0.02)


def _session(place: Path) -> int:
    try:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] == "Z" else int(fields[3])


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
