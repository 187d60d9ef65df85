"""Evidence: reports turned into labels of the latent fields' signs, with the chance that each is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from frontmap.crs import FloatArray
from frontmap.errors import FrontmapError
from frontmap.estimate.kernel import BoolArray, matern, positions
from frontmap.estimate.parameters import Parameters
from frontmap.schema import CONTESTED, INDEPENDENT, UNKNOWN

HOLD, BEFORE, START, QUIET = "hold", "before", "start", "quiet"
_HOLDS = ("controlled", "claimed")  # statuses that say that the party named holds the place
EVIDENCE_COLUMNS = (
    "home",
    "party",
    "place_id",
    "report_id",
    "kind",
    "sign",
    "wrong",
    "noise",
    "day",
    "x_km",
    "y_km",
    "border_km",
    "news",
    "length_km",
)
_NUMBERS = ("sign", "wrong", "noise", "day", "x_km", "y_km", "border_km", "length_km")
# The spacing of places is read from the distance to the fourth nearest other one; of few places, to a nearer one.
_NEIGHBOUR, _PLACES_PER_NEIGHBOUR = 4, 8
_LONGEST = 2.5  # times the least length: beyond that nothing was tried
_SMALLEST_WRONG, _LARGEST_WRONG = 0.01, 0.45
_NO_WORD = 0.5  # a label that is wrong so often says nothing
_ASSUMED_RADIUS_M = 1000.0  # where a place has a position but no radius


def gather(
    places: pd.DataFrame,
    reports: pd.DataFrame,
    sources: pd.DataFrame,
    *,
    start: pd.Timestamp,
    as_of: pd.Timestamp | None = None,
    parameters: Parameters | None = None,
) -> pd.DataFrame:
    """Turn reports into evidence about the signs of the fields.

    A claim of capture or a withdrawal says two things: so from now on, and otherwise until just before. Where a place
    is said to be contested the field is near zero. On the first day the home party held every place at which another
    party is mentioned later. Reported assaults say nothing. Reports from near a place, with a doubtful position or a
    doubtful date say less. Like statements by origins of one side about one place within a run of days count once.

    Parameters
    ----------
    places : DataFrame
        place_id, x_km, y_km, home (party id, or ``unknown``), border_km, position_radius_m. Places without position
        take no part.
    reports : DataFrame
        In the schema of ``reports.csv``; row order does not matter.
    sources : DataFrame
        In the schema of ``sources.csv``; an origin that is not listed counts as letter F.
    start : Timestamp
        Day zero.
    as_of : Timestamp, optional
        Use only what was published by the end of this day.
    parameters : Parameters, optional
        The defaults where left out.

    Returns
    -------
    DataFrame
        One row for each statement and field: home, party, place_id, report_id (blank where it is none), kind
        (``hold``, ``before``, ``contested``, ``start``, ``quiet``), sign (1 the party holds, -1 it does not, 0
        contested), wrong (probability), noise (variance from position and date), day, x_km, y_km, border_km, news (it
        tells of a change of hands), length_km (in space, the same in all rows). Sorted.

    Raises
    ------
    FrontmapError
        If a report is about a place that `places` does not have.
    """
    p = parameters or Parameters()
    known = places.set_index("place_id")
    strange = sorted(set(reports["place_id"]) - set(known.index))
    if strange:
        raise FrontmapError(
            f"expected reports about known places, found {', '.join(strange[:3])}; next: add the places"
        )
    heard = _heard(known, reports, as_of)
    p = replace(p, length_km=_length_km(places, set(heard["place_id"]), p))
    rows = _statements(heard, sources, start, p)
    pairs = list(_fields_of(places, rows))
    spread = [_per_field(rows, home, party, sum(h == home for h, _ in pairs)) for home, party in pairs]
    spread = [s for s in spread if len(s)]
    if not spread:
        return _empty()
    evidence = pd.concat(spread, ignore_index=True)
    both = [evidence, _before(evidence, p), *_at_start(places, evidence, p)]
    table = pd.concat([part for part in both if len(part)], ignore_index=True)
    silence = [part for part in _silences(places, table, p) if len(part)]
    table = pd.concat([table, *silence], ignore_index=True).assign(length_km=p.length_km)
    table = table.sort_values(["home", "party", "day", "place_id", "report_id", "kind"], kind="stable")
    types = {**dict.fromkeys(_NUMBERS, np.float64), "news": bool}
    return table[list(EVIDENCE_COLUMNS)].astype(types).reset_index(drop=True)


def _length_km(places: pd.DataFrame, reported: set[str], p: Parameters) -> float:
    """Tell the length in space: some spacings of the reported places, where places are sparse."""
    placed = places[places["x_km"].notna() & places["y_km"].notna()]
    here = placed["place_id"].isin(reported).to_numpy()
    if here.sum() == 0 or len(placed) < 2:
        return p.length_km
    nth = min(max(len(placed) // _PLACES_PER_NEIGHBOUR, 1), _NEIGHBOUR)
    xy = positions(placed)
    apart = cKDTree(xy).query(xy[here], k=nth + 1)[0][:, nth]
    spacing = np.sqrt(np.pi / nth) * float(np.median(apart))  # of places strewn at random
    wanted = min(p.length_spacings * spacing, _LONGEST * p.length_km)
    return max(p.length_km, float(np.round(wanted)))


def _empty() -> pd.DataFrame:
    types = {**dict.fromkeys(EVIDENCE_COLUMNS, object), **dict.fromkeys(_NUMBERS, np.float64), "news": bool}
    return pd.DataFrame({name: pd.Series(dtype=types[name]) for name in EVIDENCE_COLUMNS})


def _before(evidence: pd.DataFrame, p: Parameters) -> pd.DataFrame:
    """Say of each capture that the place was not yet held so many days earlier."""
    news = evidence[(evidence["kind"] == HOLD) & evidence["news"]]
    return news.assign(day=news["day"] - p.not_before_days, sign=-news["sign"], kind=BEFORE)


def _at_start(places: pd.DataFrame, evidence: pd.DataFrame, p: Parameters) -> Iterator[pd.DataFrame]:
    """Say that the home party held, on the first day, every place at or near which another one is mentioned later."""
    if p.start_wrong >= _NO_WORD:
        return
    for (home, party), rows in evidence[evidence["home"] != UNKNOWN].groupby(["home", "party"], sort=True):
        mentioned = rows[rows["sign"] >= 0]
        since = mentioned.groupby("place_id")["day"].min()
        named = places[places["place_id"].isin(since.index[since > 0])]
        near = _silent_places(places, rows, str(home), p)
        told = pd.concat([part for part in (named, near) if len(part)]) if len(named) + len(near) else named
        yield _assumed(told, str(party), START, p.start_wrong, p).assign(day=0.0, sign=-1)


def _silences(places: pd.DataFrame, evidence: pd.DataFrame, p: Parameters) -> Iterator[pd.DataFrame]:
    """Say of places without news that they are as they were."""
    if p.quiet_wrong >= _NO_WORD:
        return
    for (_, party), rows in evidence.groupby(["home", "party"], sort=True):
        reported = rows[rows["report_id"] != ""]
        gaps = _gaps(rows[rows["place_id"].isin(reported["place_id"])], float(rows["day"].max()), p)
        told = places.set_index("place_id").loc[gaps["place_id"].to_numpy()].reset_index()
        assumed = _assumed(told, str(party), QUIET, p.quiet_wrong, p)
        assumed = assumed.assign(day=gaps["day"], sign=gaps["sign"], wrong=gaps["wrong"])
        mentioned = reported[reported["sign"] >= 0]
        yield assumed[(assumed["sign"] > 0).to_numpy() | _with_news_near(assumed, mentioned, p)]


def _with_news_near(assumed: pd.DataFrame, mentioned: pd.DataFrame, p: Parameters) -> BoolArray:
    """Tell where the other party was mentioned within a length in space and in time: elsewhere silence says no more."""
    if not len(assumed) or not len(mentioned):
        return np.zeros(len(assumed), dtype=bool)
    here, there = (
        np.column_stack([positions(part) / p.length_km, part["day"].to_numpy(np.float64) / p.length_days])
        for part in (assumed, mentioned)
    )
    return np.asarray(np.isfinite(cKDTree(there).query(here, p=np.inf, distance_upper_bound=1.0)[0]))


def _gaps(rows: pd.DataFrame, end: float, p: Parameters) -> pd.DataFrame:
    """Fill the long gaps between like labels of a place, and the time after the last one for the home party.

    What silence says is wrong if the place changed unseen, or if the statement that it prolongs was wrong.
    """
    rows = rows.sort_values(["place_id", "day", "sign"], kind="stable")
    name = rows["place_id"].to_numpy(dtype=object)
    day, sign, doubt = (rows[c].to_numpy(np.float64) for c in ("day", "sign", "wrong"))
    last = np.append(name[1:] != name[:-1], True) if len(name) else np.zeros(0, dtype=bool)
    until = np.where(last, end, np.append(day[1:], end)[: len(day)])
    count = ((until - day) / p.quiet_days).astype(np.int64)
    next_sign, next_doubt = np.append(sign[1:], 0.0)[: len(day)], np.append(doubt[1:], 0.5)[: len(day)]
    count[np.where(last, sign >= 0, (sign == 0) | (next_sign != sign))] = 0
    step = np.where(last, p.quiet_days, (until - day) / (count + 1))
    both = doubt * next_doubt
    doubt = np.where(last, doubt, both / (both + (1.0 - doubt) * (1.0 - next_doubt)))
    wrong = np.minimum(doubt + p.quiet_wrong - 2.0 * doubt * p.quiet_wrong, _LARGEST_WRONG)
    of = np.repeat(np.arange(len(day)), count)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + 1
    filled = {"place_id": name[of], "day": np.round(day[of] + nth * step[of]), "sign": sign[of], "wrong": wrong[of]}
    return pd.DataFrame(filled)


def _silent_places(places: pd.DataFrame, rows: pd.DataFrame, home: str, p: Parameters) -> pd.DataFrame:
    """Select the places of a home ground that nothing is said about, within a length of a mention of another party."""
    mentioned = rows[rows["sign"] >= 0]
    silent = places[
        (places["home"] == home)
        & places["x_km"].notna()
        & places["y_km"].notna()
        & ~places["place_id"].isin(rows["place_id"])
    ]
    if not len(mentioned) or not len(silent):
        return silent.iloc[:0]
    near = cKDTree(positions(mentioned)).query(positions(silent))[0] < p.length_km
    chosen: pd.DataFrame = silent[near].sort_values("place_id")
    return chosen


def _assumed(told: pd.DataFrame, party: str, kind: str, wrong: float, p: Parameters) -> pd.DataFrame:
    """Make rows of evidence that rest on no report."""
    columns = told[["place_id", "home", "x_km", "y_km", "border_km"]].reset_index(drop=True)
    return columns.assign(party=party, kind=kind, report_id="", wrong=wrong, noise=p.label_sd**2, news=False)


def _heard(known: pd.DataFrame, reports: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Keep the reports that bear on control and were published by then, with the place of each."""
    rows = reports[reports["status"] != "assault"].copy()
    if as_of is not None:
        rows = rows[pd.to_datetime(rows["published_date"]) <= as_of]
    for column in ("x_km", "y_km", "home", "border_km", "position_radius_m"):
        rows[column] = known[column].reindex(rows["place_id"]).to_numpy()
    return rows[rows["x_km"].notna() & rows["y_km"].notna()]


