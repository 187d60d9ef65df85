"""Small copies of the sheets' font for PDF, from which the letters of a page are picked in a tenth of the time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.text import Text

__all__ = ["FAMILY", "font_file", "small_fonts"]

FAMILY = "DejaVu Sans"
# Latin, Greek, Cyrillic, punctuation, arrows and simple shapes; the sign for what cannot be drawn.
COMMON = frozenset([*range(0x20, 0x590), *range(0x2000, 0x2300), *range(0x25A0, 0x2600), 0xFFFD])
# What makes picking slow: rules for ligatures and other scripts. Pairs are moved together by the table "kern" as well.
LEFT_OUT = ["FFTM", "GDEF", "GPOS", "GSUB", "MATH"]
_FOLDER = TemporaryDirectory(prefix="frontmap-fonts-")


@cache
def font_file(bold: bool) -> str:
    """Find the file of the font.

    Parameters
    ----------
    bold
        Whether the bold one is wanted.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    ValueError
        From matplotlib, if it is not installed, as it always is with matplotlib.
    """
    return str(findfont(FontProperties(family=FAMILY, weight="bold" if bold else "normal")))


@contextmanager
def small_fonts(figures: Sequence[Figure]) -> Iterator[None]:
    """Let figures take their letters from the small copies, where these have all that the figures need.

    Parameters
    ----------
    figures
        Whose texts are all in the sheets' font, plain or bold.

    Yields
    ------
    None

    Raises
    ------
    OSError
        If the copies cannot be written.
    """
    texts = [text for figure in figures for text in figure.findobj(Text)]
    if not COMMON.issuperset(ord(sign) for text in texts for sign in text.get_text()):
        yield
        return
    for text in texts:
        text.set_fontproperties(_in_file(text, _small_copy(text.get_fontweight() == "bold")))
    try:
        yield
    finally:
        for text in texts:
            text.set_fontproperties(_in_file(text, None))


def _in_file(text: Text, path: str | None) -> FontProperties:
    chosen = text.get_fontproperties().copy()
    chosen.set_file(path)
    return chosen


@cache
def _small_copy(bold: bool) -> str:
    """Write the small copy of a font into a folder that goes with this process, and tell its path."""
    subset: Any = import_module("fontTools.subset")  # comes with matplotlib; tells no types
    options = subset.Options(name_IDs=["*"], notdef_outline=True, glyph_names=True)
    options.drop_tables += LEFT_OUT
    font = subset.load_font(font_file(bold), options)
    picker = subset.Subsetter(options)
    picker.populate(unicodes=COMMON)
    picker.subset(font)
    stream = io.BytesIO()
    font.save(stream)
    path = Path(_FOLDER.name) / ("bold.ttf" if bold else "plain.ttf")
    path.write_bytes(stream.getvalue())
    return str(path)
