"""Drawing the static sheets in a second process, while the first one writes the page."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from frontmap.errors import FrontmapError

if TYPE_CHECKING:
    import pandas as pd

    from frontmap.history import History

__all__ = ["Draughtsman", "draughtsman"]

Files = dict[str, bytes]


class Draughtsman:
    """Whoever draws the sheets: a second process, or this one when they are asked for.

    Parameters
    ----------
    lang
        Language of the sheets.
    connection
        To the second process, if there is one.
    """

    def __init__(self, lang: str, connection: Connection | None = None) -> None:
        self._lang = lang
        self._connection = connection

    def begin(self, history: History) -> None:
        """Give the history that is to be drawn.

        Raises
        ------
        pickle.PicklingError
            If the history cannot be carried over to another process.
        """
        self._history = history
        self._send((history, self._lang))

    def go_on(self, ledger: pd.DataFrame) -> None:
        """Give what `frontmap.test_claims` returned for the history, which the last sheets need.

        Raises
        ------
        AttributeError
            If nothing was begun.
        """
        self._ledger = ledger
        self._send(ledger)

    def files(self) -> Files:
        """Draw the sheets here, or wait for the second process.

        Returns
        -------
        dict of str to bytes
            Content by file name.

        Raises
        ------
        FrontmapError
            As drawing here would raise it.
        """
        if self._connection is not None:
            with suppress(EOFError, OSError):  # it has ended without a word: here, then
                made: Files | FrontmapError = self._connection.recv()
                if isinstance(made, FrontmapError):
                    raise made
                return made
        from frontmap.sheets.files import sheet_files

        return sheet_files(self._history, lambda: self._ledger, self._lang)

    def _send(self, given: object) -> None:
        if self._connection is not None:
            with suppress(OSError):  # it has been killed, for want of memory, say: `files` then draws here
                self._connection.send(given)


@contextmanager
def draughtsman(lang: str, *, apart: bool) -> Iterator[Draughtsman]:
    """Make ready for drawing, and end the second process, if there is one, however this one goes on.

    Parameters
    ----------
    lang
        Language of the sheets.
    apart
        Whether a second process draws.

    Yields
    ------
    Draughtsman
        To be given a history, and later asked for its sheets.

    Raises
    ------
    OSError
        If no process can be started.
    """
    if not apart:
        yield Draughtsman(lang)
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_draw, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Draughtsman(lang, ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


def _draw(connection: Connection) -> None:
    """Draw one history; what is imported first is ready when it comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process is told, and ends this one
    from frontmap.sheets.files import sheet_files

    with suppress(EOFError):  # the first process has gone
        history, lang = connection.recv()
        try:
            made: Files | FrontmapError = sheet_files(history, connection.recv, lang)
        except FrontmapError as error:
            made = error
        connection.send(made)
