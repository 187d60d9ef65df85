"""The tables and sentences of a briefing in one language, as plain text: pages and sheets say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.typing import NaTType

from frontmap.control import policy_rule, reports_as_of
from frontmap.estimate.parameters import described
from frontmap.schema import CONTESTED
from frontmap.wording.language import Language
from frontmap.wording.table import Cell, Table, made

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = [
    "facts", "key_table", "left_out", "licences_table", "meaning_sentences", "method_sentences", "note",
    "parameters_table", "policy_name", "policy_sentence", "sources_table",
]  # fmt: skip


def facts(history: History, to: Language, made_on: date | None = None) -> list[tuple[str, str]]:
    """Tell in a few words what a briefing rests on.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.
    made_on
        Told if given.

    Returns
    -------
    list of (str, str)
        Name and value: period, reports by side, policy, what was known, parameters, interval, day of making.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    theatre = history.theatre
    reports = reports_as_of(theatre.reports, history.as_of)
    sides = ", ".join(
        f"{to.source_side(theatre, str(side))} {to.number(count)}"
        for side, count in reports["origin_side"].value_counts().sort_index().items()
    )
    last = to.day(reports["published_date"].max() if len(reports) else None)
    known = to.text("fields.asOfNone", day=last)
    if history.as_of is not None:
        known = to.text("fields.asOfDay", day=to.day(history.as_of))
    counts = {"reports": len(reports), "origins": reports["origin"].nunique(), "places": reports["place_id"].nunique()}
    told = [
        ("period", _days(to, history.days[0], history.days[-1])),
        ("reports", to.text("fields.reportsValue", **{k: to.number(n) for k, n in counts.items()}, sides=sides)),
        ("policy", policy_name(history, to)),
        ("asOf", known),
        ("interval", to.sentence(theatre, history.interval_label) or history.interval_label),
    ]
    if history.level is not None:
        own = described(theatre.estimate)
        changed = sum(one["default"] != "yes" for one in own)
        told.append(("parameters", to.text("fields.parametersValue", count=len(own), changed=changed)))
    if made_on is not None:
        told.append(("made", to.day(made_on)))
    return [(to.text(f"fields.{name}"), value) for name, value in told]


def policy_name(history: History, to: Language) -> str:
    """Name the policy of a history.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    str
        As in ``claimed by Freedonia``.

    Raises
    ------
    KeyError
        If the language lacks the word.
    """
    kind, _, party = history.policy.partition(":")
    return to.word(f"policy.{kind}", party=to.party(history.theatre, party))


def key_table(history: History, to: Language, days: Sequence[int]) -> Table:
    """Tell the areas on some days, with what was gained and lost between them.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.
    days
        Counted from the first one, in order.

    Returns
    -------
    Table
        One row a day.

    Raises
    ------
    IndexError
        If the history has no such day.
    """
    head = to.table("keyHead")
    figures = _figures(history)
    titles = [head["day"]]
    for pair in history.headline:
        titles += [_ground_label(history, to, *pair), head["low"], head["gained"], head["lost"]]
    rows: list[list[Cell | str]] = []
    before = history.days[0]
    for place in days:
        day = history.days[place]
        changes = history.changes(before.date(), day.date()).set_index(["party", "side"])
        row: list[Cell | str] = [day_cell(history, to, day)]
        for pair in history.headline:
            best, interval = _with_interval(figures[day, *pair], to)
            moved = [to.number(float(changes[column].get(pair, 0.0))) for column in ("gained_km2", "lost_km2")]
            row += [Cell(best, strong=True), interval, *moved]
        contested = sum(figures[day, CONTESTED, side][1] for side in history.sides)
        rows.append([*row, to.number(contested)])
        before = day
    return made(to.text("sections.key"), [*titles, head["contested"]], rows)


def day_cell(history: History, to: Language, day: pd.Timestamp | NaTType | None, small: str = "") -> Cell:
    """Write a day, with its number where the history has it.

    Parameters
    ----------
    history
        Gives the period.
    to
        The language.
    day
        A day; None and NaT become a dash.
    small
        What is said below it.

    Returns
    -------
    Cell
        As told.

    Raises
    ------
    IndexError
        If the language has fewer than twelve months.
    """
    if day is None or isinstance(day, NaTType) or not history.days[0] <= day <= history.days[-1]:
        return Cell(to.day(day), small)
    return Cell(to.day(day), small, day=(day - history.days[0]).days)


def _ground_label(history: History, to: Language, party: str, side: str) -> str:
    names = {"party": to.party(history.theatre, party), "side": to.side(history.theatre, side)}
    return to.text("keyHead.held", **names)


def _days(to: Language, first: pd.Timestamp, last: pd.Timestamp) -> str:
    return to.text("fields.days", **{"from": to.day(first), "to": to.day(last)})


