"""Snapshots: areas, gains, losses, gaps and agreement of maps drawn by others, kept in a cache keyed by content."""

from frontmap.snapshots.agreement import against_history, agreement
from frontmap.snapshots.series import areas, changes, gaps
from frontmap.snapshots.surveys import Survey, survey

__all__ = ["Survey", "against_history", "agreement", "areas", "changes", "gaps", "survey"]
