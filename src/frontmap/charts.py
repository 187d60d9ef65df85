"""Charts as SVG text: ground held beyond the border by day, with its interval and the published claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from frontmap.maps.escape import colour, escape
from frontmap.maps.palette import CLAIM_SHAPES, PALETTE
from frontmap.wording import Language, language

if TYPE_CHECKING:
    from frontmap.theatre import Party

__all__ = ["area_chart", "beyond_border", "charted_claims"]

NEAR_PX = 7.0  # marks nearer than this would hide each other
SHIFT_PX = 16.0  # a mark is moved sideways by no more than this


def beyond_border(areas: pd.DataFrame, parties: Sequence[Party]) -> dict[str, pd.DataFrame]:
    """Take from areas by day what each party holds on the other side of the border.

    Parameters
    ----------
    areas
        Columns date, party, side (country), area_km2, area_low_km2, area_high_km2, as from ``History.areas``.
    parties
        The parties with their home countries.

    Returns
    -------
    dict of str to DataFrame
        By party id, for every party that ever holds or may hold such ground: one row per day, index date,
        columns area_low_km2, area_km2, area_high_km2.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    columns = ["area_low_km2", "area_km2", "area_high_km2"]
    series = {}
    for party in parties:
        rows = areas[(areas["party"] == party.id) & (areas["side"] != party.home_country)]
        summed = rows.groupby("date", sort=True)[columns].sum()
        if summed.to_numpy().any():
            series[party.id] = summed
    return series


def charted_claims(claims: pd.DataFrame) -> pd.DataFrame:
    """Choose the claims that belong on a chart of areas held.

    Parameters
    ----------
    claims
        The claims table.

    Returns
    -------
    DataFrame
        Claims of areas held in km2, with a column ``day``: the day they are about or, where that is blank, the
        day on which they were published.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    chosen = claims[(claims["measure"] == "area_held") & (claims["unit"] == "km2")]
    return chosen.assign(day=chosen["as_of_date"].fillna(chosen["published_date"])).dropna(subset=["day", "lower"])


@dataclass(frozen=True)
class _Frame:
    """Where days and areas lie on the sheet, in px."""

    left: float
    right: float
    top: float
    bottom: float
    days: int
    most: float

    def x(self, day: float) -> float:
        return round(self.left + (self.right - self.left) * day / max(1, self.days - 1), 1)

    def y(self, km2: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * km2 / self.most, 1)


def area_chart(
    areas: pd.DataFrame,
    claims: pd.DataFrame,
    parties: Sequence[Party],
    *,
    to: Language | None = None,
    width: int = 1200,
    height: int = 240,
    label: str = "",
    name: str = "chart",
    key_days: Sequence[int] = (),
    room_km2: float = 0.0,
    title: Callable[[Mapping[Any, Any]], str] | None = None,
) -> str:
    """Draw what each party holds on the other side of the border, by day, with interval and claims.

    Parameters
    ----------
    areas
        As from ``History.areas``, in km2.
    claims
        The claims table; claims of areas held become points whose shape tells the claimant's side.
    parties
        The parties, with colour and home country.
    to
        Language of months and numbers; English if none is given.
    width, height
        Size of the sheet in px.
    label
        What the chart shows, for those who do not see it.
    name
        Prefix of identifiers, so that several charts can stand on one page.
    key_days
        Days, counted from the first, marked with a thin line.
    room_km2
        The chart reaches at least so high, for courses that a page may draw later.
    title
        Gives what a claim, a row of the table, says when pointed at or reached by keyboard; without it claims cannot
        be reached by keyboard.

    Returns
    -------
    str
        An ``<svg>`` element. It carries the place of its axes in ``data-fm-left``, ``-right``, ``-top``, ``-bottom``,
        ``-days`` and ``-most`` (km2), an empty group ``fm-others`` beside that of the areas, ``fm-own``, and two hidden
        lines that a page may move: ``fm-cursor`` and ``fm-cursor-compare``. Claims
        carry their id in ``data-claim`` and their day, counted from the first one, in ``data-day``; those that would
        hide each other stand a little beside their day.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    days = pd.DatetimeIndex(sorted(areas["date"].unique()))
    series = beyond_border(areas, parties)
    points = charted_claims(claims)
    points = points[points["day"].between(days[0], days[-1])]
    tops = [float(frame["area_high_km2"].max()) for frame in series.values()] + points["upper"].tolist()
    highest = max([*tops, room_km2, 1.0])
    step = _step(highest, 5 if height >= 200 else 3)
    most = step * math.ceil(highest / step)
    frame = _Frame(46, width - 10, 10, height - 24, len(days), most)
    body = [
        _defs(parties, escape(name)),
        _axes(frame, days, step, to or language("en")),
        *(
            f'<path d="M{frame.x(day)} {frame.top}V{frame.bottom}" stroke="#9a9a96" stroke-dasharray="2 3"/>'
            for day in key_days
        ),
        '<g class="fm-own">',
        *(
            _area(frame, party, series[party.id], f"{escape(name)}-{number}")
            for number, party in enumerate(parties)
            if party.id in series
        ),
        '</g><g class="fm-others"></g>',
        *_claims(frame, points.assign(place=(points["day"] - days[0]).dt.days), parties, title),
        f'<line class="fm-cursor-compare" x1="{frame.left}" x2="{frame.left}" y1="{frame.top}" y2="{frame.bottom}" '
        f'stroke="{PALETTE["compare"]}" stroke-width="2" stroke-dasharray="6 4" visibility="hidden"/>',
        f'<line class="fm-cursor" x1="{frame.left}" x2="{frame.left}" y1="{frame.top}" y2="{frame.bottom}" '
        f'stroke="{PALETTE["ink"]}" stroke-width="2" visibility="hidden"/>',
    ]
    role = "img" if title is None else "group"  # what is inside a picture cannot be reached
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fm-chart" viewBox="0 0 {width} {height}" role="{role}" '
        f'aria-label="{escape(label)}" font-family="sans-serif" font-size="12" data-fm-left="{frame.left}" '
        f'data-fm-right="{frame.right}" data-fm-top="{frame.top}" data-fm-bottom="{frame.bottom}" '
        f'data-fm-days="{frame.days}" data-fm-most="{frame.most:g}" data-fm-name="{escape(name)}">{"".join(body)}</svg>'
    )