def _figures(history: History) -> dict[tuple[pd.Timestamp, str, str], tuple[float, float, float]]:
    """Look up low, best and high area in km2 by day, state and side."""
    columns = ["date", "party", "side", "area_low_km2", "area_km2", "area_high_km2"]
    rows = history.areas()[columns].itertuples(index=False, name=None)
    return {(day, party, side): (low, best, high) for day, party, side, low, best, high in rows}


def _with_interval(figure: tuple[float, float, float], to: Language) -> tuple[str, str]:
    low, best, high = figure
    return to.number(best), to.span(to.number(low), to.number(high))


def sources_table(history: History, to: Language) -> Table:
    """Tell the origins of the reports, those with most reports first.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    Table
        One row for each origin.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    theatre = history.theatre
    used = reports_as_of(theatre.reports, history.as_of)["origin"].value_counts()
    ordered = theatre.sources.assign(used=theatre.sources["origin"].map(used).fillna(0).astype(int))
    ordered = ordered.sort_values(["used", "origin"], ascending=[False, True], kind="stable")
    kinds = to.table("kinds")
    rows: list[list[Cell | str]] = [
        [
            Cell(row["origin"], recorded=True),
            to.number(row["used"]),
            to.source_side(theatre, row["side"]),
            kinds.get(row["kind"], row["kind"]),
            Cell(row["typical_lag"], recorded=True),
            str(row["reliability"]),
            Cell(row["reason"], recorded=True),
        ]
        for row in ordered.to_dict("records")
    ]
    keys = ("origin", "reports", "side", "kind", "lag", "reliability", "reason")
    return made(to.text("sections.sources"), [to.text(f"sourceHead.{key}") for key in keys], rows)


def parameters_table(history: History, to: Language) -> Table:
    """Tell every parameter of the estimate.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    Table
        One row for each parameter; its meaning and origin as they were written.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    rows: list[list[Cell | str]] = [
        [
            row["name"],
            Cell(
                f"{row['value']} {row['unit']}".strip(),
                "" if row["default"] == "yes" else to.text("changed"),
                recorded=True,
            ),
            Cell(row["meaning"].replace("km2", "km²"), recorded=True),
            Cell(row["origin"].replace("km2", "km²"), recorded=True),
        ]
        for row in described(history.theatre.estimate)
    ]
    keys = ("name", "value", "meaning", "origin")
    return made(to.text("parameters"), [to.text(f"parameterHead.{key}") for key in keys], rows)


def licences_table(history: History, to: Language) -> Table:
    """Tell whose data the theatre holds and under which licences.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    Table
        One row for each licence.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    theatre = history.theatre
    rows: list[list[Cell | str]] = [
        [
            to.of_theatre(theatre, f"covers.{number}", licence.covers),
            Cell(licence.name, links=((licence.name, licence.url),)),
        ]
        for number, licence in enumerate(theatre.licences)
    ]
    return made(to.text("sections.licences"), [to.text(f"licenceHead.{key}") for key in ("covers", "licence")], rows)


def method_sentences(history: History, to: Language) -> list[str]:
    """Tell how the history was made.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    list of str
        Steps in order.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    reports = reports_as_of(history.theatre.reports, history.as_of)
    estimate = history.theatre.estimate
    values: Mapping[str, Any] = {
        "reports": to.number(len(reports)),
        "places": to.number(reports["place_id"].nunique()),
        "policy": policy_name(history, to),
        "interval": to.sentence(history.theatre, history.interval_label) or history.interval_label,
        "mesh": to.number(estimate.mesh_km, 3),
        "reach": to.number(estimate.mesh_reach_km, 3),
        "clear": to.number(100 * (1 - estimate.tail), 1),
    }
    return to.listed(f"method.{_kind(history)}", **values)


def policy_sentence(history: History, to: Language) -> str:
    """Tell the written rule of the history's policy.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    str
        A paragraph; in English if the language has no words for it.

    Raises
    ------
    PolicyError
        If there is no such policy.
    """
    rule = policy_rule(history.policy)
    return to.sentence(history.theatre, rule) or rule


def meaning_sentences(history: History, to: Language) -> list[str]:
    """Tell what the numbers do not mean.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    list of str
        Sentences.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    return to.listed(f"meaning.{_kind(history)}")


def note(history: History, to: Language) -> str:
    """Give the theatre's own note to its readers.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    str
        May be blank.

    Raises
    ------
    AttributeError
        If this is no history.
    """
    return to.of_theatre(history.theatre, "note", history.theatre.note).strip()


def left_out(history: History, to: Language) -> list[str]:
    """Tell what was left out, merged or moved.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    list of str
        Sentences; in English where the language has no words for one.

    Raises
    ------
    AttributeError
        If this is no history.
    """
    return [to.sentence(history.theatre, text) or text for text in history.notes]


def _kind(history: History) -> str:
    return "rule" if history.level is None else "estimate"