def _statements(rows: pd.DataFrame, sources: pd.DataFrame, start: pd.Timestamp, p: Parameters) -> pd.DataFrame:
    """Tell day, side and doubt of each report; relays count once."""
    origin = sources.drop_duplicates("origin").set_index("origin")
    rows = rows.copy()
    rows["side"] = rows["origin_side"].fillna(INDEPENDENT).replace("", INDEPENDENT)
    letter = origin["reliability"].reindex(rows["origin"]).fillna("F").to_numpy(dtype=object)
    rows["day"] = (pd.to_datetime(rows["event_date"]) - start).dt.days.astype(np.float64)
    rows["wrong"] = _wrong(rows, pd.Series(letter, index=rows.index), p)
    rows["noise"] = _noise(rows, p)
    rows["news"] = rows["status"].isin(["claimed", "withdrawn"])
    return _once(rows, p)


def _wrong(rows: pd.DataFrame, letter: pd.Series, p: Parameters) -> FloatArray:
    """Tell how likely each statement is wrong; a concession is one side's word for the other."""
    wrong = letter.map(dict(p.wrong_by_letter)).fillna(p.wrong_by_letter["F"]).to_numpy(np.float64)
    wrong = wrong * rows["confidence"].map(dict(p.confidence_factor)).fillna(1.0).to_numpy(np.float64)
    wrong = np.where(rows["implied"].to_numpy(bool), wrong * p.implied_factor, wrong)
    partisan = (rows["side"] != INDEPENDENT).to_numpy()
    own = (rows["side"] == rows["party"]).to_numpy()
    concedes = partisan & np.where((rows["status"] == "withdrawn").to_numpy(), own, ~own)
    wrong = np.where(concedes, wrong * p.concession_factor, wrong)
    return np.asarray(np.clip(wrong, _SMALLEST_WRONG, _LARGEST_WRONG), dtype=np.float64)