def claim_mark(x: float, y: float, shape: str) -> str:
    """Draw the mark of a claim.

    Parameters
    ----------
    x, y
        Its centre in px.
    shape
        One of `frontmap.maps.palette.CLAIM_SHAPES`.

    Returns
    -------
    str
        An SVG element without its end, so that colours and a title can be put in: ``<path d="..."``.

    Raises
    ------
    KeyError
        If there is no such shape.
    """
    begin, outline = {
        "circle": ((-4, 0), "a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z"),
        "square": ((-3.5, -3.5), "h7v7h-7Z"),
        "diamond": ((0, -5), "l5 5-5 5-5-5Z"),
        "triangle": ((0, -5), "l5 9h-10Z"),
    }[shape]
    return f'<path d="M{x + begin[0]:.4g} {y + begin[1]:.4g}{outline}"'


def claim_shapes(parties: Sequence[Party]) -> dict[str, str]:
    """Choose a shape for the claimants of each side.

    Parameters
    ----------
    parties
        The parties; each is a side of its own, everyone else is independent.

    Returns
    -------
    dict
        Side to shape.

    Raises
    ------
    AttributeError
        If an element is no party.
    """
    sides = [*(party.id for party in parties), "independent"]
    return {side: CLAIM_SHAPES[place % len(CLAIM_SHAPES)] for place, side in enumerate(sides)}


