"""From metres of the projection to mm of the sheet: view, graticule, north arrow and scale bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray, LocalProjection, densify
from frontmap.maps.palette import PALETTE
from frontmap.sheets.paper import PT_PER_MM, Box, Sheet
from frontmap.wording import Language

__all__ = ["Arrow", "Bar", "View", "bar_km", "fitted", "graticule", "north_arrow", "scale_bar"]

TOLERANCE_MM = 0.04
_STEPS_DEG = (1 / 60, 1 / 30, 1 / 12, 1 / 6, 1 / 4, 1 / 2, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class View:
    """Which part of the ground a box on a sheet shows.

    Parameters
    ----------
    box
        Where on the sheet.
    projection
        Metres to degrees and back.
    left_m, top_m
        Coordinates of the box's upper left corner.
    metres_per_mm
        Scale.
    """

    box: Box
    projection: LocalProjection
    left_m: float
    top_m: float
    metres_per_mm: float

    def to_sheet(self, geometry: BaseGeometry | None) -> BaseGeometry | None:
        """Move a geometry from metres to mm of the sheet, leave out what no printer shows, and cut it at the box.

        Raises
        ------
        TypeError
            From shapely, if it is no geometry.
        """
        if geometry is None:
            return None
        return self.cut(shapely.simplify(shapely.transform(geometry, self.points_to_sheet), TOLERANCE_MM))

    def cut(self, geometry: BaseGeometry) -> BaseGeometry:
        """Cut a geometry in mm at the edges of the box.

        Raises
        ------
        TypeError
            From shapely, if it is no geometry.
        """
        box = self.box
        return shapely.intersection(geometry, shapely.box(box.left, box.top, box.right, box.bottom))

    def points_to_sheet(self, xy_m: FloatArray) -> FloatArray:
        """Move points from metres to mm of the sheet.

        Raises
        ------
        ValueError
            From numpy, if these are no pairs.
        """
        corner = np.array([self.left_m, self.top_m])
        turned: FloatArray = (xy_m - corner) / self.metres_per_mm * (1, -1) + (self.box.left, self.box.top)
        return turned

    def points_to_metres(self, xy_mm: FloatArray) -> FloatArray:
        """Move points from mm of the sheet to metres.

        Raises
        ------
        ValueError
            From numpy, if these are no pairs.
        """
        corner = np.array([self.left_m, self.top_m])
        moved: FloatArray = (xy_mm - (self.box.left, self.box.top)) * (1, -1) * self.metres_per_mm + corner
        return moved

    def degrees(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Tell longitude and latitude of a point on the sheet.

        Raises
        ------
        TypeError
            If these are no numbers.
        """
        metres = self.points_to_metres(np.array([[x_mm, y_mm]]))
        point = self.projection.to_wgs84(np.array([shapely.Point(metres[0])], dtype=object))[0]
        return float(point.x), float(point.y)

    def from_degrees(self, geometry: BaseGeometry) -> BaseGeometry:
        """Move a geometry from degrees to mm of the sheet.

        Raises
        ------
        TypeError
            From shapely, if it is no geometry.
        """
        return shapely.transform(self.projection.to_metres(np.array([geometry], dtype=object))[0], self.points_to_sheet)


@dataclass(frozen=True)
class Arrow:
    """The north arrow, in mm of the sheet."""

    tail: tuple[float, float]
    tip: tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """The scale bar: its ends in mm of the sheet and the distance that it stands for."""

    start: tuple[float, float]
    end: tuple[float, float]
    length_km: float


def fitted(box: Box, projection: LocalProjection, ground: BaseGeometry, *, margin: float = 0.02) -> View:
    """Choose the view that shows some ground as large as the box allows, in its middle.

    Parameters
    ----------
    box
        Where on the sheet.
    projection
        Of the metres.
    ground
        In metres.
    margin
        Room left free at each edge, as a share of the box's shorter edge.

    Returns
    -------
    View
        As wanted.

    Raises
    ------
    ValueError
        If the ground has no extent.
    """
    left, bottom, right, top = shapely.bounds(ground)
    free = 2 * margin * min(box.width, box.height)
    scale = max((right - left) / (box.width - free), (top - bottom) / (box.height - free))
    if not scale > 0:
        raise ValueError("expected ground with an extent, found none; next: check the frame")
    return View(
        box,
        projection,
        (left + right) / 2 - scale * box.width / 2,
        (bottom + top) / 2 + scale * box.height / 2,
        scale,
    )


def graticule(sheet: Sheet, view: View, size_pt: float) -> None:
    """Draw meridians and parallels, thin, with their degrees outside the left and upper edge of the box.

    Parameters
    ----------
    sheet
        To draw on.
    view
        The ground it shows.
    size_pt
        Size of the type.

    Raises
    ------
    ValueError
        From shapely, if the view shows no ground.
    """
    box = view.box
    edge = [(box.left + box.width * i / 8, box.top + box.height * j / 8) for i in range(9) for j in range(9)]
    corners = np.array([view.degrees(x, y) for x, y in edge])
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    step = next((s for s in _STEPS_DEG if max((east - west) / 1.6, north - south) / s <= 4), _STEPS_DEG[-1])
    for number in range(math.ceil(west / step), math.floor(east / step) + 1):
        line = view.from_degrees(densify(shapely.LineString([(number * step, south), (number * step, north)])))
        _meridian(sheet, view, line, _degrees(number * step, "E", "W"), size_pt, upright=False)
    for number in range(math.ceil(south / step), math.floor(north / step) + 1):
        line = view.from_degrees(densify(shapely.LineString([(west, number * step), (east, number * step)])))
        _meridian(sheet, view, line, _degrees(number * step, "N", "S"), size_pt, upright=True)


