"""Draws: who holds each point, drawn jointly in space and time from the fields, packed eight to a byte."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from frontmap.crs import FloatArray
from frontmap.estimate.kernel import BoolArray, CodeArray, IntArray, SingleArray, in_space, matern, positions
from frontmap.estimate.latent import Field, interpolate
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.paths import CHUNK, PathStore, lattice_around, space_weights, time_weights

Ground = tuple[
    IntArray, Sequence[Field], CodeArray
]  # its points, its fields, codes of the home state and of the fields
_MOST = 2.0  # draws are scaled up or down by no more than this to lie about the best figure
_SURE_SD = 3.5  # points farther than this from zero are not drawn
_DELAYS = np.array([-1.4, -0.53, 0.0, 0.53, 1.4])  # standard normal, in five equal parts: each draw has one of them


@dataclass(frozen=True, eq=False)
class Draws:
    """Who holds each point on some days, in joint draws.

    Parameters
    ----------
    nodes : ndarray, shape (n_nodes,)
        Days that were drawn, the first and the last included.
    parties : tuple of str
        Names of the codes.
    count : int
        Number of draws.
    level : float
        Level of the intervals that are meant to be read from them.
    base : ndarray of uint8, shape (n_nodes, n_points)
        Code of each point where it was not drawn, being decided.
    drawn : tuple of ndarray of int
        For each node, the points that were drawn.
    bits : tuple of ndarray of uint8, shape (n_bits, n_drawn, ceil(count / 8))
        For each node, the bits of the drawn codes, lowest first, packed along the draws.
    """

    nodes: FloatArray
    parties: tuple[str, ...]
    count: int
    level: float
    base: CodeArray
    drawn: tuple[IntArray, ...]
    bits: tuple[CodeArray, ...]

    def at_node(self, node: int) -> Draws:
        """Keep one node alone.

        Parameters
        ----------
        node : int
            Its number.

        Returns
        -------
        Draws
            With this node only.

        Raises
        ------
        IndexError
            If there is no such node.
        """
        n = range(len(self.nodes))[node]
        return replace(self, nodes=self.nodes[[n]], base=self.base[[n]], drawn=(self.drawn[n],), bits=(self.bits[n],))

    def codes(self, chosen: BoolArray | IntArray | None = None) -> CodeArray:
        """Unpack the draws of some points.

        Parameters
        ----------
        chosen : ndarray of bool or int, optional
            Mask or numbers of points; all where left out.

        Returns
        -------
        ndarray of uint8, shape (n_nodes, n_chosen, count)
            Indices into `parties`.

        Raises
        ------
        IndexError
            From numpy, where there is no such point.
        """
        n_points = self.base.shape[1]
        wanted = np.arange(n_points) if chosen is None else np.arange(n_points)[chosen]
        out = np.repeat(self.base[:, wanted, None], self.count, axis=2)
        place = np.full(n_points, -1)
        for node in range(len(self.nodes)):
            place[self.drawn[node]] = np.arange(len(self.drawn[node]))
            at = place[wanted]
            hit = at >= 0
            out[node, hit] = self._unpacked(node, at[hit])
            place[self.drawn[node]] = -1
        return out

    def _unpacked(self, node: int, rows: IntArray | slice) -> CodeArray:
        planes = np.unpackbits(self.bits[node][:, rows], axis=2, count=self.count)
        codes = np.zeros(planes.shape[1:], dtype=np.uint8)
        for n, plane in enumerate(planes):
            codes |= plane << np.uint8(n)
        return codes

    def areas(self, area_km2: FloatArray, group: IntArray, n_groups: int) -> SingleArray:
        """Sum areas by party and group in each draw.

        Parameters
        ----------
        area_km2 : ndarray, shape (n_points,)
            Area of the cell of each point.
        group : ndarray of int, shape (n_points,)
            Group of each point, below `n_groups`.
        n_groups : int
            How many there are.

        Returns
        -------
        ndarray of float32, shape (n_nodes, n_parties, n_groups, count)
            km2. In each draw and group they sum to the area of the group.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        n_parties = len(self.parties)
        out = np.zeros((len(self.nodes), n_parties, n_groups, self.count), dtype=np.float32)
        slot = np.arange(n_groups)
        for node, drawn in enumerate(self.drawn):
            sure = np.ones(len(group), dtype=bool)
            sure[drawn] = False
            where = self.base[node, sure].astype(np.int64) * n_groups + group[sure]
            decided = np.bincount(where, weights=area_km2[sure], minlength=n_parties * n_groups)
            out[node] = decided.reshape(n_parties, n_groups, 1)
            weight = ((group[drawn] == slot[:, None]) * area_km2[drawn]).astype(np.float32)
            codes = self._unpacked(node, slice(None))
            for code in range(n_parties):
                held = codes == code
                if held.any():
                    out[node, code] += weight @ held.astype(np.float32)
        return out

    def on_days(self, values: SingleArray, days: FloatArray) -> SingleArray:
        """Interpolate what was computed at the nodes, such as areas, to days.

        Parameters
        ----------
        values : ndarray, shape (n_nodes, ...)
            At the nodes.
        days : ndarray
            Increasing, from the first to the last node.

        Returns
        -------
        ndarray, shape (n_days, ...)
            Linear between the nodes, within each draw.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        return interpolate(values, self.nodes, days)


def centred(values: NDArray[np.floating], best: ArrayLike) -> FloatArray:
    """Lay draws of a positive figure about the best figure: scale them so that their median is it.

    The best map shows ground where a state is more probable than any other. Draws also hold the thin chances around
    it, which nowhere add up to a zone: their median lies above the best figure where reports are weak (on the bundled
    theatre by a tenth to a third; on dense synthetic truths not at all). Scaling keeps the relative spread. It goes no
    further than to half or to twice, so that a best figure near nothing does not make the interval one of nothing.

    Parameters
    ----------
    values : ndarray, shape (..., count)
        Draws along the last axis.
    best : array, shape (...)
        Best figures.

    Returns
    -------
    ndarray, shape (..., count)
        As they are where the median is not positive.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.

    Examples
    --------
    >>> centred(np.array([[90.0, 120.0, 180.0]]), [100.0]).round(1)
    array([[ 75., 100., 150.]])
    """
    middle = np.median(values, axis=-1)
    usable = middle > 0.0
    scale = np.clip(np.asarray(best, dtype=np.float64) / np.where(usable, middle, 1.0), 1.0 / _MOST, _MOST)
    return np.asarray(values * np.where(usable, scale, 1.0)[..., None], dtype=np.float64)


def draw(
    points: pd.DataFrame,
    nodes: FloatArray,
    grounds: Sequence[Ground],
    *,
    parties: tuple[str, ...],
    parameters: Parameters,
    store: PathStore,
) -> Draws:
    """Draw who holds each point at each node.

    Parameters
    ----------
    points : DataFrame
        x_km, y_km, border_km.
    nodes : ndarray
        Days, increasing.
    grounds : sequence of tuple
        For each home ground: numbers of its points, its fields, codes of the home state and of each field.
    parties : tuple of str
        Names of the codes.
    parameters : Parameters
        For number and seed.
    store : PathStore
        Where the paths come from.

    Returns
    -------
    Draws
        Packed.

    Raises
    ------
    MemoryError
        From numpy, where there are too many points.
    """
    base = np.zeros((len(nodes), len(points)), dtype=np.uint8)
    n_bits = max(1, int(max(int(codes.max()) for _, _, codes in grounds)).bit_length()) if grounds else 1
    drawn: list[list[IntArray]] = [[] for _ in nodes]
    bits: list[list[CodeArray]] = [[] for _ in nodes]
    for at, here, codes in grounds:
        base[:, at] = codes[0]
        if not here:
            continue
        there = points.iloc[at]
        means = np.stack([f.mean(there, nodes) for f in here])
        spread = np.stack([f.sd(there, nodes) for f in here])
        largest = means.argmax(axis=0)
        base[:, at] = codes[np.where(means.max(axis=0) > 0, largest + 1, 0)]
        delay = parameters.delay_sd_days * float(_DELAYS[-1])
        around = [np.stack([f.mean(there, nodes + s) for f in here]) for s in (-delay, delay)]
        low, high = (np.stack([means, *around]).min(axis=0), np.stack([means, *around]).max(axis=0))
        open_ = _is_open(low - _SURE_SD * spread, high + _SURE_SD * spread)
        used = np.flatnonzero(open_.any(axis=0))
        if not len(used):
            continue
        packed = _drawn(here, there.iloc[used], nodes, open_[:, used], codes, n_bits, parameters.draws, store)
        for node in range(len(nodes)):
            drawn[node].append(at[used[open_[node, used]]])
            bits[node].append(packed[node])
    width = (parameters.draws + 7) // 8
    none = np.zeros((n_bits, 0, width), dtype=np.uint8)
    return Draws(
        nodes=nodes,
        parties=parties,
        count=parameters.draws,
        level=parameters.level,
        base=base,
        drawn=tuple(np.concatenate([np.zeros(0, dtype=np.int64), *d]) for d in drawn),
        bits=tuple(np.concatenate([none, *b], axis=1) for b in bits),
    )


def _drawn(
    here: Sequence[Field],
    points: pd.DataFrame,
    nodes: FloatArray,
    open_: BoolArray,
    codes: CodeArray,
    n_bits: int,
    count: int,
    store: PathStore,
) -> list[CodeArray]:
    """For each node the packed codes of its open points."""
    paths = [_Paths(f, points, nodes, store) for f in here]
    on = [np.flatnonzero(row) for row in open_]
    chunks: list[list[CodeArray]] = [[] for _ in nodes]
    for number in range(-(-count // CHUNK)):
        at_lattice = [one.chunk(number) for one in paths]
        used = min(CHUNK, count - number * CHUNK)
        for node in range(len(nodes)):
            values = [one.at_node(a, node, on[node], number * CHUNK) for one, a in zip(paths, at_lattice, strict=True)]
            winner = _winner(np.stack(values)[:, :, :used])
            chunks[node].append(_packed(codes[winner], n_bits))
    return [np.concatenate(parts, axis=2) for parts in chunks]


def _winner(values: SingleArray) -> IntArray:
    """Find the number of the largest field above zero, counted from 1; 0 where none is."""
    if len(values) == 1:
        return np.asarray(values[0] > 0, dtype=np.int64)
    return np.where(values.max(axis=0) > 0, values.argmax(axis=0) + 1, 0)


def _is_open(low: SingleArray, high: SingleArray) -> BoolArray:
    """Tell where the winner (a field, or zero) could be another one, from bounds of the fields."""
    best_low = np.maximum(low.max(axis=0), 0.0)
    contenders = (high > best_low).sum(axis=0) + (best_low <= 0.0)
    return np.asarray(contenders > 1)


def _packed(codes: CodeArray, n_bits: int) -> CodeArray:
    planes = [np.packbits((codes >> np.uint8(n)) & np.uint8(1), axis=1) for n in range(n_bits)]
    return np.stack(planes)


class _Paths:
    """Draws of one field given its evidence (Matheron's rule): its mean, and prior paths that are bent around it.

    Notes
    -----
    Wilson, J. et al. (2020), Efficiently sampling functions from Gaussian process posteriors, ICML.
    """

    def __init__(self, field: Field, points: pd.DataFrame, nodes: FloatArray, store: PathStore) -> None:
        p = field.parameters
        self.field, self.store = field, store
        xy = positions(points)
        days = [nodes + p.delay_sd_days * delay for delay in _DELAYS]
        ticks = [field.clock(one) for one in days]
        self.lattice = lattice_around(np.concatenate([xy, field.spots]), np.concatenate([*ticks, field.tick]), p)
        self.means = [field.mean(points, one) for one in days]
        self.at_points = space_weights(xy, self.lattice)
        self.at_rows = space_weights(field.spots, self.lattice)[field.spot]
        self.when_node = [time_weights(one, self.lattice) for one in ticks]
        self.when_row = time_weights(field.tick, self.lattice)
        self.space = in_space(self.lattice.positions, field.spots, p).astype(np.float32)
        self.noise = _row_noise(field) / np.sqrt(field.precision)[:, None]

    def chunk(self, number: int) -> SingleArray:
        """Value and slope about the mean at the lattice, shape (n_k, 2, n_places, CHUNK)."""
        field, p = self.field, self.field.parameters
        paths = self.store.paths(self.lattice, name=f"{field.home} {field.party}", seed=p.seed, chunk=number)
        if not len(field.evidence):
            return paths
        draws = slice(number * CHUNK, (number + 1) * CHUNK)
        weights = field.weigh(self._prior_at_rows(paths) + self.noise[:, draws]).astype(np.float32)
        starts = np.arange(len(weights) + 1)
        for k, tick in enumerate(self.lattice.ticks):
            for part, then in enumerate(self._time_parts(tick)):
                by_spot = csr_array((then, field.spot, starts), shape=(len(weights), len(field.spots))).T @ weights
                paths[k, part] -= self.space @ by_spot
        return paths

    def _time_parts(self, tick: float) -> tuple[SingleArray, SingleArray]:
        """Correlation in time of a tick with each row of evidence, and its slope per step of the lattice."""
        rate = np.sqrt(3.0) / self.field.parameters.length_days
        gap = tick - self.field.tick
        value = matern(gap, self.field.parameters.length_days)
        slope = -rate * rate * gap * np.exp(-rate * np.abs(gap)) * self.lattice.step_days
        return value.astype(np.float32), slope.astype(np.float32)

    def _prior_at_rows(self, paths: SingleArray) -> SingleArray:
        out = np.empty((len(self.field.tick), CHUNK), dtype=np.float32)
        for tick in np.unique(self.field.tick):
            rows = np.flatnonzero(self.field.tick == tick)
            out[rows] = self.at_rows[rows] @ _at(paths, self.when_row, int(rows[0]))
        return out

    def at_node(self, paths: SingleArray, node: int, rows: IntArray, first: int) -> SingleArray:
        """Value of the field at some points on the day of a node, shape (n_rows, CHUNK); draw `first` comes first."""
        then = np.empty(paths.shape[2:], dtype=np.float32)
        groups = [slice((n - first) % len(_DELAYS), None, len(_DELAYS)) for n in range(len(_DELAYS))]
        for these, when in zip(groups, self.when_node, strict=True):
            then[:, these] = _at(paths[..., these], when, node)
        result: SingleArray = self.at_points[rows] @ then
        for these, mean in zip(groups, self.means, strict=True):
            result[:, these] += mean[node, rows, None]
        return result


def _at(paths: SingleArray, when: tuple[IntArray, SingleArray], number: int) -> SingleArray:
    """Field at the lattice's places on one day."""
    before, weights = when[0][number], when[1][number]
    around = paths[before : before + 2]
    result: SingleArray = np.einsum("i,ijk->jk", weights, around.reshape(4, *around.shape[2:]))
    return result


def _row_noise(field: Field) -> SingleArray:
    """Random numbers that belong to each row of evidence, whatever other rows there are."""
    p, rows = field.parameters, field.evidence
    count = -(-p.draws // CHUNK) * CHUNK
    out = np.empty((len(rows), count), dtype=np.float32)
    key = [p.seed, zlib.crc32(f"{field.home} {field.party}".encode())]
    for n, named in enumerate(zip(rows["report_id"], rows["place_id"], rows["kind"], rows["day"], strict=True)):
        report_id, place_id, kind, day = named
        name = f"{report_id} {place_id} {kind}" if report_id else f"{place_id} {kind} {day:.0f}"
        own = np.random.Generator(np.random.SFC64([*key, zlib.crc32(name.encode())]))
        out[n] = own.standard_normal(count, dtype=np.float32)
    return out
