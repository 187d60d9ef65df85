"""Which place a spelling means: names in any script folded to one key, accepted only where keys are equal."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import pandas as pd
from anyascii import anyascii
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from shapely import Point

from frontmap.crs import distance_km
from frontmap.errors import (
    AmbiguousPlaceError,
    Candidate,
    FrontmapError,
    PlaceNotFoundError,
    Problem,
    TableError,
)

MAX_QUERY_LENGTH = 120
N_OFFERED = 3

# Cyrillic letters, Russian and Ukrainian read together; й ё ї ґ lose their marks before this table is asked.
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "ye", "ж": "zh", "з": "z",
    "и": "i", "і": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
    "ь": "", "э": "e", "ю": "yu", "я": "ya", "ј": "y", "љ": "l", "њ": "n", "џ": "dzh",
}  # fmt: skip

# Groups of Latin letters, longest first, and what each is written as in the key; other letters stay.
_LATIN = {
    "shch": "sh", "sch": "sh", "zgh": "zg", "sh": "sh", "zh": "zh", "ch": "ch", "kh": "g", "ts": "ts",
    "tz": "ts", "c": "ts", "h": "g", "j": "i", "q": "k", "w": "v", "x": "ks", "y": "i",
}  # fmt: skip
_LATIN_GROUPS = re.compile("|".join(_LATIN))
_REPEATED = re.compile(r"(sh|zh|ch|ts|.)\1+")


def _romanised(name: str) -> str:
    """Lower-case ASCII letters and digits of a name in any script; marks, signs and spaces dropped."""
    decomposed = unicodedata.normalize("NFKD", name.casefold()).casefold()
    # ьо is one sound (Тьоткіно = Tyotkino), and so is ё, which decomposition has already made a plain е.
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("ьо", "е")
    written = (c for c in plain if unicodedata.category(c)[0] in "LN")
    latin = "".join(_CYRILLIC[c] if c in _CYRILLIC else anyascii(c) for c in written)
    return re.sub(r"[^a-z0-9]", "", latin.lower())


def _folded_once(latin: str) -> str:
    grouped = _LATIN_GROUPS.sub(lambda found: _LATIN[found[0]], latin)
    single = _REPEATED.sub(r"\1", grouped)
    return single.replace("ie", "e").replace("io", "e")


def fold(name: str) -> str:
    """Reduce a spelling to the key under which spellings of one name meet.

    Case, diacritics, apostrophes, soft and hard signs, spaces and hyphens are dropped; Russian and Ukrainian
    Cyrillic and their English romanisations are read together (kh, h and g; shch, sch and sh; v and w; y, i
    and j; yo, ye and e); doubled letters count once. German, French and Polish romanisations are left to the
    aliases of a place, because rules for them would make different names equal.

    Parameters
    ----------
    name
        A spelling in any script.

    Returns
    -------
    str
        Lower-case ASCII letters and digits; empty if the spelling has none. ``fold(fold(x)) == fold(x)``.

    Raises
    ------
    TypeError
        If `name` is not a string.

    Examples
    --------
    >>> fold("Тёткино"), fold("Тьоткіно"), fold("Tyotkino")
    ('tetkino', 'tetkino', 'tetkino')
    """
    key, previous = _romanised(name), ""
    while key != previous:
        key, previous = _folded_once(key), key
    return key


@dataclass(frozen=True)
class Place:
    """One settlement as the table of places has it.

    Parameters
    ----------
    place_id
        Stable identifier.
    name, district, region, country
        Main name and the units it lies in; `country` is the side of the border.
    lat, lon
        Degrees, WGS84; None where the position is not known.
    position_radius_m
        How far off the position may be, in metres; None where it is not known.
    names
        Every spelling the table has: main name, names by language, aliases; each once, main name first.
    namesakes
        Places of this name that have no row in the table, in words; blank where none is known.

    Raises
    ------
    TypeError
        If a field is missing.
    """

    place_id: str
    name: str
    district: str
    region: str
    country: str
    lat: float | None
    lon: float | None
    position_radius_m: float | None
    names: tuple[str, ...]
    namesakes: str = ""


def _text(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def _number(row: Mapping[str, object], column: str) -> float | None:
    value = pd.to_numeric(pd.Series([row.get(column)]), errors="coerce").iloc[0]
    return None if pd.isna(value) else float(value)


def place_of_row(row: Mapping[str, object]) -> Place:
    """Read one row of the table of places.

    Parameters
    ----------
    row
        Column name to value; every `name_<language>` column counts, aliases are separated by semicolons.

    Returns
    -------
    Place
        Blank texts are empty strings, blank numbers None.

    Raises
    ------
    KeyError
        If `place_id` is missing.
    """
    by_language = [_text(row, column) for column in sorted(row) if column.startswith("name_")]
    aliases = [alias.strip() for alias in _text(row, "aliases").split(";")]
    names = dict.fromkeys(n for n in [_text(row, "name"), *by_language, *aliases] if n)
    return Place(
        place_id=str(row["place_id"]),
        name=_text(row, "name"),
        district=_text(row, "district"),
        region=_text(row, "region"),
        country=_text(row, "country"),
        lat=_number(row, "lat"),
        lon=_number(row, "lon"),
        position_radius_m=_number(row, "position_radius_m"),
        names=tuple(names),
        namesakes=_text(row, "namesakes"),
    )


def district_matches(place: Place, district: str) -> bool:
    """Tell whether a district, or the beginning of its name, is the one a place lies in.

    Parameters
    ----------
    place
        Its `district` may name several levels, separated by ``/``: each may be asked for.
    district
        As a reader writes it, in either script, with or without the word "district".

    Returns
    -------
    bool
        False for a `district` without letters.

    Raises
    ------
    TypeError
        If `district` is not a string.
    """
    wanted = fold(district)
    levels = [place.district, *place.district.split("/")]
    return bool(wanted) and any(fold(level).startswith(wanted) for level in levels)


@dataclass(frozen=True)
class Gazetteer:
    """The places of a theatre, to be asked by name.

    Parameters
    ----------
    places
        Each `place_id` once.
    centre
        Point in EPSG:4326 (longitude first) from which the distances told to a reader are measured.

    Raises
    ------
    TableError
        If two places have one `place_id`.
    """

    places: tuple[Place, ...]
    centre: Point

    def __post_init__(self) -> None:
        ids = [place.place_id for place in self.places]
        doubled = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
        if doubled:
            found = f"more than once: {', '.join(doubled)}"
            raise TableError([Problem("places.csv", None, "each place_id once", found, "rename or join them")])

    @classmethod
    def from_frame(cls, places: pd.DataFrame, centre: Point) -> Gazetteer:
        """Build a gazetteer from the table of places, whatever the order of its rows.

        Parameters
        ----------
        places
            Columns of the project's table of places; geometry is not needed.
        centre
            Point in EPSG:4326.

        Returns
        -------
        Gazetteer
            Places sorted by `place_id`.

        Raises
        ------
        KeyError
            If the column `place_id` is missing.
        TableError
            If two rows have one `place_id`.
        """
        columns = [c for c in places.columns if c != "geometry"]
        rows = pd.DataFrame(places[columns]).to_dict("records")
        read = [place_of_row({str(k): v for k, v in row.items()}) for row in rows]
        return cls(tuple(sorted(read, key=lambda p: p.place_id)), centre)

    @cached_property
    def by_id(self) -> Mapping[str, Place]:
        """Place of each identifier."""
        return MappingProxyType({place.place_id: place for place in self.places})

    @cached_property
    def by_key(self) -> Mapping[str, tuple[Place, ...]]:
        """Places of each folded name; more than one where names meet."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            for key in dict.fromkeys(fold(name) for name in place.names):
                found.setdefault(key, []).append(place)
        return MappingProxyType({key: tuple(places) for key, places in found.items() if key})

    def find(self, name: str, *, district: str | None = None) -> Place:
        """Tell which place a name means; ask rather than guess.

        Parameters
        ----------
        name
            A spelling in any script, or a `place_id`.
        district
            Narrows places of one name: the district's name or its beginning ("Sudzhansky").

        Returns
        -------
        Place
            The only place with this key (and in this district).

        Raises
        ------
        PlaceNotFoundError
            If no name has an equal key, with the three nearest spellings as `candidates`; if the name is
            known but not in `district`, with the places that have it.
        AmbiguousPlaceError
            If several places have this name, with all of them as `candidates`, or if the table says that places
            without a row have it too.
        FrontmapError
            If the query has no letters, is longer than a name, or is not a text.
        """
        query = _checked(name)
        known = (self.by_id[query],) if query in self.by_id else self.by_key.get(fold(query), ())
        if not known:
            raise PlaceNotFoundError(query, self.candidates(query))
        meant = known if district is None else tuple(p for p in known if district_matches(p, district))
        if not meant:
            raise PlaceNotFoundError(f"{query}, {district}", self._described(known))
        elsewhere = meant[0].namesakes if district is None and query not in self.by_id else ""
        if len(meant) > 1 or elsewhere:
            raise AmbiguousPlaceError(query, self._described(meant), elsewhere=elsewhere)
        return meant[0]

    def candidates(self, name: str) -> tuple[Candidate, ...]:
        """List the places whose names are spelled most like this one.

        Parameters
        ----------
        name
            A spelling in any script.

        Returns
        -------
        tuple of Candidate
            At most three, best first: by the similarity of folded names (one less the Damerau-Levenshtein
            distance over the longer length), then by distance from the centre. Distances in km.

        Raises
        ------
        FrontmapError
            If the query has no letters, is longer than a name, or is not a text.
        """
        wanted = fold(_checked(name))
        keys = list(self.by_key)
        alike = process.cdist([wanted], keys, scorer=DamerauLevenshtein.normalized_similarity)[0]
        score: dict[str, float] = {}
        for key, similarity in zip(keys, alike.tolist(), strict=True):
            for place in self.by_key[key]:
                score[place.place_id] = max(similarity, score.get(place.place_id, 0.0))
        nearest_first = self._described(self.places)
        named = [c for c in nearest_first if c.place_id in score]
        return tuple(sorted(named, key=lambda c: -score[c.place_id])[:N_OFFERED])

    @cached_property
    def _distance_km(self) -> Mapping[str, float]:
        """Distance of each place that has a position from the centre."""
        placed = [(p.place_id, p.lon, p.lat) for p in self.places if p.lon is not None and p.lat is not None]
        if not placed:
            return {}
        ids, lons, lats = zip(*placed, strict=True)
        away = distance_km([self.centre.x], [self.centre.y], list(lons), list(lats))
        return dict(zip(ids, away.tolist(), strict=True))

    def _described(self, places: tuple[Place, ...]) -> tuple[Candidate, ...]:
        """Places as a reader chooses among them: nearest to the centre first, those without position last."""
        away = self._distance_km
        described = [Candidate(p.name, p.district, p.place_id, away.get(p.place_id)) for p in places]
        return tuple(sorted(described, key=lambda c: (away.get(c.place_id, math.inf), c.place_id)))


def _checked(name: object) -> str:
    """Return the query without outer blanks, or raise an error that says what is wrong with it."""
    if not isinstance(name, str):
        raise FrontmapError(f"a place is asked for by a text, its name or place_id; found {name!r}")
    query = name.strip()
    if len(query) > MAX_QUERY_LENGTH:
        limit = f"the name of a place has at most {MAX_QUERY_LENGTH} characters"
        raise FrontmapError(f"{limit}; found {len(query)}: '{query[:30]}...'")
    if not fold(query):
        raise FrontmapError(f"the name of a place has letters; found {name!r}; give a name or a place_id")
    return query
