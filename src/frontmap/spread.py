"""Work spread over this process, a local pool or a cluster: same results everywhere, and ended workers are survived."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias, TypeVar

from frontmap.errors import WorkersError

Work = TypeVar("Work")
Result = TypeVar("Result")
Untyped: TypeAlias = Any  # of distributed, which is optional and says little of its types

INSTALL = "pip install 'frontmap[scale]'"
SAME_VERSIONS = ("frontmap", "numpy", "scipy", "pandas", "shapely", "pyproj", "scikit-learn")
"""Packages that must have the same versions everywhere: results, and what is sent, depend on them."""

_MOST_BREAKS = 3  # so often workers of the pool may be ended with nothing finished between
_ANSWER_S = 30  # within which a scheduler must answer
_WORKERLESS_S = 60  # for so long a cluster may be without any worker
_LOOK_EVERY_S = 5
_ONE_AT_A_TIME = threading.Lock()  # workers may share a process, whose geometries are not safe with threads


def spread(
    function: Callable[[Work], Result],
    work: Sequence[Work],
    *,
    workers: int = 1,
    scheduler: object = None,
    chunk: int = 1,
) -> Iterator[Result]:
    """Apply a function to every item, here or elsewhere, each time with one thread of linear algebra.

    Parameters
    ----------
    function : callable
        Pure: its result depends on its item only. For other processes it and its result must be picklable.
    work : sequence
        The items, picklable.
    workers : int
        Processes on this machine; with 1, this one.
    scheduler : str or cluster, optional
        Address of a dask scheduler, such as ``tcp://10.0.0.5:8786``, or a cluster of ``dask.distributed`` such as
        ``LocalCluster``. Its workers are used, whatever `workers` says.
    chunk : int
        Items that are handed over together.

    Yields
    ------
    object
        The results, in the order of the items. A worker that is ended from outside costs time only: what it had not
        finished is done again.

    Raises
    ------
    WorkersError
        If the scheduler cannot be reached, has no workers, or these differ from this process; if the function cannot
        be sent; if workers end again and again.

    Examples
    --------
    >>> list(spread(len, ["a", "bb"]))
    [1, 2]
    """
    chunks = [list(work[n : n + chunk]) for n in range(0, len(work), chunk)]
    if scheduler is not None:
        yield from _on_cluster(function, chunks, scheduler)
    elif workers == 1:
        for item in work:
            yield from _applied(function, [item])
    else:
        yield from _in_pool(function, chunks, workers)


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread where threadpoolctl (which comes with the extra ``scale``) is installed.

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


def _applied(function: Callable[[Work], Result], items: Sequence[Work]) -> list[Result]:
    with one_thread():
        return [function(item) for item in items]


def _apply_packed(packed: bytes, items: Sequence[Any]) -> list[Any]:
    """Unpack a function and apply it; each time afresh, so that nothing is left from other items."""
    try:
        function = pickle.loads(packed)
    except (AttributeError, ImportError) as error:
        raise WorkersError(f"expected a function that workers can import, found: {error}; next: {_MOVE}") from error
    return _applied(function, items)


_MOVE = "define it in a module that is installed on every worker, or use one process"


# A pool of processes on this machine

_function = b""  # of this process of a pool, packed


def _remember(packed: bytes) -> None:
    global _function
    _function = packed


def _apply_remembered(items: Sequence[Any]) -> list[Any]:
    return _apply_packed(_function, items)


def _in_pool(function: Callable[[Work], Result], chunks: list[list[Work]], workers: int) -> Iterator[Result]:
    """Work in a pool; what was not finished when a worker was ended goes to a new pool."""
    try:
        packed = pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise WorkersError(f"expected a function that can be pickled, found: {error}; next: {_MOVE}") from error
    done: dict[int, list[Result]] = {}
    missing = set(range(len(chunks)))
    told = breaks = 0
    while missing:
        # spawned, not forked: the same on every system, and safe with threads
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_remember, initargs=(packed,))
        try:
            futures = {pool.submit(_apply_remembered, chunks[n]): n for n in sorted(missing)}
            for future in as_completed(futures):
                done[futures[future]] = future.result()
                missing.remove(futures[future])
                breaks = 0
                while told in done:
                    yield from done.pop(told)
                    told += 1
        except BrokenProcessPool as error:
            breaks += 1
            if breaks > _MOST_BREAKS:
                raise WorkersError(
                    f"expected workers that finish their work, found {breaks} pools in turn of which one was ended "
                    "from outside; next: free memory or use fewer workers (a script must guard its own start with "
                    "if __name__ == '__main__')"
                ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


# A cluster


def _on_cluster(function: Callable[[Work], Result], chunks: list[list[Work]], scheduler: object) -> Iterator[Result]:
    """Work on a cluster, whose scheduler gives the work of ended workers to others."""
    if find_spec("distributed") is None:
        raise WorkersError(f"expected the package distributed for a scheduler, found none; next: {INSTALL}")
    distributed = import_module("distributed")
    address = str(getattr(scheduler, "scheduler_address", scheduler))
    try:
        if not address.startswith("inproc:"):
            import_module("distributed.comm").get_address_host_port(address)  # a client half made cannot be closed
        client = distributed.Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise WorkersError(
            f"expected a dask scheduler at {address}, found: {error}; next: start one with `dask scheduler` and give "
            "the address that it prints, such as tcp://10.0.0.5:8786"
        ) from error
    with closing(client):
        _check_workers(client, address)
        # a task, not data: if the worker that keeps it ends, the scheduler makes it again
        packed = client.submit(bytes, import_module("cloudpickle").dumps(function), pure=False)
        futures = [client.submit(_checked, _versions(), packed, items, pure=False) for items in chunks]
        try:
            for number in range(len(futures)):
                yield from _answer(client, futures[number])
                futures[number] = None  # lets the cluster forget the result
        except distributed.KilledWorker as error:
            raise WorkersError(
                f"expected workers that finish their work, found one piece of it that ended several: {error}; next: "
                "give each worker more memory, or look into its log"
            ) from error
        except (distributed.CancelledError, import_module("distributed.comm").CommClosedError) as error:
            raise WorkersError(f"lost the scheduler at {address}: {error}; next: start it again, then this") from error


def _answer(client: Untyped, future: Untyped) -> list[Any]:
    """Wait for a result; give up where the cluster has been without workers for long."""
    seen = time.monotonic()
    while not future.done():
        with suppress(TimeoutError):
            future.result(timeout=_LOOK_EVERY_S)
        if client.nthreads():
            seen = time.monotonic()
        elif time.monotonic() - seen > _WORKERLESS_S:
            raise WorkersError(_NO_WORKERS.format(client.scheduler.address, _WORKERLESS_S))
    result: list[Any] = future.result()
    return result


_NO_WORKERS = "expected workers at {0}, found none for {1} s; next: start some with `dask worker {0} --nthreads 1`"


def _check_workers(client: Untyped, address: str) -> None:
    """Make sure that there are workers, and that all have the versions of this process."""
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
    except TimeoutError as error:
        raise WorkersError(_NO_WORKERS.format(address, _ANSWER_S)) from error
    mine = _versions()
    for worker, theirs in client.run(_asker(), on_error="return").items():
        if isinstance(theirs, dict):  # else it has just ended
            _require_same(mine, theirs, worker)


def _checked(expected: dict[str, str], packed: bytes, items: Sequence[Any]) -> list[Any]:
    """Apply a function on a worker, which may have come after the others were checked."""
    _require_same(expected, _versions(), "a worker")
    with _ONE_AT_A_TIME:
        return _apply_packed(packed, items)


def _require_same(expected: dict[str, str], found: dict[str, str], worker: str) -> None:
    wrong = [name for name in expected if found.get(name) != expected[name]]
    if wrong:
        raise WorkersError(
            f"expected on every worker {', '.join(f'{name} {expected[name]}' for name in wrong)}, found on {worker} "
            f"{', '.join(f'{name} {found.get(name)}' for name in wrong)}; next: install the same versions there"
        )


def _versions() -> dict[str, str]:
    """Tell the versions on which results depend."""
    found: dict[str, str] = _asker()()
    return found


def _asker() -> Callable[[], dict[str, str]]:
    """Make a function that tells versions; it is sent as it is, since a worker may have no frontmap to import."""
    names = SAME_VERSIONS

    def ask() -> dict[str, str]:
        import platform
        from importlib.metadata import PackageNotFoundError, version

        found = {"Python": ".".join(platform.python_version_tuple()[:2])}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "none"
        return found

    return ask
