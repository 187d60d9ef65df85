"""Further histories on the ground of a page, to be shown beside its own: other policies, other as-of days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import shapely

from frontmap.errors import FrontmapError
from frontmap.maps.ground import Groups, area_steps, turns
from frontmap.maps.packing import packed

if TYPE_CHECKING:
    from frontmap.areas import CodeArray
    from frontmap.history import History

__all__ = ["packed_views", "view_codes"]

Json = dict[str, Any]


def view_codes(history: History, view: History) -> CodeArray:
    """Tell the states of a page's cells as another history has them.

    Parameters
    ----------
    history
        The history of the page.
    view
        Another one of the same theatre: its cells may be others, its days fewer.

    Returns
    -------
    ndarray of uint8, shape (n_days, n_cells)
        State codes on the days of `view` that `history` has too; cells in the order of the page's. Each has the state
        of the cell of `view` in which a point on its surface lies.

    Raises
    ------
    FrontmapError
        If the two have other states or another first day.
    """
    if view.state_names != history.state_names or view.days[0] != history.days[0]:
        raise FrontmapError(
            f"expected a view of the states {', '.join(history.state_names)} from {history.days[0]:%Y-%m-%d} on, found "
            f"{', '.join(view.state_names)} from {view.days[0]:%Y-%m-%d} on; next: assess the same theatre"
        )
    codes = view.codes[: len(history.days)]
    if view.tessellation is history.tessellation:
        return codes
    points = shapely.point_on_surface(history.cells.geometry.to_numpy())
    nearest: CodeArray = codes[:, shapely.STRtree(view.cells.geometry.to_numpy()).nearest(points)]
    return nearest


def packed_views(views: Sequence[History], tables: Sequence[CodeArray], groups: Groups) -> list[Json]:
    """Gather what a page shows of further histories.

    Parameters
    ----------
    views
        Further histories of the same theatre.
    tables
        Their states on the page's cells, as from `view_codes`.
    groups
        The page's cells as `grouped` found them, these tables among what has to be alike.

    Returns
    -------
    list of dict
        As `payload` tells them of the page's own history: policy, as-of day (ISO, blank where there is none), number of
        days, level of the interval, states at first, changes, and areas. The areas are the view's own, summed over its
        own cells, so that they are those of `History.areas`.

    Raises
    ------
    AttributeError
        If a view is no history.
    """
    told = []
    for view, table in zip(views, tables, strict=True):
        codes = table[:, groups.first]
        told.append(
            {
                "policy": view.policy,
                "asOf": "" if view.as_of is None else view.as_of.isoformat(),
                "days": len(codes),
                "level": view.level,
                "start": packed(codes[0].tolist()),
                "changes": packed(turns(codes)),
                "areas": area_steps(view),
            }
        )
    return told
