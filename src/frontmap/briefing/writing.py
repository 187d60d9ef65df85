"""Writing a briefing: the page, the tables, the GIS files and the static sheets of a history, into one folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from frontmap.briefing.apart import draughtsman
from frontmap.briefing.page import briefing_html
from frontmap.briefing.views import compared
from frontmap.claims import test_claims
from frontmap.export import GEOJSON, write_tables, write_zones
from frontmap.files import atomic_folder
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
    whole: History | None = None,
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
    whole
        The history that this one was taken from by `frontmap.briefing.narrowed`, if it was: the other policies and
        as-of days of the page are narrowed in the same way.
    sheets
        Whether static sheets are drawn. They need the extra ``print``; without it they are left out.
    processes
        With 2 the sheets are drawn in a second process meanwhile. A script of your own that asks for this has to keep
        to ``if __name__ == "__main__":``, as `multiprocessing` wants it.
    progress
        Called with the name of each part before it is made.

    Returns
    -------
    dict of str to Path
        The written files by name: briefing.html, areas.csv, changes.csv, claims.csv, zones as `write_zones` does, and
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

    with atomic_folder(target) as stage, draughtsman(lang, apart=drawn and processes > 1) as artist:
        tell("areas")
        history.areas()  # computed here once, and carried over with the history
        if drawn:
            artist.begin(history)
        tell("claims")
        ledger = test_claims(history)
        if drawn:
            artist.go_on(ledger)
        tell("policies and as-of days")
        views = compared(history, whole)
        tell("briefing.html")
        page = briefing_html(history, ledger, made_on=made_on, lang=lang, views=views)
        written = {"briefing.html": save_page(page, stage / "briefing.html")}
        tell("tables")
        written |= write_tables(history, ledger, stage)
        tell("zones")
        written |= write_zones(history, stage)
        if drawn:
            tell("sheets")
            for name, content in artist.files().items():
                written[name] = stage / name
                written[name].write_bytes(content)
    if GEOJSON not in written:  # too large: an earlier one would tell of another history
        (target / GEOJSON).unlink(missing_ok=True)
    return {name: target / path.name for name, path in written.items()}