def _meridian(sheet: Sheet, view: View, line: BaseGeometry, label: str, size_pt: float, *, upright: bool) -> None:
    """Draw one line of the graticule and write its degrees where it leaves the box."""
    box, shown = view.box, view.cut(line)
    sheet.shape(shown, edge="#8a8a86", width_pt=0.35, dash=(1, 2.5))
    if shapely.is_empty(shown):
        return
    points = shapely.get_coordinates(shown)
    if upright:
        x, y = points[points[:, 0].argmin()]
        if x < box.left + 0.05 and box.top + 6 < y < box.bottom - 6:
            sheet.text(box.left - 0.9, y, label, size_pt, colour=PALETTE["muted"], align="center", turned_deg=90)
    else:
        x, y = points[points[:, 1].argmin()]
        if y < box.top + 0.05 and box.left + 6 < x < box.right - 6:
            sheet.text(x, box.top - 0.9, label, size_pt, colour=PALETTE["muted"], align="center")


def _degrees(value: float, positive: str, negative: str) -> str:
    """Write an angle in degrees and, where there are any, minutes."""
    minutes = round(abs(value) * 60)
    rest = f"{minutes % 60:02d}′" if minutes % 60 else ""
    return f"{minutes // 60}°{rest}{positive if value >= 0 else negative}"


def north_arrow(sheet: Sheet, view: View, x_mm: float, y_mm: float, length_mm: float, letter: str) -> Arrow:
    """Draw an arrow that points along the meridian of its own place.

    Parameters
    ----------
    sheet
        To draw on.
    view
        The ground it shows.
    x_mm, y_mm
        Middle of the arrow.
    length_mm
        Its length.
    letter
        Written above it.

    Returns
    -------
    Arrow
        Where it lies.

    Raises
    ------
    ValueError
        From numpy, if the view shows no ground.
    """
    lon, lat = view.degrees(x_mm, y_mm)
    ahead = shapely.get_coordinates(view.from_degrees(shapely.Point(lon, lat + 0.01)))[0] - (x_mm, y_mm)
    up = ahead / np.hypot(*ahead)
    right = np.array([-up[1], up[0]])
    middle = np.array([x_mm, y_mm])
    tip, tail = middle + up * length_mm / 2, middle - up * length_mm / 2
    notch, wing = tail + up * 0.26 * length_mm, 0.3 * length_mm
    sheet.shape(
        shapely.Polygon([tip, tail + right * wing, notch, tail - right * wing]),
        face=PALETTE["paper"],
        edge=PALETTE["ink"],
        width_pt=0.7,
    )
    sheet.shape(shapely.Polygon([tip, tail + right * wing, notch]), face=PALETTE["ink"])
    size_pt = 0.42 * length_mm * PT_PER_MM
    x, y = tip + up * 0.12 * length_mm
    sheet.text(float(x), float(y), letter, size_pt, bold=True, align="center")
    return Arrow((float(tail[0]), float(tail[1])), (float(tip[0]), float(tip[1])))


def bar_km(view: View, most_mm: float) -> float:
    """Choose the round number of km that a scale bar shows.

    Parameters
    ----------
    view
        The ground the sheet shows.
    most_mm
        Greatest length of the bar.

    Returns
    -------
    float
        1, 2 or 5 times a power of ten.

    Raises
    ------
    ValueError
        If there is no room.
    """
    most_km = most_mm * view.metres_per_mm / 1000
    power = 10.0 ** math.floor(math.log10(most_km))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= most_km)


def scale_bar(
    sheet: Sheet, view: View, left_mm: float, y_mm: float, most_mm: float, size_pt: float, to: Language
) -> Bar:
    """Draw a bar of a round number of km; the projection keeps scale over the whole sheet.

    Parameters
    ----------
    sheet
        To draw on.
    view
        The ground it shows.
    left_mm, y_mm
        Left end of the bar's lower edge.
    most_mm
        Greatest length.
    size_pt
        Size of the type.
    to
        How numbers are written.

    Returns
    -------
    Bar
        Where it lies, and its length.

    Raises
    ------
    KeyError
        If the language lacks a word.
    """
    length_km = bar_km(view, most_mm)
    length_mm = length_km * 1000 / view.metres_per_mm
    high = 0.42 * size_pt / PT_PER_MM
    for half, face in enumerate((PALETTE["ink"], PALETTE["paper"])):
        part = Box(left_mm + half * length_mm / 2, y_mm - high, length_mm / 2, high)
        sheet.box(part, face=face, edge=PALETTE["ink"], width_pt=0.6)
    decimals = max(0, 1 - math.floor(math.log10(length_km)))
    km = to.text("sheets.km")
    for share in (0.0, 0.5, 1.0):
        number = to.number(share * length_km, decimals)
        x, y = left_mm + share * length_mm, y_mm - high - 0.35 * size_pt / PT_PER_MM
        sheet.text(x, y, number, size_pt, align="center")
        if share == 1.0:
            after = left_mm + length_mm + 0.4 * len(number) * size_pt / PT_PER_MM + 0.8
            sheet.text(after, y, km, size_pt)
    return Bar((left_mm, y_mm), (left_mm + length_mm, y_mm), length_km)