def _noise(rows: pd.DataFrame, p: Parameters) -> FloatArray:
    """Turn doubt about position and date into variance: how far the field moves over that distance."""
    near = np.where(rows["proximity"] == "near", p.near_km, 0.0)
    radius_km = rows["position_radius_m"].fillna(_ASSUMED_RADIUS_M).to_numpy(np.float64) / 1000.0
    off_km = np.hypot(radius_km / 2.0, near)
    off_days = rows["date_precision"].map(dict(p.date_sd_days)).fillna(1.0).to_numpy(np.float64)
    space = 2.0 * (1.0 - matern(off_km, p.length_km))
    time = 2.0 * (1.0 - matern(off_days, p.length_days))
    return np.asarray(p.label_sd**2 + space + time, dtype=np.float64)


def _once(rows: pd.DataFrame, p: Parameters) -> pd.DataFrame:
    """Keep the best of each run of like statements by one side about one place.

    A run lasts so many days from its first statement, and ends earlier where on a day in between anybody says otherwise
    of the place. The order of the statements of one day does not matter.
    """
    rows = rows.sort_values(["place_id", "day", "report_id"], kind="stable")
    told = zip(rows["status"], rows["party"], strict=True)
    says = [party if status in _HOLDS else (status, party) for status, party in told]
    columns = [rows[name].to_numpy() for name in ("place_id", "side", "party", "status")]
    day = rows["day"].to_numpy(np.float64)
    run = np.empty(len(rows), dtype=np.int64)
    began: dict[tuple[object, ...], int] = {}
    said: dict[object, list[tuple[float, object]]] = {}
    for n, key in enumerate(zip(*columns, strict=True)):
        first = began.get(key, n)
        words = said.setdefault(key[0], [])
        contrary = any(day[first] < then < day[n] and other != says[n] for then, other in words)
        if day[n] - day[first] > p.run_days or contrary:
            first = n
        began[key] = first
        run[n] = first
        words.append((day[n], says[n]))
    rows = rows.assign(run=run, far=rows["proximity"] == "near")
    best = rows.sort_values(["run", "far", "wrong", "day", "report_id"], kind="stable").drop_duplicates("run")
    return best.drop(columns=["run", "far"])


