"""Headless Chromium spoken to through its debugging pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)  # fmt: skip


def executable() -> str | None:
    """Chromium or Chrome of this machine."""
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


class Failed(AssertionError):
    """The page threw, or did not come to what was waited for."""


class Page:
    """One tab."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        return self._browser.send(method, self._session, **parameters)

    def close(self) -> None:
        """End it, and what it plays."""
        self._browser.send("Target.closeTarget", targetId=self._target)

    def open(self, url: str) -> None:
        """Go to a URL and wait until it is loaded."""
        self._browser.loaded.discard(self._session)
        found = self.send("Page.navigate", url=url)
        if found.get("errorText"):
            raise Failed(f"{url}: {found['errorText']}")
        self._browser.wait(lambda: self._session in self._browser.loaded, f"{url} does not load")

    def run(self, script: str) -> Any:
        """The value of an expression, which may be a promise."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            raise Failed(f"{script[:80]}: {text}")
        return found["result"].get("value")

    def until(self, script: str, seconds: float = 60) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise Failed(f"after {seconds:g} s still not: {script}; {self.complaints}")
            time.sleep(0.05)
        return value

    def press(self, key: str, code: str = "", text: str = "") -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
                text=text if kind == "keyDown" else "",
            )  # fmt: skip

    def resize(self, width: int, height: int) -> None:
        """Show the page as on a screen of this size."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=width < 600,
        )  # fmt: skip

    def offline(self) -> None:
        """Cut the network."""
        self.send(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0,
            uploadThroughput=0,
        )  # fmt: skip

    def screenshot(self, path: Path) -> None:
        """Write what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    @property
    def complaints(self) -> list[str]:
        """What the page said was wrong."""
        return [text for session, text in self._browser.complaints if session == self._session]

    @property
    def requested(self) -> list[str]:
        """URLs that were asked for."""
        return [url for session, url in self._browser.requests if session == self._session]


class Chromium:
    """A browser with a fresh profile; use it as a context manager."""

    def __init__(self, *flags: str) -> None:
        program = executable()
        assert program is not None
        self._profile = tempfile.mkdtemp(prefix="linc-chromium-")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # the browser reads from descriptor 3 and writes to 4; a shell puts them there
        script = f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", program, *FLAGS, *flags,
             f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._number = b"", 0
        self._answers: dict[int, Any] = {}
        self.loaded: set[str] = set()
        self.complaints: list[tuple[str, str]] = []
        self.requests: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._profile, ignore_errors=True)

    def page(self) -> Page:
        """A new tab."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, target, found["sessionId"])

    def send(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Call a method and return its result."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        self.wait(lambda: number in self._answers, f"no answer to {method}")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]

    def wait(self, done: Any, what: str, seconds: float = 120) -> None:
        """Read what the browser says until something is so."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise Failed(what)
            data = os.read(self._in, 1 << 20)
            if not data:
                raise Failed(f"{what}: the browser ended")
            *messages, self._buffer = (self._buffer + data).split(b"\0")
            for message in messages:
                self._heard(json.loads(message))

    def _heard(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
            return
        session, method = message.get("sessionId", ""), message["method"]
        parameters = message["params"]
        if method == "Page.loadEventFired":
            self.loaded.add(session)
        elif method == "Network.requestWillBeSent":
            self.requests.append((session, parameters["request"]["url"]))
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            self.complaints.append((session, text))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            entry = parameters["entry"]
            self.complaints.append((session, f"{entry['text']} {entry.get('url', '')}"))
