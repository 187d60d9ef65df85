"""Writing results to tables (CSV) and GIS files (GeoPackage, GeoParquet, GeoJSON), and reading the tables back."""

from frontmap.export.gis import GEOJSON, write_zones, zones_geojson
from frontmap.export.spans import ZoneLayers, zone_layers
from frontmap.export.tables import read_table, table_text, write_tables

__all__ = [
    "GEOJSON",
    "ZoneLayers",
    "read_table",
    "table_text",
    "write_tables",
    "write_zones",
    "zone_layers",
    "zones_geojson",
]
