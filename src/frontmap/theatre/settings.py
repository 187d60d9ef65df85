"""The file theatre.toml: title, period, parties, cells and licences of a theatre."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from frontmap.dates import parse_day
from frontmap.errors import DateError, Problem, TheatreError
from frontmap.estimate.parameters import Parameters, from_settings
from frontmap.schema import CONTESTED, INDEPENDENT, UNKNOWN, Licence, nearest

FILE = "theatre.toml"
_LONGEST_DAYS = 20 * 366
_RESERVED = (CONTESTED, UNKNOWN, INDEPENDENT)

Lines = Mapping[tuple[str, int, str], int]


@dataclass(frozen=True)
class Party:
    """One party to the conflict.

    Parameters
    ----------
    id
        Short word, used in the tables.
    label
        Name for people.
    colour
        ``#rrggbb``, for its zones.
    home_country
        Code of the country whose places it holds before any report; blank if it is at home nowhere here.
    hatched
        Its zones are hatched, so that they can be told apart without colour.
    """

    id: str
    label: str
    colour: str
    home_country: str
    hatched: bool


@dataclass(frozen=True)
class Settings:
    """What theatre.toml says, as far as it could be understood.

    Parameters
    ----------
    title, note, attribution
        Texts for people.
    period
        First and last day, both included; ``None`` if they are not given or not usable.
    max_position_radius_m, merge_distance_m
        Metres; see `frontmap.theatre.Theatre`.
    key_dates
        Days that a briefing tells first, in order of time.
    estimate
        Numbers that the estimate rests on.
    parties, licences
        In the order of the file; incomplete ones left out.
    party_ids
        Ids of all parties, incomplete ones too; empty if any id is missing or unusable.
    translations
        See `frontmap.theatre.Theatre`.
    """

    title: str = ""
    note: str = ""
    attribution: str = ""
    period: tuple[date, date] | None = None
    max_position_radius_m: float = 2000.0
    merge_distance_m: float = 50.0
    key_dates: tuple[date, ...] = ()
    estimate: Parameters = field(default_factory=Parameters)
    parties: tuple[Party, ...] = ()
    party_ids: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Key:
    """One key: what it must be in words, and the test of it; a key with a default may be missing."""

    expected: str
    fits: Callable[[Any], bool]
    default: object = None


def _is_filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _matches(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_number(low: float, high: float) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_day(value: object) -> bool:
    if not isinstance(value, str | date | datetime):
        return False
    try:
        parse_day(value)
    except DateError:
        return False
    return True


def _is_days(value: object) -> bool:
    return isinstance(value, list) and all(_is_day(item) for item in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_TITLE = _Key("a text", _is_filled)
_FREE = _Key("a text", _is_text, "")
_DAY = _Key("a day written YYYY-MM-DD", _is_day)
_ADDRESS = r"https?://\S+"
_SECTIONS: Mapping[str, Mapping[str, _Key]] = {
    "theatre": {"title": _TITLE, "attribution": _TITLE, "note": _FREE},
    "period": {"start": _DAY, "end": _DAY},
    "cells": {
        "max_position_radius_m": _Key("metres from 1 to 100000", _is_number(1, 100_000), 2000),
        "merge_distance_m": _Key("metres from 0 to 10000", _is_number(0, 10_000), 50),
    },
    "briefing": {"key_dates": _Key("a list of days written YYYY-MM-DD", _is_days, [])},
}
_ESTIMATE = "estimate"
_LISTS: Mapping[str, Mapping[str, _Key]] = {
    "parties": {
        "id": _Key(
            "one word of letters, digits and hyphens, other than contested, unknown, independent",
            lambda value: _matches("[A-Za-z][A-Za-z0-9-]*")(value) and value not in _RESERVED,
        ),
        "label": _TITLE,
        "colour": _Key("a colour written #rrggbb", _matches("#[0-9a-fA-F]{6}")),
        "home_country": _Key("two or three capital letters, or nothing", _matches("([A-Z]{2,3})?")),
        "hatched": _Key("true or false", lambda value: isinstance(value, bool), False),
    },
    "licences": {
        "name": _Key("an SPDX identifier such as ODbL-1.0", _matches("[A-Za-z0-9.-]+")),
        "url": _Key("an http(s):// address", _matches(_ADDRESS)),
        "covers": _TITLE,
        "source": _Key("an http(s):// address", _matches(f"({_ADDRESS})?"), ""),
        "files": _Key("a list of file names", _is_texts, []),
    },
}


# Keys that may be given once more in another language, as in label_uk, and what the text is called then.
_TRANSLATED: Mapping[str, Mapping[str, str]] = {
    "theatre": {"title": "title", "note": "note", "attribution": "attribution"},
    "parties": {"label": "party.{id}"},
    "licences": {"covers": "covers.{number}"},
}
_IN_LANGUAGE = re.compile(r"(?P<key>[a-z]+)_(?P<language>[a-z]{2,3})")
_NAMES = re.compile(r"names_(?P<language>[a-z]{2,3})")


@dataclass
class _Finding:
    """The problems found so far, and where things stand in the file."""

    lines: Lines
    problems: list[Problem] = field(default_factory=list)
    translations: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, at: tuple[str, int, str], expected: str, found: str, next_step: str) -> None:
        """Note one problem with the line where it stands, or where its section begins."""
        section, number, _ = at
        row = self.lines.get(at) or self.lines.get((section, number, ""))
        self.problems.append(Problem(FILE, row, expected, found, next_step))


def read_settings(text: str) -> tuple[Settings, list[Problem]]:
    r"""Read the text of theatre.toml.

    Parameters
    ----------
    text
        Content of the file.

    Returns
    -------
    settings
        What could be understood; the rest blank.
    problems
        All that is wrong, with lines.

    Raises
    ------
    TypeError
        If `text` is not text.

    Examples
    --------
    >>> settings, problems = read_settings('[theatre]\ntitel = "Here"\n')
    >>> problems[0].row, problems[0].found, problems[0].next_step
    (2, "'titel'", "rename it to 'title'")
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(), [_toml_problem(str(error), text)]
    finding = _Finding(_lines_of(text))
    renamed = _check_sections(content, finding)
    values = {name: _read_section(content, name, finding) for name in _SECTIONS if name not in renamed}
    entries = {name: _read_list(content, name, finding) for name in _LISTS if name not in renamed}
    _read_names(content, finding)
    parties, licences = entries.get("parties", []), entries.get("licences", [])
    _check_parties(parties, finding)
    settings = Settings(
        **values.get("theatre", {}),
        **values.get("cells", {}),
        period=_read_period(values.get("period", {}), finding),
        estimate=_read_estimate(content.get(_ESTIMATE, {}), finding),
        key_dates=tuple(sorted({parse_day(day) for day in values.get("briefing", {}).get("key_dates", [])})),
        parties=tuple(Party(**given) for given in parties if _is_whole(given, "parties")),
        party_ids=tuple(given["id"] for given in parties) if all("id" in given for given in parties) else (),
        licences=tuple(
            Licence(**{**given, "files": tuple(given["files"])}) for given in licences if _is_whole(given, "licences")
        ),
        translations=finding.translations,
    )
    return settings, finding.problems


