"""A real Ray cluster on this machine, of nodes that can be killed with all that runs on them.

It has its own ports, folder and token, and never touches the clusters of others.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

_TRIES = 3
_STARTED = b"Ray runtime started"


class Node:
    """One `ray start`, and all that it starts: they have its session in common.

    Args:
        command: of the node.
        env: its whole environment.
        log: what it says.
    """

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._command, self._env, self._log = command, env, log
        self._start()

    def _start(self) -> None:
        with self._log.open("wb") as file:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it is up. Ray gives a node half a minute, which can be too short on a busy machine."""
        for _ in range(_TRIES):
            while self._process.poll() is None:
                if _STARTED in self._log.read_bytes():
                    return
                time.sleep(0.05)
            self.kill()
            self._start()
        raise AssertionError(self._log.read_text())

    def pids(self) -> list[int]:
        """Its processes."""
        return [int(place.name) for place in Path("/proc").glob("[0-9]*") if self._is_mine(place)]

    def workers(self) -> list[int]:
        """Its processes that do tasks, or wait for some."""
        return [pid for pid in self.pids() if (name := _name(pid)).startswith(b"ray::") and b"Agent" not in name]

    def kill(self) -> None:
        """End it as a power cut would."""
        while pids := self.pids():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.poll()
            time.sleep(0.02)

    def _is_mine(self, place: Path) -> bool:
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        return fields[0] != "Z" and int(fields[3]) == self._process.pid


class Cluster:
    """A head, and nodes that join it; use it with `with`, and all of them end.

    Args:
        env: what is set for every node, beside what Ray needs.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))  # a short path: sockets lie in it
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        clean = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
        self.access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        quick = {"period_ms": "500", "timeout_ms": "3000", "failure_threshold": "3"}
        self._env = {
            **clean,
            **self.access,
            **{f"RAY_health_check_{name}": text for name, text in quick.items()},
            "RAY_memory_monitor_refresh_ms": "0",  # or it would kill workers on a machine that others fill
            "RAY_worker_niceness": "0",
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self.nodes: list[Node] = []
        self.head = self._start("--head", f"--port={port}", f"--temp-dir={self._folder}", "--include-dashboard=false")

    def add(self, **env: str) -> Node:
        """Start another node, on an address of its own; `wait` for it."""
        return self._start(f"--address={self.address}", f"--node-ip-address=127.0.0.{len(self.nodes) + 1}", **env)

    def _start(self, *arguments: str, **env: str) -> Node:
        log = self._folder / f"node-{len(self.nodes) + 1}.log"
        common = ("--block", "--num-cpus=1", "--object-store-memory=100000000", "--include-log-monitor=false")
        ray = str(Path(sys.executable).with_name("ray"))
        node = Node([ray, "start", *common, *arguments], self._env | env, log)
        self.nodes.append(node)
        return node

    def __enter__(self) -> Self:
        try:
            self.head.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def _name(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
