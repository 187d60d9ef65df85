"""A sheet of paper to draw on in millimetres from its upper left corner, saved with equal bytes as PNG, SVG and PDF."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.style
import numpy as np
import shapely
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from shapely.geometry.base import BaseGeometry

from frontmap.maps.palette import PALETTE
from frontmap.sheets.fonts import FAMILY, small_fonts
from frontmap.sheets.text import plain, shortened, width_pt, wrapped

__all__ = ["A4", "WIDE", "Box", "Form", "Sheet", "saved_pages"]

PT_PER_MM = 72 / 25.4
MM_PER_INCH = 25.4
LEADING = 1.32  # height of a line of text over the size of its type
BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}  # share of a line of text that lies before its anchor
PNG_LEVEL = 3  # takes half the time of the best one and gives files some 10 % larger
# Settings of the user's own matplotlib must not change a sheet: everything starts from the defaults.
_STYLE = {
    "font.family": [FAMILY],
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "svg.fonttype": "none",
    "svg.hashsalt": "frontmap",
    "text.parse_math": False,
    "text.usetex": False,
    "path.simplify": True,
    "path.simplify_threshold": 0.05,
}


@dataclass(frozen=True)
class Form:
    """A size of paper or screen.

    Parameters
    ----------
    width_mm, height_mm
        Size.
    dpi
        Dots per inch of pictures.
    ending
        What file names carry to tell it from A4.
    type_scale
        How much larger than on paper the type is.
    """

    width_mm: float
    height_mm: float
    dpi: int
    ending: str
    type_scale: float


A4 = Form(297.0, 210.0, 200, "", 1.0)
WIDE = Form(1920 / 144 * MM_PER_INCH, 1080 / 144 * MM_PER_INCH, 144, "-wide", 1.15)


@dataclass(frozen=True)
class Box:
    """A rectangle on a sheet, in mm from the upper left corner of the sheet."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


class _Line(Text):
    """A line of text whose width is known; matplotlib's own text is laid out anew for each file, which takes longer."""

    before_pt = 0.0

    def draw(self, renderer: RendererBase) -> None:
        """Draw it from where it begins."""
        if not self.get_text():
            return
        angle = self.get_rotation()
        scale: Any = renderer.points_to_pixels(1.0)
        back = self.before_pt * float(scale)
        x, y = self.get_transform().transform(self.get_position())
        x, y = x - back * math.cos(math.radians(angle)), y - back * math.sin(math.radians(angle))
        if renderer.flipy():
            y = renderer.get_canvas_width_height()[1] - y
        pen = renderer.new_gc()
        pen.set_foreground(self.get_color())
        renderer.draw_text(pen, x, y, self.get_text(), self.get_fontproperties(), angle, mtext=self)
        pen.restore()


