"""What all tests share: the bundled theatre and its history, a browser, and a network that is shut."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator

import pytest
from hypothesis import settings

import frontmap as fm

settings.register_profile("frontmap", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("frontmap")

_connect = socket.socket.connect


def _connect_nearby(self: socket.socket, address: tuple[object, ...] | str) -> None:
    """Connect as usual to this machine, and nowhere else."""
    if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
        raise AssertionError(f"a test tried to reach {address}; tests use no network")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def shut_network() -> Iterator[None]:
    """Let no test connect to another machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_nearby)
        yield


@pytest.fixture(scope="session")
def kursk() -> fm.Theatre:
    """Return the bundled theatre."""
    return fm.load("kursk")


@pytest.fixture(scope="session")
def kursk_history(kursk: fm.Theatre) -> fm.History:
    """Return the bundled theatre's history under the default policy."""
    return fm.assess(kursk, policy="assessed")


@pytest.fixture(scope="session")
def kursk_estimate(kursk: fm.Theatre) -> fm.History:
    """Return the bundled theatre's history under the estimate."""
    return fm.assess(kursk, policy="estimate")


def browser_of(names: tuple[str, ...], called: str) -> str:
    """Return the path of a browser of the system; where there is none, skip, or in CI fail."""
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        message = f"no {called} on this machine: the page cannot be looked at in it"
        if os.environ.get("FRONTMAP_NEEDS_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the system's Chromium."""
    return browser_of(("chromium", "chromium-browser", "google-chrome"), "Chromium")


@pytest.fixture(scope="session")
def firefox() -> str:
    """Return the path of the system's Firefox."""
    return browser_of(("firefox", "firefox-esr"), "Firefox")
