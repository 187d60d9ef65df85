"""The chart of areas held beyond the border by day, with interval and published claims, in a box of a sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from frontmap.charts import beyond_border, charted_claims, claim_shapes
from frontmap.maps.escape import colour
from frontmap.maps.palette import CLAIM_SHAPES, PALETTE
from frontmap.sheets.paper import PT_PER_MM, Box, Sheet
from frontmap.sheets.patterns import hatching, mixed
from frontmap.sheets.text import width_pt

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Party
    from frontmap.wording import Language

__all__ = ["Axes", "claim_shape", "draw_chart", "draw_cursor"]


@dataclass(frozen=True)
class Axes:
    """Where days and areas lie, in mm: box of the courses, number of days, greatest area."""

    box: Box
    days: int
    most: float

    def x(self, day: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Where a day lies from the left edge of the sheet.

        Raises
        ------
        TypeError
            If a day is no number.
        """
        return np.asarray(self.box.left + self.box.width * np.asarray(day, dtype=float) / max(1, self.days - 1))

    def y(self, km2: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Where an area lies from the upper edge of the sheet.

        Raises
        ------
        TypeError
            If an area is no number.
        """
        return np.asarray(self.box.bottom - self.box.height * np.asarray(km2, dtype=float) / self.most)


def draw_chart(
    sheet: Sheet,
    box: Box,
    history: History,
    to: Language,
    *,
    size_pt: float,
    claims: bool = True,
    day: int | None = None,
    key_days: Sequence[int] = (),
) -> Axes:
    """Draw what each party holds beyond the border, by day.

    Parameters
    ----------
    sheet
        To draw on.
    box
        Where on the sheet, the numbers at its left and lower edge included.
    history
        An assessed history.
    to
        The language.
    size_pt
        Size of the type.
    claims
        Whether published claims of area held are drawn.
    day
        A day, counted from the first one, that is marked.
    key_days
        Days that get a thin line and their date.

    Returns
    -------
    Axes
        Where days and areas lie.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    parties = history.theatre.parties
    points = _points(history) if claims else _points(history).iloc[:0]
    axes, step = _axes(box, history, to, size_pt, points, bool(key_days))
    _draw_axes(sheet, axes, history.days, step, size_pt, to)
    inner = axes.box
    for number in key_days:
        x = float(axes.x(number))
        sheet.line([(x, inner.top), (x, inner.bottom)], colour="#9a9a96", width_pt=0.5, dash=(2, 3))
    _key_dates(sheet, axes, [(number, to.short_day(history.days[number])) for number in key_days], size_pt)
    series = beyond_border(history.areas(), parties)
    for party in parties:
        if party.id in series:
            _draw_area(sheet, axes, party, series[party.id], size_pt / 7)
    _draw_claims(sheet, axes, points.assign(place=(points["day"] - history.days[0]).dt.days), parties, size_pt / 7)
    if day is not None:
        draw_cursor(sheet, axes, day)
    return axes


def draw_cursor(sheet: Sheet, axes: Axes, day: int) -> None:
    """Mark a day on a chart.

    Parameters
    ----------
    sheet
        To draw on.
    axes
        What `draw_chart` returned.
    day
        Counted from the first one.

    Raises
    ------
    TypeError
        If the day is no number.
    """
    x, inner = float(axes.x(day)), axes.box
    sheet.line([(x, inner.top), (x, inner.bottom)], colour=PALETTE["ink"], width_pt=1.4)
    mark = shapely.Polygon([(x - 1.1, inner.top - 1.5), (x + 1.1, inner.top - 1.5), (x, inner.top + 0.4)])
    sheet.shape(mark, face=PALETTE["ink"])


def _points(history: History) -> pd.DataFrame:
    """Claims of areas held within the period."""
    points = charted_claims(history.theatre.claims)
    return points[(points["day"] >= history.days[0]) & (points["day"] <= history.days[-1])]


def _axes(
    box: Box, history: History, to: Language, size_pt: float, points: pd.DataFrame, dated: bool
) -> tuple[Axes, float]:
    """Choose where days and areas lie, and the distance of the grid lines."""
    series = beyond_border(history.areas(), history.theatre.parties)
    tops = [float(values["area_high_km2"].max()) for values in series.values()] + list(points["upper"].astype(float))
    line_mm = size_pt / PT_PER_MM
    above = 1.5 * line_mm if dated else 0.4 * line_mm
    step = _step(max([*tops, 1.0]), max(2, int(box.height / (3.4 * line_mm))))
    most = step * math.ceil(max([*tops, 1.0]) / step)
    left = width_pt(to.number(most), size_pt) / PT_PER_MM + 1.4
    inner = Box(box.left + left, box.top + above, box.width - left - 0.5, box.height - above - 1.7 * line_mm)
    return Axes(inner, len(history.days), most), step


def _step(most: float, lines: int) -> float:
    """Distance of the grid lines: 1, 2 or 5 times a power of ten, so that few lines fit."""
    raw = most / lines
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def _draw_axes(sheet: Sheet, axes: Axes, days: pd.DatetimeIndex, step: float, size_pt: float, to: Language) -> None:
    box, line_mm = axes.box, size_pt / PT_PER_MM
    for number in range(round(axes.most / step) + 1):
        y = float(axes.y(number * step))
        sheet.line([(box.left, y), (box.right, y)], colour=PALETTE["rule"], width_pt=0.5)
        label = to.number(number * step)
        sheet.text(box.left - 1, y + 0.35 * line_mm, label, size_pt, colour=PALETTE["muted"], align="right")
    starts = [place for place, day in enumerate(days) if day.day == 1] or [0]
    month_mm = 30 * box.width / max(1, len(days) - 1)
    widest = max(width_pt(to.month(days[place]), size_pt) for place in starts) / PT_PER_MM + 2.5
    every = next(n for n in (1, 2, 3, 6, 12, 24, 1200) if n * month_mm >= widest or n == 1200)
    for place in starts:
        x, day = float(axes.x(place)), days[place]
        sheet.line([(x, box.bottom), (x, box.bottom + 0.9)], colour=PALETTE["muted"], width_pt=0.5)
        room = min(x - box.left + 6, box.right - x + 2) > widest / 2
        if (day.year * 12 + day.month - 1) % every == 0 and room:
            y = box.bottom + 1.4 * line_mm
            sheet.text(x, y, to.month(day), size_pt, colour=PALETTE["muted"], align="center")


def _key_dates(sheet: Sheet, axes: Axes, dates: Sequence[tuple[int, str]], size_pt: float) -> None:
    """Write dates above their lines where there is room."""
    free_from = axes.box.left
    for number, text in dates:
        x, half = float(axes.x(number)), width_pt(text, 0.92 * size_pt) / PT_PER_MM / 2
        left = min(max(x - half, free_from), axes.box.right - 2 * half)
        if left >= free_from and abs(left + half - x) <= half + 1e-6:
            sheet.text(left, axes.box.top - 1.2, text, 0.92 * size_pt, colour=PALETTE["muted"])
            free_from = left + 2 * half + 2


def _draw_area(sheet: Sheet, axes: Axes, party: Party, values: pd.DataFrame, weight: float) -> None:
    tint = colour(party.colour)
    x = axes.x(np.arange(len(values), dtype=np.float64))
    low, best, high = (axes.y(values[f"area_{name}km2"].to_numpy(float)) for name in ("low_", "", "high_"))
    floor = axes.box.bottom
    ground = _polygon(x, best, np.full_like(best, floor))
    sheet.shape(ground, face=mixed(tint, 0.4), alpha=0.8)
    if party.hatched:
        sheet.shape(hatching(ground, 1.5 * weight), edge=tint, width_pt=0.5 * weight)
    sheet.shape(_polygon(x, high, low), face=tint, alpha=0.22)
    for course in (low, high):
        sheet.shape(shapely.LineString(np.column_stack([x, course])), edge=tint, width_pt=0.4 * weight)
    sheet.shape(shapely.LineString(np.column_stack([x, best])), edge=tint, width_pt=1.5 * weight)


def _polygon(x: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64]) -> shapely.Geometry:
    """Make the ground between two courses."""
    if len(x) < 2:
        return shapely.Polygon()
    return shapely.make_valid(
        shapely.Polygon(np.vstack([np.column_stack([x, upper]), np.column_stack([x, lower])[::-1]]))
    )


