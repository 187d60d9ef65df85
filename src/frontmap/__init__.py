"""Front lines from dated, sourced, conflicting reports: who held which ground when, how much, and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontmap.cells import verify_cells
from frontmap.claims import fraction_days, test_claims
from frontmap.errors import FrontmapError
from frontmap.history import Explanation, History, assess
from frontmap.theatre import Theatre, check, load

if TYPE_CHECKING:
    from frontmap.briefing import brief
    from frontmap.maps import show

__version__ = "0.1.0"

__all__ = [
    "Explanation",
    "FrontmapError",
    "History",
    "Theatre",
    "__version__",
    "assess",
    "brief",
    "check",
    "fraction_days",
    "load",
    "show",
    "test_claims",
    "verify_cells",
]


def __getattr__(name: str) -> object:
    """Import what shows a history only when it is asked for, since folium is slow to load."""
    if name == "show":
        from frontmap.maps import show

        return show
    if name == "brief":
        from frontmap.briefing import brief

        return brief
    raise AttributeError(f"module 'frontmap' has no attribute {name!r}")
