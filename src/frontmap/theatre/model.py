"""The theatre as the other modules see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import geopandas as gpd
import pandas as pd
from shapely import MultiLineString, MultiPolygon, Polygon

from frontmap.errors import FrontmapError
from frontmap.estimate.parameters import Parameters
from frontmap.gazetteer import Gazetteer, Place
from frontmap.schema import Licence
from frontmap.theatre.settings import Party


@dataclass(frozen=True, eq=False)
class Theatre:
    """A study area with its parties and its checked tables.

    Parameters
    ----------
    name
        Name of the folder.
    title
        Title for people.
    parties
        In the order in which they are always told.
    period_start, period_end
        First and last day, both included.
    places
        EPSG:4326, RangeIndex, all columns of the schema; blank text is ``""``, blank numbers are NaN, the
        geometry of a place without position is ``None``.
    reports, sources, claims
        RangeIndex, all columns of the schema; days are datetime64[s], blank ones NaT.
    frame
        The area that is divided among the places, EPSG:4326.
    border
        The border between the sides, EPSG:4326; ``None`` if the folder has none.
    rivers
        Columns ``name`` and ``geometry``, EPSG:4326; may be empty.
    max_position_radius_m
        A place whose position may be further off than this owns no ground.
    merge_distance_m
        Places nearer to one another than this share one cell.
    key_dates
        Days that a briefing tells first; may be empty.
    estimate
        Numbers that the estimate rests on.
    attribution
        Whom to name wherever the theatre is shown.
    licences
        Its materials.
    note
        Free text for readers; may be blank.
    translations
        By language, the theatre's own words in it, as far as theatre.toml has them: ``title``, ``note``,
        ``attribution``, ``party.<id>``, ``covers.<number of the licence>``, ``name.<district, region or river>``.
    """

    name: str
    title: str
    parties: tuple[Party, ...]
    period_start: date
    period_end: date
    places: gpd.GeoDataFrame
    reports: pd.DataFrame
    sources: pd.DataFrame
    claims: pd.DataFrame
    frame: Polygon | MultiPolygon
    border: MultiLineString | None
    rivers: gpd.GeoDataFrame
    max_position_radius_m: float
    merge_distance_m: float
    key_dates: tuple[date, ...]
    estimate: Parameters
    attribution: str
    licences: tuple[Licence, ...]
    note: str
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The places, to be asked by name; distances are told from the middle of the frame."""
        return Gazetteer.from_frame(self.places, self.frame.centroid)

    def find(self, name: str, *, district: str | None = None) -> Place:
        """Find the place that a name means.

        Parameters
        ----------
        name
            A name in any script, or a place_id.
        district
            Tells places of one name apart.

        Raises
        ------
        PlaceNotFoundError
            If no place has this name; carries the nearest spellings.
        AmbiguousPlaceError
            If several places have it; carries all of them.

        Examples
        --------
        >>> from frontmap.theatre import load
        >>> load("kursk").find("Суджа").place_id
        'ru-kursk-sudzha'
        """
        return self.gazetteer.find(name, district=district)

    def party(self, party_id: str) -> Party:
        """Give the party with this id.

        Raises
        ------
        FrontmapError
            If the theatre has no such party.
        """
        for party in self.parties:
            if party.id == party_id:
                return party
        ids = ", ".join(party.id for party in self.parties)
        raise FrontmapError(f"expected a party of {self.name} ({ids}), found {party_id!r}")

    def home_party(self, country: str) -> str | None:
        """Give the id of the party that is at home in a country; ``None`` if none is.

        Raises
        ------
        Nothing; a country that nobody calls home gives ``None``.
        """
        return next((party.id for party in self.parties if country and party.home_country == country), None)
