"""Held-out reports: a fifth of the places is left out at a time, and what is reported of them is foretold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from frontmap.crs import FloatArray
from frontmap.errors import FrontmapError, PolicyError
from frontmap.estimate.evidence import gather
from frontmap.estimate.field import fit
from frontmap.estimate.parameters import Parameters
from frontmap.history import History
from frontmap.theatre import Theatre
from frontmap.validation.scores import brier, clustered_mean, clustered_ratio, log_loss

FOLDS = 5
DAYS_PER_KM = 5.0
"""How the nearest report in space and time is found: so many days count as one kilometre."""
RULES = {
    "estimate": "the estimate without the place's own reports",
    "baseline": "whoever is at home there holds it",
    "nearest": "as the nearest decisive report of another place in space and time says",
    "last": "as the last decisive report of the nearest place that has one by that day says",
}
_DECISIVE = ("controlled", "claimed", "withdrawn")


def held_out(
    history: History,
    *,
    folds: int = FOLDS,
    seed: int = 0,
    tell: Callable[[str], None] = lambda done: None,
) -> pd.DataFrame:
    """Foretell every decisive report from the reports of other places.

    Decisive are reports that say who holds or left a place, about the place itself, not implied. What one place is
    said to be on one day counts once, however many say it. Reports of other places count whatever their day: this asks
    how well space and time are filled, not what could have been known then.

    Parameters
    ----------
    history : History
        Under the policy ``estimate``: its reports and its parameters are used.
    folds : int
        Places are dealt into so many sets at random; each is left out once.
    seed : int
        Of the dealing.
    tell : callable
        Is told how far the work has come.

    Returns
    -------
    DataFrame
        One row for each report: place_id, date, party, holds (what it says), fold, and for each rule of `RULES` the
        probability that it gave to what the report says.

    Raises
    ------
    PolicyError
        If the history's policy is a rule.
    FrontmapError
        If fewer places than folds have reports, or none of these is decisive.
    """
    if history.surfaces is None:
        raise PolicyError(f"expected policy 'estimate', found {history.policy!r}; next: use --policy estimate")
    theatre, surfaces = history.theatre, history.surfaces
    radius = theatre.places.set_index("place_id")["position_radius_m"]
    places = surfaces.settlements.rename_axis("place_id").reset_index()
    places["position_radius_m"] = places["place_id"].map(radius)
    reports = surfaces.reports[surfaces.reports["place_id"].isin(places["place_id"])]
    inside = reports["event_date"].between(pd.Timestamp(theatre.period_start), pd.Timestamp(theatre.period_end))
    decisive = reports[reports["status"].isin(_DECISIVE) & inside].copy()
    decisive["holds"] = decisive["status"] != "withdrawn"
    decisive["day"] = (decisive["event_date"] - pd.Timestamp(theatre.period_start)).dt.days.astype(np.float64)
    decisive = decisive.merge(places[["place_id", "x_km", "y_km", "home", "border_km"]], on="place_id")
    decisive = decisive.sort_values(["day", "report_id"], ignore_index=True)
    asked = decisive[(decisive["proximity"] == "in") & ~decisive["implied"]]
    asked = asked.drop_duplicates(["place_id", "day", "party", "holds"])
    named = np.array(sorted(set(reports["place_id"])))
    if len(named) < folds:
        raise FrontmapError(
            f"held-out reports: expected at least {folds} places with reports, found {len(named)}; "
            "next: name the other parts with --only"
        )
    fold_of = dict(zip(np.random.default_rng(seed).permutation(named), np.arange(len(named)) % folds, strict=True))
    parts = []
    for fold in range(folds):
        tell(f"fold {fold + 1} of {folds} of held-out places")
        out = {place for place, own in fold_of.items() if own == fold}
        test = asked[asked["place_id"].isin(out)]
        known = decisive[~decisive["place_id"].isin(out)]
        if test.empty or known.empty:
            continue
        kept = reports[~reports["place_id"].isin(out)]
        chance = {
            "estimate": _estimated(theatre, places, kept, test, surfaces.parameters),
            "baseline": (test["home"] == test["party"]).to_numpy(np.float64),
            "nearest": _nearest(known, test),
            "last": _last(known, test),
        }
        said = test["holds"].to_numpy()
        columns = {name: np.where(said, p, np.subtract(1.0, p)) for name, p in chance.items()}
        parts.append(test[["place_id", "event_date", "party", "holds"]].assign(fold=fold, **columns))
    if not parts:
        raise FrontmapError(
            "held-out reports: expected decisive reports, found none; next: name the other parts with --only"
        )
    return pd.concat(parts, ignore_index=True).rename(columns={"event_date": "date"})


def _estimated(
    theatre: Theatre, places: pd.DataFrame, reports: pd.DataFrame, test: pd.DataFrame, parameters: Parameters
) -> FloatArray:
    """Give the estimate's probability that each report's party holds its place on its day."""
    start = pd.Timestamp(theatre.period_start)
    evidence = gather(places, reports, theatre.sources, start=start, parameters=parameters)
    fields = fit(evidence, parameters=parameters)
    points = places[places["place_id"].isin(test["place_id"])].reset_index(drop=True)
    days = np.unique(test["day"].to_numpy())
    chance = fields.probabilities(points, days)
    row = np.searchsorted(days, test["day"].to_numpy())
    column = pd.Index(points["place_id"]).get_indexer(test["place_id"])
    nobody = np.zeros((len(days), len(points)))
    found = [chance.get(party, nobody)[i, j] for party, i, j in zip(test["party"], row, column, strict=True)]
    return np.asarray(found, dtype=np.float64)


def _nearest(known: pd.DataFrame, test: pd.DataFrame) -> FloatArray:
    scale = np.array([1.0, 1.0, 1.0 / DAYS_PER_KM])
    columns = ["x_km", "y_km", "day"]
    nearest = cKDTree(known[columns].to_numpy() * scale).query(test[columns].to_numpy() * scale)[1]
    return _agrees(known.iloc[nearest], test)


def _last(known: pd.DataFrame, test: pd.DataFrame) -> FloatArray:
    """Look up the nearest place that has a report by each day; before any report the home party holds."""
    chance = np.asarray(test["home"] == test["party"], dtype=np.float64)
    for day in np.unique(test["day"]):
        now = (test["day"] == day).to_numpy()
        last = known[known["day"] <= day].drop_duplicates("place_id", keep="last")
        if len(last):
            xy = ["x_km", "y_km"]
            nearest = cKDTree(last[xy].to_numpy()).query(test.loc[now, xy].to_numpy())[1]
            chance[now] = _agrees(last.iloc[nearest], test[now])
    return chance


def _agrees(says: pd.DataFrame, test: pd.DataFrame) -> FloatArray:
    """Carry what one report says over to another place: 1 where by it the tested report's party holds, else 0.

    Where a party left, the home party of the tested place is taken to hold, or, if it is the one that left, any other.
    """
    party, holds = says["party"].to_numpy(), says["holds"].to_numpy()
    asked, home = test["party"].to_numpy(), test["home"].to_numpy()
    after = np.where(party == home, asked != home, asked == home)
    return np.asarray(np.where(holds, party == asked, after), dtype=np.float64)


def summarise(foretold: pd.DataFrame) -> pd.DataFrame:
    """Score the rules, with standard errors that take the reports of one place together.

    Parameters
    ----------
    foretold : DataFrame
        From `held_out`.

    Returns
    -------
    DataFrame
        Columns rule, brier, brier_error, log_loss, log_loss_error, reports, places.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    place = foretold["place_id"].to_numpy()
    rows = []
    for rule in RULES:
        square, loss = (clustered_mean(score(foretold[rule]), place) for score in (brier, log_loss))
        rows.append(
            {
                "rule": rule,
                "brier": square.value,
                "brier_error": square.error,
                "log_loss": loss.value,
                "log_loss_error": loss.error,
                "reports": len(foretold),
                "places": len(np.unique(place)),
            }
        )
    return pd.DataFrame(rows)


def calibration(foretold: pd.DataFrame, *, edges: Iterable[float] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)) -> pd.DataFrame:
    """Compare the estimate's probabilities with how often things were then reported so.

    Parameters
    ----------
    foretold : DataFrame
        From `held_out`.
    edges : iterable of float
        Of the classes of probability, increasing.

    Returns
    -------
    DataFrame
        Columns low, high, given (mean probability that the named party holds), reported (share of reports that say it
        does), standard_error, reports. Classes without reports are left out.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    holds = foretold["holds"].to_numpy()
    given = np.where(holds, foretold["estimate"], 1.0 - foretold["estimate"])
    bounds = list(edges)
    rows = []
    for low, high in pairwise(bounds):
        own = (given >= low) & ((given < high) | (high == bounds[-1]))
        if own.any():
            share = clustered_ratio(holds[own], np.ones(own.sum()), foretold["place_id"].to_numpy()[own])
            rows.append(
                {
                    "low": low,
                    "high": high,
                    "given": float(given[own].mean()),
                    "reported": share.value,
                    "standard_error": share.error,
                    "reports": int(own.sum()),
                }
            )
    return pd.DataFrame(rows, columns=["low", "high", "given", "reported", "standard_error", "reports"])
