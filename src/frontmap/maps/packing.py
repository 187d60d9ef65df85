"""Whole numbers as short text: what a page carries by the thousand, in a third of the room that JSON takes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALPHABET", "deltas", "packed", "unpacked"]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS = 5
_MORE = 1 << _BITS
_REST = (1 << (64 - _BITS)) - 1  # what a shift leaves of 64 bits without a sign
_LETTERS = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)


def packed(values: Iterable[int]) -> str:
    """Write whole numbers as text: five bits to a letter, lowest first, the sixth bit says that more follow.

    Parameters
    ----------
    values
        Whole numbers; the sign stands in the lowest bit, so that small numbers of either sign take one letter.

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_`` only.

    Raises
    ------
    TypeError
        If a value is no whole number.

    Examples
    --------
    >>> packed([0, -1, 15, 16, -1000])
    'ABegBv-B'
    """
    listed = list(values)
    numbers = np.array(listed) if listed else np.empty(0, dtype=np.int64)
    if not np.issubdtype(numbers.dtype, np.signedinteger):
        raise TypeError(f"expected whole numbers of 64 bits, found {numbers.dtype}")
    rest = (numbers.astype(np.int64) << 1) ^ (numbers.astype(np.int64) >> 63)
    digits: list[NDArray[np.int64]] = []
    while rest.any() or not digits:
        digits.append(rest & (_MORE - 1))
        rest = (rest >> _BITS) & _REST
    table = np.stack(digits, axis=1)
    used = np.logical_or.accumulate(table[:, ::-1] > 0, axis=1)[:, ::-1]
    used[:, 0] = True
    table[:, :-1] |= _MORE * used[:, 1:]
    return _LETTERS[table[used]].tobytes().decode("ascii")


def unpacked(text: str) -> list[int]:
    """Read whole numbers back from text, as the page does.

    Parameters
    ----------
    text
        As `packed` wrote it.

    Returns
    -------
    list of int
        The numbers.

    Raises
    ------
    ValueError
        If the text holds any other letter.

    Examples
    --------
    >>> unpacked(packed([0, -1, 15, 16, -1000]))
    [0, -1, 15, 16, -1000]
    """
    values, value, shift = [], 0, 0
    for letter in text:
        digit = ALPHABET.index(letter)
        value |= (digit & (_MORE - 1)) << shift
        shift += _BITS
        if digit < _MORE:
            values.append(-(value >> 1) - 1 if value & 1 else value >> 1)
            value = shift = 0
    return values


def deltas(values: Iterable[int]) -> list[int]:
    """Tell each number as its distance from the one before, the first from zero.

    Parameters
    ----------
    values
        Whole numbers.

    Returns
    -------
    list of int
        As many numbers.

    Raises
    ------
    TypeError
        If a value is no number.

    Examples
    --------
    >>> deltas([3, 5, 4])
    [3, 2, -1]
    """
    told, before = [], 0
    for value in values:
        told.append(value - before)
        before = value
    return told
