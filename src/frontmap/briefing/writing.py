"""Writing a briefing: the page, the tables and the GIS files of a history, into one folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from frontmap.briefing.page import briefing_html
from frontmap.claims import test_claims
from frontmap.export import write_tables, write_zones
from frontmap.files import atomic_folder
from frontmap.maps.offline import save_page

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["brief"]


def brief(
    history: History,
    folder: str | Path,
    *,
    made_on: date | None = None,
    lang: str = "en",
    progress: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Write ``briefing.html``, the tables and the GIS files of a history.

    Parameters
    ----------
    history
        An assessed history.
    folder
        Where to; created if absent. All files are written, or none: earlier ones then stay as they were.
    made_on
        Told on the page if given; without it the same history gives the same bytes.
    lang
        Language of the page's words.
    progress
        Called with the name of each part before it is made.

    Returns
    -------
    dict of str to Path
        The written files by name: briefing.html, areas.csv, changes.csv, claims.csv, zones.gpkg, zones.geojson.

    Raises
    ------
    OutputError
        If a file cannot be written, or the page would ask for anything from elsewhere.
    """
    target = Path(folder)

    def tell(part: str) -> None:
        if progress is not None:
            progress(part)

    tell("claims")
    ledger = test_claims(history)
    with atomic_folder(target) as stage:
        tell("briefing.html")
        page = save_page(briefing_html(history, ledger, made_on=made_on, lang=lang), stage / "briefing.html")
        tell("tables")
        tables = write_tables(history, ledger, stage)
        tell("zones")
        written = {"briefing.html": page, **tables, **write_zones(history, stage)}
    return {name: target / path.name for name, path in written.items()}
