"""Parts of an Office file: plain runs of text, descriptions, places in mm, and bytes that do not tell the time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.presentation import Presentation
from pptx.shapes.base import BaseShape
from pptx.text.text import TextFrame
from pptx.util import Length, Mm, Pt

from frontmap.maps.palette import PALETTE
from frontmap.sheets.patterns import mixed
from frontmap.sheets.text import plain

__all__ = ["describe", "in_mm", "place", "rgb", "saved", "timeless", "write"]

NEVER = datetime(2000, 1, 1)  # a file carries the time at which it was made; a fixed one keeps its bytes equal
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
TAGS = {"en": "en-GB", "uk": "uk-UA", "ru": "ru-RU"}


def write(
    frame: TextFrame,
    lines: Sequence[str],
    size_pt: float,
    *,
    bold: bool = False,
    tint: str = PALETTE["ink"],
    right: bool = False,
    after_pt: float = 0.0,
) -> None:
    """Write plain lines into a text frame, after those that it has.

    Parameters
    ----------
    frame
        Of a shape or a cell.
    lines
        One paragraph each.
    size_pt
        Size of the type.
    bold
        Whether it is bold.
    tint
        Its colour.
    right
        Whether it is set to the right.
    after_pt
        Room after each paragraph.

    Raises
    ------
    ValueError
        If the colour is none.
    """
    frame.word_wrap = True
    texts: Any = frame  # the library tells the types of only some of its methods
    frame.margin_left = frame.margin_right = Mm(0)
    for line in lines:
        begun = any(paragraph.runs for paragraph in frame.paragraphs)
        paragraph = texts.add_paragraph() if begun else frame.paragraphs[0]
        run = paragraph.add_run()
        run.text = plain(line)
        run.font.size, run.font.bold = Pt(size_pt), bold
        run.font.color.rgb = rgb(tint)
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        paragraph.space_after = Pt(after_pt)


def describe(shape: BaseShape, text: str) -> None:
    """Give a shape the words for those who do not see it.

    Parameters
    ----------
    shape
        A picture, a chart or a table.
    text
        What it shows.

    Raises
    ------
    IndexError
        If the shape has no properties.
    """
    shape._element.xpath(".//p:cNvPr")[0].set("descr", plain(text))


def place(shape: BaseShape, left: float, top: float, width: float, height: float) -> None:
    """Move a shape.

    Parameters
    ----------
    shape
        Any shape.
    left, top, width, height
        In mm.

    Raises
    ------
    AttributeError
        If the shape cannot be moved.
    """
    shape.left, shape.top, shape.width, shape.height = in_mm(left, top, width, height)


def in_mm(left: float, top: float, width: float, height: float) -> tuple[Length, Length, Length, Length]:
    """Give a place in mm as the library counts.

    Parameters
    ----------
    left, top, width, height
        In mm.

    Returns
    -------
    tuple of four lengths
        The same.

    Raises
    ------
    TypeError
        If one is no number.
    """
    return Mm(left), Mm(top), Mm(width), Mm(height)


def rgb(tint: str) -> RGBColor:
    """Give a colour as the library counts.

    Parameters
    ----------
    tint
        As ``#rrggbb``; what is no colour becomes the neutral one.

    Returns
    -------
    RGBColor
        The same.

    Raises
    ------
    Nothing.
    """
    red, green, blue = bytes.fromhex(mixed(tint, 1.0)[1:])
    made: Any = RGBColor
    found: RGBColor = made(red, green, blue)
    return found


def saved(deck: Presentation, title: str, lang: str) -> bytes:
    """Save slides with their title and language, without author and times.

    Parameters
    ----------
    deck
        The slides.
    title
        Title of the document.
    lang
        Language code of all texts.

    Returns
    -------
    bytes
        The same for the same slides.

    Raises
    ------
    AttributeError
        If these are no slides.
    """
    core = deck.core_properties
    core.title = plain(title)
    core.author = core.last_modified_by = core.comments = core.keywords = core.subject = ""
    core.language = TAGS.get(lang, lang)
    core.created = core.modified = NEVER
    core.revision = 1
    for slide in deck.slides:
        for element in slide.element.iter(f"{DRAWING}rPr", f"{DRAWING}endParaRPr"):
            element.set("lang", TAGS.get(lang, lang))
    stream = io.BytesIO()
    deck.save(stream)
    return timeless(stream.getvalue())


def timeless(package: bytes) -> bytes:
    """Write an Office file anew without the times at which it and its parts were made.

    Parameters
    ----------
    package
        A file of slides or a workbook.

    Returns
    -------
    bytes
        The same parts in the same order.

    Raises
    ------
    zipfile.BadZipFile
        If it is no such file.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", body)
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, body)
    return out.getvalue()