def _check_sections(content: Mapping[str, Any], finding: _Finding) -> set[str]:
    """Note unknown sections; return the absent ones that they probably stand for."""
    known = (*_SECTIONS, *_LISTS, _ESTIMATE)
    absent = [name for name in known if name not in content]
    unknown = [name for name in content if name not in known and not _NAMES.fullmatch(name)]
    return {_add_unknown(finding, (name, 0, ""), name, absent, "section") for name in unknown}


def _read_section(content: Mapping[str, Any], name: str, finding: _Finding) -> dict[str, Any]:
    keys = _SECTIONS[name]
    given = content.get(name, {})
    if not isinstance(given, dict):
        finding.add((name, 0, ""), f"a section [{name}]", f"{name} of another kind", f"write [{name}]")
        return {}
    return _read_keys(_read_translations(given, (name, 0), finding), (name, 0), keys, finding)


def _read_translations(given: Mapping[str, Any], at: tuple[str, int], finding: _Finding) -> dict[str, Any]:
    """Note the texts given in further languages; return what is left."""
    names = _TRANSLATED.get(at[0], {})
    left = {}
    for key, value in given.items():
        found = _IN_LANGUAGE.fullmatch(key)
        if found is None or found["key"] not in names:
            left[key] = value
        elif _is_filled(value):
            name = names[found["key"]].format(id=given.get("id", ""), number=at[1])
            finding.translations.setdefault(found["language"], {})[name] = value
        else:
            finding.add((*at, key), f"{key} as a text", f"{value!r}", "correct the value, or leave the key out")
    return left


def _read_names(content: Mapping[str, Any], finding: _Finding) -> None:
    """Note the names of districts, regions and rivers in further languages."""
    for section, given in content.items():
        found = _NAMES.fullmatch(section)
        if found is None:
            continue
        if not isinstance(given, dict) or not all(_is_filled(value) for value in given.values()):
            expected = f"a section [{section}] of names and what they are called in that language"
            finding.add((section, 0, ""), expected, "something else", 'write lines such as "Name" = "Other name"')
            continue
        told = finding.translations.setdefault(found["language"], {})
        told.update({f"name.{name}": value for name, value in given.items()})