def _step(most: float, lines: int) -> float:
    """Distance of the grid lines: 1, 2 or 5 times a power of ten, so that few lines fit."""
    raw = most / lines
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def _defs(parties: Sequence[Party], name: str) -> str:
    patterns = []
    for number, party in enumerate(parties):
        tint = colour(party.colour)
        lines = f'<path d="M0 0V6" stroke="{tint}" stroke-width="1.6"/>' if party.hatched else ""
        patterns.append(
            f'<pattern id="{name}-{number}" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{tint}" fill-opacity=".4"/>'
            f"{lines}</pattern>"
        )
    return f"<defs>{''.join(patterns)}</defs>"


def _axes(frame: _Frame, days: pd.DatetimeIndex, step: float, to: Language) -> str:
    parts = []
    for line in range(round(frame.most / step) + 1):
        y = frame.y(line * step)
        parts.append(f'<path d="M{frame.left} {y}H{frame.right}" stroke="{PALETTE["rule"]}"/>')
        label = escape(to.number(line * step))
        parts.append(
            f'<text x="{frame.left - 5}" y="{y + 4}" text-anchor="end" fill="{PALETTE["muted"]}">{label}</text>'
        )
    starts = [place for place, day in enumerate(days) if day.day == 1] or [0]
    room = (frame.right - frame.left) / max(1, len(days) - 1)
    every = next(n for n in (1, 2, 3, 6, 12, 24, 1200) if n * 30 * room >= 62)
    for place in starts:
        day = days[place]
        x = frame.x(place)
        parts.append(f'<path d="M{x} {frame.bottom}v4" stroke="{PALETTE["muted"]}"/>')
        if (day.year * 12 + day.month - 1) % every == 0 and x < frame.right - 24:
            parts.append(
                f'<text x="{x}" y="{frame.bottom + 17}" text-anchor="middle" fill="{PALETTE["muted"]}">'
                f"{escape(to.month(day))}</text>"
            )
    parts.append(f'<text x="{frame.left + 4}" y="{frame.top + 4}" fill="{PALETTE["muted"]}">km²</text>')
    return "".join(parts)


def _steps(frame: _Frame, values: NDArray[np.float64], *, back: bool = False) -> str:
    """Write a line that keeps its height until the day on which the value changes; with `back`, from right to left.

    Written as relative moves of tenths of a px from the corner where the line begins; ends at the other corner.
    """
    turns = np.r_[0, np.flatnonzero(np.diff(values)) + 1]
    x = np.rint(10 * (frame.left + (frame.right - frame.left) * turns / max(1, frame.days - 1))).astype(int)
    y = np.rint(10 * (frame.bottom - (frame.bottom - frame.top) * values[turns] / frame.most)).astype(int)
    kept = np.r_[True, np.diff(y) != 0]
    x, y = np.r_[x[kept], round(10 * frame.right)], y[kept]
    across, down = np.diff(x), np.diff(y)
    if not back:
        moves = "".join(f"h{_tenths(dx)}v{_tenths(dy)}" for dx, dy in zip(across, down, strict=False))
        return f"{moves}h{_tenths(across[-1])}"
    pairs = zip(across[:0:-1], down[::-1], strict=True)
    return "".join(f"h{_tenths(-dx)}v{_tenths(-dy)}" for dx, dy in pairs) + f"h{_tenths(-across[0])}"


def _tenths(value: int) -> str:
    return f"{value / 10:.1f}".removesuffix(".0")


