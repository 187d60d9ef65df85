"""The briefing: one page that needs no network, with tables and GIS files beside it."""

from frontmap.briefing.page import briefing_html
from frontmap.briefing.views import narrowed
from frontmap.briefing.writing import brief

__all__ = ["brief", "briefing_html", "narrowed"]
