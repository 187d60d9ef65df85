"""Synthetic reporting: places on the ground of a truth, and what is said about them: thinned, late, wrong, relayed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from frontmap.crs import FloatArray
from frontmap.dates import add_days, day_range
from frontmap.validation.truths import N_DAYS, WIDTH_KM, Truth
from frontmap.voronoi import BoolArray

INTRUDER, HOME = "A", "B"
START = date(2024, 1, 1)
"""Day 0 of every case."""
POSITION_RADIUS_M = 900.0

SOURCES = pd.DataFrame(
    {
        "origin": ["A ministry", "A blog", "B ministry", "B blog", "Monitor", "Press"],
        "side": ["A", "A", "B", "B", "independent", "independent"],
        "reliability": ["C", "D", "C", "D", "B", "D"],
    }
)
_CALENDAR = day_range(START, add_days(START, 2 * N_DAYS))
_DECISIVE = ("claimed", "controlled")


def calendar_day(day: int) -> date:
    """Give the date of a day of a case.

    Raises
    ------
    DateError
        If it lies outside the calendar.
    """
    return add_days(START, day)


@dataclass(frozen=True, eq=False)
class Case:
    """A truth and what is said about it.

    Parameters
    ----------
    truth : Truth
        What was so.
    places : DataFrame
        place_id, x_km, y_km (as recorded), home, border_km, position_radius_m, true_x_km, true_y_km.
    reports : DataFrame
        Columns of the project's reports, and day (of the event, from 0) and relay_of (report_id, blank if first-hand).
    sources : DataFrame
        origin, side, reliability.
    """

    truth: Truth
    places: pd.DataFrame
    reports: pd.DataFrame
    sources: pd.DataFrame

    def is_wrong(self) -> BoolArray:
        """Tell which decisive reports do not say who held the place on the day that they are about.

        Raises
        ------
        KeyError
            If a report is about no place of the case.
        """
        where = self.places.set_index("place_id")[["true_x_km", "true_y_km"]].loc[self.reports["place_id"]].to_numpy()
        days = np.arange(N_DAYS)
        held = self.truth.holds(where[:, 0], where[:, 1], days)[self.reports["day"], np.arange(len(where))]
        wrong: BoolArray = self.is_decisive() & ((self.reports["party"] == INTRUDER).to_numpy() != held)
        return wrong

    def is_decisive(self) -> BoolArray:
        """Tell which reports say who holds a place.

        Raises
        ------
        KeyError
            If the reports have no status.
        """
        decisive: BoolArray = self.reports["status"].isin(_DECISIVE).to_numpy()
        return decisive


@dataclass(frozen=True)
class _Habits:
    """How a seed's reporters report."""

    thin: float  # share of the usual number of reports that is made
    lag_days: float  # scale of the delay of what is said about an event
    never: float  # share of places that nobody ever reports on
    lists: int  # lists published late and dated back


@dataclass
class _Statement:
    """One first-hand statement while it is being made."""

    place: int
    day: int
    held: bool  # by the intruder, or so it says
    status: str
    origin: str
    confidence: str = "medium"
    lag: int = 1
    precision: str = "day"
    relays: int = 0


