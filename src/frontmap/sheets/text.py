"""Text on paper: made harmless, measured in points, wrapped and cut to the room that there is."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from matplotlib.ft2font import FT2Font, LoadFlags

from frontmap.sheets.fonts import font_file

__all__ = ["plain", "shortened", "width_pt", "wrapped"]

ELLIPSIS = "…"
_REFERENCE_PT = 100
_MARKS = re.compile(r"(\w)(?:(?![0-9A-Za-z])[\u0300-\u036f]){3,}")
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}


@cache
def _font(bold: bool) -> FT2Font:
    # One of our own: matplotlib changes the size of those that it keeps.
    font = FT2Font(font_file(bold))
    font.set_size(_REFERENCE_PT, 72)
    return font


@cache
def _advance(sign: str, bold: bool) -> float:
    """Width of a sign as a share of the size of the type."""
    return float(_font(bold).load_char(ord(sign), LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / _REFERENCE_PT


@cache
def _known(sign: str) -> bool:
    return _font(False).get_char_index(ord(sign)) != 0


def plain(text: object) -> str:
    r"""Make text from data harmless on paper: one line, no signs that steer or reorder, none that cannot be drawn.

    Parameters
    ----------
    text
        Anything; None and NaN are the empty text.

    Returns
    -------
    str
        The text; blanks of all kinds are single spaces, signs that the font lacks become replacement signs.

    Raises
    ------
    Nothing; whatever has a text can be written.

    Examples
    --------
    >>> plain("one\n\u202etwo\x07")
    'one two'
    """
    if text is None or text != text:
        return ""
    composed = unicodedata.normalize("NFC", re.sub(r"\s+", " ", str(text)))
    kept = "".join(sign for sign in composed if unicodedata.category(sign) not in _DROPPED)
    fewer = _MARKS.sub(r"\1", kept).strip()
    return "".join(sign if _known(sign) else "\ufffd" for sign in fewer)


def width_pt(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Measure a line of text.

    Parameters
    ----------
    text
        One line.
    size_pt
        Size of the type.
    bold
        Whether it is bold.

    Returns
    -------
    float
        The sum of the widths of its signs, in points.

    Raises
    ------
    Nothing; signs that the font lacks have a width too.
    """
    return size_pt * sum(_advance(sign, bold) for sign in text)


def shortened(text: str, room_pt: float, size_pt: float, *, bold: bool = False) -> str:
    """Cut a line to the room that there is, and show that it was cut.

    Parameters
    ----------
    text
        One line.
    room_pt
        Its greatest width.
    size_pt
        Size of the type.
    bold
        Whether it is bold.

    Returns
    -------
    str
        The line itself if it fits, else as much of it as fits before an ellipsis.

    Raises
    ------
    Nothing.
    """
    if width_pt(text, size_pt, bold=bold) <= room_pt:
        return text
    room = room_pt - width_pt(ELLIPSIS, size_pt, bold=bold)
    kept, used = 0, 0.0
    for sign in text:
        used += size_pt * _advance(sign, bold)
        if used > room:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


def wrapped(text: str, room_pt: float, size_pt: float, *, bold: bool = False, most: int | None = None) -> list[str]:
    """Break a text into lines.

    Parameters
    ----------
    text
        One paragraph.
    room_pt
        Greatest width of a line.
    size_pt
        Size of the type.
    bold
        Whether it is bold.
    most
        Greatest number of lines; the last one then ends in an ellipsis if text is left.

    Returns
    -------
    list of str
        At least one line; a word too long for a line is broken.

    Raises
    ------
    Nothing.
    """
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_pt(longer, size_pt, bold=bold) <= room_pt:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _broken(word, room_pt, size_pt, bold)
        lines += full
    lines.append(line)
    if most is not None and len(lines) > most:
        last = f"{lines[most - 1]} {lines[most]}"
        lines = [*lines[: most - 1], shortened(last, room_pt, size_pt, bold=bold)]
    return lines


def _broken(word: str, room_pt: float, size_pt: float, bold: bool) -> list[str]:
    """Break a word into parts of which each fits."""
    parts, part, used = [], "", 0.0
    for sign in word:
        wide = size_pt * _advance(sign, bold)
        if part and used + wide > room_pt:
            parts.append(part)
            part, used = "", 0.0
        part, used = part + sign, used + wide
    return [*parts, part]