def _draw_claims(sheet: Sheet, axes: Axes, points: pd.DataFrame, parties: Sequence[Party], weight: float) -> None:
    """Draw the claims, filled if they are about control on a given day; the shape tells the claimant's side."""
    by_id = {party.id: party for party in parties}
    shapes = claim_shapes(parties)
    for row in points.to_dict("records"):
        party = by_id.get(row["party"])
        tint = colour(party.colour) if party else PALETTE["muted"]
        filled = row["basis"] == "control" and row["as_of_date"] is not pd.NaT
        x, low, high = float(axes.x(row["place"])), float(axes.y(row["lower"])), float(axes.y(row["upper"]))
        if low != high:
            sheet.line([(x, low), (x, high)], colour=tint, width_pt=0.7 * weight)
        mark = claim_shape(x, (low + high) / 2, shapes.get(row["claimant_side"], CLAIM_SHAPES[2]), weight)
        face, edge = (tint, PALETTE["paper"]) if filled else (PALETTE["paper"], tint)
        sheet.shape(mark, face=face, edge=edge, width_pt=0.7 * weight)


def claim_shape(x: float, y: float, shape: str, weight: float) -> shapely.Geometry:
    """Make the mark of a claim.

    Parameters
    ----------
    x, y
        Its middle, in mm.
    shape
        One of `frontmap.maps.palette.CLAIM_SHAPES`.
    weight
        Its size; 1 for marks of about 2 mm.

    Returns
    -------
    Polygon
        In mm.

    Raises
    ------
    KeyError
        If there is no such shape.
    """
    if shape == "circle":
        return shapely.Point(x, y).buffer(0.95 * weight)
    corners = {
        "square": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
        "diamond": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
        "triangle": ((0, -1.15), (1.15, 0.9), (-1.15, 0.9)),
    }[shape]
    return shapely.Polygon([(x + dx * weight, y + dy * weight) for dx, dy in corners])