def make_case(seed: int, *, km2_per_place: float, wrong_share: float, truth: Truth) -> Case:
    """Put places on a truth's ground and let them be reported on.

    Each change of hands may be claimed by the new holder (and relayed), conceded by the other, confirmed by a
    monitor, days later; ground near the front is reported on now and then, ground far from it hardly. Lists are
    published late and date their entries back. Of the decisive first-hand statements exactly the share asked for
    (rounded to whole statements) is made wrong: half of these name the wrong holder, half are claims of places near
    the front by a partisan origin before their time. All others are true on their day. Relays repeat what they
    relay, right or wrong.

    Parameters
    ----------
    seed : int
        The same seed gives the same places and habits for a density, whatever is wrong.
    km2_per_place : float
        Ground per place.
    wrong_share : float
        Of the decisive first-hand statements, from 0 to 1.
    truth : Truth
        What is so.

    Returns
    -------
    Case
        With its reports sorted by day of publication.

    Raises
    ------
    ValueError
        If `wrong_share` is no share.
    """
    if not 0.0 <= wrong_share <= 1.0:
        raise ValueError(f"expected a share from 0 to 1, found {wrong_share}")
    rng = np.random.default_rng([seed, 2, round(1000 * km2_per_place)])
    habits = _Habits(rng.uniform(0.7, 1.1), rng.uniform(1.0, 3.0), rng.uniform(0.0, 0.2), int(rng.integers(0, 3)))
    where = _scatter(rng, km2_per_place)
    days = np.arange(N_DAYS)
    inside = truth.inside_km(where[:, 0], where[:, 1], days).T
    said = _true_statements(rng, inside, habits)
    _make_wrong(np.random.default_rng([seed, 3, round(1000 * km2_per_place)]), said, inside, wrong_share)
    recorded = where + rng.normal(0.0, POSITION_RADIUS_M / 2000.0, where.shape)
    recorded[:, 1] = np.maximum(recorded[:, 1], 0.05)
    places = pd.DataFrame(
        {
            "place_id": [f"p{i:04d}" for i in range(len(where))],
            "x_km": recorded[:, 0],
            "y_km": recorded[:, 1],
            "home": HOME,
            "border_km": recorded[:, 1],
            "position_radius_m": POSITION_RADIUS_M,
            "true_x_km": where[:, 0],
            "true_y_km": where[:, 1],
        }
    )
    return Case(truth, places, _table(rng, said, places["place_id"].to_numpy()), SOURCES)


def _scatter(rng: np.random.Generator, km2_per_place: float) -> FloatArray:
    """Place settlements at random, none nearer to another than a third of their spacing."""
    count, apart = int(WIDTH_KM**2 / km2_per_place), 0.35 * np.sqrt(km2_per_place)
    xy = np.empty((count, 2))
    done = 0
    while done < count:
        candidate = rng.uniform(0.0, WIDTH_KM, 2)
        if done == 0 or np.hypot(*(xy[:done] - candidate).T).min() > apart:
            xy[done] = candidate
            done += 1
    return xy


def _side(held: bool) -> str:
    return INTRUDER if held else HOME


def _true_statements(rng: np.random.Generator, inside: FloatArray, habits: _Habits) -> list[_Statement]:
    """Say what is so: after events, now and then, and in lists; every decisive statement is true on its day."""
    held = inside > 0.0
    talked = rng.random(len(held)) >= habits.never
    said = _after_events(rng, held, talked, habits)
    said += _now_and_then(rng, inside, talked, habits)
    for _ in range(habits.lists):
        said += _late_list(rng, held, talked)
    said = [one for one in said if one.day < N_DAYS]
    return [one for one in said if one.status not in _DECISIVE or held[one.place, one.day] == one.held]


def _after_events(rng: np.random.Generator, held: BoolArray, talked: BoolArray, habits: _Habits) -> list[_Statement]:
    """Claim, concede, withdraw and confirm after each change of hands."""
    said = []
    for place, day in zip(*np.nonzero(held[:, 1:] != held[:, :-1]), strict=True):
        if not talked[place]:
            continue
        day, new = int(day) + 1, bool(held[place, day + 1])
        mine, other, thin, lag = _side(new), _side(not new), habits.thin, habits.lag_days
        if rng.random() < 0.55 * thin:
            late, relays = int(rng.gamma(1.5, lag)), int(rng.poisson(0.8))
            said.append(_Statement(int(place), day + late, new, "claimed", f"{mine} ministry", relays=relays))
        if rng.random() < 0.25 * thin:
            late = int(rng.gamma(1.5, 1.5 * lag))
            said.append(_Statement(int(place), day + late, new, "controlled", f"{other} blog", lag=2))
        if rng.random() < 0.12 * thin:
            late = int(rng.gamma(1.5, lag))
            said.append(_Statement(int(place), day + late, not new, "withdrawn", f"{other} blog", lag=2))
        if rng.random() < 0.35 * thin:
            late = int(rng.gamma(1.0, lag))
            said.append(_Statement(int(place), day + late, new, "controlled", "Monitor", lag=3))
    return said


