"""A real Ray cluster on this machine, whose nodes can be killed with all their processes.

It has ports, a folder and a token of its own, and never touches other clusters.
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

_MAX_STARTS = 3
_STARTED = b"Ray runtime started"


class Node:
    """One `ray start` with all processes of its session.

    Args:
        command: of the node.
        env: its whole environment.
        log: file of its output.
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
        """Wait until the node runs. Ray gives it half a minute, which can be too short on a busy machine."""
        for _ in range(_MAX_STARTS):
            while self._process.poll() is None:
                if _STARTED in self._log.read_bytes():
                    return
                time.sleep(0.05)
            self.kill()
            self._start()
        raise AssertionError(self._log.read_text())

    def workers(self) -> list[int]:
        """Return the processes that run tasks or wait for them."""
        return ray_workers(self._process.pid)

    def kill(self) -> None:
        """End the node as a power cut would."""
        kill_session(self._process.pid)
        self._process.wait()


class Cluster:
    """A head and the nodes that join it, as a context manager that ends all of them.

    Args:
        env: variables of every node, beside those that Ray needs.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))  # a short path, as it holds sockets
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
            "RAY_memory_monitor_refresh_ms": "0",  # it would kill workers on a machine whose memory others use
            "RAY_worker_niceness": "0",
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self.nodes: list[Node] = []
        self.head = self._start(
            "--head", f"--port={port}", f"--temp-dir={self._folder}", "--include-dashboard=false", "--no-monitor"
        )

    def add(self, **env: str) -> Node:
        """Start another node, with an address of its own."""
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
