"""Fields: expectation propagation on the evidence, then means, probabilities, best states and pulls at any point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from frontmap.crs import FloatArray
from frontmap.errors import FrontmapError
from frontmap.estimate.clock import clock_of
from frontmap.estimate.draws import Draws, draw
from frontmap.estimate.kernel import CodeArray, IntArray, SingleArray, positions
from frontmap.estimate.latent import Field, nearest_rows, scaled, spread_nodes, tiles
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.paths import PathStore
from frontmap.estimate.propagation import propagate
from frontmap.estimate.room import require_room
from frontmap.schema import UNKNOWN

PRIOR = "prior"
PULL_COLUMNS = ("report_id", "place_id", "kind", "day", "pull", "change")
_QUADRATURE = 24
_SETTLED = (1e-5, 1e-3)  # of one piece, and of tiles, whose margins matter more than that
_BYTES_PER_PAIR = 12  # of rows of evidence, for their covariance and its factor
_TILE_ROWS, _TILE_OWN = 500, 150  # rows with which a tile is fitted at most, and how many of them are its own


@dataclass(frozen=True, eq=False)
class Fields:
    """Every fitted field, and what follows from them together: the largest field above zero holds, else the home party.

    Parameters
    ----------
    fields : tuple of Field
        Sorted by home and party.
    parameters : Parameters
        What they were fitted with.
    store : PathStore
        Random paths that were drawn before and are worth keeping.

    Notes
    -----
    Built by `fit`. On ground of no party's home the state with no field above zero is ``unknown``. Where there is no
    evidence at all, each party that is asked for has a field with its mean before any report.
    """

    fields: tuple[Field, ...]
    parameters: Parameters
    store: PathStore = field(default_factory=PathStore, repr=False)

    def on_ground(self, home: str, parties: Sequence[str]) -> tuple[Field, ...]:
        """List the fields on one home ground.

        Parameters
        ----------
        home : str
            Party id, or ``unknown``.
        parties : sequence of str
            Parties that could be there; they matter only where there is no evidence at all.

        Returns
        -------
        tuple of Field
            In order of party.

        Raises
        ------
        TypeError
            If `parties` is not iterable.
        """
        if self.fields:
            return tuple(f for f in self.fields if f.home == home)
        none = np.zeros(0)
        others = sorted(set(parties) - {home, UNKNOWN, "contested"})
        return tuple(Field(home, party, _no_rows(), none, none, self.parameters) for party in others)

    def parties(self, points: pd.DataFrame) -> tuple[str, ...]:
        """List the states that points can be in: home parties and parties with a field, sorted.

        Parameters
        ----------
        points : DataFrame
            With the column home.

        Returns
        -------
        tuple of str
            Party ids, and ``unknown`` where a point is of no party's home.

        Raises
        ------
        KeyError
            If the column is missing.
        """
        return tuple(sorted(set(points["home"].astype(str)) | {f.party for f in self.fields}))

    def probabilities(
        self, points: pd.DataFrame, days: FloatArray, *, parties: Sequence[str] | None = None
    ) -> dict[str, SingleArray]:
        """Tell how likely each party holds each point on each day.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, home, border_km.
        days : ndarray
            Days from the start, increasing.
        parties : sequence of str, optional
            Parties to tell of; those of `parties` where left out. Others must not be needed.

        Returns
        -------
        dict of str to ndarray of float32, shape (n_days, n_points)
            By party (and ``unknown`` for ground of no party's home); they sum to 1.

        Raises
        ------
        FrontmapError
            If a party that can hold a point is not among `parties`.
        """
        names = self.parties(points) if parties is None else tuple(parties)
        out = {name: np.zeros((len(days), len(points)), dtype=np.float32) for name in names}
        for home, at in _by_home(points):
            here = self.on_ground(home, names)
            _require(names, (home, *(f.party for f in here)))
            there = points.iloc[at]
            means = [f.mean(there, days) for f in here]
            sds = [f.deviations(there, days) for f in here]
            shares = _shares(means, sds, (len(days), len(at)))
            for name, share in zip((home, *(f.party for f in here)), shares, strict=True):
                out[name][:, at] = share
        return out

    def best(self, points: pd.DataFrame, days: FloatArray, *, parties: Sequence[str]) -> CodeArray:
        """Tell the most probable party at each point on each day.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, home, border_km.
        days : ndarray
            Days from the start, increasing.
        parties : sequence of str
            Names of the codes.

        Returns
        -------
        ndarray of uint8, shape (n_days, n_points)
            Indices into `parties`.

        Raises
        ------
        FrontmapError
            If a party that can hold a point is not among `parties`.
        """
        out = np.zeros((len(days), len(points)), dtype=np.uint8)
        for home, at in _by_home(points):
            here = self.on_ground(home, parties)
            codes = _require(parties, (home, *(f.party for f in here)))
            out[:, at] = codes[self._best_here(here, points.iloc[at], days)]
        return out

    def _best_here(self, here: Sequence[Field], points: pd.DataFrame, days: FloatArray) -> IntArray:
        """Find the number of the most probable state: 0 the home party, 1 the first field."""
        if not here:
            return np.zeros((len(days), len(points)), dtype=np.int64)
        means = [f.mean(points, days) for f in here]
        if len(here) == 1:
            return (means[0] > 0).astype(np.int64)
        shares = _shares(means, [f.deviations(points, days) for f in here], means[0].shape)
        return np.asarray(np.argmax(np.stack(shares), axis=0), dtype=np.int64)

    def pull(self, point: pd.DataFrame, day: float, party: str) -> pd.DataFrame:
        """Tell how much each report moves one party's field at one point and day.

        Parameters
        ----------
        point : DataFrame
            One row: x_km, y_km, home, border_km.
        day : float
            The day.
        party : str
            Whose hold; of the home party, the pulls are those on the likeliest other party with their signs turned.

        Returns
        -------
        DataFrame
            Columns report_id, place_id, kind, day, pull and change, strongest first. One row for each report (kind
            ``report``), with the sum of its pulls: the pulls of all rows sum to the field's mean. `change` is the
            probability that the field is above zero, less the same without this pull. Rows without a report: kind
            ``prior``, what the home party is given beforehand; ``start``, what is assumed of the first day; ``quiet``,
            what long silence says.

        Raises
        ------
        FrontmapError
            If the party cannot hold the point.
        """
        home = str(point["home"].iloc[0])
        here = self.on_ground(home, (party,))
        if party == home and here:
            told = [_pulls(f, point, float(day), -1.0) for f in here]
            return max(told, key=lambda one: one[0])[1]
        chosen_field = [f for f in here if f.party == party]
        if not chosen_field and party != home:
            raise FrontmapError(
                f"expected a party that is mentioned on the ground of {home}, found {party!r}; "
                "next: ask for one of " + ", ".join([home, *(f.party for f in here)])
            )
        if not chosen_field:
            return pd.DataFrame({name: [] for name in PULL_COLUMNS})
        return _pulls(chosen_field[0], point, float(day), 1.0)[1]

    def draws(self, points: pd.DataFrame, days: FloatArray, *, parties: Sequence[str]) -> Draws:
        """Draw who holds each point, jointly in space and time.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, home, border_km.
        days : ndarray
            Days from the start, increasing; drawn are the first, the last and some between.
        parties : sequence of str
            Names of the codes.

        Returns
        -------
        Draws
            The same for the same seed, whatever else is computed.

        Raises
        ------
        FrontmapError
            If a party that can hold a point is not among `parties`.
        """
        grounds = []
        for home, at in _by_home(points):
            here = self.on_ground(home, parties)
            codes = _require(parties, (home, *(f.party for f in here)))
            grounds.append((at, here, codes))
        nodes = spread_nodes(days, self.parameters.draw_every_days)
        return draw(points, nodes, grounds, parties=tuple(parties), parameters=self.parameters, store=self.store)


def fit(
    evidence: pd.DataFrame,
    *,
    parameters: Parameters | None = None,
    previous: Fields | None = None,
    max_rows: int = 1500,
) -> Fields:
    """Fit every field that has evidence.

    Parameters
    ----------
    evidence : DataFrame
        From `gather`.
    parameters : Parameters, optional
        The defaults where left out.
    previous : Fields, optional
        A fit of similar evidence to begin with; it changes the time taken, not the result beyond rounding.
    max_rows : int
        A field with more rows of evidence finds its sites by tiles of space and time with a margin of their own.

    Returns
    -------
    Fields
        One field for each home ground and other party with evidence.

    Raises
    ------
    FrontmapError
        If no finite fit is found.
    """
    p = parameters or Parameters()
    old = {(f.home, f.party): f for f in previous.fields} if previous is not None else {}
    fitted = []
    for (home, party), rows in evidence.groupby(["home", "party"], sort=True):
        known = old.get((str(home), str(party)))
        fitted.append(_fit_one(str(home), str(party), rows.reset_index(drop=True), p, known, max_rows))
    return Fields(tuple(fitted), p) if previous is None else Fields(tuple(fitted), p, previous.store)


def _fit_one(home: str, party: str, rows: pd.DataFrame, p: Parameters, old: Field | None, max_rows: int) -> Field:
    p = replace(p, length_km=float(rows["length_km"].iloc[0]))
    what = f"{len(rows):,} rows of evidence about {party} on the ground of {home}"
    require_room(_BYTES_PER_PAIR * len(rows) ** 2, what, "raise quiet_days and run_days")
    blank = Field(home, party, rows, np.zeros(len(rows)), np.zeros(len(rows)), p, clock_of(rows, p))
    prior = blank.prior(rows)
    sites = _begin(rows, old)
    where = scaled(positions(rows), blank.tick, p)
    tiled = len(rows) > max_rows
    most = min(max_rows, _TILE_ROWS)
    parts = tiles(where, min(_TILE_OWN, most)) if tiled else [np.arange(len(rows))]
    for tile in parts:
        near = np.union1d(nearest_rows(where, where[tile], most), tile) if tiled else tile
        found = propagate(
            blank.covariance(near),
            prior[near],
            rows.iloc[near],
            p,
            begin=(sites[0][near], sites[1][near]),
            settled=_SETTLED[tiled],
        )
        at = np.searchsorted(near, tile)
        for all_rows, these in zip(sites, found, strict=True):
            all_rows[tile] = these[at]
    fitted = replace(blank, precision=sites[0], shift=sites[1])
    if not np.isfinite(fitted.weights).all():
        raise FrontmapError(f"expected a finite fit of {party} on the ground of {home}; next: check its reports")
    return fitted


def _begin(rows: pd.DataFrame, old: Field | None) -> tuple[FloatArray, FloatArray]:
    """Sites of an earlier fit, for the rows that both have; zero for others."""
    if old is None:
        return np.zeros(len(rows)), np.zeros(len(rows))
    key = ["report_id", "place_id", "kind", "day", "sign"]
    sites = old.evidence[key].assign(precision=old.precision, shift=old.shift).drop_duplicates(key)
    found = rows[key].merge(sites, on=key, how="left").fillna({"precision": 0.0, "shift": 0.0})
    return found["precision"].to_numpy(np.float64, copy=True), found["shift"].to_numpy(np.float64, copy=True)


def _no_rows() -> pd.DataFrame:
    numbers = {name: np.zeros(0) for name in ("sign", "wrong", "noise", "day", "x_km", "y_km", "border_km")}
    words = {name: np.zeros(0, dtype=object) for name in ("place_id", "report_id", "kind")}
    return pd.DataFrame({**words, **numbers})


def _by_home(points: pd.DataFrame) -> Iterator[tuple[str, IntArray]]:
    home = points["home"].astype(str).to_numpy()
    for name in sorted(set(home)):
        yield str(name), np.flatnonzero(home == name)


def _require(parties: Sequence[str], needed: Sequence[str]) -> CodeArray:
    """Find the codes of parties; refuse one that has none."""
    lacking = [name for name in needed if name not in parties]
    if lacking:
        raise FrontmapError(
            f"expected every party that can hold a point among {', '.join(parties)}, found {', '.join(lacking)}; "
            "next: add it"
        )
    return np.array([list(parties).index(name) for name in needed], dtype=np.uint8)


def _shares(means: Sequence[SingleArray], sds: Sequence[SingleArray], shape: tuple[int, int]) -> list[SingleArray]:
    """Chance of the home state (every field below zero) and of each field (above zero and the largest)."""
    if not means:
        return [np.ones(shape, dtype=np.float32)]
    if len(means) == 1:
        held = ndtr(means[0] / sds[0]).astype(np.float32)
        return [1.0 - held, held]
    home = np.ones(shape, dtype=np.float64)
    for mean, sd in zip(means, sds, strict=True):
        home *= ndtr(-mean.astype(np.float64) / sd)
    parts = [_is_largest(k, means, sds) for k in range(len(means))]
    total = home + sum(parts, np.zeros(shape))
    return [np.asarray(part / total, dtype=np.float32) for part in (home, *parts)]


def _is_largest(k: int, means: Sequence[SingleArray], sds: Sequence[SingleArray]) -> FloatArray:
    """Chance that field k is above zero and above all others, by quadrature over its upper tail."""
    mean, sd = means[k].astype(np.float64), sds[k].astype(np.float64)
    above = ndtr(mean / sd)
    nodes, weights = np.polynomial.legendre.leggauss(_QUADRATURE)
    low = np.maximum(0.0, mean - 6.0 * sd)
    high = np.maximum(mean + 6.0 * sd, low + 6.0 * sd)
    total = np.zeros_like(mean)
    mass = np.zeros_like(mean)
    for node, weight in zip(nodes, weights, strict=True):
        z = low + (high - low) * (node + 1.0) / 2.0
        share = weight * np.exp(-0.5 * ((z - mean) / sd) ** 2)
        mass += share
        for j in range(len(means)):
            if j != k:
                share = share * ndtr((z - means[j]) / sds[j])
        total += share
    result: FloatArray = above * total / np.maximum(mass, 1e-300)
    return result


def _pulls(of: Field, point: pd.DataFrame, day: float, turn: float) -> tuple[float, pd.DataFrame]:
    """Mean over deviation at one point and day; the additive parts of the mean with what each does to the chance."""
    named = of.named
    parts, sd = of.at(point, day)
    pull = np.append(np.bincount(of.name_of_row, weights=parts, minlength=len(named)), of.prior(point)[0])
    mean = float(pull.sum())
    change = ndtr(mean / sd) - ndtr((mean - pull) / sd)
    order = np.argsort(-np.abs(pull), kind="stable")
    table = pd.DataFrame(
        {
            "report_id": np.append(named["report_id"].to_numpy(object), "")[order],
            "place_id": np.append(named["place_id"].to_numpy(object), "")[order],
            "kind": np.append(named["kind"].to_numpy(object), PRIOR)[order],
            "day": np.append(named["day"].to_numpy(np.float64), day)[order],
            "pull": turn * pull[order],
            "change": turn * change[order],
        }
    )
    return mean / sd, table
