"""A real Ray cluster on this machine, of nodes that can be killed with all that runs on them.

It has its own ports, folder and token, and never touches the clusters of others.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from benchmarks.processes import kill_session, ray_workers

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

    def workers(self) -> list[int]:
        """Its processes that do tasks, or wait for some."""
        return ray_workers(self._process.pid)

    def kill(self) -> None:
        """End it as a power cut would."""
        kill_session(self._process.pid)
        self._process.wait()


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
        """Start another node, on an address of its own."""
        node = self._start(f"--address={self.address}", f"--node-ip-address=127.0.0.{len(self.nodes) + 1}", **env)
        node.wait()
        return node

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