def _fields_of(places: pd.DataFrame, rows: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield each home ground with each other party that is mentioned anywhere or at home anywhere."""
    homes = set(places["home"].astype(str))
    parties = sorted((set(rows["party"]) | homes) - {UNKNOWN})
    for home in sorted(homes):
        for party in parties:
            if party != home:
                yield home, party


def _per_field(rows: pd.DataFrame, home: str, party: str, n_others: int) -> pd.DataFrame:
    """Read the statements on one home ground as evidence about one other party's hold, one of so many."""
    here = rows[rows["home"] == home]
    about = (here["party"] == party).to_numpy()
    by_home = (here["party"] == home).to_numpy()
    holds = here["status"].isin(_HOLDS).to_numpy()
    left = (here["status"] == "withdrawn").to_numpy()
    contested = (here["status"] == CONTESTED).to_numpy()
    sign = np.where(holds, np.where(about, 1, -1), np.where(left, np.where(about, -1, 1), 0))
    # Leaving says who is gone, not which other party came; the home party may contest a place with any of them.
    somebody = 1.0 - (1.0 - here["wrong"].to_numpy(np.float64)) / n_others
    wrong = np.where(left & by_home, np.minimum(somebody, _LARGEST_WRONG), here["wrong"])
    keep = holds | (left & (about | by_home)) | (contested & (about | by_home))
    kind = np.where(contested, CONTESTED, HOLD)
    # That a third party took a place, or home one of several others, does not say that this one was there before.
    news = here["news"].to_numpy(bool) & (about | (by_home & left) | (by_home & (n_others == 1)))
    return here.assign(sign=sign, kind=kind, party=party, wrong=wrong, news=news)[keep]
