"""One page in several languages: the same markup, with the texts that differ numbered and kept once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from frontmap.errors import FrontmapError

__all__ = ["Merged"]

_TOKEN = re.compile(r"<[^>]*>|[^<]+")
_TAG = re.compile(r"<(/?[\w-]+)")
_LABEL = re.compile(r' aria-label="([^"]*)"')
_CLOSES_CELL = {"td", "th", "tr", "tbody", "/thead", "/tbody"}


class Merged:
    """Markup told in several languages, and the texts in which these differ.

    An element whose text differs gets the attribute ``data-t``, or the text is put into a ``<span>`` that has it; an
    element whose ``aria-label`` differs gets ``data-l``. The page's script finds them in the order of the page: what
    is merged first has to stand first.
    """

    def __init__(self) -> None:
        self.texts: list[tuple[str, ...]] = []
        self.labels: list[tuple[str, ...]] = []

    def merge(self, told: Sequence[str]) -> str:
        """Put the same markup in several languages into one.

        Parameters
        ----------
        told
            The markup in each language, the one that is shown first in front; the same elements in all.

        Returns
        -------
        str
            The markup in the first language, with numbers.

        Raises
        ------
        FrontmapError
            If the elements differ.
        """
        rows = [_tokens(text) for text in told]
        if len({tuple(_name(token) for token in row) for row in rows}) > 1:
            raise FrontmapError("expected the same elements in every language, found others; next: report this")
        shown: list[str] = []
        marked = ""  # the last tag that was opened and has only been followed by itself, if it may get a number
        columns = list(zip(*rows, strict=True))
        for place, texts in enumerate(columns):
            first = texts[0]
            if first.startswith("<"):
                shown.append(self._labelled(texts))
                marked = "" if first.startswith("</") else _name(first)
                continue
            after = _name(columns[place + 1][0]) if place + 1 < len(columns) else ""
            if len(set(texts)) == 1 or not first.strip():
                shown.append(first)
                marked = ""
                continue
            self.texts.append(tuple(map(unescape, texts)))
            if marked and (after == f"/{marked}" or (marked in {"td", "th", "caption"} and after in _CLOSES_CELL)):
                shown[-1] = _marked(shown[-1], "data-t")
                shown.append(first)
            else:
                shown.append(f"<span data-t>{first}</span>")
            marked = ""
        return "".join(shown)

    def listed(self, languages: Sequence[str]) -> dict[str, dict[str, list[str]]]:
        """List the marked texts of the languages that are not shown first.

        Parameters
        ----------
        languages
            Codes, in the order in which the markup was given.

        Returns
        -------
        dict of str to dict
            By language ``texts`` and ``labels``, plain, in the order of the page.

        Raises
        ------
        Nothing.
        """
        return {
            code: {"texts": [row[place] for row in self.texts], "labels": [row[place] for row in self.labels]}
            for place, code in enumerate(languages)
            if place
        }

    def _labelled(self, tags: tuple[str, ...]) -> str:
        labels = [_LABEL.search(tag) for tag in tags]
        texts = tuple(unescape(label[1]) for label in labels if label)
        if len(texts) < len(tags) or len(set(texts)) == 1:
            return tags[0]
        self.labels.append(texts)
        return _marked(tags[0], "data-l")


def _marked(tag: str, mark: str) -> str:
    end = "/>" if tag.endswith("/>") else ">"
    return f"{tag.removesuffix(end)} {mark}{end}"


def _tokens(text: str) -> list[str]:
    """Split markup into tags and texts; between two tags there is always a text, which may be blank."""
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        if tokens and token.startswith("<") and tokens[-1].startswith("<"):
            tokens.append("")
        tokens.append(token)
    return tokens


def _name(token: str) -> str:
    found = _TAG.match(token)
    return found[1].lower() if found else ""
