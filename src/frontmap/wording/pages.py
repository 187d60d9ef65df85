"""The words of a page in every language, with those of its theatre, as one flat table each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontmap.schema import INDEPENDENT
from frontmap.wording.language import Language, language, languages

if TYPE_CHECKING:
    from frontmap.history import History


def page_words(history: History) -> dict[str, dict[str, str]]:
    """Gather what a page says of a history, in every language.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    dict of str to dict
        By language: the phrases of the interface, the language's own name as ``languageName``, and the theatre's own
        words: ``title``, ``attribution``, ``interval``, ``party.<id>``, ``side.<country>``, ``name.<district or
        region>`` where there is a translation, and ``rule.<pattern>``: an English sentence in which ``{name}`` stands
        for any text, and what it is here.

    Raises
    ------
    KeyError
        If a file of words lacks a phrase.
    """
    return {code: _said(history, language(code)) for code in languages()}


def _said(history: History, to: Language) -> dict[str, str]:
    theatre = history.theatre
    countries = sorted({*history.sides, *(party.home_country for party in theatre.parties)} - {""})
    own = theatre.translations.get(to.code, {})
    return {
        **to.words,
        "languageName": to.name,
        "title": to.title(theatre),
        "attribution": to.attribution(theatre),
        "interval": to.sentence(theatre, history.interval_label) or history.interval_label,
        **{f"party.{party.id}": to.party(theatre, party.id) for party in theatre.parties},
        **{f"side.{country}": to.side(theatre, country) for country in countries},
        f"party.{INDEPENDENT}": to.text("fields.independent"),
        **{key: text for key, text in own.items() if key.startswith("name.")},
        **_rules(history, to),
    }


def _rules(history: History, to: Language) -> dict[str, str]:
    """Choose the patterns of sentences that occur among the rules of the spells."""
    rules = set(history.spells["rule"])
    rules |= {rule for decisions in history.spells["decisions"] for _, rule, _ in decisions}
    return {f"rule.{pattern}": text for pattern, text in to.patterns_in(rules).items()}
