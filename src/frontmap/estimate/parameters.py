"""Parameters of the estimate: every number in one place, with its meaning, unit, bounds and origin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from frontmap.errors import Problem, TheatreError
from frontmap.schema import CONFIDENCES, PRECISIONS, nearest

FILE = "theatre.toml"
TABLE = "estimate"
LETTERS = ("A", "B", "C", "D", "E", "F")


@dataclass(frozen=True)
class _Note:
    """What a parameter means: bounds of its values, unit, meaning and origin in words."""

    low: float
    high: float
    unit: str
    meaning: str
    origin: str
    names: tuple[str, ...] = ()
    whole: bool = False


def _number(default: float, note: _Note) -> float:
    value: float = field(default=default, metadata={"note": note})
    return value


def _count(default: int, note: _Note) -> int:
    value: int = field(default=default, metadata={"note": note})
    return value


def _by_name(note: _Note, *values: float) -> Mapping[str, float]:
    def default() -> Mapping[str, float]:
        return dict(zip(note.names, values, strict=True))

    value: Mapping[str, float] = field(default_factory=default, metadata={"note": note})
    return value


@dataclass(frozen=True)
class Parameters:
    """What the estimate assumes; `described` tells unit, meaning and origin of each number.

    Examples
    --------
    >>> Parameters().level
    0.9
    """

    length_km: float = _number(
        10.0,
        _Note(
            1.0,
            200.0,
            "km",
            "how far places resemble each other at least (Matern 3/2 length in space)",
            "synthetic truths: 8 to 18 km alike at one place per 8 km2",
        ),
    )
    length_spacings: float = _number(
        3.0,
        _Note(
            0.0,
            20.0,
            "spacings",
            "the length is at least so many spacings of the places that are reported about, in whole km",
            "synthetic truths: at one place per 50 km2 a length of 10 km leaves three times the error; flat above 3",
        ),
    )
    length_days: float = _number(
        110.0,
        _Note(
            2.0,
            2000.0,
            "days",
            "how long a place stays as it was (Matern 3/2 length in time)",
            "held-out reports and synthetic truths are alike from 80 to 150 days; as known on the day itself longer is "
            "better, intervals of gains hold the truth too seldom above it",
        ),
    )
    prior_border: float = _number(
        1.0,
        _Note(
            0.0,
            6.0,
            "standard deviations",
            "how strongly the home party is favoured at the border before any report",
            "synthetic truths: unbiased there; bundled data are alike from 1 to 3. Another party then holds "
            "16 % at the border, 1 % a length behind it",
        ),
    )
    prior_slope: float = _number(
        1.3,
        _Note(
            0.0,
            20.0,
            "standard deviations per length",
            "how that grows with distance from the border, and with distance from where the other party was mentioned",
            "synthetic truths; keeps draws from inventing islands far from any news",
        ),
    )
    silence_from: float = _number(
        0.5, _Note(0.0, 10.0, "lengths", "distance from a mention within which it does not grow", "judgement")
    )
    tempo_days: float = _number(
        14.0,
        _Note(
            0.0,
            200.0,
            "days",
            "over which changes of hands are counted to tell the pace of the fighting; 0: a steady pace",
            "held-out reports (Brier score 0.23 to 0.21) and synthetic truths; alike from 7 to 28",
        ),
    )
    tempo_power: float = _number(
        0.5,
        _Note(
            0.0, 2.0, "power", "of the density of these changes that the pace follows", "a square root; 1 is no better"
        ),
    )
    tempo_floor: float = _number(
        0.25,
        _Note(0.01, 1.0, "share", "of the mean pace at which time goes on at least", "judgement; alike from 0 to 0.5"),
    )
    wrong_by_letter: Mapping[str, float] = _by_name(
        _Note(
            0.0,
            0.5,
            "probability",
            "that a statement is wrong, by Admiralty letter of its origin",
            "premature gains counted in the bundled sources (B 3 of 37, C 8 of 70, D 8 of 57, E 7 of 26); "
            "A and F by judgement",
            LETTERS,
        ),
        *(0.03, 0.06, 0.11, 0.16, 0.27, 0.40),
    )
    concession_factor: float = _number(
        0.5,
        _Note(0.0, 1.0, "factor", "on that, where a side speaks for the other side", "judgement; little effect"),
    )
    confidence_factor: Mapping[str, float] = _by_name(
        _Note(0.0, 5.0, "factor", "on that, by how firmly the page says it", "judgement; little effect", CONFIDENCES),
        *(1.5, 1.0, 0.6),
    )
    implied_factor: float = _number(
        1.5, _Note(1.0, 5.0, "factor", "on that, where the page only implies it", "judgement; little effect")
    )
    not_before_days: float = _number(
        6.0,
        _Note(
            0.0,
            60.0,
            "days",
            "how long before a claimed capture the place was not yet the claimant's",
            "claims trail a change by some days, which lies half-way; held-out reports prefer 7, synthetic truths 5",
        ),
    )
    delay_sd_days: float = _number(
        1.5,
        _Note(
            0.0,
            30.0,
            "days",
            "doubt about the delay that all reports share",
            "synthetic truths: intervals of areas hold the truth as often as they say, at a better interval score",
        ),
    )
    quiet_days: float = _number(
        90.0,
        _Note(
            7.0,
            2000.0,
            "days",
            "after so long without news of a place it is taken as it was: between two like statements, and to the end "
            "where the last one is for the home party",
            "about the length in time; 90 to 120 alike, 60 worse",
        ),
    )
    quiet_wrong: float = _number(
        0.1,
        _Note(
            0.0,
            0.5,
            "probability",
            "that the place changed unseen, beside the doubt of the statement itself; 0.5: silence says nothing",
            "bundled data are alike from 0.05 to 0.2",
        ),
    )
    start_wrong: float = _number(
        0.01,
        _Note(
            0.0,
            0.5,
            "probability",
            "that a place mentioned later was not the home party's on the first day",
            "judgement: a theatre begins with the first crossing",
        ),
    )
    contested_sd: float = _number(
        0.7,
        _Note(0.05, 5.0, "standard deviations", "of the field about zero where a place is contested", "judgement"),
    )
    near_km: float = _number(3.0, _Note(0.0, 50.0, "km", "distance meant by a report from near a place", "judgement"))
    run_days: float = _number(
        7.0,
        _Note(
            0.0,
            365.0,
            "days",
            "like statements by origins of one side about one place within so many days count once",
            "judgement; little effect",
        ),
    )
    label_sd: float = _number(
        0.1, _Note(0.01, 2.0, "standard deviations", "softness of a label at the front itself", "judgement")
    )
    date_sd_days: Mapping[str, float] = _by_name(
        _Note(0.0, 90.0, "days", "doubt about a date, by its precision", "judgement", PRECISIONS), *(0.5, 1.0, 4.0)
    )
    contested_below: float = _number(
        0.65,
        _Note(
            0.3,
            1.0,
            "probability",
            "ground is shown as contested where no party is more probable than this; it stays part of the zones",
            "bundled data: such ground holds four fifths of the errors against a map of others, and four fifths of the "
            "places reported as contested",
        ),
    )
    level: float = _number(
        0.90, _Note(0.01, 0.999, "probability", "that an interval is meant to hold the truth", "convention")
    )
    draws: int = _count(
        500,
        _Note(
            20,
            5000,
            "draws",
            "of the whole field, from which intervals are read",
            "an end of a 90 % interval then rests on 25 draws",
            whole=True,
        ),
    )
    seed: int = _count(
        0, _Note(0, 2**31 - 1, "", "seed of the draws: the same seed gives the same", "any will do", whole=True)
    )
    mesh_km: float = _number(
        1.25,
        _Note(0.1, 50.0, "km", "width of a cell of the mesh on which zones are drawn", "an eighth of the length"),
    )
    mesh_reach_km: float = _number(
        8.0, _Note(0.0, 200.0, "km", "how far around reported places the mesh is so fine", "about a length")
    )
    draw_every_days: float = _number(
        3.0,
        _Note(
            1.0,
            90.0,
            "days",
            "between the days that are drawn; areas between are interpolated within each draw",
            "synthetic truths: with 7 days the gain over a week is held too seldom",
        ),
    )

    @property
    def tail(self) -> float:
        """Share of the draws below an interval, and above it."""
        return (1.0 - self.level) / 2.0


def _note(name: str) -> _Note:
    return next(_noted(f.metadata) for f in fields(Parameters) if f.name == name)


def _noted(metadata: Mapping[str, object]) -> _Note:
    note = metadata["note"]
    if not isinstance(note, _Note):
        raise TypeError("expected a note on each parameter; next: add it")
    return note


def from_settings(settings: Mapping[str, object], *, lines: Mapping[str, int] | None = None) -> Parameters:
    """Read parameters from the table [estimate] of theatre.toml.

    Parameters
    ----------
    settings : mapping
        Key to value; keys left out keep their defaults. Keys that hold several numbers (``wrong_by_letter``) are
        tables themselves, of which single entries may be given.
    lines : mapping of str to int, optional
        Line of each key in the file, for the problems.

    Returns
    -------
    parameters : Parameters
        All of them.

    Raises
    ------
    TheatreError
        With everything that is wrong, at once.

    Examples
    --------
    >>> from_settings({"length_km": 12, "wrong_by_letter": {"C": 0.2}}).wrong_by_letter["C"]
    0.2
    """
    rows = dict(lines or {})
    problems: list[Problem] = []
    names = [f.name for f in fields(Parameters)]
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in names:
            meant = nearest(name, names)
            next_step = f"rename it to {meant!r}" if meant else "remove it"
            problems.append(Problem(FILE, rows.get(name), f"a key of [{TABLE}] that is known", f"{name!r}", next_step))
            continue
        note = _note(name)
        wrong = _table_problems(name, value, note) if note.names else _number_problems(name, value, note)
        problems += [Problem(FILE, rows.get(name), *told) for told in wrong]
        if not wrong:
            values[name] = {**_default(name), **value} if isinstance(value, Mapping) else _number_of(value, note)
    if problems:
        raise TheatreError(problems)
    return replace(Parameters(), **values)


def _default(name: str) -> Mapping[str, float]:
    value = getattr(Parameters(), name)
    return dict(value)


def _number_of(value: object, note: _Note) -> float | int:
    number = float(str(value))
    return int(number) if note.whole else number


def _fits(value: object, note: _Note) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return note.low <= value <= note.high and not (note.whole and value != int(value))


def _expected(note: _Note) -> str:
    kind = "a whole number" if note.whole else "a number"
    unit = f" ({note.unit})" if note.unit else ""
    return f"{kind} from {note.low:.10g} to {note.high:.10g}{unit}"


def _number_problems(name: str, value: object, note: _Note) -> list[tuple[str, str, str]]:
    if _fits(value, note):
        return []
    return [(f"{name} of [{TABLE}] as {_expected(note)}", f"{value!r}", "correct the value or remove the key")]


def _table_problems(name: str, value: object, note: _Note) -> list[tuple[str, str, str]]:
    at = f"[{TABLE}.{name}]"
    if not isinstance(value, Mapping):
        return [(f"a table {at} with keys {', '.join(note.names)}", f"{value!r}", f"write {at}")]
    told = []
    for key, number in value.items():
        if key not in note.names:
            told.append((f"keys {', '.join(note.names)} in {at}", f"{key!r}", "rename or remove it"))
        elif not _fits(number, note):
            told.append((f"{key} of {at} as {_expected(note)}", f"{number!r}", "correct the value or remove the key"))
    return told


def described(parameters: Parameters) -> tuple[dict[str, str], ...]:
    """Describe every parameter for people.

    Parameters
    ----------
    parameters : Parameters
        Those in use.

    Returns
    -------
    tuple of dict
        Keys name, value, unit, bounds, meaning, origin, all text, and default (``yes`` where the value is the
        default's).

    Raises
    ------
    TypeError
        If a parameter has no note.

    Examples
    --------
    >>> described(Parameters())[0]["value"]
    '10'
    """
    standard = Parameters()
    rows = []
    for one in fields(Parameters):
        name, note, value = one.name, _note(one.name), getattr(parameters, one.name)
        rows.append(
            {
                "name": name,
                "value": _written(value),
                "unit": note.unit,
                "bounds": f"{note.low:.10g} to {note.high:.10g}",
                "meaning": note.meaning,
                "origin": note.origin,
                "default": "yes" if value == getattr(standard, name) else "no",
            }
        )
    return tuple(rows)


_PAGE = """\
# Parameters of the estimate

Written by `scripts/describe_tables.py` from `src/frontmap/estimate/parameters.py`; change it there.

Every number that the estimate rests on, with its default. Others are set for one theatre in a table `[estimate]` of its
`theatre.toml`; keys that are left out keep their defaults, and everything that is wrong is told at once:

```toml
[estimate]
length_km = 12
draws = 1000

[estimate.wrong_by_letter]
C = 0.15
```

| name | default | unit | from, to | meaning | origin of the default |
|---|---|---|---|---|---|
"""


def parameters_markdown() -> str:
    """Write the page docs/parameters.md.

    Returns
    -------
    str
        Markdown: how to set parameters, and a table of all of them.

    Raises
    ------
    TypeError
        If a parameter has no note.
    """
    columns = ("value", "unit", "bounds", "meaning", "origin")
    rows = [f"| `{row['name']}` | " + " | ".join(row[c] for c in columns) + " |" for row in described(Parameters())]
    return _PAGE + "\n".join(rows) + "\n"


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {number:.10g}" for key, number in value.items())
    return f"{value:.10g}"
