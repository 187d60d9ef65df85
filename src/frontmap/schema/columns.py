"""Every table, column and word of a theatre, declared once, and how text becomes numbers, days and flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import pandas as pd

Kind = Literal["text", "number", "day", "flag"]

CONTESTED = "contested"
UNKNOWN = "unknown"
INDEPENDENT = "independent"

STATUSES = ("controlled", "claimed", "contested", "assault", "withdrawn")
PROXIMITIES = ("in", "near")
CONFIDENCES = ("low", "medium", "high")
PRECISIONS = ("day", "page-inferred", "approx")
BASES = ("control", "control+grey", "combat zone", "cumulative", "share", "period gain")
UNIT_OF_MEASURE: Mapping[str, str] = MappingProxyType(
    {
        "area_held": "km2",
        "area_gained": "km2",
        "area_regained": "km2",
        "settlements_held": "count",
        "settlements_gained": "count",
        "settlements_regained": "count",
        "share_regained": "percent",
    }
)

DAY_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
NUMBER_PATTERN = r"[+-]?[0-9]+(\.[0-9]+)?"
_URL = r"https?://[^\s]+"


@dataclass(frozen=True)
class Column:
    """One declared column.

    Parameters
    ----------
    name
        Name in the header; a unit stands at its end (``_m``, ``_km2``).
    kind
        ``text``, ``number`` (float64), ``day`` (YYYY-MM-DD, datetime64[s]) or ``flag`` (true, false).
    meaning
        What it says, for people.
    optional
        The whole column may be missing.
    blank
        A cell may be empty: ``""`` in text, NaN in numbers, NaT in days.
    choices
        The only words that are allowed, if any.
    minimum, maximum
        Bounds of a number, both included.
    pattern, form
        Regular expression that the whole cell has to match, and what that is in words.
    """

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    blank: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    form: str = ""


@dataclass(frozen=True)
class Table:
    """One declared table.

    Parameters
    ----------
    name
        Word for the table; the file is ``<name>.csv``.
    key
        Column whose values never repeat.
    columns
        In the order of the file.
    meaning
        What one row is.
    links
        Columns whose values must occur elsewhere: (column, table, column there).
    extra
        Regular expression of further column names that have a meaning.
    optional
        The whole file may be missing.
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    meaning: str
    links: tuple[tuple[str, str, str], ...] = ()
    extra: str = ""
    optional: bool = False

    @property
    def file(self) -> str:
        """Name of the file in a theatre folder."""
        return f"{self.name}.csv"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all declared columns."""
        return tuple(column.name for column in self.columns)


def _text(name: str, meaning: str, *, blank: bool = False, optional: bool = False) -> Column:
    return Column(name, "text", meaning, blank=blank, optional=optional)


def _spare(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning, blank=True, optional=True)


def _word(name: str, meaning: str, choices: tuple[str, ...]) -> Column:
    return Column(name, "text", meaning, choices=choices)


def _id(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning, pattern=r"[^\s;,]+", form="one word without ; or ,")


def _day(name: str, meaning: str, *, blank: bool = False, optional: bool = False) -> Column:
    return Column(name, "day", meaning, blank=blank, optional=optional)


def _number(
    name: str,
    meaning: str,
    minimum: float,
    maximum: float | None = None,
    *,
    blank: bool = False,
    optional: bool = False,
) -> Column:
    return Column(name, "number", meaning, optional, blank, minimum=minimum, maximum=maximum)


PLACES = Table(
    "places",
    "place_id",
    (
        _id("place_id", "stable id, never used again for another place"),
        _text("name", "name in Latin letters"),
        _spare("name_ru", "name in the language with the code ru"),
        _spare("name_uk", "name in the language with the code uk"),
        _spare("aliases", "other spellings seen, separated by ;"),
        _spare("namesakes", "places of this name that have no row here; a query then has to give the district"),
        _spare("kind", "city, town, village ..."),
        _text("district", "district; tells places of one name apart"),
        _text("region", "region"),
        Column(
            "country",
            "text",
            "code of the country (side of the border); the party at home there holds the place at first",
            pattern="[A-Z]{2,3}",
            form="two or three capital letters",
        ),
        _number("lat", "latitude in degrees, WGS84; blank if not known", -90, 90, blank=True),
        _number("lon", "longitude in degrees, WGS84; blank if not known", -180, 180, blank=True),
        _number("position_radius_m", "how far off the position may be, in metres", 1, 100_000, blank=True),
        _spare("position_basis", "where the position comes from, or why there is none"),
        _spare("source_ids", "ids of the place elsewhere, separated by ;"),
        _number("population", "inhabitants", 0, blank=True, optional=True),
    ),
    "One settlement. A place without position can be named and reported; it is counted, not drawn.",
    extra="name_[a-z]{2,3}",
)

REPORTS = Table(
    "reports",
    "report_id",
    (
        _id("report_id", "stable id, never used again for another report"),
        _id("place_id", "the place, as in places.csv"),
        _id(
            "party",
            "party id: the holder; for assault the attacker; for withdrawn the side that left; "
            "for contested the side that enters or fights forward",
        ),
        _word(
            "status",
            "controlled (a monitor says so, or the other side concedes it), claimed (one belligerent's own "
            "word), contested, assault, withdrawn",
            STATUSES,
        ),
        _day("event_date", "the day it is said to have happened"),
        _word("date_precision", "event_date is exact, inferred from the page, or approximate", PRECISIONS),
        _day("published_date", "the day it was published"),
        _word("proximity", "in the place, or only near it (weaker)", PROXIMITIES),
        Column("implied", "flag", "the page implies it without saying it (weaker)"),
        _word("confidence", "how firmly the page says it", CONFIDENCES),
        _text("origin", "whose statement it ultimately is, as in sources.csv"),
        _text("origin_side", "party id of the origin, or independent"),
        _text("source_name", "the page, in words", blank=True),
        Column(
            "source_url",
            "text",
            "address of the page",
            blank=True,
            pattern=_URL,
            form="an http(s):// address",
        ),
        _text("note", "what else a reader should know", blank=True),
        _spare("place_as_reported", "the place as it was read on the page"),
        Column(
            "place_match",
            "text",
            "how that name was matched to place_id",
            optional=True,
            blank=True,
            choices=("exact", "alias", "assumed"),
        ),
    ),
    "Somebody's dated statement about one place. Never edited, never merged away.",
    links=(("place_id", "places", "place_id"), ("origin", "sources", "origin")),
)

SOURCES = Table(
    "sources",
    "origin",
    (
        _text("origin", "the actor whose statements these are"),
        _text("side", "party id, or independent"),
        _text("kind", "official, press, monitor, milblogger ...", blank=True),
        _text("typical_lag", "usual time from event to publication, in words", blank=True),
        _word(
            "reliability",
            "Admiralty letter: A completely reliable ... E unreliable, F cannot be judged",
            ("A", "B", "C", "D", "E", "F"),
        ),
        _text("reason", "why this letter: one reader's judgement, meant to be edited", blank=True),
        _number("n_reports", "number of reports the letter was judged by", 0, blank=True, optional=True),
        _number("lag_days_median", "median lag in days", 0, blank=True, optional=True),
        _number("lag_days_p90", "lag in days that 90 % do not exceed", 0, blank=True, optional=True),
        _spare("premature_gain_places", "places said to be taken too early, of how many"),
    ),
    "One origin. Several pages can relay one statement: count origins, not pages.",
)

CLAIMS = Table(
    "claims",
    "claim_id",
    (
        _id("claim_id", "stable id, never used again for another claim"),
        _day("as_of_date", "the day the figure is for; blank if the source names none", blank=True),
        _word(
            "date_precision",
            "how exact as_of_date is; peak-undated: a maximum whose day is not named",
            (*PRECISIONS, "peak-undated"),
        ),
        _day("published_date", "the day it was published"),
        _text("claimant", "who gives the figure"),
        _text("claimant_side", "party id of the claimant, or independent"),
        _id("party", "party id: who holds, gains or regains"),
        _word("measure", "what is measured", tuple(UNIT_OF_MEASURE)),
        _number("lower", "the figure, or the lower end of its range", 0),
        _number("upper", "the figure, or the upper end of its range", 0),
        _word("unit", "the unit that the measure asks for", ("km2", "count", "percent")),
        _word("basis", "what the figure counts", BASES),
        _day(
            "period_start",
            "with basis 'period gain': the day at whose end the period begins; it ends with as_of_date",
            blank=True,
            optional=True,
        ),
        _text("region", "regions the figure is about, separated by ;"),
        _spare("district", "the one district it is about; blank for whole regions"),
        Column("computed", "flag", "converted or derived from what was said"),
        _text("source_names", "the pages, in words, separated by ;", blank=True),
        Column(
            "urls",
            "text",
            "addresses of the pages, separated by a space",
            blank=True,
            pattern=f"{_URL}( {_URL})*",
            form="http(s):// addresses separated by one space",
        ),
        _text("note", "what else a reader should know", blank=True),
    ),
    "A published figure, to be tested against ours.",
    optional=True,
)

TABLES: Mapping[str, Table] = MappingProxyType({t.name: t for t in (PLACES, REPORTS, SOURCES, CLAIMS)})


def to_numbers(text: pd.Series[str]) -> pd.Series[float]:
    """Read numbers; NaN where a cell is blank or not a number.

    Raises
    ------
    AttributeError
        If the cells are not text.

    Examples
    --------
    >>> to_numbers(pd.Series(["51.5", "", "51,5"])).tolist()
    [51.5, nan, nan]
    """
    written = text.where(text.str.fullmatch(NUMBER_PATTERN).astype(bool), "nan")
    return written.astype("float64")


def to_days(text: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Read days; NaT where a cell is blank or not a day of the calendar.

    Raises
    ------
    AttributeError
        If the cells are not text.

    Examples
    --------
    >>> to_days(pd.Series(["2024-02-29", "", "2024-02-31"])).isna().tolist()
    [False, True, True]
    """
    written = text.where(text.str.fullmatch(DAY_PATTERN).astype(bool), "")
    return pd.to_datetime(written, format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")


def convert(raw: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Turn a checked table of text into one of text, numbers, days and flags.

    Parameters
    ----------
    raw
        The table as text, without problems.
    table
        What it is.

    Returns
    -------
    pandas.DataFrame
        RangeIndex; all declared columns in their order (missing ones blank), then the others, as text.

    Raises
    ------
    AttributeError
        If the cells are not text.

    Examples
    --------
    >>> raw = pd.DataFrame({"place_id": ["a"], "lat": ["51.5"], "my_remark": ["x"]}, index=[2])
    >>> typed = convert(raw, PLACES)
    >>> float(typed.at[0, "lat"]), typed.at[0, "name"], typed.at[0, "my_remark"]
    (51.5, '', 'x')
    """
    kinds: dict[str, Kind] = {column.name: column.kind for column in table.columns}
    kinds |= {str(name): "text" for name in raw.columns if name not in kinds}
    blank = pd.Series("", index=raw.index, dtype="str")
    columns = {name: _typed(raw.get(name, blank), kind) for name, kind in kinds.items()}
    return pd.DataFrame(columns).reset_index(drop=True)


def _typed(text: pd.Series[str], kind: Kind) -> pd.Series:
    if kind == "number":
        return to_numbers(text)
    if kind == "day":
        return to_days(text)
    if kind == "flag":
        return text == "true"
    return text.astype("str")
