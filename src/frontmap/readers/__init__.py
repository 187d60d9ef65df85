"""Readers of maps drawn by others: one file a foreign format, one checked series of dated polygons out of each."""

from frontmap.readers.documents import Document, day_in
from frontmap.readers.drawn import DrawnSeries
from frontmap.readers.registry import READERS, Reader, read, read_files

__all__ = ["READERS", "Document", "DrawnSeries", "Reader", "day_in", "read", "read_files"]
