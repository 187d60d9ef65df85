"""Runs: many lists in one flat array, told by where each begins; pointers walked to chains."""

from __future__ import annotations

import numpy as np

from frontmap.topology import IntArray

NONE = -1


def spread(start: IntArray, count: IntArray) -> IntArray:
    """List the numbers of many runs: ``start[0], start[0] + 1, …``, as many as `count` says, then the next run.

    Parameters
    ----------
    start, count : ndarray of int
        First number and length of each run.

    Returns
    -------
    ndarray of int
        One after the other.

    Raises
    ------
    ValueError
        From numpy, where a count is negative.
    """
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    numbers: IntArray = np.arange(total) + np.repeat(start - (ends - count), count)
    return numbers


def stops(start: IntArray, total: int) -> IntArray:
    """Tell where runs end that follow each other.

    Parameters
    ----------
    start : ndarray of int
        Where each run begins; at least one.
    total : int
        Length of all runs.

    Returns
    -------
    ndarray of int
        Where the next run begins, or all end.

    Raises
    ------
    IndexError
        If there is no run.
    """
    stop = np.empty_like(start)
    stop[:-1], stop[-1] = start[1:], total
    return stop


def numbered(values: IntArray) -> tuple[IntArray, IntArray]:
    """Give equal values one number, in the order of the values; `numpy.unique` takes thrice the time on short arrays.

    Parameters
    ----------
    values : ndarray of int
        At least one.

    Returns
    -------
    distinct, number : ndarray of int
        The values once each, sorted, and for each value its place among them.

    Raises
    ------
    IndexError
        If there is no value.
    """
    order = np.argsort(values)
    ordered = values[order]
    other = np.empty(len(values), dtype=bool)
    other[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=other[1:])
    number = np.empty(len(values), dtype=np.int64)
    number[order] = np.cumsum(other) - 1
    return ordered[other], number


def walk(following: IntArray) -> tuple[IntArray, IntArray]:
    """Follow pointers from element to element, each element once.

    Parameters
    ----------
    following : ndarray of int
        For each element the next one, or -1 where a chain ends; no two elements have the same next one.

    Returns
    -------
    order : ndarray of int
        All elements, chain after chain: first the open chains, then the closed ones, by their first elements.
    start : ndarray of int
        Where each chain begins in `order`.

    Raises
    ------
    IndexError
        If a pointer leads nowhere.
    """
    followed = np.zeros(len(following), dtype=bool)
    followed[following[following >= 0]] = True
    step = following.tolist()
    order: list[int] = []
    start: list[int] = []
    for first in np.flatnonzero(~followed).tolist():
        start.append(len(order))
        element = first
        while element >= 0:
            order.append(element)
            element = step[element]
    todo = np.ones(len(following), dtype=bool)
    todo[order] = False
    left = dict.fromkeys(np.flatnonzero(todo).tolist())
    for first in list(left):
        if first in left:
            start.append(len(order))
            element = first
            while element in left:
                del left[element]
                order.append(element)
                element = step[element]
    return np.array(order, dtype=np.int64), np.array(start, dtype=np.int64)


def with_ends(vertex: IntArray, start: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Add its last vertex to each of many lines.

    Parameters
    ----------
    vertex, start : ndarray of int
        Numbers of the vertices of all lines, and where each line begins among them.
    ends : ndarray of int
        Number of the vertex at which each line ends.

    Returns
    -------
    vertex : ndarray of int
        One more for each line.
    offset : ndarray of int, shape (n_lines + 1,)
        Where each line begins, and the length of `vertex`.

    Raises
    ------
    ValueError
        From numpy, where the numbers of lines differ.
    """
    total = len(vertex) + len(start)
    offset = np.arange(len(start) + 1)
    offset[:-1] += start
    offset[-1] = total
    inner = np.ones(total, dtype=bool)
    inner[offset[1:] - 1] = False
    longer = np.empty(total, dtype=np.int64)
    longer[inner], longer[offset[1:] - 1] = vertex, ends
    return longer, offset
