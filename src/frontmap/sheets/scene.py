"""What the maps of a history show, in metres of an equal-area projection: once what stays, by day what moves."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.crs import LocalProjection, densify, local_projection
from frontmap.maps.ground import doubtful
from frontmap.schema import CONTESTED

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.sheets.labels import Names

__all__ = ["Ground", "Place", "Scene", "Zone"]

CYRILLIC = re.compile("[\u0400-\u04ff]")


@dataclass(frozen=True)
class Place:
    """A settlement as maps name it.

    Parameters
    ----------
    name
        In the language of the sheets.
    x_m, y_m
        Position in metres of the projection.
    reported
        Whether reports name it.
    """

    name: str
    x_m: float
    y_m: float
    reported: bool


@dataclass(frozen=True)
class Zone:
    """Ground in one state on one side of the border.

    Parameters
    ----------
    state, side
        Name of the state, and the country.
    shape
        In metres of the projection.
    """

    state: str
    side: str
    shape: BaseGeometry


@dataclass(frozen=True)
class Ground:
    """The ground on one day, in metres of the projection.

    Parameters
    ----------
    zones
        One for each state and side; neighbours share their vertices.
    doubt
        Ground on which no state is beyond doubt.
    front
        Where parties meet, but for the border.
    edges
        Where contested or unknown ground begins, but for the border.
    """

    zones: tuple[Zone, ...]
    doubt: BaseGeometry | None
    front: BaseGeometry | None
    edges: BaseGeometry | None


class Scene:
    """A history made ready for drawing.

    Parameters
    ----------
    history
        An assessed history.
    lang
        Language of the names of places, where the theatre has them.
    """

    def __init__(self, history: History, lang: str) -> None:
        self.history = history
        self.lang = lang
        self.names: dict[Hashable, Names] = {}  # names that found room, kept by drawing
        self.projection: LocalProjection = local_projection(history.theatre.frame)
        self.side_codes = np.array([history.sides.index(side) for side in history.cells["side"]], dtype=np.int64)

    def doubt_on(self, day: int) -> NDArray[np.bool_]:
        """Tell which cells are in doubt on a day.

        Raises
        ------
        IndexError
            If the history has no such day.
        """
        doubt: NDArray[np.bool_] = self._doubt[day]
        return doubt

    def shapes_of_cells(self) -> list[BaseGeometry]:
        """List the cells, in the history's order.

        Raises
        ------
        TypeError
            From shapely, if a cell is no geometry.
        """
        return self._all_metres(list(self.history.cells.geometry))

    @cached_property
    def _doubt(self) -> NDArray[np.bool_]:
        return doubtful(self.history)

    @cached_property
    def outline(self) -> BaseGeometry:
        """The studied ground."""
        return self._metres(self.history.arcs.polygons(np.zeros(len(self.side_codes), dtype=np.int64))[0])

    @cached_property
    def focus(self) -> BaseGeometry:
        """The ground that ever changes or is held beyond the border; all of it where there is no such ground."""
        if not self._moved.any():
            return self.outline
        return self._metres(self.history.arcs.polygons(self._moved.astype(np.int64))[1])

    @cached_property
    def _moved(self) -> NDArray[np.bool_]:
        history = self.history
        sides = np.array(history.sides)[self.side_codes]
        homes = [(history.state_names.index(party.id), party.home_country) for party in history.theatre.parties]
        at_home = np.any([(history.codes == code) & (sides == home) for code, home in homes], axis=0)
        moved: NDArray[np.bool_] = ~np.all(at_home, axis=0)
        return moved

    @cached_property
    def border(self) -> BaseGeometry:
        """The border, within the studied ground as cells have it and beyond as the theatre has it."""
        inside = list(self.history.arcs.boundaries(self.side_codes)["geometry"])
        theatre = self.history.theatre
        beyond = [] if theatre.border is None else [densify(shapely.difference(theatre.border, theatre.frame))]
        return self._metres(shapely.line_merge(shapely.union_all([*inside, *beyond])))

    @cached_property
    def sides(self) -> dict[str, BaseGeometry]:
        """The studied ground by side of the border."""
        polygons = self.history.arcs.polygons(self.side_codes)
        return {side: self._metres(polygons[code]) for code, side in enumerate(self.history.sides)}

    @cached_property
    def calm_sides(self) -> dict[str, BaseGeometry]:
        """The studied ground by side of the border, but for what ever changes or is held beyond the border."""
        labels = np.where(self._moved, len(self.history.sides), self.side_codes)
        polygons = self.history.arcs.polygons(labels)
        return {side: self._metres(polygons[code]) for code, side in enumerate(self.history.sides) if code in polygons}

    @cached_property
    def rivers(self) -> tuple[tuple[str, BaseGeometry], ...]:
        """Rivers with their names."""
        rivers = self.history.theatre.rivers
        return tuple(
            (str(name), self._metres(line)) for name, line in zip(rivers["name"], rivers.geometry, strict=True)
        )

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Places of known position, those first that a reader looks for first: reported ones, then larger ones."""
        theatre = self.history.theatre
        places = theatre.places
        reported = places["place_id"].map(theatre.reports["place_id"].value_counts()).fillna(0).to_numpy(float)
        people = places["population"].fillna(0).to_numpy(float)
        weight = 1.4 * np.log1p(people) + 2.0 * np.log1p(reported)
        ranked = np.lexsort((places["place_id"].to_numpy(str), -weight))
        names = self._names(places)
        known = [int(n) for n in ranked if places.geometry.iloc[n] is not None]
        xy = shapely.get_coordinates(self._all_metres(list(places.geometry.iloc[known])))
        return tuple(
            Place(str(names[n]), float(x), float(y), bool(reported[n])) for n, (x, y) in zip(known, xy, strict=True)
        )

    def _names(self, places: pd.DataFrame) -> NDArray[np.str_]:
        """Choose each place's name: in the language, else in another that shares its script, else the common one."""
        columns = [column for column in places.columns if column.startswith("name_")]
        own = f"name_{self.lang}"
        spelled = places[own].fillna("").to_numpy(str) if own in columns else np.full(len(places), "")
        if any(map(CYRILLIC.search, spelled)):
            for column in columns:
                other = places[column].fillna("").to_numpy(str)
                alike = np.array([CYRILLIC.search(name) is not None for name in other], dtype=bool)
                spelled = np.where((spelled == "") & alike, other, spelled)
        return np.where(spelled == "", places["name"].to_numpy(str), spelled)

    def ground(self, day: int) -> Ground:
        """Draw the ground on a day, counted from the first.

        Raises
        ------
        IndexError
            If the history has no such day.
        """
        history, n_sides = self.history, len(self.history.sides)
        labels = history.codes[day].astype(np.int64) * n_sides + self.side_codes
        polygons = history.arcs.polygons(labels)
        shapes = self._all_metres(list(polygons.values()))
        zones = tuple(
            Zone(history.state_names[label // n_sides], history.sides[label % n_sides], shape)
            for label, shape in zip(polygons, shapes, strict=True)
        )
        doubt = history.arcs.polygons(self._doubt[day].astype(np.int64)).get(1)
        lines = history.arcs.boundaries(labels)
        parties = {code for code, name in enumerate(history.state_names) if name in self._party_ids}
        front: list[BaseGeometry] = []
        edges: list[BaseGeometry] = []
        for a, b, line in zip(lines["label_a"], lines["label_b"], lines["geometry"], strict=True):
            if a % n_sides == b % n_sides:
                (front if {a // n_sides, b // n_sides} <= parties else edges).append(line)
        return Ground(zones, None if doubt is None else self._metres(doubt), self._joined(front), self._joined(edges))

    @cached_property
    def _party_ids(self) -> frozenset[str]:
        return frozenset(party.id for party in self.history.theatre.parties)

    @property
    def shows_contested(self) -> bool:
        """Whether contested ground occurs on any day."""
        return bool((self.history.codes == self.history.state_names.index(CONTESTED)).any())

    @property
    def shows_doubt(self) -> bool:
        """Whether ground is in doubt on any day."""
        return bool(self._doubt.any())

    def _joined(self, lines: Sequence[BaseGeometry]) -> BaseGeometry | None:
        return self._metres(shapely.line_merge(shapely.union_all(lines))) if lines else None

    def _metres(self, geometry: BaseGeometry) -> BaseGeometry:
        return self._all_metres([geometry])[0]

    def _all_metres(self, geometries: Sequence[BaseGeometry]) -> list[BaseGeometry]:
        return list(self.projection.to_metres(np.array([None, *geometries], dtype=object)[1:]))
