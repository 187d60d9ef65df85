"""Names on a map that touch neither each other nor the dots of other places: the wanted ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.maps.palette import PALETTE
from frontmap.sheets.paper import PT_PER_MM, Box, Sheet
from frontmap.sheets.text import plain, shortened, width_pt

__all__ = ["Name", "Names", "Rectangle"]

Rectangle = tuple[float, float, float, float]
LONGEST_MM = 42.0  # longer names are cut
FIRST = 8  # so many names of places may lie over dots of other places


@dataclass(frozen=True)
class Name:
    """One name and where it lies.

    Parameters
    ----------
    text
        As it is written.
    x, y
        Begin of its base line, in mm of the sheet.
    room
        Left, upper, right and lower edge.
    size_pt, colour, bold
        How it is written.
    backed
        Whether the ground beneath it is made paler.
    dot
        Where a faint dot belongs to it, if it has one.
    """

    text: str
    x: float
    y: float
    room: Rectangle
    size_pt: float
    colour: str
    bold: bool = False
    backed: bool = True
    dot: tuple[float, float] | None = None


class Names:
    """The names on one map, and the room that is taken.

    Parameters
    ----------
    box
        The map on the sheet; no name leaves it.
    taken
        Rectangles (left, top, right, bottom) in mm in which no name may lie.
    """

    def __init__(self, box: Box, taken: Sequence[Rectangle] = ()) -> None:
        self.box = box
        self._taken = np.array([*taken], dtype=np.float64).reshape(-1, 4)
        self.names: list[Name] = []

    def draw(self, sheet: Sheet) -> None:
        """Write the names on a sheet, over a paler ground; letters with an outline would be no text in SVG and PDF.

        Raises
        ------
        KeyError
            If the palette lacks a colour.
        """
        rooms = np.array([name.room for name in self.names if name.backed]).reshape(-1, 4)
        grounds = shapely.buffer(shapely.box(*rooms.T), 0.12, quad_segs=3)
        sheet.shape(shapely.union_all(grounds), face=PALETTE["paper"], alpha=0.72)
        for name in self.names:
            if name.dot is not None:
                high = name.size_pt / PT_PER_MM
                sheet.shape(shapely.Point(name.dot).buffer(0.09 * high + 0.12, quad_segs=4), face="#6b6b6b")
            sheet.text(name.x, name.y, name.text, name.size_pt, bold=name.bold, colour=name.colour)

    def places(
        self,
        names: Sequence[str],
        dots: NDArray[np.float64],
        reported: NDArray[np.bool_],
        seen: NDArray[np.float64],
        *,
        size_pt: float,
        most: int,
    ) -> None:
        """Write names beside their dots, in the order given, until `most` are written.

        Parameters
        ----------
        names
            The wanted ones first.
        dots
            Positions in mm, shape (n, 2).
        reported
            Whether each place's dot is drawn; the others get a fainter one with their name.
        seen
            Positions of all dots that are drawn, in mm; no name but the first few lies over those of others.
        size_pt
            Size of the type.
        most
            Greatest number of names.

        Raises
        ------
        ValueError
            From numpy, if the lengths differ.
        """
        high = size_pt / PT_PER_MM
        count = 0
        for name, (x, y), told in zip(names, dots, reported, strict=True):
            if count >= most:
                return
            if not (self.box.left < x < self.box.right and self.box.top < y < self.box.bottom):
                continue
            shown = shortened(plain(name), LONGEST_MM * PT_PER_MM, size_pt)
            wide = width_pt(shown, size_pt) / PT_PER_MM + 0.4
            gap = 0.28 * high + 0.5
            spots = (
                (x + gap, y - 0.56 * high), (x - gap - wide, y - 0.56 * high),
                (x - wide / 2, y - gap - high), (x - wide / 2, y + gap - 0.1 * high),
                (x + 0.7 * gap, y - gap - 0.7 * high), (x + 0.7 * gap, y + 0.4 * gap),
                (x - 0.7 * gap - wide, y - gap - 0.7 * high), (x - 0.7 * gap - wide, y + 0.4 * gap),
            )  # fmt: skip
            others = seen[(seen[:, 0] != x) | (seen[:, 1] != y)]
            boxes = [(left, top, left + wide, top + 1.12 * high) for left, top in spots]
            free = [box for box in boxes if self._is_free(box)]
            clear = [box for box in free if not _holds_any(box, others)]
            if not clear and len(names) <= FIRST:
                clear = free
            if clear:
                left, top, _, _ = clear[0]
                ink, dot = (PALETTE["ink"], None) if told else ("#4f4f4f", (float(x), float(y)))
                self._take(Name(shown, left + 0.2, top + 0.86 * high, clear[0], size_pt, ink, dot=dot))
                count += 1

    def along(self, name: str, line: BaseGeometry, *, size_pt: float, colour: str) -> None:
        """Write the name of a river once, level, on the first point along it with room.

        Parameters
        ----------
        name
            Any text.
        line
            In mm of the sheet.
        size_pt
            Size of the type.
        colour
            Of the text.

        Raises
        ------
        TypeError
            From shapely, if it is no line.
        """
        shown = plain(name)
        if not shown or line is None or shapely.is_empty(line):
            return
        longest = max(shapely.get_parts(shapely.line_merge(line)), key=shapely.length)
        high, wide = size_pt / PT_PER_MM, width_pt(shown, size_pt) / PT_PER_MM + 0.8
        for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88):
            point = shapely.line_interpolate_point(longest, share, normalized=True)
            box = (point.x - wide / 2, point.y - 0.55 * high, point.x + wide / 2, point.y + 0.55 * high)
            if self._is_free(box):
                self._take(Name(shown, box[0] + 0.4, point.y + 0.32 * high, box, size_pt, colour))
                return

    def across(self, name: str, ground: BaseGeometry | None, *, size_pt: float) -> None:
        """Write the name of a side of the border, if it is one word in wide letters, where its ground is widest.

        Parameters
        ----------
        name
            Any text.
        ground
            In mm of the sheet.
        size_pt
            Size of the type.

        Raises
        ------
        TypeError
            From shapely, if the ground is no polygon.
        """
        shown = plain(name).upper()
        shown = shortened(shown, LONGEST_MM * PT_PER_MM, size_pt, bold=True) if " " in shown else " ".join(shown[:20])
        if ground is None or shapely.is_empty(ground) or not shown:
            return
        high, wide = size_pt / PT_PER_MM, width_pt(shown, size_pt, bold=True) / PT_PER_MM
        box = self.box
        xs = np.arange(box.left + wide / 2 + 4, box.right - wide / 2 - 4, 3.0)
        ys = np.arange(box.top + high + 4, box.bottom - high - 4, 3.0)
        if not (len(xs) and len(ys)):
            return
        x, y = (values.ravel() for values in np.meshgrid(xs, ys))
        rooms = shapely.box(x - wide / 2 - 1, y - 0.8 * high, x + wide / 2 + 1, y + 0.8 * high)
        ground = shapely.simplify(ground, 0.5)
        shapely.prepare(ground)
        inside = shapely.contains_properly(ground, rooms)
        inside &= np.array([self._is_free(tuple(bounds)) for bounds in shapely.bounds(rooms)])
        if not inside.any():
            return
        away = shapely.distance(shapely.boundary(ground), rooms[inside])
        best = int(away.argmax())
        at_x, at_y = float(x[inside][best]), float(y[inside][best])
        room = (at_x - wide / 2, at_y - 0.6 * high, at_x + wide / 2, at_y + 0.6 * high)
        self._take(Name(shown, room[0], at_y + 0.36 * high, room, size_pt, "#7d7d79", bold=True, backed=False))

    def _is_free(self, box: Rectangle) -> bool:
        left, top, right, bottom = box
        inner = self.box
        if left < inner.left + 0.8 or top < inner.top + 0.8 or right > inner.right - 0.8 or bottom > inner.bottom - 0.8:
            return False
        other = self._taken
        hit = (left < other[:, 2]) & (right > other[:, 0]) & (top < other[:, 3]) & (bottom > other[:, 1])
        return not hit.any()

    def _take(self, name: Name) -> None:
        self.names.append(name)
        self._taken = np.vstack([self._taken, name.room])


def _holds_any(box: Rectangle, points: NDArray[np.float64]) -> bool:
    left, top, right, bottom = box
    x, y = points[:, 0], points[:, 1]
    return bool(((left - 0.3 < x) & (x < right + 0.3) & (top - 0.2 < y) & (y < bottom + 0.2)).any())
