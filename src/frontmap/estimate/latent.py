"""Latent fields: one party's Gaussian field on one home ground given its evidence, with its mean and deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve, cholesky, get_lapack_funcs
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from frontmap.crs import FloatArray
from frontmap.estimate.clock import STEADY, Clock
from frontmap.estimate.kernel import BoolArray, IntArray, SingleArray, in_space, in_time, matern, positions, prior_mean
from frontmap.estimate.parameters import Parameters

_SD_EVERY_DAYS = 14.0  # the standard deviation moves slowly: computed so often and interpolated
_SMALLEST_VARIANCE = 1e-4
_ROWS_AT_ONCE = 1500  # with more rows of evidence than that, standard deviations are computed by tiles
_ROWS_PER_POINT_TILE, _TILE_POINTS, _TILE_WIDTH = 300, 400, 1.0
_DOUBLE_ROWS = 4000  # more rows of evidence are solved in single precision, which is enough and half the memory
_FAINT = 0.02  # evidence less correlated than this does not matter
_POINTS_AT_ONCE = 4000
_DECIDED = 3.5  # where the mean is farther from zero than that, the standard deviation does not matter


@dataclass(frozen=True, eq=False)
class Field:
    """One party's latent field on one home ground, given its evidence.

    Parameters
    ----------
    home, party : str
        Whose ground it is, and whose hold a positive field means.
    evidence : DataFrame
        Rows of `gather` for this field, in the order of the arrays.
    precision, shift : ndarray
        Gaussian sites of expectation propagation, in natural parameters.
    parameters : Parameters
        What it was fitted with.
    clock : Clock
        Its pace.
    """

    home: str
    party: str
    evidence: pd.DataFrame
    precision: FloatArray
    shift: FloatArray
    parameters: Parameters
    clock: Clock = STEADY

    @cached_property
    def tick(self) -> FloatArray:
        """Tick of each row of evidence on the field's clock."""
        return self.clock(self.evidence["day"].to_numpy(np.float64))

    @cached_property
    def _spots(self) -> tuple[FloatArray, IntArray]:
        found, of_row = np.unique(positions(self.evidence), axis=0, return_inverse=True)
        return found, np.asarray(of_row.ravel(), dtype=np.int64)

    @property
    def spots(self) -> FloatArray:
        """Distinct positions of the evidence, shape (n, 2), km."""
        return self._spots[0]

    @property
    def spot(self) -> IntArray:
        """Number of each row's position among `spots`."""
        return self._spots[1]

    @cached_property
    def mentions(self) -> cKDTree | None:
        """Places where the party was said to be by a report; none if there is no such place."""
        said = (self.evidence["sign"] >= 0).to_numpy() & (self.evidence["report_id"] != "").to_numpy()
        return cKDTree(positions(self.evidence[said])) if said.any() else None

    @cached_property
    def _names(self) -> tuple[pd.DataFrame, IntArray]:
        rows = self.evidence
        reported = (rows["report_id"] != "").to_numpy()
        table = pd.DataFrame(
            {
                "report_id": rows["report_id"],
                "place_id": rows["place_id"].where(reported, ""),
                "kind": rows["kind"].where(~reported, "report"),
            }
        )
        number = table.groupby(["report_id", "place_id", "kind"], sort=True).ngroup().to_numpy(np.int64)
        table["day"] = rows["day"].where(reported, 0.0)
        named = table.assign(number=number).sort_values("day", kind="stable").drop_duplicates("number", keep="last")
        return named.sort_values("number", ignore_index=True), np.asarray(number, dtype=np.int64)

    @property
    def named(self) -> pd.DataFrame:
        """What evidence comes from: report_id, place_id, kind, day; one row per report, per assumption without one."""
        return self._names[0]

    @property
    def name_of_row(self) -> IntArray:
        """Number of each row of evidence among `named`."""
        return self._names[1]

    def prior(self, points: pd.DataFrame) -> FloatArray:
        """Tell the mean before any report at points.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, border_km.

        Returns
        -------
        ndarray
            One mean for each point.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        return prior_mean(points, self.mentions, self.parameters)

    def covariance(self, rows: IntArray | None = None) -> FloatArray:
        """Tell the covariance of the field between rows of evidence before any report.

        Parameters
        ----------
        rows : ndarray of int, optional
            Numbers of the rows; all where left out.

        Returns
        -------
        ndarray, shape (n, n)
            Covariances.

        Raises
        ------
        IndexError
            If there is no such row.
        """
        chosen = np.arange(len(self.evidence)) if rows is None else rows
        used, at = np.unique(self.spot[chosen], return_inverse=True)
        space = in_space(self.spots[used], self.spots[used], self.parameters)
        tick = self.tick[chosen]
        result = np.empty((len(chosen), len(chosen)), dtype=np.float64 if len(chosen) <= _DOUBLE_ROWS else np.float32)
        for first in range(0, len(chosen), _ROWS_AT_ONCE):  # piece by piece, for the sake of memory
            piece = slice(first, first + _ROWS_AT_ONCE)
            result[piece] = in_time(tick[piece], tick, self.parameters) * space[np.ix_(at[piece], at)]
        return result

    def factor_of(self, rows: IntArray | None = None) -> FloatArray:
        """Factorise I + sqrt(precision) K sqrt(precision) for rows of evidence.

        Parameters
        ----------
        rows : ndarray of int, optional
            Numbers of the rows; all where left out.

        Returns
        -------
        ndarray, shape (n, n)
            Lower Cholesky factor.

        Raises
        ------
        LinAlgError
            If the sites are not positive.
        """
        root = np.sqrt(self.precision if rows is None else self.precision[rows])
        inner = self.covariance(rows)
        inner *= root.astype(inner.dtype)
        inner *= root.astype(inner.dtype)[:, None]
        inner[np.diag_indices_from(inner)] += 1.0
        factor = cholesky(
            inner.T, lower=True, overwrite_a=True, check_finite=False
        )  # symmetric: the transpose is in place
        return np.asarray(factor)

    @cached_property
    def factor(self) -> FloatArray:
        """Factor for all rows."""
        return self.factor_of()

    def weigh(self, said: FloatArray) -> FloatArray:
        """Turn deviations of the sites from the prior into the weight of each row of evidence.

        Parameters
        ----------
        said : ndarray, shape (n,) or (n, m)
            What each site says, less the mean before any report.

        Returns
        -------
        ndarray
            (K + 1 / precision)^-1 times `said`; 0 where a site has no precision.

        Raises
        ------
        ValueError
            From numpy, where the shapes do not fit.
        """
        root = np.sqrt(self.precision).reshape(-1, *[1] * (said.ndim - 1))
        right = (root * said).astype(self.factor.dtype)
        return np.asarray(root * cho_solve((self.factor, True), right, check_finite=False), dtype=np.float64)

    @cached_property
    def weights(self) -> FloatArray:
        """Weight of each row: the mean at a point is its prior plus covariances times weights."""
        return self.weigh(self.site_means - self.prior(self.evidence))

    @cached_property
    def site_means(self) -> FloatArray:
        """What each site says of the field, as a mean."""
        return self.shift / self.precision

    def mean(self, points: pd.DataFrame, days: FloatArray) -> SingleArray:
        """Tell the field's mean at points and days.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, border_km.
        days : ndarray
            Days.

        Returns
        -------
        ndarray of float32, shape (n_days, n_points)
            In standard deviations of the prior.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        return self.means(points, [days])[0]

    def means(self, points: pd.DataFrame, days: Sequence[FloatArray]) -> list[SingleArray]:
        """Tell the field's mean at points on several sets of days, for little more than the price of one.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, border_km.
        days : sequence of ndarray
            Sets of days.

        Returns
        -------
        list of ndarray of float32, shape (n_days, n_points)
            As `mean`, for each set.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        prior = self.prior(points).astype(np.float32)
        if not len(self.evidence):
            return [np.tile(prior, (len(one), 1)) for one in days]
        by_spot = []
        for one in days:
            by_row = in_time(self.clock(one), self.tick, self.parameters) * self.weights
            by_spot.append(_sum_by(by_row, self.spot, len(self.spots)).astype(np.float32))
        xy = positions(points)
        results = [np.empty((len(one), len(points)), dtype=np.float32) for one in days]
        for first in range(0, len(xy), _POINTS_AT_ONCE):
            piece = slice(first, first + _POINTS_AT_ONCE)
            space = in_space(self.spots, xy[piece], self.parameters).astype(np.float32)
            for result, weights in zip(results, by_spot, strict=True):
                result[:, piece] = weights @ space
        for result in results:
            result += prior
        return results

    def deviations(self, points: pd.DataFrame, days: FloatArray) -> SingleArray:
        """Tell the standard deviation of the field at points and days, with the doubt about the days themselves.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km, border_km.
        days : ndarray
            Days.

        Returns
        -------
        ndarray of float32, shape (n_days, n_points)
            As `sd`, and to first order the spread of the mean over the days that are meant.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        delay = self.parameters.delay_sd_days
        sd = self.sd(points, days)
        if not len(self.evidence) or delay == 0.0:
            return sd
        moves, earlier = self.means(points, [days + delay, days - delay])
        moves -= earlier
        return np.hypot(sd, moves / 2)

    def sd(self, points: pd.DataFrame, days: FloatArray) -> SingleArray:
        """Tell the field's standard deviation at points and days, interpolated over two weeks.

        Parameters
        ----------
        points : DataFrame
            x_km, y_km.
        days : ndarray
            Days.

        Returns
        -------
        ndarray of float32, shape (n_days, n_points)
            From almost 0 to 1.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        if not len(self.evidence):
            return np.ones((len(days), len(points)), dtype=np.float32)
        nodes = spread_nodes(days, _SD_EVERY_DAYS)
        xy = positions(points)
        if len(self.evidence) <= _ROWS_AT_ONCE:
            variance = self._variance(np.arange(len(self.evidence)), xy, nodes)
        else:
            variance = self._variance_by_tiles(xy, nodes, np.abs(self.mean(points, nodes)) < _DECIDED)
        return np.sqrt(np.maximum(interpolate(variance, nodes, days), _SMALLEST_VARIANCE))

    @cached_property
    def _information(self) -> FloatArray:
        return self._information_of(None)

    def _information_of(self, rows: IntArray | None) -> FloatArray:
        """Invert the covariance of what the sites of some rows say: (K + 1 / precision)^-1."""
        root = np.sqrt(self.precision if rows is None else self.precision[rows])
        factor = self.factor if rows is None else self.factor_of(rows)
        (invert,) = get_lapack_funcs(("potri",), (factor,))
        lower = np.tril(invert(factor, lower=True)[0]) if len(factor) else factor
        lower += np.tril(lower, -1).T
        return np.asarray(root[:, None] * lower * root)

    def at(self, point: pd.DataFrame, day: float) -> tuple[FloatArray, float]:
        """Tell what each row of evidence adds to the mean at one point and day, and the deviation there.

        Parameters
        ----------
        point : DataFrame
            One row: x_km, y_km.
        day : float
            The day.

        Returns
        -------
        parts : ndarray
            One number for each row; with the prior they sum to the mean.
        deviation : float
            As `deviations`.

        Raises
        ------
        KeyError
            If a column is missing.
        """
        if not len(self.evidence):
            return np.zeros(0), 1.0
        delay = self.parameters.delay_sd_days
        space = in_space(positions(point), self.spots, self.parameters)[0][self.spot]
        ticks = self.clock(np.array([day, day + delay, day - delay]))
        to_rows = in_time(ticks, self.tick, self.parameters) * space
        if len(self.evidence) <= _ROWS_AT_ONCE:
            variance = 1.0 - float(to_rows[0] @ self._information @ to_rows[0])
        else:
            rows = scaled(self.spots[self.spot], self.tick, self.parameters)
            near = nearest_rows(rows, scaled(positions(point), ticks[:1], self.parameters), _ROWS_PER_POINT_TILE)
            variance = float(self._variance(near, positions(point), np.array([day]))[0, 0])
        moves = float((to_rows[1] - to_rows[2]) @ self.weights) / 2.0
        return to_rows[0] * self.weights, float(np.sqrt(max(variance, _SMALLEST_VARIANCE) + moves**2))

    def _variance(self, rows: IntArray, xy: FloatArray, nodes: FloatArray) -> SingleArray:
        """Variance at positions and days, given some rows of evidence; shape (n_nodes, n_positions)."""
        known = self._information if len(rows) == len(self.evidence) else self._information_of(rows)
        used, at = np.unique(self.spot[rows], return_inverse=True)
        order = np.argsort(at, kind="stable")
        starts = np.append(0, np.cumsum(np.bincount(at, minlength=len(used))))
        space = in_space(self.spots[used], xy, self.parameters).astype(np.float32)
        out = np.empty((len(nodes), len(xy)), dtype=np.float32)
        for n, then in enumerate(in_time(self.clock(nodes), self.tick[rows], self.parameters)):
            by_spot = csr_array((then[order], order, starts), shape=(len(used), len(rows)))  # rows at one spot add up
            full = (by_spot @ (by_spot @ known).T).astype(np.float32)
            out[n] = 1.0 - np.einsum("ij,ij->j", full @ space, space)
        return out

    def _variance_by_tiles(self, xy: FloatArray, nodes: FloatArray, wanted: BoolArray) -> SingleArray:
        """Variance where it is wanted, else 1, from the rows of evidence near each tile of space and time."""
        out = np.ones(wanted.shape, dtype=np.float32)
        at_node, at_point = np.nonzero(wanted)
        where = scaled(xy[at_point], self.clock(nodes)[at_node], self.parameters)
        rows = scaled(self.spots[self.spot], self.tick, self.parameters)
        for tile in tiles(where, _TILE_POINTS, widest=_TILE_WIDTH):
            near = nearest_rows(rows, where[tile], _ROWS_PER_POINT_TILE)
            these, point = np.unique(at_point[tile], return_inverse=True)
            those, node = np.unique(at_node[tile], return_inverse=True)
            out[at_node[tile], at_point[tile]] = self._variance(near, xy[these], nodes[those])[node, point]
        return out


def scaled(xy_km: FloatArray, ticks: FloatArray, parameters: Parameters) -> FloatArray:
    """Place points in space and time in units of the lengths.

    Parameters
    ----------
    xy_km : ndarray, shape (n, 2)
        Positions.
    ticks : ndarray, shape (n,)
        Days on the field's clock.
    parameters : Parameters
        For the lengths.

    Returns
    -------
    ndarray, shape (n, 3)
        Without unit.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.
    """
    return np.column_stack([xy_km / parameters.length_km, ticks / parameters.length_days])


def tiles(where: FloatArray, most: int, *, widest: float = np.inf) -> list[IntArray]:
    """Divide points into tiles, by halving along the widest direction until they are small enough.

    Parameters
    ----------
    where : ndarray, shape (n, 3)
        Points in units of the lengths.
    most : int
        Largest number of points in a tile, at least 1.
    widest : float
        Largest width of a tile, in lengths.

    Returns
    -------
    list of ndarray of int
        Numbers of the points of each tile; points at one place and day may fill one beyond `most`.

    Raises
    ------
    ValueError
        From numpy, where the shape does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> tiles(np.array([[0.0, 0, 0], [3, 0, 0], [1, 0, 0], [4, 0, 0]]), 2)
    [array([0, 2]), array([1, 3])]
    """
    done: list[IntArray] = []
    waiting = [np.arange(len(where))] if len(where) else []
    while waiting:
        tile = waiting.pop()
        low, high = where[tile].min(axis=0), where[tile].max(axis=0)
        axis = int(np.argmax(high - low))
        width = float(high[axis] - low[axis])
        if width == 0.0 or (len(tile) <= most and width <= widest):
            done.append(tile)
            continue
        value = where[tile, axis]
        cut = np.median(value) if width <= 2 * widest else (low[axis] + high[axis]) / 2
        left = value < cut if (value < cut).any() else value <= cut
        waiting += [tile[~left], tile[left]]
    return done


def nearest_rows(rows: FloatArray, tile: FloatArray, most: int) -> IntArray:
    """Choose the rows of evidence that matter most to a tile.

    Parameters
    ----------
    rows : ndarray, shape (n, 3)
        All rows, in units of the lengths.
    tile : ndarray, shape (m, 3)
        Points of the tile.
    most : int
        How many rows to take at most.

    Returns
    -------
    ndarray of int
        Their numbers, increasing: those most correlated with the box around the tile.

    Raises
    ------
    ValueError
        From numpy, where the tile has no points.
    """
    low, high = tile.min(axis=0), tile.max(axis=0)
    off = np.maximum(np.maximum(low - rows, rows - high), 0.0)
    closeness = matern(np.hypot(off[:, 0], off[:, 1]), 1.0) * matern(off[:, 2], 1.0)
    order = np.argsort(-closeness, kind="stable")[:most]
    return np.sort(order[closeness[order] > _FAINT])


def spread_nodes(days: FloatArray, every: float) -> FloatArray:
    """Choose the days at which the costly part is computed: the first, the last, and multiples of a step between.

    Parameters
    ----------
    days : ndarray
        Increasing days.
    every : float
        Step, days.

    Returns
    -------
    ndarray
        Increasing days, not more than `every` apart.

    Raises
    ------
    IndexError
        If there are no days.

    Examples
    --------
    >>> import numpy as np
    >>> spread_nodes(np.arange(3.0, 18.0), 7.0)
    array([ 3.,  7., 14., 17.])
    """
    between = np.arange(np.ceil(days[0] / every), np.floor(days[-1] / every) + 1) * every
    return np.unique(np.concatenate([days[:1], between, days[-1:]]).astype(np.float64))


def interpolate(values: SingleArray, nodes: FloatArray, days: FloatArray) -> SingleArray:
    """Interpolate linearly along the first axis, from nodes to days.

    Parameters
    ----------
    values : ndarray of float32, shape (n_nodes, ...)
        At the nodes.
    nodes, days : ndarray
        Increasing.

    Returns
    -------
    ndarray of float32, shape (n_days, ...)
        At the days; beyond the nodes the nearest value.

    Raises
    ------
    IndexError
        If there are no nodes.
    """
    if len(nodes) == 1:
        return np.repeat(values, len(days), axis=0)
    right = np.clip(np.searchsorted(nodes, days, side="right"), 1, len(nodes) - 1)
    share = np.clip((days - nodes[right - 1]) / (nodes[right] - nodes[right - 1]), 0.0, 1.0).astype(np.float32)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    result: SingleArray = values[right - 1] * (1 - share) + values[right] * share
    return result


def _sum_by(values: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Sum the columns of an array by group; returns (n_rows, n_groups)."""
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups))
    result: FloatArray = np.add.reduceat(values[:, order], starts, axis=1)
    return result
