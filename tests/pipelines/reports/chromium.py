"""Chromium driven by keys and clicks through the pipe of its DevTools protocol."""

import base64
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_READ, _WRITE = 3, 4  # file descriptors of --remote-debugging-pipe in the browser
_FREE = 10  # descriptors from here on do not collide with those
_CODES = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32, "z": 90, "s": 83}
CTRL, SHIFT = 2, 8


class Tab:
    """A page in a browser."""

    def __init__(self, commands: int, events: int) -> None:
        self._commands, self._events, self._buffer, self._number, self._session = commands, events, b"", 0, ""
        self.messages: list[dict[str, Any]] = []  # events that came while a result was awaited

    def attach(self, downloads: Path) -> None:
        """Open an empty page, whose downloads go to a folder."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads), eventsEnabled=True)
        self._session = session
        self.call("Page.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Run a command and return its result."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith("Browser."):
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        while (answer := self._next()).get("id") != self._number:
            self.messages.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, method: str) -> dict[str, Any]:
        """Return the parameters of the next event of a name."""
        while True:
            message = self.messages.pop(0) if self.messages else self._next()
            if message.get("method") == method:
                parameters: dict[str, Any] = message["params"]
                return parameters

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            data = os.read(self._events, 2**16)
            assert data, "the browser has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a page and wait until its script has run; the fragment of its URL is the text after the #."""
        self.messages.clear()
        self.call("Page.navigate", url="about:blank")  # else, another fragment would not load the page again
        self.wait("Page.loadEventFired")
        self.call("Page.navigate", url=f"{page.as_uri()}#{fragment}")
        self.wait("Page.loadEventFired")
        assert self.run("document.documentElement.dataset.ready") == ""
        assert self.run("document.documentElement.dataset.error ?? null") is None

    def run(self, expression: str, wait: bool = False) -> Any:
        """Evaluate JavaScript; `wait` for the promise that it returns."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=wait)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press and release a key."""
        text = "\r" if key == "Enter" and not modifiers else ""
        common = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": _CODES[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def replace(self, text: str) -> None:
        """Type a text over that of the focused field."""
        self.run("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click the middle of an element."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def downloaded(self) -> None:
        """Wait until a download is complete."""
        while self.wait("Browser.downloadProgress")["state"] != "completed":
            pass

    def screenshot(self, path: Path) -> None:
        """Write what the page shows as a PNG file."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(profile: Path, downloads: Path) -> Iterator[Tab]:
    """Start a browser, which ends with the block."""
    assert CHROMIUM
    pipes = [*os.pipe(), *os.pipe()]
    theirs_in, commands, events, theirs_out = (fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, _FREE) for pipe in pipes)
    for pipe in pipes:
        os.close(pipe)
    arguments = [CHROMIUM, *FLAGS, "--remote-debugging-pipe", "--window-size=1280,900", f"--user-data-dir={profile}"]
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, fd, to) for fd, to in ((theirs_in, _READ), (theirs_out, _WRITE), (null, 2))]
    process = os.posix_spawn(CHROMIUM, arguments, os.environ, file_actions=actions, setpgroup=0)
    for descriptor in (theirs_in, theirs_out, null):
        os.close(descriptor)
    try:
        tab = Tab(commands, events)
        tab.attach(downloads)
        yield tab
    finally:
        os.killpg(process, signal.SIGTERM)
        os.waitpid(process, 0)
        os.close(commands)
        os.close(events)
