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
_UNIT_KM2 = 2.0**-30
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
            out[node, hit] = _unpacked(self.bits[node][:, at[hit]])[:, : self.count]
            place[self.drawn[node]] = -1
        return out

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
        counted = np.flatnonzero(area_km2)
        # in whole units of a thousandth of a m2: such sums are exact, and ground that comes and goes leaves no trace
        area, of = np.round(area_km2[counted] / _UNIT_KM2) * _UNIT_KM2, group[counted]
        width = (self.count + 7) // 8
        shape = (len(self.parties), n_groups, 8 * width)
        total = np.zeros(shape)
        total += np.bincount(
            self.base[0, counted].astype(np.int64) * n_groups + of, area, minlength=shape[0] * n_groups
        ).reshape(*shape[:2], 1)
        out = np.empty((len(self.nodes), *shape[:2], self.count), dtype=np.float32)
        now = self._planes(0, counted, drawn=False)
        for node in range(len(self.nodes)):  # only what changed is unpacked, byte by byte
            then = self._planes(node, counted)
            changed = np.flatnonzero((now != then).any(axis=0))
            old, new = (_unpacked(planes[:, changed, None]) for planes in (now, then))
            flips = np.flatnonzero(old != new)
            point, byte = np.divmod(changed[flips >> 3], width)
            slot = of[point] * shape[2] + 8 * byte + (flips & 7)
            for codes, sign in ((old, -1.0), (new, 1.0)):
                at = codes.ravel()[flips].astype(np.int64) * (n_groups * shape[2]) + slot
                total += np.bincount(at, sign * area[point], minlength=total.size).reshape(shape)
            out[node] = total[:, :, : self.count]
            now = then
        return out

    def _planes(self, node: int, points: IntArray, *, drawn: bool = True) -> CodeArray:
        """Packed bits of some points at a node, shape (n_bits, n_points * width); or those of the decided codes."""
        bits, base = self.bits[node], self.base[node, points]
        shifts = np.arange(len(bits), dtype=np.uint8)[:, None]
        planes = np.repeat((-((base >> shifts) & np.uint8(1)))[:, :, None], (self.count + 7) // 8, axis=2)
        if drawn:
            row = np.full(self.base.shape[1], -1)
            row[points] = np.arange(len(points))
            at = row[self.drawn[node]]
            hit = at >= 0
            planes[:, at[hit]] = bits if hit.all() else bits[:, hit]
        return planes.reshape(len(bits), -1)

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


def _unpacked(planes: CodeArray) -> CodeArray:
    """Turn packed bits, shape (n_bits, n, width), into codes, shape (n, 8 * width)."""
    bits = np.unpackbits(planes, axis=2)
    codes: CodeArray = bits[0]
    for n, plane in enumerate(bits[1:], start=1):
        codes |= plane << np.uint8(n)
    return codes


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
        spread = np.stack([f.sd(there, nodes) for f in here])
        delayed = [f.means(there, [nodes + parameters.delay_sd_days * delay for delay in _DELAYS]) for f in here]
        means = np.stack([means[len(_DELAYS) // 2] for means in delayed])
        base[:, at] = codes[np.where(means.max(axis=0) > 0, means.argmax(axis=0) + 1, 0)]
        ends = np.stack([[means[0], own, means[-1]] for means, own in zip(delayed, means, strict=True)], axis=1)
        open_ = _is_open(ends.min(axis=0) - _SURE_SD * spread, ends.max(axis=0) + _SURE_SD * spread)
        used = np.flatnonzero(open_.any(axis=0))
        if not len(used):
            continue
        paths = [
            _Paths(f, there.iloc[used], nodes, [one[:, used] for one in means], store)
            for f, means in zip(here, delayed, strict=True)
        ]
        del spread, delayed, means, ends
        packed = _drawn(paths, open_[:, used], codes, n_bits, parameters.draws)
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


def _drawn(paths: Sequence[_Paths], open_: BoolArray, codes: CodeArray, n_bits: int, count: int) -> list[CodeArray]:
    """For each node the packed codes of its open points."""
    on = [np.flatnonzero(row) for row in open_]
    chunks: list[list[CodeArray]] = [[] for _ in open_]
    for number in range(-(-count // CHUNK)):
        at_lattice = [one.chunk(number) for one in paths]
        used = min(CHUNK, count - number * CHUNK)
        for node, rows in enumerate(on):
            pairs = [one.at_node(a, node, rows, number * CHUNK) for one, a in zip(paths, at_lattice, strict=True)]
            chunks[node].append(_packed(pairs, codes, n_bits, used))
    return [np.concatenate(parts, axis=2) for parts in chunks]


def _packed(pairs: Sequence[tuple[SingleArray, SingleArray]], codes: CodeArray, n_bits: int, used: int) -> CodeArray:
    """Pack the codes of the largest field above zero (of the home state where none is), bit by bit."""
    above = [path[:, :used] > bar[:, :used] for path, bar in pairs]
    if len(above) == 1:
        wins = above
    else:
        values = np.stack([path[:, :used] - bar[:, :used] for path, bar in pairs])
        largest = values.argmax(axis=0)
        wins = [held & (largest == n) for n, held in enumerate(above)]
    planes = np.empty((n_bits, len(wins[0]), (used + 7) // 8), dtype=np.uint8)
    for n in range(n_bits):
        bit = (codes >> np.uint8(n)) & np.uint8(1)
        differs = [win for win, own in zip(wins, bit[1:], strict=True) if own != bit[0]]
        held = np.logical_or.reduce(differs) if differs else np.zeros_like(wins[0])
        planes[n] = np.packbits(~held if bit[0] else held, axis=1)
    return planes


def _is_open(low: SingleArray, high: SingleArray) -> BoolArray:
    """Tell where the winner (a field, or zero) could be another one, from bounds of the fields."""
    best_low = np.maximum(low.max(axis=0), 0.0)
    contenders = (high > best_low).sum(axis=0) + (best_low <= 0.0)
    return np.asarray(contenders > 1)


class _Paths:
    """Draws of one field given its evidence (Matheron's rule): its mean, and prior paths that are bent around it.

    Notes
    -----
    Wilson, J. et al. (2020), Efficiently sampling functions from Gaussian process posteriors, ICML.
    """

    def __init__(
        self, field: Field, points: pd.DataFrame, nodes: FloatArray, means: Sequence[SingleArray], store: PathStore
    ) -> None:
        p = field.parameters
        self.field, self.store, self.means = field, store, means
        xy = positions(points)
        days = [nodes + p.delay_sd_days * delay for delay in _DELAYS]
        ticks = [field.clock(one) for one in days]
        self.lattice = lattice_around(np.concatenate([xy, field.spots]), np.concatenate([*ticks, field.tick]), p)
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

    def at_node(self, paths: SingleArray, node: int, rows: IntArray, first: int) -> tuple[SingleArray, SingleArray]:
        """Tell the path about the mean at some points on the day of a node, and the bar above which the field is > 0.

        Both have the shape (n_rows, CHUNK); draw `first` comes first. The bar is the mean with its sign turned.
        """
        delay = (first + np.arange(CHUNK)) % len(_DELAYS)  # of each draw
        before = np.array([when[0][node] for when in self.when_node])
        low = int(before.min())
        weights = np.zeros((int(before.max()) - low + 2, 2, len(_DELAYS)), dtype=np.float32)
        for n, (_, hermite) in enumerate(self.when_node):
            weights[before[n] - low : before[n] - low + 2, :, n] = hermite[node].reshape(2, 2)
        around = paths[low : low + len(weights)]
        flat = around.reshape(-1, *around.shape[2:])
        then = np.einsum("ik,ijk->jk", weights.reshape(len(flat), -1)[:, delay], flat)
        one_hot = (delay == np.arange(len(_DELAYS))[:, None]).astype(np.float32)
        bar = -np.stack([mean[node, rows] for mean in self.means], axis=1) @ one_hot
        return self._at_points(rows) @ then, bar

    def _at_points(self, rows: IntArray) -> csr_array:
        """Weights of some points, each of which has equally many: what scipy does, without its checks."""
        if len(rows) == self.at_points.shape[0]:
            return self.at_points
        data, columns = (
            a.reshape(self.at_points.shape[0], -1)[rows] for a in (self.at_points.data, self.at_points.indices)
        )
        starts = np.arange(len(rows) + 1, dtype=columns.dtype) * columns.shape[1]
        return csr_array((data.ravel(), columns.ravel(), starts), shape=(len(rows), self.at_points.shape[1]))


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
