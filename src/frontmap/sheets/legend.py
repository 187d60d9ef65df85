"""The legend of a map and the keys of a chart: a swatch and its meaning, line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import shapely

from frontmap.charts import charted_claims, claim_shapes
from frontmap.maps.palette import PALETTE
from frontmap.schema import CONTESTED, UNKNOWN
from frontmap.sheets.chart import claim_shape
from frontmap.sheets.paper import LEADING, PT_PER_MM, Box, Sheet
from frontmap.sheets.patterns import dots, draw_zone, mixed
from frontmap.sheets.text import plain, width_pt, wrapped

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.sheets.scene import Scene
    from frontmap.theatre import Party
    from frontmap.wording import Language

__all__ = ["chart_keys", "draw_keys", "map_keys"]

Swatch = Callable[[Sheet, Box], None]
Key = tuple[Swatch, str]


def map_keys(scene: Scene, to: Language) -> list[Key]:
    """List what a map shows.

    Parameters
    ----------
    scene
        The history made ready for drawing.
    to
        The language.

    Returns
    -------
    list of (function that draws a swatch into a box, meaning)
        Only what occurs on some day.

    Raises
    ------
    KeyError
        If the language lacks a word.
    """
    history, theatre = scene.history, scene.history.theatre
    keys: list[Key] = []
    for party in theatre.parties:
        for side in sorted(history.sides, key=lambda country: country == party.home_country):
            name = to.party(theatre, party.id)
            if side == party.home_country:
                keys.append((_zone(party, party.id, side), to.word("home", party=name)))
            elif (party.id, side) in history.headline:
                words = to.word("beyond", party=name, side=to.side(theatre, side))
                keys.append((_zone(party, party.id, side), words))
    for state in (CONTESTED, UNKNOWN):
        if (history.codes == history.state_names.index(state)).any():
            keys.append((_zone(None, state, ""), to.word(state)))
    if scene.shows_doubt:
        words = to.word("doubtPolicies")
        if history.level is not None:
            words = to.word("doubtLevel", percent=to.number(100 * (1 - theatre.estimate.tail), 1))
        keys.append((_doubt, words))
    keys.append((_line("front", 1.9), to.word("front")))
    if scene.shows_contested:
        keys.append((_line("contested", 0.9, (4, 3)), to.word("contestedEdge")))
    if not shapely.is_empty(scene.border):
        keys.append((_line("border", 1.1, (7, 2.5, 1.5, 2.5)), to.word("border")))
    if scene.rivers:
        keys.append((_line("river", 0.9), to.word("river")))
    if any(place.reported for place in scene.places):
        keys.append((_dot, to.text("sheets.reported")))
    return keys


def chart_keys(history: History, to: Language, *, claims: bool = True) -> list[Key]:
    """List what a chart shows.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.
    claims
        Whether the chart has claims.

    Returns
    -------
    list of (function that draws a swatch into a box, meaning)
        Parties, interval and marks of claims.

    Raises
    ------
    KeyError
        If the language lacks a word.
    """
    theatre = history.theatre
    by_id = {party.id: party for party in theatre.parties}
    keys: list[Key] = []
    for party_id, side in history.headline:
        words = to.word("beyond", party=to.party(theatre, party_id), side=to.side(theatre, side))
        keys.append((_zone(by_id[party_id], party_id, side), words))
    keys.append((_band(theatre.parties), to.text("chartKeys.band")))
    if not claims:
        return keys
    sides = set(charted_claims(theatre.claims)["claimant_side"])
    for side, shape in claim_shapes(theatre.parties).items():
        if side in sides:
            known = side in by_id
            words = to.text("chartKeys.claimBy", side=to.party(theatre, side)) if known else ""
            keys.append((_mark(shape, filled=True), words or to.text("chartKeys.independent")))
    if sides:
        keys.append((_mark("circle", filled=False), to.text("chartKeys.hollow")))
    return keys


def draw_keys(
    sheet: Sheet, box: Box, keys: Sequence[Key], size_pt: float, *, across: bool = False, room_mm: float = 200
) -> float:
    """Draw keys below one another, or one after the other in rows.

    Parameters
    ----------
    sheet
        To draw on.
    box
        Where on the sheet; its height does not matter.
    keys
        What to explain.
    size_pt
        Size of the type.
    across
        Whether they stand in rows.
    room_mm
        Greatest width of a meaning in rows.

    Returns
    -------
    float
        Where they end, in mm from the upper edge of the sheet.

    Raises
    ------
    TypeError
        If a key is none.
    """
    line_mm = LEADING * size_pt / PT_PER_MM
    swatch_mm, gap = 2.3 * line_mm, 0.5 * line_mm
    x, y, deepest = box.left, box.top, box.top
    for draw, words in keys:
        room = min(room_mm, box.width - swatch_mm - gap) if across else box.width - swatch_mm - gap
        lines = wrapped(plain(words), room * PT_PER_MM, size_pt)
        wide = swatch_mm + gap + max(width_pt(line, size_pt) for line in lines) / PT_PER_MM + 2 * gap
        if across and x > box.left and x + wide > box.right:
            x, y = box.left, deepest + 0.25 * line_mm
        draw(sheet, Box(x, y + 0.06 * line_mm, swatch_mm, 0.88 * line_mm))
        for number, line in enumerate(lines):
            base = y + (number + 0.76) * line_mm
            sheet.text(x + swatch_mm + gap, base, line, size_pt)
        deepest = max(deepest, y + len(lines) * line_mm)
        if across:
            x += wide
        else:
            y = deepest + 0.25 * line_mm
            deepest = y
    return deepest


def _zone(party: Party | None, state: str, side: str) -> Swatch:
    def draw(sheet: Sheet, box: Box) -> None:
        shape = shapely.box(box.left, box.top, box.right, box.bottom)
        draw_zone(sheet, shape, party, state, side, 0.9)
        sheet.shape(shape, edge="#555555", width_pt=0.5)

    return draw


def _doubt(sheet: Sheet, box: Box) -> None:
    shape = shapely.box(box.left, box.top, box.right, box.bottom)
    sheet.shape(shape, face=PALETTE["paper"])
    sheet.shape(dots(shapely.buffer(shape, -0.2), 0.95), edge=PALETTE["doubt"], width_pt=0.85, cap="round")
    sheet.shape(shape, edge="#555555", width_pt=0.5)


def _line(name: str, width_pt: float, dash: Sequence[float] = ()) -> Swatch:
    def draw(sheet: Sheet, box: Box) -> None:
        y = (box.top + box.bottom) / 2
        sheet.line([(box.left, y), (box.right, y)], colour=PALETTE[name], width_pt=width_pt, dash=dash)

    return draw


def _dot(sheet: Sheet, box: Box) -> None:
    middle = shapely.Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    sheet.shape(middle.buffer(0.55), face=PALETTE["ink"])


def _band(parties: Sequence[Party]) -> Swatch:
    def draw(sheet: Sheet, box: Box) -> None:
        tint = mixed(parties[0].colour, 0.3) if parties else PALETTE["unknown"]
        sheet.box(box, face=tint, edge=tint, width_pt=0.5)
        y = (box.top + box.bottom) / 2
        sheet.line([(box.left, y), (box.right, y)], colour=PALETTE["ink"], width_pt=1.2)

    return draw


def _mark(shape: str, *, filled: bool) -> Swatch:
    def draw(sheet: Sheet, box: Box) -> None:
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        face, edge = (PALETTE["muted"], PALETTE["paper"]) if filled else (PALETTE["paper"], PALETTE["muted"])
        sheet.shape(claim_shape(x, y, shape, 1.15), face=face, edge=edge, width_pt=0.7)

    return draw