def _read_estimate(given: object, finding: _Finding) -> Parameters:
    """Read the numbers of the estimate; those left out keep their defaults."""
    if not isinstance(given, dict):
        expected = f"a section [{_ESTIMATE}]"
        finding.add((_ESTIMATE, 0, ""), expected, f"{_ESTIMATE} of another kind", f"write [{_ESTIMATE}]")
        return Parameters()
    lines = {key: row for (section, _, key), row in finding.lines.items() if section == _ESTIMATE}
    try:
        return from_settings(given, lines=lines)
    except TheatreError as error:
        finding.problems.extend(error.problems)
        return Parameters()


def _read_list(content: Mapping[str, Any], name: str, finding: _Finding) -> list[dict[str, Any]]:
    """Read every entry of a list of sections, as far as it can be."""
    given = content.get(name, [])
    if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
        finding.add((name, 0, ""), f"at least one section [[{name}]]", "none", f"add [[{name}]]")
        return []
    return [
        _read_keys(_read_translations(entry, (name, number), finding), (name, number), _LISTS[name], finding)
        for number, entry in enumerate(given)
    ]


def _is_whole(entry: Mapping[str, Any], name: str) -> bool:
    return len(entry) == len(_LISTS[name])


def _read_keys(
    given: Mapping[str, Any], at: tuple[str, int], keys: Mapping[str, _Key], finding: _Finding
) -> dict[str, Any]:
    absent = [name for name in keys if name not in given]
    for name in given:
        if name not in keys:
            meant = _add_unknown(finding, (*at, name), name, absent, f"key of [{at[0]}]")
            absent = [other for other in absent if other != meant]
    values: dict[str, Any] = {}
    for name, key in keys.items():
        if name in given and key.fits(given[name]):
            values[name] = given[name]
        elif name in given:
            finding.add((*at, name), f"{name} as {key.expected}", f"{given[name]!r}", "correct the value")
        elif key.default is not None:
            values[name] = key.default
        elif name in absent:
            finding.add((*at, ""), f"a key {name!r} in [{at[0]}]", "none", f"add {name} = {key.expected}")
    return values


def _add_unknown(finding: _Finding, at: tuple[str, int, str], name: str, known: list[str], what: str) -> str:
    """Note an unknown name and return the known one that it probably stands for."""
    meant = nearest(name, known)
    next_step = f"rename it to {meant!r}" if meant else "remove it"
    finding.add(at, f"a {what} that is known", f"{name!r}", next_step)
    return meant


def _read_period(values: Mapping[str, Any], finding: _Finding) -> tuple[date, date] | None:
    if len(values) < 2:
        return None
    start, end = parse_day(values["start"]), parse_day(values["end"])
    if start <= end and (end - start).days <= _LONGEST_DAYS:
        return start, end
    expected = "an end on or after the start, at most twenty years later"
    finding.add(("period", 0, "end"), expected, f"{start} to {end}", "correct one of the two days")
    return None


def _check_parties(parties: list[dict[str, Any]], finding: _Finding) -> None:
    """Check that no two parties share an id or a home country."""
    for key in ("id", "home_country"):
        values = [given.get(key, "") for given in parties]
        for number, value in enumerate(values):
            if value and value in values[:number]:
                expected = f"each {key} with one party only"
                finding.add(("parties", number, key), expected, f"{value!r} again", f"give each its own {key}")


def _toml_problem(message: str, text: str) -> Problem:
    """Tell what tomllib says, with the line out of its message."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    row = int(found[1]) if found else max(1, len(text.splitlines()))
    told = re.sub(r" \(at .*\)$", "", message) + (f" in column {found[2]}" if found else " at the end of the file")
    return Problem(FILE, row, "TOML", told[:1].lower() + told[1:], "correct the line; see https://toml.io")


def _lines_of(text: str) -> Lines:
    """Find the line of each (section, number of the section in its list, key); key "" is the section itself."""
    lines: dict[tuple[str, int, str], int] = {}
    counts: dict[str, int] = {}
    at = ("", 0)
    for number, line in enumerate(text.splitlines(), start=1):
        head = re.match(r"\s*(\[\[?)\s*([\w-]+)\s*\]", line)
        key = re.match(r"\s*([\w-]+)\s*=", line)
        if head:
            counts[head[2]] = counts.get(head[2], -1) + 1
            at = (head[2], counts[head[2]] if head[1] == "[[" else 0)
            lines.setdefault((*at, ""), number)
        elif key:
            lines.setdefault((*at, key[1]), number)
    return lines
