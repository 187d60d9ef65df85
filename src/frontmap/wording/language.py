"""One language: words and sentences from its file, numbers and days as its readers write them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
from pandas.api.typing import NaTType

from frontmap.errors import FrontmapError

if TYPE_CHECKING:
    from frontmap.theatre import Theatre

DEFAULT = "en"
MISSING = "–"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_KEEPS = re.compile(r"\{(\w+)\}")


Texts: TypeAlias = "str | Sequence[str] | Mapping[str, Texts]"


@dataclass(frozen=True, eq=False)
class Language:
    """What is said in one language.

    Parameters
    ----------
    code
        As in ``lang`` attributes.
    name
        The language's name for itself.
    words
        Phrases of the interface, by key.
    texts
        Texts of the briefing: mappings and lists of texts.
    sentences
        Pairs of sentences that the package itself writes in English into tables, and what they are here; what
        ``{name}`` stands for is carried over.
    """

    code: str
    name: str
    words: Mapping[str, str]
    texts: Mapping[str, Texts]
    sentences: Mapping[str, str]

    def word(self, key: str, **values: object) -> str:
        """Give a phrase of the interface, filled in.

        Raises
        ------
        KeyError
            If there is no such phrase, or a value is missing.
        """
        return self.words[key].format_map(values)

    def text(self, path: str, **values: object) -> str:
        """Give a text of the briefing, filled in; its path is written with dots.

        Raises
        ------
        KeyError
            If there is no such text, or a value is missing.
        """
        return str(self._at(path)).format_map(values)

    def listed(self, path: str, **values: object) -> list[str]:
        """Give a list of texts of the briefing, each filled in.

        Raises
        ------
        KeyError
            If there is no such list, or a value is missing.
        """
        found = self._at(path)
        if isinstance(found, str | Mapping):
            raise KeyError(path)
        return [text.format_map(values) for text in found]

    def table(self, path: str) -> Mapping[str, str]:
        """Give texts of the briefing by key.

        Raises
        ------
        KeyError
            If there are no such texts.
        """
        found = self._at(path)
        if not isinstance(found, Mapping):
            raise KeyError(path)
        return {key: text for key, text in found.items() if isinstance(text, str)}

    def _at(self, path: str) -> Texts:
        found: Texts = self.texts
        for key in path.split("."):
            if not isinstance(found, Mapping):
                raise KeyError(path)
            found = found[key]
        return found

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a number, at most with so many decimals and without trailing zeros; missing ones become a dash.

        Raises
        ------
        TypeError
            If the value is no number.

        Examples
        --------
        >>> [language("en").number(value, 2) for value in (1294.04, 5.5, -0.001, float("nan"))]
        ['1,294.04', '5.5', '0', '–']
        """
        if math.isnan(value):
            return MISSING
        text = f"{value:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if decimals else text
        text = text.replace(",", "\0").replace(".", self.words["decimal"]).replace("\0", self.words["thousands"])
        return "0" if text in {"-0", ""} else text.replace("-", "−")

    def span(self, low: str, high: str) -> str:
        """Write from where to where something runs.

        Raises
        ------
        KeyError
            If the language's file lacks the pattern.
        """
        return self.word("intervalOf", low=low, high=high)

    def percent(self, number: str) -> str:
        """Write a percentage.

        Raises
        ------
        KeyError
            If the language's file lacks the pattern.
        """
        return self.word("percent", number=number)

    def day(self, day: date | pd.Timestamp | NaTType | None) -> str:
        """Write a day; None and NaT become a dash.

        Raises
        ------
        IndexError
            If the language's file has fewer than twelve months.

        Examples
        --------
        >>> language("en").day(date(2024, 9, 6))
        '6 September 2024'
        """
        return self._day(day, "months")

    def short_day(self, day: date | pd.Timestamp | NaTType | None) -> str:
        """Write a day with the short name of its month; None and NaT become a dash.

        Raises
        ------
        IndexError
            If the language's file has fewer than twelve months.
        """
        return self._day(day, "shortMonths")

    def _day(self, day: date | pd.Timestamp | NaTType | None, names: str) -> str:
        if day is None or isinstance(day, NaTType):
            return MISSING
        month = self.words[names].split()[day.month - 1]
        return self.word("dayFormat", day=day.day, month=month, year=day.year)

    def month(self, day: date | pd.Timestamp) -> str:
        """Write the month of a day, short, with its year.

        Raises
        ------
        IndexError
            If the language's file has fewer than twelve months.
        """
        return f"{self.words['shortMonths'].split()[day.month - 1]} {day.year}"

    def of_theatre(self, theatre: Theatre, key: str, default: str) -> str:
        """Give one of a theatre's own texts (``title``, ``party.<id>``, ``name.<text>``...), where theatre.toml has it.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        return theatre.translations.get(self.code, {}).get(key, default)

    def title(self, theatre: Theatre) -> str:
        """Give the title of a theatre.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        return self.of_theatre(theatre, "title", theatre.title)

    def attribution(self, theatre: Theatre) -> str:
        """Tell whom to name wherever a theatre is shown.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        return self.of_theatre(theatre, "attribution", theatre.attribution)

    def party(self, theatre: Theatre, party_id: str) -> str:
        """Name a party; an id that no party has stays as it is.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        label = next((party.label for party in theatre.parties if party.id == party_id), party_id)
        return self.of_theatre(theatre, f"party.{party_id}", label)

    def side(self, theatre: Theatre, country: str) -> str:
        """Name a side of the border by the party at home there, or by the country's code.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        home = theatre.home_party(country)
        return country if home is None else self.party(theatre, home)

    def source_side(self, theatre: Theatre, side: str) -> str:
        """Name a side of the sources: a party, or the word for everyone else.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        known = any(party.id == side for party in theatre.parties)
        return self.party(theatre, side) if known else self.text("fields.independent")

    def place(self, theatre: Theatre, text: str) -> str:
        """Name districts and regions, several apart by semicolons, commas or strokes; those without translation stay.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        parts = re.split(r"( / |[;,] *)", text)
        named = [self.of_theatre(theatre, f"name.{part}", part) for part in parts[::2]]
        between = [part if part == " / " else ", " for part in parts[1::2]]
        return "".join(part for pair in zip_longest(named, between, fillvalue="") for part in pair)

    def sentence(self, theatre: Theatre, text: str) -> str | None:
        """Say in this language what the package says in English; None if it has no words for it.

        Parameters
        ----------
        theatre
            Names of its parties and regions in the sentence are translated, days and numbers written anew.
        text
            One sentence, or several apart by semicolons.

        Raises
        ------
        AttributeError
            If this is no theatre.
        """
        text = re.sub(r"\bkm2\b", "km²", text)
        if self.code == DEFAULT or not text:
            return text
        whole = self._sentence(theatre, text)
        if whole is None and "; " in text:
            parts = [self._sentence(theatre, part) for part in text.split("; ")]
            said = [part for part in parts if part is not None]
            return "; ".join(said) if len(said) == len(parts) else None
        return whole

    def patterns_in(self, sentences: Iterable[str]) -> dict[str, str]:
        """Choose the pairs of `sentences` that are needed to say these, in whole or as a part of another.

        Raises
        ------
        TypeError
            If one of them is no text.
        """
        waiting, seen, needed = list(sentences), set[str](), set[str]()
        while waiting:
            text = waiting.pop()
            for pattern in self.sentences:
                found = _matcher(pattern).fullmatch(text)
                if found:
                    needed.add(pattern)
                    waiting += {*found.groupdict().values()} - seen
                    seen |= {*found.groupdict().values()}
                    break
        return {pattern: text for pattern, text in self.sentences.items() if pattern in needed and pattern != text}

    def _sentence(self, theatre: Theatre, text: str) -> str | None:
        for pattern, translation in self.sentences.items():
            found = _matcher(pattern).fullmatch(text)
            if found:
                said = {name: self._part(theatre, value) for name, value in found.groupdict().items()}
                return translation.format_map(said)
        return None

    def _part(self, theatre: Theatre, text: str) -> str:
        """Say a part of a sentence: a day, a number, a name, or a sentence of its own."""
        if _DAY.fullmatch(text):
            return self.day(date.fromisoformat(text))
        if _NUMBER.fullmatch(text):
            decimals = len(text.partition(".")[2])
            return self.number(float(text.replace(",", "")), decimals)
        named = next((p.id for p in theatre.parties if text in (p.label, p.id)), None)
        if named is not None:
            return self.party(theatre, named)
        inner = self._sentence(theatre, text)
        return self.place(theatre, text.replace(" and ", ", ")) if inner is None else inner


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    """Turn a sentence with ``{names}`` into an expression that finds what they stand for."""
    parts = _KEEPS.split(pattern)
    fixed = [re.escape(part) if place % 2 == 0 else f"(?P<{part}>{_wanted(part)})" for place, part in enumerate(parts)]
    return re.compile("".join(fixed))


def _wanted(name: str) -> str:
    """Tell what a name in a sentence may stand for: ``number`` and ``day``, also numbered, for these alone."""
    return {"number": _NUMBER.pattern, "day": _DAY.pattern}.get(name.rstrip("0123456789"), ".+?")


def languages() -> tuple[str, ...]:
    """List the languages there are: one file each, English first.

    Returns
    -------
    tuple of str
        Their codes.

    Raises
    ------
    FileNotFoundError
        If the package lacks its files.

    Examples
    --------
    >>> languages()[0]
    'en'
    """
    found = sorted(file.name.removesuffix(".json") for file in _folder().iterdir() if file.name.endswith(".json"))
    return tuple(sorted(found, key=lambda code: code != DEFAULT))


def language(code: str) -> Language:
    """Read one language.

    Parameters
    ----------
    code
        One of `languages`.

    Returns
    -------
    Language
        Its words.

    Raises
    ------
    FrontmapError
        If there is no file for this language.

    Examples
    --------
    >>> language("en").word("since", **{"from": "1 May", "to": "3 May"})
    'from 1 May to 3 May'
    """
    known = languages()
    if code not in known:
        raise FrontmapError(f"expected a language among {', '.join(known)}, found {code!r}; next: use one of these")
    told = json.loads(_folder().joinpath(f"{code}.json").read_text(encoding="utf-8"))
    return Language(code, told["language"], told["words"], told["text"], told["sentences"])


def _folder() -> Traversable:
    return files("frontmap.wording").joinpath("assets")
