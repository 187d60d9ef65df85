"""Colours and patterns of ground: pale on a party's own side of the border, strong beyond it, one side hatched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.maps.escape import colour
from frontmap.maps.palette import PALETTE
from frontmap.schema import CONTESTED
from frontmap.sheets.paper import Sheet

if TYPE_CHECKING:
    from frontmap.theatre import Party

__all__ = ["dots", "draw_zone", "hatching", "mixed", "zone_face"]


def draw_zone(
    sheet: Sheet, shape: BaseGeometry | None, party: Party | None, state: str, side: str, weight: float
) -> None:
    """Fill a zone in the colour of its state: pale on the party's own side of the border, strong beyond it.

    Parameters
    ----------
    sheet
        To draw on.
    shape
        In mm of the sheet.
    party
        The party whose zone it is; None for contested and unknown ground.
    state, side
        Name of the state, and the country.
    weight
        How wide lines are.

    Raises
    ------
    TypeError
        From shapely, if the shape is no geometry.
    """
    if shape is None or shapely.is_empty(shape):
        return
    face = zone_face(party, state, side)
    sheet.shape(shape, face=face, edge=face, width_pt=0.2)
    for lines, tint, width_pt in _zone_lines(shape, party, state, side, weight):
        sheet.shape(lines, edge=tint, width_pt=width_pt)


def zone_face(party: Party | None, state: str, side: str) -> str:
    """Choose the colour of a zone's ground.

    Parameters
    ----------
    party
        The party, or None.
    state, side
        Name of the state, and the country.

    Returns
    -------
    str
        As ``#rrggbb``.

    Raises
    ------
    KeyError
        If the palette lacks a colour.
    """
    if party is None:
        return PALETTE["contested_ground" if state == CONTESTED else "unknown"]
    return mixed(party.colour, 0.13 if side == party.home_country else 0.5)


def _zone_lines(
    shape: BaseGeometry, party: Party | None, state: str, side: str, weight: float
) -> list[tuple[BaseGeometry, str, float]]:
    """Make the lines with which a zone is hatched, with colour and width in points."""
    if party is None:
        if state != CONTESTED:
            return []
        both = [hatching(shape, 1.5 * weight, rising=rising) for rising in (True, False)]
        return [(lines, PALETTE["contested"], 0.6 * weight) for lines in both]
    if not party.hatched:
        return []
    if side == party.home_country:
        return [(hatching(shape, 2.1 * weight), mixed(party.colour, 0.36), 0.35 * weight)]
    return [(hatching(shape, 1.5 * weight), colour(party.colour), 0.8 * weight)]


def mixed(tint: str, share: float) -> str:
    """Mix a colour with the white of the paper.

    Parameters
    ----------
    tint
        What a theatre says the colour is.
    share
        Of the colour.

    Returns
    -------
    str
        As ``#rrggbb``.

    Raises
    ------
    Nothing; what is no colour is taken as the neutral one.

    Examples
    --------
    >>> mixed("#000", 0.5)
    '#808080'
    """
    checked = colour(tint)
    digits = checked[1:] if len(checked) == 7 else "".join(2 * sign for sign in checked[1:])
    parts = (int(digits[n : n + 2], 16) for n in (0, 2, 4))
    return "#" + "".join(f"{round(255 - share * (255 - part)):02x}" for part in parts)


def hatching(shape: BaseGeometry, step_mm: float, *, rising: bool = True) -> BaseGeometry:
    """Cut slanted lines, `step_mm` apart and in the same places on every sheet, to a shape.

    Parameters
    ----------
    shape
        In mm.
    step_mm
        Distance of the lines.
    rising
        Whether they rise to the right.

    Returns
    -------
    geometry
        Lines in mm.

    Raises
    ------
    TypeError
        From shapely, if the shape is no geometry.
    """
    left, top, right, bottom = shapely.bounds(shape)
    run = step_mm * 2**0.5
    sign = 1 if rising else -1
    lowest, highest = sorted((top + sign * left, bottom + sign * right)) if rising else (top - right, bottom - left)
    offsets = run * np.arange(np.floor(lowest / run), np.ceil(highest / run) + 1)
    starts = np.column_stack([np.full_like(offsets, left), offsets - sign * left])
    ends = np.column_stack([np.full_like(offsets, right), offsets - sign * right])
    lines = shapely.multilinestrings(shapely.linestrings(np.stack([starts, ends], axis=1)))
    return shapely.intersection(lines, shape)


def dots(shape: BaseGeometry | None, step_mm: float) -> BaseGeometry | None:
    """Set dots on a regular grid over a shape, as lines too short to be seen as such.

    Parameters
    ----------
    shape
        In mm; None has no dots.
    step_mm
        Distance of the dots.

    Returns
    -------
    geometry or None
        Lines in mm.

    Raises
    ------
    TypeError
        From shapely, if the shape is no geometry.
    """
    if shape is None or shapely.is_empty(shape):
        return None
    left, top, right, bottom = shapely.bounds(shape)
    rows = np.arange(np.floor(top / step_mm), bottom / step_mm)
    columns = np.arange(np.floor(left / step_mm), right / step_mm)
    x, y = (values.ravel() for values in np.meshgrid(columns, rows))
    x = (x + 0.5 * (y % 2)) * step_mm
    y = y * step_mm
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, x, y)
    x, y = x[inside], y[inside]
    ends = np.stack([np.column_stack([x, y]), np.column_stack([x + 0.02, y])], axis=1)
    return shapely.multilinestrings(shapely.linestrings(ends)) if len(ends) else None
