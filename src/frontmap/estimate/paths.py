"""Prior paths: draws of a latent field before any report, on a lattice of space and time that depends on nothing else.

The lattice lies at multiples of a third of the length in space and of a quarter of the length in time. Its random
numbers belong to its places: neither the extent, nor the points asked for, nor any report changes a draw elsewhere.
In space white noise is spread by the square root of the covariance; in time value and slope walk exactly, and cubic
interpolation from both fills the days between.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.sparse import csr_array
from scipy.special import ndtri

from frontmap.crs import FloatArray
from frontmap.estimate.kernel import IntArray, SingleArray, matern
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.room import require_room

CHUNK = 128  # draws made at a time
_BLOCK = 8  # lattice nodes along one edge of the blocks that own a stream of random numbers
_PER_LENGTH_KM, _PER_LENGTH_DAYS = 3, 4
_REACH = 3 * _PER_LENGTH_KM  # white noise farther away than this does not matter
_AROUND = 4  # lattice nodes along one edge of the square from which a point is interpolated
_ROOM = 1  # nodes drawn beyond those asked for, in case that a new report needs them
_MOST_BYTES = 256_000_000  # of paths kept
_OFFSET = 1 << 20  # makes the numbers of blocks positive


def _normal_table() -> SingleArray:
    """Quantiles of the standard normal distribution in the middle of 65,536 equal parts, with variance 1."""
    quantiles = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16))
    return np.asarray(quantiles / np.sqrt((quantiles**2).mean()), dtype=np.float32)


_NORMAL = _normal_table()


@dataclass(frozen=True)
class Lattice:
    """A piece of the lattice: which nodes, and how far apart.

    Parameters
    ----------
    first_x, first_y, first_k : int
        Smallest multiples of the steps.
    n_x, n_y, n_k : int
        Number of nodes in each direction; time is the last.
    step_km, step_days : float
        Distance between nodes.
    """

    first_x: int
    first_y: int
    first_k: int
    n_x: int
    n_y: int
    n_k: int
    step_km: float
    step_days: float

    @property
    def positions(self) -> FloatArray:
        """Positions of the nodes, x varying slowest, shape (n_x * n_y, 2), km."""
        x = (np.arange(self.n_x) + self.first_x) * self.step_km
        y = (np.arange(self.n_y) + self.first_y) * self.step_km
        return np.column_stack([np.repeat(x, self.n_y), np.tile(y, self.n_x)])

    @property
    def ticks(self) -> FloatArray:
        """Ticks of the nodes: days on the field's clock."""
        return np.asarray((np.arange(self.n_k) + self.first_k) * self.step_days, dtype=np.float64)

    def widened(self, nodes: int) -> Lattice:
        """Add nodes around in space, and one in time.

        Parameters
        ----------
        nodes : int
            How many on each side.

        Returns
        -------
        Lattice
            The larger piece.

        Raises
        ------
        TypeError
            If `nodes` is no number.
        """
        return Lattice(
            self.first_x - nodes,
            self.first_y - nodes,
            self.first_k - 1,
            self.n_x + 2 * nodes,
            self.n_y + 2 * nodes,
            self.n_k + 2,
            self.step_km,
            self.step_days,
        )


def lattice_around(xy_km: FloatArray, ticks: FloatArray, parameters: Parameters) -> Lattice:
    """Find the piece of the lattice from which positions and ticks can be interpolated.

    Parameters
    ----------
    xy_km : ndarray, shape (n, 2)
        Positions.
    ticks : ndarray
        Days on the field's clock.
    parameters : Parameters
        For the lengths.

    Returns
    -------
    Lattice
        With a margin of one node.

    Raises
    ------
    ValueError
        From numpy, where there are no positions or ticks.
    """
    step_km, step_days = parameters.length_km / _PER_LENGTH_KM, parameters.length_days / _PER_LENGTH_DAYS
    low = np.floor(xy_km.min(axis=0) / step_km).astype(int) - 1
    high = np.floor(xy_km.max(axis=0) / step_km).astype(int) + 2
    first, last = int(np.floor(ticks.min() / step_days)), int(np.floor(ticks.max() / step_days)) + 1
    n_x, n_y = (high - low + 1).tolist()
    return Lattice(int(low[0]), int(low[1]), first, n_x, n_y, last - first + 1, step_km, step_days)


