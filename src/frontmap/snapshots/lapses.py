"""States from which much ground is missing that is there before and after: faults of a map, not losses of ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray, GeometryArray, geodesic_area_km2
from frontmap.readers import DrawnSeries
from frontmap.readers.pieces import polygons_only
from frontmap.snapshots.edges import areas_km2

MISSING_SHARE = 0.15
"""A state that lacks more than this share of the ground around it in time may be one."""
SAME_SHARE = 0.9
"""Intersection over union of the states before and after, from which these count as the same map."""
MOST_STATES, MOST_DAYS = 3, 7


def without_lapses(series: DrawnSeries) -> DrawnSeries:
    """Leave out states that lack much ground for a few days; they are gaps.

    Parameters
    ----------
    series : DrawnSeries
        As read.

    Returns
    -------
    DrawnSeries
        The same, if nothing is missing; else with a note for each lapse.

    Raises
    ------
    TypeError
        From shapely, where a geometry is missing.
    """
    left_out: list[int] = []
    notes: list[str] = []
    for layer in series.layers:
        own = series.states[series.states["layer"] == layer]
        shapes, rows = own.geometry.to_numpy(), own.index.to_numpy()
        area_km2 = areas_km2(shapes)
        for begin, end in _dips(area_km2):
            first, last = own["first"].iloc[begin], own["last"].iloc[end - 1]
            before, after = shapes[begin - 1], shapes[end]
            if (last - first).days < MOST_DAYS and _same(before, after):
                missing_km2 = area_km2[begin - 1] - area_km2[begin:end].min()
                left_out += rows[begin:end].tolist()
                when = f"on {first}" if first == last else f"from {first} to {last}"
                notes.append(f"{layer}: {missing_km2:,.0f} km2 are missing {when} only; taken as a gap.")
    if not left_out:
        return series
    states = series.states.drop(index=left_out).reset_index(drop=True)
    return replace(series, states=states, notes=(*series.notes, *notes))


def _dips(area_km2: FloatArray) -> list[tuple[int, int]]:
    """Find short runs of states that are much smaller than the ones on both sides: first, and one after the last."""
    found = []
    begin = 1
    while begin < len(area_km2) - 1:
        low = (1 - MISSING_SHARE) * area_km2[begin - 1]
        after = area_km2[begin : begin + MOST_STATES + 1] >= low
        length = int(np.argmax(after))
        if length and after.any():
            found.append((begin, begin + length))
        begin += max(length, 1) if after.any() else 1
    return found


def _same(before: BaseGeometry, after: BaseGeometry) -> bool:
    both: GeometryArray = np.array([before & after, before | after], dtype=object)
    shared_km2, all_km2 = geodesic_area_km2([polygons_only(shape, []) for shape in both])
    return bool(shared_km2 >= SAME_SHARE * all_km2)
