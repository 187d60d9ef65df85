"""The one place where text from tables is made inert for HTML, for JSON inside a page and for folium.

folium compiles some of the text it is given as Jinja templates, so that braces are as dangerous as angle
brackets: every function here disarms both.
"""

from __future__ import annotations

import json
import math
import re
from urllib.parse import urlsplit

__all__ = ["address", "colour", "escape", "escape_json", "link"]

NEUTRAL_COLOUR = "#6b6b6b"

_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # signs that turn the direction of what follows
_HTML = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'`{}"} | dict.fromkeys(map(ord, "\0" + _TURNING), "\ufffd")
_JSON = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&`{}'\u2028\u2029\u007f"}
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def escape(text: object) -> str:
    """Make text inert in HTML (elements and quoted attributes) and in Jinja templates.

    Parameters
    ----------
    text
        Anything; None and NaN become the empty string, everything else its ``str``.

    Returns
    -------
    str
        The text with ``& < > " ' ` { }`` as numeric character references, which browsers show as the signs
        themselves; signs that would turn the direction of the text after it are replaced by U+FFFD.

    Raises
    ------
    Nothing; whatever has a text can be escaped.

    Examples
    --------
    >>> escape("{{ 7*7 }} <b>")
    '&#123;&#123; 7*7 &#125;&#125; &#60;b&#62;'
    """
    if text is None or (isinstance(text, float) and math.isnan(text)):
        return ""
    return str(text).translate(_HTML)


def escape_json(value: object) -> str:
    r"""Write a value as JSON that is inert inside ``<script type="application/json">`` and in Jinja templates.

    Parameters
    ----------
    value
        Anything `json` can write; NaN and infinity are refused.

    Returns
    -------
    str
        Compact JSON; inside strings ``< > & ` { } '`` and the line separators are written as ``\u`` escapes, so
        that it reads back unchanged.

    Raises
    ------
    ValueError
        If the value holds NaN or infinity.
    TypeError
        If the value holds something JSON cannot tell.

    Examples
    --------
    >>> escape_json({"note": "</script>{{x}}"})
    '{"note":"\\u003c/script\\u003e\\u007b\\u007bx\\u007d\\u007d"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _JSON_STRING.sub(lambda found: found.group().translate(_JSON), text)


def address(text: object) -> str | None:
    """Give back a web address if it is a plain http or https one, else None.

    Parameters
    ----------
    text
        What a table says the address is.

    Returns
    -------
    str or None
        The address without surrounding blanks; None for anything a page should show as text only.

    Raises
    ------
    Nothing; what is no address gives None.

    Examples
    --------
    >>> address("https://example.org/a"), address("javascript:alert(1)")
    ('https://example.org/a', None)
    """
    candidate = str(text).strip() if text is not None else ""
    if _UNPRINTABLE.search(candidate) or "\\" in candidate:
        return None
    try:
        parts = urlsplit(candidate)
    except ValueError:
        return None
    return candidate if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def link(target: object, label: object, *, bare: bool = False) -> str:
    """Write a link that asks for nothing until it is clicked and tells the target nothing about the page.

    Parameters
    ----------
    target
        The address; anything but http and https is dropped.
    label
        The text of the link.
    bare
        Leave out that it opens beside the page and tells nothing; the page's script then adds it.

    Returns
    -------
    str
        An ``<a>`` element, or the escaped label alone.

    Raises
    ------
    Nothing; what is no address becomes plain text.
    """
    checked = address(target)
    if checked is None:
        return escape(label)
    manner = "" if bare else ' target="_blank" rel="noreferrer noopener"'
    return f'<a href="{escape(checked)}"{manner}>{escape(label)}</a>'


def colour(text: object, default: str = NEUTRAL_COLOUR) -> str:
    """Give back a colour if it is written ``#rgb`` or ``#rrggbb``, else a neutral one.

    Parameters
    ----------
    text
        What a theatre says the colour is.
    default
        The colour used instead.

    Returns
    -------
    str
        A colour that can do nothing but colour.

    Raises
    ------
    Nothing; what is no colour gives the default.
    """
    candidate = str(text).strip()
    return candidate.lower() if _COLOUR.fullmatch(candidate) else default
