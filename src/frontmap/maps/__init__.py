"""Maps that draw without a network: escaping, the data of a page, the offline map and its date control."""

from frontmap.maps.history_map import show
from frontmap.maps.offline import OfflineMap

__all__ = ["OfflineMap", "show"]