def _restless(frame: _Frame, values: NDArray[np.float64]) -> bool:
    """Tell whether a line moves on so many days that it is drawn from day to day, not in steps."""
    heights = np.rint(10 * (frame.bottom - frame.top) * values / frame.most)
    return int(np.count_nonzero(np.diff(heights))) > max(3, len(values) // 3)


def _run(frame: _Frame, values: NDArray[np.float64]) -> str:
    """Write a line from day to day, leaving out days that lie on its way to half a px, as relative moves."""
    x = frame.left + (frame.right - frame.left) * np.arange(len(values)) / max(1, frame.days - 1)
    y = frame.bottom - (frame.bottom - frame.top) * values / frame.most
    kept = shapely.get_coordinates(shapely.simplify(shapely.linestrings(np.column_stack([x, y])), 0.5))
    moves = np.diff(np.rint(10 * kept).astype(int), axis=0)
    return "l" + " ".join(f"{_tenths(dx)} {_tenths(dy)}" for dx, dy in moves)


def _area(frame: _Frame, party: Party, values: pd.DataFrame, pattern: str) -> str:
    tint = colour(party.colour)
    low, best, high = (values[column].to_numpy(float) for column in ("area_low_km2", "area_km2", "area_high_km2"))
    if any(_restless(frame, course) for course in (low, best, high)):
        upper, lower, middle = _run(frame, high), _run(frame, low), _run(frame, best)
        under = f"M{frame.left} {frame.y(low[0])}{lower}V{frame.bottom}H{frame.left}Z"
        band = f"M{frame.left} {frame.y(high[0])}{upper}V{frame.bottom}H{frame.left}Z{under}"
    else:
        upper, lower, middle = _steps(frame, high), _steps(frame, low, back=True), _steps(frame, best)
        band = f"M{frame.left} {frame.y(high[0])}{upper}V{frame.y(low[-1])}{lower}Z"
    line = f"M{frame.left} {frame.bottom}V{frame.y(best[0])}{middle}V{frame.bottom}"
    return (
        f'<path d="{band}" fill="{tint}" fill-opacity=".2" fill-rule="evenodd"/>'
        f'<path d="{line}" fill="url(#{pattern})" stroke="{tint}" stroke-width="2"/>'
    )


def _claims(
    frame: _Frame, points: pd.DataFrame, parties: Sequence[Party], title: Callable[[Mapping[Any, Any]], str] | None
) -> list[str]:
    """Draw the claims in order of time, those of one colour together; filled if they are about control on a day."""
    by_id = {party.id: party for party in parties}
    shapes = claim_shapes(parties)
    groups: dict[tuple[str, str], list[str]] = {}
    ordered = points.sort_values(["place", "lower"], kind="stable")
    middle = [frame.y(value) for value in (ordered["lower"] + ordered["upper"]) / 2]
    moved = _apart([frame.x(place) for place in ordered["place"]], middle)
    for place, row in enumerate(ordered.to_dict("records")):
        party = by_id.get(row["party"])
        tint = colour(party.colour) if party else PALETTE["muted"]
        filled = row["basis"] == "control" and row["as_of_date"] is not pd.NaT
        x, low, high = moved[place], frame.y(row["lower"]), frame.y(row["upper"])
        mark = claim_mark(x, round((low + high) / 2, 1), shapes.get(row["claimant_side"], CLAIM_SHAPES[2]))
        reached, told = "", ""
        if title is not None:
            reached = f' role="button" tabindex="{-1 if groups else 0}"'
            told = f"<title>{escape(title(row))}</title>"
        mark += f' data-claim="{escape(row["claim_id"])}" data-day="{row["place"]}"{reached}'
        bar = "" if low == high else f'<path d="M{x} {low}V{high}" stroke="{tint}"/>'
        style = (tint, PALETTE["paper"]) if filled else (PALETTE["paper"], tint)
        groups.setdefault(style, []).append(f"{bar}{mark}>{told}</path>" if told else f"{bar}{mark}/>")
    return [
        f'<g fill="{fill}" stroke="{stroke}" stroke-width="1.5">{"".join(marks)}</g>'
        for (fill, stroke), marks in groups.items()
    ]


def _apart(across: Sequence[float], down: Sequence[float]) -> list[float]:
    """Move marks sideways as little as keeps them from hiding each other, in px; those without room stay."""
    placed: list[tuple[float, float]] = []
    steps = [0.0, *(sign * shift for shift in np.arange(2.0, SHIFT_PX + 1, 2.0) for sign in (1, -1))]
    for x, y in zip(across, down, strict=True):
        free = (x + step for step in steps if all(math.dist((x + step, y), other) >= NEAR_PX for other in placed))
        placed.append((round(next(free, x), 1), y))
    return [x for x, _ in placed]
