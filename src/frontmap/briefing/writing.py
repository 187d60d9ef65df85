"""Writing a briefing: the page, the tables, the GIS files and the static sheets of a history, into one folder."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from frontmap.briefing.page import briefing_html
from frontmap.claims import test_claims
from frontmap.export import write_tables, write_zones
from frontmap.files import atomic_folder
from frontmap.history import assess
from frontmap.maps.offline import save_page
from frontmap.sheets import missing_packages

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["brief"]


def brief(
    history: History,
    folder: str | Path,
    *,
    made_on: date | None = None,
    lang: str = "en",
    sheets: bool = True,
    processes: int = 1,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Write ``briefing.html``, the tables, the GIS files and the static sheets of a history.

    Parameters
    ----------
    history
        An assessed history.
    folder
        Where to; created if absent. All files are written, or none: earlier ones then stay as they were.
    made_on
        Told on the page if given; without it the same history gives the same bytes.
    lang
        Language in which the page opens, and of the sheets.
    sheets
        Whether static sheets are drawn. They need the extra ``print``; without it they are left out.
    processes
        With 2 the pictures are drawn in a second process meanwhile. A script of your own that asks for this has to keep
        to ``if __name__ == "__main__":``, as `multiprocessing` wants it.
    progress
        Called with the name of each part before it is made.

    Returns
    -------
    dict of str to Path
        The written files by name: briefing.html, areas.csv, changes.csv, claims.csv, zones in several formats, and
        of the sheets map-DATE and map-DATE-wide for each key date, key-dates and chart as .png, .svg and .pdf,
        briefing.pdf, briefing.pptx and timeline.gif.

    Raises
    ------
    OutputError
        If a file cannot be written, or the page would ask for anything from elsewhere.
    """
    target = Path(folder)
    drawn = sheets and not missing_packages()

    def tell(part: str) -> None:
        if progress is not None:
            progress(part)

    with atomic_folder(target) as stage, _pictures(history, lang, drawn, processes) as pictures:
        tell("claims")
        ledger = test_claims(history)
        tell("briefing.html")
        views = other_rules(history)
        page = briefing_html(history, ledger, made_on=made_on, lang=lang, views=views)
        written = {"briefing.html": save_page(page, stage / "briefing.html")}
        tell("tables")
        written |= write_tables(history, ledger, stage)
        tell("zones")
        written |= write_zones(history, stage)
        if drawn:
            from frontmap.sheets.files import document_files

            tell("briefing.pdf, briefing.pptx")
            made = document_files(history, ledger, lang)
            tell("maps")
            for name, content in (pictures() | made).items():
                written[name] = stage / name
                written[name].write_bytes(content)
    return {name: target / path.name for name, path in written.items()}


def other_rules(history: History) -> list[History]:
    """Assess the theatre by the written rules that the page is to be compared with.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    list of History
        One for each rule but the history's own, as of the same day.

    Raises
    ------
    GeometryError
        If the frame cannot be divided among the places.
    """
    names = [name for name in history.spells_by_rule if name != history.policy]
    return [assess(history.theatre, policy=name, as_of=history.as_of) for name in names]


@contextmanager
def _pictures(history: History, lang: str, drawn: bool, processes: int) -> Iterator[Callable[[], dict[str, bytes]]]:
    """Begin to draw the pictures in another process, if asked, and yield what waits for them."""
    if not drawn:
        yield dict
        return
    from frontmap.sheets.files import picture_files

    if processes < 2:
        yield lambda: picture_files(history, lang)
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        history.areas()  # computed here once, and carried over with the history
        # Written here and now: the pool's own thread would do it while this one adds to the history's caches.
        waiting = pool.submit(_drawn_from, pickle.dumps(history), lang)

        def waited() -> dict[str, bytes]:
            try:
                return waiting.result()
            except BrokenProcessPool:  # it was killed, for want of memory, say: then here
                return picture_files(history, lang)

        yield waited


def _drawn_from(written: bytes, lang: str) -> dict[str, bytes]:
    """Draw the pictures of a history that another process has written."""
    from frontmap.sheets.files import picture_files

    return picture_files(pickle.loads(written), lang)
