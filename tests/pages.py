"""Opening pages in a headless browser without network, and remembering everything they tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright


@dataclass
class Tried:
    """What a page did beside showing itself."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    """Run a browser for the length of a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, path: Path, *, link: str = "", width: int = 1280, height: int = 800
) -> Iterator[tuple[Page, Tried]]:
    """Open a file with the network off; everything but the file itself counts as a request."""
    tried = Tried()
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("request", lambda request: tried.requests.append(request.url))
    page.on("pageerror", lambda error: tried.complaints.append(str(error)))
    page.on("console", lambda message: tried.complaints.append(message.text))

    def note_dialog(dialog: object) -> None:
        tried.dialogs.append(str(dialog))
        getattr(dialog, "dismiss", lambda: None)()

    page.on("dialog", note_dialog)
    address = path.as_uri()
    page.goto(address + link)
    page.wait_for_selector(".fm-ready")
    tried.requests = [request for request in tried.requests if request.split("#")[0] != address]
    yield page, tried
    tried.requests = [request for request in tried.requests if request.split("#")[0] != address]
    context.close()


@contextmanager
def at(page: Page, link: str) -> Iterator[Page]:
    """Follow a link within an open page, as from the address bar, and start anew afterwards."""
    page.evaluate("link => { location.hash = link; }", link)
    page.wait_for_timeout(60)
    yield page
    page.evaluate("frontmapPage.pause()")
