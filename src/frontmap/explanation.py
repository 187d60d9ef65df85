"""Explanations: why one place has its state on one day, as text for people and as values for machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

SHOWN = 12  # moves that are printed
_ASSUMED = {
    "prior": "assumed before any report: the home party is favoured",
    "start": "assumed: places named later were the home party's on the first day",
    "quiet": "assumed: where a long silence follows, nothing changed",
}


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a place has its state on a day.

    Parameters
    ----------
    place : str
        Name, district and region as a reader would write them.
    place_id : str
        Its id.
    day : date
        The day asked about (its end).
    state : str
        A party id, ``contested`` or ``unknown``.
    rule : str
        The rule that decided, in one sentence.
    policy : str
        The policy that the rule belongs to.
    as_of : date or None
        Only what was published by then was used; None means everything known today.
    spell_from, spell_to : date
        First and last day (inclusive) of the spell that the day lies in.
    deciding, supporting, losing, noted : DataFrame
        Rows of ``reports.csv``: they decided; agreed; said otherwise; said nothing of who holds the place.
    drawn : str
        How the place appears on the map: its own cell, one shared with others, or none and why.
    moves : DataFrame or None
        With the estimate, how much each report moves it, strongest first; see `frontmap.reasons.moves`.
    """

    place: str
    place_id: str
    day: date
    state: str
    rule: str
    policy: str
    as_of: date | None
    spell_from: date
    spell_to: date
    deciding: pd.DataFrame
    supporting: pd.DataFrame
    losing: pd.DataFrame
    noted: pd.DataFrame
    drawn: str
    moves: pd.DataFrame | None = None

    def __str__(self) -> str:
        known = "as known today" if self.as_of is None else f"as known on {self.as_of}"
        lines = [
            f"{self.place} on {self.day}: {self.state}",
            f"Policy: {self.policy}, {known}",
            f"Rule: {self.rule}",
            f"In this state: {self.spell_from} to {self.spell_to}",
            f"On the map: {self.drawn}",
        ]
        lines += self._moves()
        for title, rows in self._parts():
            lines += [
                "",
                f"{title} ({len(rows)})",
                *(_report_line(row) for row in rows.itertuples(index=False)),
            ]
        return "\n".join(lines)

    def _moves(self) -> list[str]:
        """Lines that tell what moves the estimate most."""
        if self.moves is None:
            return []
        rest = len(self.moves) - SHOWN
        more = [f"  and {rest} smaller ones"] if rest > 0 else []
        rows = self.moves.head(SHOWN)
        return [
            "",
            f"What moves the estimate, by its pull towards {self.state}",
            *map(_move_line, _records(rows)),
            *more,
        ]

    def _parts(self) -> list[tuple[str, pd.DataFrame]]:
        spell = f"from {self.spell_from} to {self.spell_to}"
        return [
            ("Deciding reports", self.deciding),
            (f"Supporting reports {spell}", self.supporting),
            (f"Losing claims {spell}: they said otherwise", self.losing),
            (f"Noted {spell}: no evidence of who holds it", self.noted),
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as plain values for JSON.

        Returns
        -------
        dict
            Dates as ISO text, each group of reports as a list of records.

        Raises
        ------
        KeyError
            If a report frame lacks a date column.
        """
        groups = {
            "deciding": self.deciding,
            "supporting": self.supporting,
            "losing": self.losing,
            "noted": self.noted,
        }
        head: dict[str, object] = {
            "place": self.place,
            "place_id": self.place_id,
            "day": str(self.day),
            "state": self.state,
            "rule": self.rule,
            "policy": self.policy,
            "as_of": None if self.as_of is None else str(self.as_of),
            "spell_from": str(self.spell_from),
            "spell_to": str(self.spell_to),
            "drawn": self.drawn,
        }
        if self.moves is not None:
            head["moves"] = _records(self.moves)
        return head | {name: _dated_records(rows) for name, rows in groups.items()}


def _report_line(row: object) -> str:
    get = row.__getattribute__
    weak = [w for w, on in (("near", get("proximity") == "near"), ("implied", get("implied"))) if on]
    note = f" - {' '.join(get('note').split())}" if get("note") else ""  # one line, whatever the table holds
    return (
        f"  {get('report_id')}  {get('event_date').date()}  {get('origin')} ({get('origin_side')}): {get('status')} "
        f"{get('party')}{' [' + ', '.join(weak) + ']' if weak else ''}, {get('confidence')} confidence{note}\n"
        f"         published {get('published_date').date()}  {get('source_url')}"
    )


def _move_line(move: dict[str, object]) -> str:
    what = f"{move['report_id']} about {move['place_id']}" if move["report_id"] else _ASSUMED[str(move["kind"])]
    return f"  {move['pull']:+7.2f}  ({move['points']:+.0f} points)  {what}"


def _dated_records(rows: pd.DataFrame) -> list[dict[str, object]]:
    return _records(rows.assign(**{c: rows[c].dt.strftime("%Y-%m-%d") for c in ("event_date", "published_date")}))


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in record.items()} for record in rows.to_dict(orient="records")]
