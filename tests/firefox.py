"""Opening pages in a headless Firefox over WebDriver BiDi, and remembering everything they tried."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websocket import create_connection

PATIENCE_S = 60.0
# Of the browser itself: nothing is looked up, updated or reported while a page is open.
PREFERENCES = """
user_pref("network.dns.disabled", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("remote.active-protocols", 1);
"""


class Firefox:
    """One window of a running Firefox."""

    def __init__(self, address: str) -> None:
        self.socket = create_connection(f"{address}/session", timeout=PATIENCE_S, suppress_origin=True)
        self.sent = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Send one command and wait for its result, noting what happens meanwhile."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("id") == self.sent:
                assert told["type"] == "success", f"{method}: {told}"
                result: dict[str, Any] = told["result"]
                return result
            if told.get("method") == "log.entryAdded":
                self.complaints.append(f"{told['params']['level']}: {told['params']['text']}")
            elif told.get("method") == "network.beforeRequestSent":
                self.requests.append(str(told["params"]["request"]["url"]).partition(",")[0])

    @property
    def reached_out(self) -> list[str]:
        """Requests to anywhere but files of this machine and what the browser carries inside."""
        return [address for address in self.requests if not address.startswith(("file:", "data:", "about:", "blob:"))]

    def size(self, width: int, height: int) -> None:
        """Give the window a size in px."""
        self.ask("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})

    def open(self, address: str) -> None:
        """Open an address and wait until its script is ready."""
        self.ask("browsingContext.navigate", context=self.context, url=address, wait="complete")
        until = time.monotonic() + PATIENCE_S
        while not self.value("document.querySelector('.fm-ready') !== null"):
            assert time.monotonic() < until, f"the page was never ready: {self.complaints}"
            time.sleep(0.1)

    def value(self, expression: str) -> object:
        """Evaluate JavaScript in the page, to something JSON can hold."""
        told = self.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        value: object = json.loads(told["result"].get("value", "null"))
        return value

    def picture(self) -> bytes:
        """Take a picture of the window, as PNG."""
        told = self.ask("browsingContext.captureScreenshot", context=self.context)
        return base64.b64decode(told["data"])


@contextmanager
def running(program: str, folder: Path) -> Iterator[Firefox]:
    """Run Firefox with a profile of its own for the length of a block."""
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES, encoding="utf-8")
    log = folder / "firefox.log"
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
    with log.open("wb") as told:
        process = subprocess.Popen([*command, "about:blank"], stdout=told, stderr=told)
    try:
        yield Firefox(_address(log, process))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait for the line that tells where the browser listens."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"Firefox did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
