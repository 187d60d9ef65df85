"""Room: refuse what would not fit into memory before it is allocated, and say which setting to change."""

from __future__ import annotations

import os

from frontmap.errors import TooLargeError

_SHARE = 0.75  # of the machine's memory
_UNKNOWN_BYTES = 16 * 2**30  # taken where the system does not tell
_GIB = 2**30


def memory_bytes() -> int:
    """Tell how much memory an estimate may take: three quarters of the machine's.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    Nothing; where the system does not tell, 12 GiB are taken.
    """
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        whole = _UNKNOWN_BYTES
    return int(_SHARE * whole)


def require_room(n_bytes: float, what: str, change: str) -> None:
    """Refuse what would not fit into memory.

    Parameters
    ----------
    n_bytes : float
        About how much it would take.
    what : str
        What is large, with its numbers.
    change : str
        Which setting of ``[estimate]`` to change, and how.

    Raises
    ------
    TooLargeError
        If it is more than `memory_bytes`.
    """
    room = memory_bytes()
    if n_bytes > room:
        raise TooLargeError(
            f"expected an estimate that needs at most {room / _GIB:.0f} GiB of memory on this machine, found {what}: "
            f"about {n_bytes / _GIB:,.0f} GiB; next: {change} in [estimate] of theatre.toml"
        )
