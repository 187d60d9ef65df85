"""Colours and line styles of maps and charts: sober, neutral, safe for colour-blind readers and grey print."""

from __future__ import annotations

from typing import Final

PALETTE: Final[dict[str, str]] = {
    "paper": "#ffffff",
    "outside": "#f1f1ee",
    "ink": "#1b1b1b",
    "muted": "#555555",
    "rule": "#cfcfca",
    "front": "#111111",
    "border": "#2b2b2b",
    "river": "#6d8ea6",
    "unknown": "#d9d9d6",
    "contested": "#4a4a4a",
    "contested_ground": "#eceae4",
    "compare": "#00545c",
    "doubt": "#3c3c3c",
}

CLAIM_SHAPES: Final[tuple[str, ...]] = ("circle", "square", "diamond", "triangle")