class Sheet:
    """A page that is drawn on in mm; x runs to the right and y down from the upper left corner.

    Parameters
    ----------
    form
        Its size.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        with _defaults():
            self.figure = Figure(figsize=(form.width_mm / MM_PER_INCH, form.height_mm / MM_PER_INCH), dpi=form.dpi)
            FigureCanvasAgg(self.figure)
        inches = Affine2D().translate(0, -form.height_mm).scale(1 / MM_PER_INCH, -1 / MM_PER_INCH)
        self.millimetres: Transform = inches + self.figure.dpi_scale_trans
        self._layer = 0

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size_pt: float,
        *,
        bold: bool = False,
        colour: str = PALETTE["ink"],
        align: Literal["left", "center", "right"] = "left",
        room_mm: float | None = None,
        turned_deg: float = 0.0,
    ) -> float:
        """Write one line; return its width in mm.

        Raises
        ------
        TypeError
            If a size is no number.
        """
        shown = plain(text)
        if room_mm is not None:
            shown = shortened(shown, room_mm * PT_PER_MM, size_pt, bold=bold)
        wide = width_pt(shown, size_pt, bold=bold)
        made = _Line(
            x,
            y,
            shown,
            fontsize=size_pt,
            fontfamily=FAMILY,
            fontweight="bold" if bold else "normal",
            color=colour,
            horizontalalignment=align,
            verticalalignment="baseline",
            rotation=turned_deg,
            rotation_mode="anchor",
            parse_math=False,
            transform=self.millimetres,
            zorder=self._next(),
        )
        made.before_pt = wide * BEFORE[align]
        self.figure.add_artist(made)
        return wide / PT_PER_MM

    def paragraph(
        self,
        x: float,
        y: float,
        room_mm: float,
        text: str,
        size_pt: float,
        *,
        bold: bool = False,
        colour: str = PALETTE["ink"],
        most: int | None = None,
    ) -> float:
        """Write a paragraph from its upper edge `y` down; return where it ends.

        Raises
        ------
        TypeError
            If a size is no number.
        """
        for line in wrapped(plain(text), room_mm * PT_PER_MM, size_pt, bold=bold, most=most):
            self.text(x, y + 0.95 * size_pt / PT_PER_MM, line, size_pt, bold=bold, colour=colour)
            y += LEADING * size_pt / PT_PER_MM
        return y

    def shape(
        self,
        geometry: BaseGeometry | None,
        *,
        face: str = "none",
        edge: str = "none",
        width_pt: float = 0.0,
        dash: Sequence[float] = (),
        cap: str = "butt",
        alpha: float | None = None,
    ) -> None:
        """Draw a geometry in mm; dashes are in points.

        Raises
        ------
        TypeError
            From shapely, if it is no geometry.
        """
        if geometry is None or shapely.is_empty(geometry):
            return
        patch = PathPatch(
            outline(geometry),
            facecolor=face,
            edgecolor=edge,
            linewidth=width_pt,
            linestyle=(0, tuple(dash)) if dash else "solid",
            capstyle=cap,
            joinstyle="round",
            alpha=alpha,
            snap=False if cap == "round" else None,  # dots must not be moved to whole pixels, where they vanish
            zorder=self._next(),
            transform=self.millimetres,
        )
        self.figure.add_artist(patch)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = PALETTE["ink"],
        width_pt: float = 0.8,
        dash: Sequence[float] = (),
    ) -> None:
        """Draw a line through points in mm.

        Raises
        ------
        ValueError
            From shapely, if there is but one point.
        """
        self.shape(shapely.LineString(points), edge=colour, width_pt=width_pt, dash=dash)

    def box(self, box: Box, *, face: str = "none", edge: str = "none", width_pt: float = 0.0) -> None:
        """Draw a rectangle.

        Raises
        ------
        TypeError
            If a size is no number.
        """
        self.shape(shapely.box(box.left, box.top, box.right, box.bottom), face=face, edge=edge, width_pt=width_pt)

    def png(self, title: str) -> bytes:
        """Give the sheet as a PNG picture.

        Raises
        ------
        OSError
            If there is not memory enough.
        """
        about = PngInfo()
        about.add_text("Title", plain(title))
        stream = io.BytesIO()
        picture = Image.fromarray(self.pixels()).convert("RGB")
        picture.save(stream, "PNG", pnginfo=about, dpi=(self.form.dpi, self.form.dpi), compress_level=PNG_LEVEL)
        return stream.getvalue()

    def pixels(self, *, opaque: bool = True) -> NDArray[np.uint8]:
        """Give the sheet as red, green, blue and opacity of its dots, shape (height, width, 4).

        Raises
        ------
        MemoryError
            If there is not memory enough.
        """
        self.figure.patch.set_alpha(1.0 if opaque else 0.0)
        canvas: Any = FigureCanvasAgg(self.figure)
        with _defaults():
            canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()

    def svg(self, title: str, lang: str) -> bytes:
        """Give the sheet as an SVG picture whose text stays text.

        Raises
        ------
        OSError
            If there is not memory enough.
        """
        metadata = {"Title": plain(title), "Date": None, "Creator": None, "Format": None, "Type": None}
        stream = io.BytesIO()
        with _defaults():
            self.figure.savefig(stream, format="svg", metadata=metadata)
        text = stream.getvalue().decode("utf-8")
        text = re.sub(r"<!DOCTYPE[^>]*>\s*", "", text)
        text = text.replace(f"'{FAMILY}'", f"'{FAMILY}', Verdana, sans-serif")
        return re.sub(r"<svg ", f'<svg role="img" lang="{lang}" xml:lang="{lang}" ', text, count=1).encode("utf-8")

    def pdf(self, title: str, lang: str) -> bytes:
        """Give the sheet as a PDF of one page.

        Raises
        ------
        ValueError
            If matplotlib writes PDF in another way than we know.
        """
        return saved_pages([self], title, lang)

    def _next(self) -> int:
        """Later things lie over earlier ones."""
        self._layer += 1
        return self._layer


def saved_pages(sheets: Sequence[Sheet], title: str, lang: str) -> bytes:
    """Give sheets as one PDF with a page for each.

    Parameters
    ----------
    sheets
        The pages in their order.
    title
        Title of the document.
    lang
        Its language.

    Returns
    -------
    bytes
        The file: fonts embedded, no author, no dates.

    Raises
    ------
    ValueError
        If there is no page.
    """
    if not sheets:
        raise ValueError("expected at least one page, found none; next: give one")
    stream = io.BytesIO()
    metadata = {"Title": plain(title), "Creator": None, "Producer": None, "CreationDate": None}
    figures = [sheet.figure for sheet in sheets]
    with _defaults(), small_fonts(figures), PdfPages(stream, metadata=metadata) as pages:
        for figure in figures:
            pages.savefig(figure)
    return with_language(stream.getvalue(), lang)


def with_language(pdf: bytes, lang: str) -> bytes:
    """Add to a PDF its language and that its title is to be shown, which matplotlib cannot tell.

    Parameters
    ----------
    pdf
        A file as matplotlib writes it, with one table of objects.
    lang
        Language code.

    Returns
    -------
    bytes
        The same file with a new catalogue appended (ISO 32000-1, 7.5.6: incremental updates).

    Raises
    ------
    ValueError
        If the file has no trailer of this kind.
    """
    trailer = re.search(rb"trailer\s*<<(?P<body>.*?)>>\s*startxref\s+(?P<table>\d+)\s+%%EOF\s*$", pdf, re.DOTALL)
    root = trailer and re.search(rb"/Root (\d+) 0 R", trailer["body"])
    catalogue = root and re.search(rb"\n" + root[1] + rb" 0 obj\s*<<(.*?)>>\s*endobj", pdf, re.DOTALL)
    if not (trailer and root and catalogue):
        raise ValueError("expected a PDF with a trailer and a catalogue, found none; next: report this")
    more = f"/Lang ({lang}) /ViewerPreferences << /DisplayDocTitle true >>".encode("ascii")
    at = len(pdf) + 1
    number = root[1]
    added = b"\n%s 0 obj\n<<%s %s >>\nendobj\n" % (number, catalogue[1].rstrip(), more)
    table = b"xref\n%s 1\n%010d 00000 n \ntrailer\n<<%s /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        at,
        trailer["body"].rstrip(),
        trailer["table"],
        len(pdf) + len(added),
    )
    return pdf + added + table


def outline(geometry: BaseGeometry) -> Outline:
    """Turn a geometry into one path of matplotlib.

    Parameters
    ----------
    geometry
        Polygons, lines, or several of these.

    Returns
    -------
    matplotlib Path
        Rings are closed, lines open; equal geometries give equal paths.

    Raises
    ------
    TypeError
        From shapely, if it is no geometry.
    """
    parts = shapely.get_parts(shapely.get_parts([geometry]))
    pieces = []
    for part in parts:
        pieces += [part] if part.geom_type == "LineString" else list(shapely.get_rings([part]))
    if not pieces:
        return Outline(np.empty((0, 2)))
    vertices, owner = shapely.get_coordinates(pieces, return_index=True)
    codes = np.full(len(vertices), Outline.LINETO, dtype=Outline.code_type)
    starts = np.r_[0, np.flatnonzero(np.diff(owner)) + 1]
    codes[starts] = Outline.MOVETO
    ends = np.r_[starts[1:], len(vertices)] - 1
    closed = np.array([piece.geom_type == "LinearRing" for piece in pieces])
    codes[ends[closed]] = Outline.CLOSEPOLY
    return Outline(vertices, codes)


def _defaults() -> AbstractContextManager[None]:
    return matplotlib.style.context(["default", _STYLE])