def space_weights(xy_km: FloatArray, lattice: Lattice) -> csr_array:
    """Tell how positions are interpolated from the 16 lattice nodes around each of them.

    Parameters
    ----------
    xy_km : ndarray, shape (n, 2)
        Positions within the lattice.
    lattice : Lattice
        Where from.

    Returns
    -------
    csr_array of float32, shape (n, n_x * n_y)
        Weights of the best linear prediction; what they leave unexplained is at most a hundredth of the variance.

    Raises
    ------
    ValueError
        From scipy, where a position lies outside.
    """
    offsets = np.arange(_AROUND) - (_AROUND // 2 - 1)
    around = np.column_stack([np.repeat(offsets, _AROUND), np.tile(offsets, _AROUND)])
    apart = np.hypot(*(around[:, None, :] - around[None, :, :]).transpose(2, 0, 1))
    cov = matern(apart, _PER_LENGTH_KM)
    scaled = xy_km / lattice.step_km
    corner = np.floor(scaled).astype(np.int64)
    gap = (scaled - corner)[:, None, :] - around
    weights = np.linalg.solve(cov, matern(np.hypot(gap[..., 0], gap[..., 1]), _PER_LENGTH_KM).T).T
    node = corner[:, None, :] + around - np.array([lattice.first_x, lattice.first_y])
    columns = node[..., 0] * lattice.n_y + node[..., 1]
    starts = np.arange(len(xy_km) + 1) * _AROUND**2
    shape = (len(xy_km), lattice.n_x * lattice.n_y)
    return csr_array((weights.astype(np.float32).ravel(), columns.ravel(), starts), shape=shape)


def time_weights(ticks: FloatArray, lattice: Lattice) -> tuple[IntArray, SingleArray]:
    """Tell how ticks are interpolated from value and slope at the lattice nodes before and after.

    Parameters
    ----------
    ticks : ndarray
        Days on the field's clock, within the lattice.
    lattice : Lattice
        Where from.

    Returns
    -------
    before : ndarray of int
        Number of the node before each tick.
    weights : ndarray of float32, shape (n_ticks, 4)
        On value and slope (per step) before, value and slope after: cubic Hermite.

    Raises
    ------
    ValueError
        From numpy, where `ticks` holds no numbers.
    """
    scaled = ticks / lattice.step_days - lattice.first_k
    before = np.minimum(np.floor(scaled).astype(np.int64), lattice.n_k - 2)
    s = scaled - before
    weights = [(1 + 2 * s) * (1 - s) ** 2, s * (1 - s) ** 2, s * s * (3 - 2 * s), s * s * (s - 1)]
    return before, np.column_stack(weights).astype(np.float32)


class PathStore:
    """Keeps the paths that were drawn, so that a second estimate need not draw them again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int, float, float], tuple[Lattice, SingleArray]] = {}

    def paths(self, lattice: Lattice, *, name: str, seed: int, chunk: int) -> SingleArray:
        """Draw a field before any report, or find it drawn; see `prior_paths`.

        Parameters
        ----------
        lattice : Lattice
            Which nodes.
        name : str
            Name of the field.
        seed : int
            The same seed gives the same draws.
        chunk : int
            Number of the chunk of draws.

        Returns
        -------
        ndarray of float32, shape (n_k, 2, n_x * n_y, CHUNK)
            A copy; the caller may change it.

        Raises
        ------
        TooLargeError
            If the lattice does not fit into memory.
        """
        key = (name, seed, chunk, lattice.step_km, lattice.step_days)
        if key in self._kept and (found := _part(*self._kept[key], lattice)) is not None:
            return found
        roomy = lattice.widened(_ROOM)
        drawn = prior_paths(roomy, name=name, seed=seed, chunk=chunk)
        self._kept.pop(key, None)
        if drawn.nbytes + sum(paths.nbytes for _, paths in self._kept.values()) <= _MOST_BYTES:
            self._kept[key] = (roomy, drawn)
        found = _part(roomy, drawn, lattice)
        return drawn if found is None else found


def _part(whole: Lattice, paths: SingleArray, wanted: Lattice) -> SingleArray | None:
    """Cut the wanted piece out of a larger one; None where it does not cover it."""
    pieces = []
    for name in ("k", "x", "y"):
        first = getattr(wanted, f"first_{name}") - getattr(whole, f"first_{name}")
        last = first + getattr(wanted, f"n_{name}")
        if first < 0 or last > getattr(whole, f"n_{name}"):
            return None
        pieces.append(slice(first, last))
    box = paths.reshape(whole.n_k, 2, whole.n_x, whole.n_y, CHUNK)[pieces[0], :, pieces[1], pieces[2]]
    return box.reshape(wanted.n_k, 2, wanted.n_x * wanted.n_y, CHUNK).copy()


def prior_paths(lattice: Lattice, *, name: str, seed: int, chunk: int) -> SingleArray:
    """Draw a field before any report at the nodes of a lattice.

    Parameters
    ----------
    lattice : Lattice
        Which nodes.
    name : str
        Name of the field; each has its own random numbers.
    seed : int
        The same seed gives the same draws.
    chunk : int
        Number of the chunk of draws.

    Returns
    -------
    ndarray of float32, shape (n_k, 2, n_x * n_y, CHUNK)
        Value and slope per step of time at each node.

    Raises
    ------
    TooLargeError
        If the lattice does not fit into memory.
    """
    forward, backward = _steps(lattice)
    noise = (forward + 1 + backward) * 2 * (lattice.n_x + 2 * _REACH) * (lattice.n_y + 2 * _REACH) * CHUNK * 4
    require_room(
        3.0 * noise,
        f"a lattice of {lattice.n_x:,} by {lattice.n_y:,} points at {forward + 1 + backward:,} times, "
        f"{lattice.step_km:.2g} km and {lattice.step_days:.2g} days apart, for {CHUNK} draws at a time",
        "raise length_days or length_km",
    )
    stream = (seed, zlib.crc32(name.encode()), chunk)
    walked = _walk(_white_noise(lattice, stream), lattice)
    spread = _spreader()
    shape = tuple(next_fast_len(n, real=True) for n in walked.shape[2:4])
    kernel = np.zeros((*shape, 1), dtype=np.float32)
    kernel[: len(spread), : len(spread), 0] = spread
    filtered = rfftn(kernel, axes=(0, 1))
    inner_x, inner_y = (slice(2 * _REACH, 2 * _REACH + n) for n in (lattice.n_x, lattice.n_y))
    out = np.empty((lattice.n_k, 2, lattice.n_x, lattice.n_y, CHUNK), dtype=np.float32)
    for k, step in enumerate(walked):
        for part, field in enumerate(step):
            waves = rfftn(field, s=shape, axes=(0, 1))
            waves *= filtered
            out[k, part] = irfftn(waves, s=shape, axes=(0, 1), overwrite_x=True)[inner_x, inner_y]
    return out.reshape(lattice.n_k, 2, lattice.n_x * lattice.n_y, CHUNK)


def _steps(lattice: Lattice) -> tuple[int, int]:
    """Count the steps of time from day 0 to the last node, and back to the first."""
    return max(0, lattice.first_k + lattice.n_k - 1), max(0, -lattice.first_k)


def _white_noise(lattice: Lattice, stream: tuple[int, ...]) -> SingleArray:
    """Random numbers for each step of time (twice) and each node within reach of the lattice."""
    x0, y0 = lattice.first_x - _REACH, lattice.first_y - _REACH
    n_x, n_y = lattice.n_x + 2 * _REACH, lattice.n_y + 2 * _REACH
    forward, backward = _steps(lattice)
    out = np.empty((forward + 1 + backward, 2, n_x, n_y, CHUNK), dtype=np.float32)
    for bx in range(x0 // _BLOCK, (x0 + n_x - 1) // _BLOCK + 1):
        for by in range(y0 // _BLOCK, (y0 + n_y - 1) // _BLOCK + 1):
            to_x, from_x = _overlap(bx, x0, n_x)
            to_y, from_y = _overlap(by, y0, n_y)
            key = (*stream, bx + _OFFSET, by + _OFFSET)
            for direction, steps in ((0, slice(0, forward + 1)), (1, slice(forward + 1, None))):
                many = len(range(*steps.indices(len(out))))
                if many:
                    drawn = _normal([*key, direction], (many, 2, _BLOCK, _BLOCK, CHUNK))
                    out[steps, :, to_x, to_y] = drawn[:, :, from_x, from_y]
    return out


def _normal(key: list[int], shape: tuple[int, ...]) -> SingleArray:
    """Draw standard normal numbers to 16 bits, four times as fast as exact ones; the lattice averages hundreds."""
    count = math.prod(shape)
    bits = np.random.SFC64(key).random_raw(-(-count // 4)).view(np.uint16)[:count]
    return _NORMAL[bits].reshape(shape)


def _overlap(block: int, first: int, count: int) -> tuple[slice, slice]:
    """Where a block lies in an array that begins at `first`, and which part of the block that is."""
    low, high = max(block * _BLOCK, first), min((block + 1) * _BLOCK, first + count)
    return slice(low - first, high - first), slice(low - block * _BLOCK, high - block * _BLOCK)


def _walk(white: SingleArray, lattice: Lattice) -> SingleArray:
    """Walk value and slope from day 0 forward and backward; keep the nodes of the lattice."""
    rate = np.sqrt(3.0) / _PER_LENGTH_DAYS  # per step of time
    step = np.exp(-rate) * np.array([[1.0 + rate, rate], [-rate, 1.0 - rate]])
    root = np.linalg.cholesky(np.eye(2) - step @ step.T)
    s, c = step.astype(np.float32), root.astype(np.float32)
    forward = max(0, lattice.first_k + lattice.n_k - 1)

    def moved(state: SingleArray, noise: SingleArray) -> SingleArray:
        value = s[0, 0] * state[0] + s[0, 1] * state[1] + c[0, 0] * noise[0]
        slope = s[1, 0] * state[0] + s[1, 1] * state[1] + c[1, 0] * noise[0] + c[1, 1] * noise[1]
        return np.stack([value, slope])

    out = np.empty((lattice.n_k, *white.shape[1:]), dtype=np.float32)
    turned = np.array([1.0, -1.0], dtype=np.float32).reshape(2, 1, 1, 1)
    for sign, noises in ((1, white[: forward + 1]), (-1, white[forward + 1 :])):
        state = white[0] if sign > 0 else white[0] * turned
        for n in range(len(noises) if sign > 0 else len(noises) + 1):
            if n:
                state = moved(state, noises[n] if sign > 0 else noises[n - 1])
            at = sign * n - lattice.first_k
            if 0 <= at < lattice.n_k:
                out[at] = state if sign > 0 else state * turned
    out[:, 1] *= np.float32(rate)
    return out


def _spreader() -> SingleArray:
    """Square root of the covariance in space on the lattice, cut off where it no longer matters."""
    size = 256
    steps = np.minimum(np.arange(size), size - np.arange(size))
    apart = np.hypot(steps[:, None], steps)
    spectrum = np.fft.rfft2(matern(apart, _PER_LENGTH_KM)).real
    root = np.fft.irfft2(np.sqrt(np.maximum(spectrum, 0.0)), s=(size, size))
    inner = np.arange(-_REACH, _REACH + 1)
    cut = np.where(apart <= _REACH, root, 0.0)[np.ix_(inner, inner)]
    result: SingleArray = (cut / np.sqrt((cut**2).sum())).astype(np.float32)
    return result
