"""Maps that draw without a network: escaping, the data of a page, the offline map and its date control."""

from frontmap.maps.history_map import show
from frontmap.maps.offline import OfflineMap
from frontmap.maps.probability_map import show_probability

__all__ = ["OfflineMap", "show", "show_probability"]