def _now_and_then(rng: np.random.Generator, inside: FloatArray, talked: BoolArray, habits: _Habits) -> list[_Statement]:
    """Report without an event: often near the front, seldom behind it, hardly ever far from it."""
    chance = np.where(np.abs(inside) < 5.0, 0.03, np.where(inside > 0.0, 0.004, 0.0005))
    drawn = rng.random(inside.shape) < chance * habits.thin * talked[:, None]
    drawn[:, 0] = False
    said = []
    for place, day in zip(*np.nonzero(drawn), strict=True):
        kind = rng.random()
        if abs(inside[place, day]) < 2.0 and kind < 0.6:
            status, origin = (
                ("contested" if kind < 0.45 else "assault"),
                str(rng.choice(["Monitor", "A blog", "B blog"])),
            )
            said.append(_Statement(int(place), int(day), bool(rng.random() < 0.5), status, origin, "low"))
        else:
            origin = str(rng.choice(["Monitor", "A blog", "B blog", "Press"]))
            said.append(_Statement(int(place), int(day), bool(inside[place, day] > 0.0), "controlled", origin))
    return said


def _late_list(rng: np.random.Generator, held: BoolArray, talked: BoolArray) -> list[_Statement]:
    """One origin's list of what changed hands in the last weeks, published late and dated back, roughly."""
    day, back = int(rng.integers(25, N_DAYS - 3)), int(rng.integers(10, 35))
    origin = str(rng.choice(["A ministry", "B ministry", "Monitor"]))
    changed = talked & (held[:, day] != held[:, max(day - back, 0)]) & (rng.random(len(held)) < 0.5)
    said = []
    for place in np.flatnonzero(changed):
        new = bool(held[place, day])
        if origin != "Monitor" and not origin.startswith(_side(new)):
            continue
        turn = np.flatnonzero(held[place, 1 : day + 1] != held[place, :day])[-1] + 1
        dated = int(np.clip(turn + rng.normal(0.0, 4.0), 1, day))
        status = "controlled" if origin == "Monitor" else "claimed"
        lag = day - dated
        said.append(_Statement(int(place), dated, new, status, origin, lag=lag, precision="approx"))
    return said


def _make_wrong(rng: np.random.Generator, said: list[_Statement], inside: FloatArray, share: float) -> None:
    """Make a share of the decisive statements wrong: flip the holder, or move a claim to ground not yet taken."""
    decisive = [one for one in said if one.status in _DECISIVE]
    order = rng.permutation(len(decisive))
    for number, index in enumerate(order[: round(share * len(decisive))]):
        one = decisive[index]
        depth = inside[:, one.day]
        ahead = np.flatnonzero((np.abs(depth) < 8.0) & ((depth > 0.0) != one.held))
        if number % 2 and len(ahead):
            one.place, one.status, one.origin = int(rng.choice(ahead)), "claimed", f"{_side(one.held)} blog"
        else:
            one.held = not one.held


def _table(rng: np.random.Generator, said: list[_Statement], place_ids: np.ndarray) -> pd.DataFrame:
    """Write the statements and their relays as reports."""
    rows = []
    for number, one in enumerate(said):
        side = _side(one.held)
        first = {
            "report_id": f"r{number:05d}",
            "place_id": place_ids[one.place],
            "party": side,
            "status": one.status,
            "day": one.day,
            "published": one.day + one.lag,
            "date_precision": one.precision,
            "proximity": "near" if rng.random() < 0.05 else "in",
            "confidence": one.confidence,
            "origin": one.origin,
            "relay_of": "",
        }
        rows.append(first)
        for copy in range(one.relays):
            again = {
                "report_id": f"{first['report_id']}-{copy + 1}",
                "relay_of": first["report_id"],
                "published": one.day + one.lag + int(rng.integers(0, 3)),
                "confidence": "low",
                # half of the relays name whom they have it from
                "origin": one.origin if rng.random() < 0.5 else str(rng.choice([f"{side} blog", "Press"])),
            }
            rows.append(first | again)
    table = pd.DataFrame(rows)
    table["event_date"] = _CALENDAR[table["day"].to_numpy()]
    table["published_date"] = _CALENDAR[table["published"].to_numpy()]
    table["implied"] = False
    table["origin_side"] = table["origin"].map(SOURCES.set_index("origin")["side"])
    return table.sort_values(["published", "report_id"], ignore_index=True).drop(columns="published")
