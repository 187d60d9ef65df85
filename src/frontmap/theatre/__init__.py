"""A theatre: its folder is opened here, checked as a whole, and handed on as one immutable object."""

from frontmap.schema import Licence
from frontmap.theatre.loading import bundled, check, describe, load
from frontmap.theatre.model import Theatre
from frontmap.theatre.settings import Party

__all__ = ["Licence", "Party", "Theatre", "bundled", "check", "describe", "load"]
