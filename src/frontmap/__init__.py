"""Front lines from dated, sourced, conflicting reports: who held which ground when, how much, and who says so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontmap.briefing import brief
    from frontmap.cells import verify_cells
    from frontmap.claims import claim_mismatches, fraction_days, fraction_table, test_claims
    from frontmap.ensembles import assess_many
    from frontmap.errors import FrontmapError
    from frontmap.explanation import Explanation
    from frontmap.history import History, assess
    from frontmap.maps import show
    from frontmap.theatre import Theatre, check, load

__version__ = "0.1.0"

__all__ = [
    "Explanation",
    "FrontmapError",
    "History",
    "Theatre",
    "__version__",
    "assess",
    "assess_many",
    "brief",
    "check",
    "claim_mismatches",
    "fraction_days",
    "fraction_table",
    "load",
    "show",
    "test_claims",
    "verify_cells",
]

_HOME = {
    "Explanation": "explanation",
    "FrontmapError": "errors",
    "History": "history",
    "Theatre": "theatre",
    "assess": "history",
    "assess_many": "ensembles",
    "brief": "briefing",
    "check": "theatre",
    "claim_mismatches": "claims",
    "fraction_days": "claims",
    "fraction_table": "claims",
    "load": "theatre",
    "show": "maps",
    "test_claims": "claims",
    "verify_cells": "cells",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that the command line answers at once."""
    if name not in _HOME:
        raise AttributeError(f"module 'frontmap' has no attribute {name!r}")
    found: object = getattr(import_module(f"frontmap.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
