"""Draw docs/briefing.png, the README's picture, from a fresh briefing in the system's own Chromium."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import frontmap as fm

ROOT = Path(__file__).parent.parent
DAY = "2024-08-27"


def main() -> None:
    """Write the briefing of the bundled theatre to a temporary folder and photograph its first screen."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for path in map(shutil.which, names) if path), None)
    if chromium is None:
        raise SystemExit(f"make picture needs one of {', '.join(names)}; install one")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fm.brief(fm.assess(fm.load("kursk"), policy="estimate"), folder, sheets=False)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{Path(folder, 'briefing.html').as_uri()}#date={DAY}")
        page.wait_for_load_state("load")
        page.screenshot(path=ROOT / "docs" / "briefing.png")
        browser.close()


if __name__ == "__main__":
    main()
