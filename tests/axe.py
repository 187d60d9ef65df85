"""What axe-core, as an installed package carries it, finds wrong with the accessibility of an open page."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

RUN = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
    (one) => `${one.id}: ${one.nodes.length} x ${one.help}, ${one.nodes[0].html.slice(0, 120)}`)"""


def violations(page: Page) -> list[str]:
    """List the violations, one sentence each, with the first element of each."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN)
    return found
