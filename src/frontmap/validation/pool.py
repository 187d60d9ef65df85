"""A local pool of processes whose results do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


def spread(
    function: Callable[[Work], Result], work: Sequence[Work], *, workers: int = 1, chunk: int = 1
) -> Iterator[Result]:
    """Apply a function to every item, in this process or in several, each with one thread of linear algebra.

    Parameters
    ----------
    function : callable
        Pure and picklable: its result depends on its item only.
    work : sequence
        The items, picklable.
    workers : int
        Processes; with 1, this one.
    chunk : int
        Items that are handed over together.

    Yields
    ------
    object
        The results, in the order of the items.

    Raises
    ------
    BrokenProcessPool
        If a worker process is ended from outside.
    """
    apply = partial(_with_one_thread, function)
    if workers == 1:
        yield from map(apply, work)
        return
    # spawned, not forked: the same on every system, and safe with threads
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(apply, work, chunksize=chunk)


def _with_one_thread(function: Callable[[Work], Result], item: Work) -> Result:
    with one_thread():
        return function(item)


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread where threadpoolctl (which comes with scikit-learn) is installed.

    Returns
    -------
    context manager
        To work in.

    Raises
    ------
    RuntimeError
        From threadpoolctl, where the libraries that are loaded cannot be listed.
    """
    if find_spec("threadpoolctl") is None:
        return nullcontext()
    limits: AbstractContextManager[object] = import_module("threadpoolctl").threadpool_limits(1)
    return limits
