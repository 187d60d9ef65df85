"""The history as a small moving picture: one frame a week, with the figures of the day and their course."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from numpy.typing import NDArray
from PIL import Image

from frontmap.maps.escape import colour
from frontmap.maps.palette import PALETTE
from frontmap.schema import CONTESTED
from frontmap.sheets.chart import Axes, draw_chart, draw_cursor
from frontmap.sheets.drawing import Style, draw_lines, draw_marks, draw_paper, map_view
from frontmap.sheets.figures import figures_on, sources_line
from frontmap.sheets.paper import MM_PER_INCH, PT_PER_MM, Box, Form, Sheet, outline
from frontmap.sheets.patterns import mixed, zone_face
from frontmap.sheets.text import plain, wrapped

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.sheets.view import View
    from frontmap.wording import Language

__all__ = ["timeline"]

WEEK = 7
FRAME_MS = 280
LAST_MS = 2500
FINER = 2  # the ground is coloured on dots so much finer than those of the picture, and then averaged
DPI = 96
FORM = Form(960 / DPI * MM_PER_INCH, 540 / DPI * MM_PER_INCH, DPI, "", 1.0)
MAP = Box(7.0, 25.0, 162.0, 105.0)
PANEL = Box(175.0, 25.0, 72.0, 105.0)
CHART = Box(PANEL.left, PANEL.bottom - 46, PANEL.width, 46)
STYLE = Style(7.5, 14)
# Which dots of the fine ground lie on lines: of the home side, of strong ground, of contested ground.
HOME, STRONG, CROSSED = 1, 2, 4


def timeline(scene: Scene, to: Language) -> bytes:
    """Make the moving picture.

    Parameters
    ----------
    scene
        The history made ready for drawing.
    to
        The language.

    Returns
    -------
    bytes
        A GIF that runs for ever; one frame a week and the last day.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    last = len(scene.history.days) - 1
    days = sorted({*range(0, last + 1, WEEK), last})
    view = map_view(scene, MAP, STYLE)
    under, over, axes = _still(scene, view, to)
    raster = _Raster(scene, view)
    frames = []
    for day in days:
        frame = under.copy()
        frame.paste(raster.picture(day), raster.corner)
        frame.alpha_composite(over)
        frame.alpha_composite(_moving(scene, day, axes, to))
        frames.append(frame.convert("RGB"))
    palette = _palette(scene)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    stream = io.BytesIO()
    durations = [FRAME_MS] * len(others) + [LAST_MS]
    first.save(stream, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
    return stream.getvalue()


def _palette(scene: Scene) -> Image.Image:
    """Choose the colours of all frames: those of the parties and lines, each in steps to the white of the paper."""
    tints = [party.colour for party in scene.history.theatre.parties]
    steps = max(4, 36 // max(1, len(tints)))
    ramps = [(PALETTE["ink"], 18), (PALETTE["river"], 5), *((tint, steps) for tint in tints)]
    listed = [PALETTE["outside"], PALETTE["contested_ground"], PALETTE["unknown"]]
    listed += [mixed(tint, share) for tint, number in ramps for share in np.linspace(1, 0, number)]
    listed += [mixed(tint, share) for tint in tints for share in (0.065, 0.13, 0.25)]
    chosen = list(dict.fromkeys(listed))[:256]
    image = Image.new("P", (1, 1))
    image.putpalette([part for tint in chosen for part in bytes.fromhex(tint[1:])])
    return image


class _Raster:
    """The cell under each dot of the map, from which the ground of any day is coloured by looking up."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.scene, history = scene, scene.history
        scale = DPI / MM_PER_INCH
        left, top = round(view.box.left * scale), round(view.box.top * scale)
        right, bottom = round(view.box.right * scale), round(view.box.bottom * scale)
        self.corner = (left, top)
        self.cell = _cells_on(scene, view, FINER * (right - left), FINER * (bottom - top))
        self.n_sides = len(history.sides)
        y, x = np.indices(self.cell.shape)
        bits = HOME * ((x + y) % 24 < 1) + STRONG * ((x + y) % 15 < 4)
        bits += CROSSED * (((x + y) % 16 < 2) | ((x - y) % 16 < 2))
        self.bits = bits.astype(np.uint16)
        self.colours = self._table()
        self._find_edges()

    def _table(self) -> NDArray[np.uint32]:
        """Colours by label of the ground, line and doubt; one label more for what is outside."""
        history = self.scene.history
        parties = {party.id: party for party in history.theatre.parties}
        table = np.empty(((len(history.state_names) * self.n_sides + 1), 2, 8), dtype=np.uint32)
        for number, name in enumerate(history.state_names):
            for place, side in enumerate(history.sides):
                party = parties.get(name)
                face, line, pattern = zone_face(party, name, side), "", 0
                if party is not None and party.hatched:
                    at_home = side == party.home_country
                    pattern = HOME if at_home else STRONG
                    line = mixed(party.colour, 0.36) if at_home else colour(party.colour)
                elif name == CONTESTED:
                    pattern, line = CROSSED, PALETTE["contested"]
                for doubt in (0, 1):
                    for bit in range(8):
                        tint = mixed(line if bit & pattern else face, 0.5 if doubt else 1.0)
                        table[number * self.n_sides + place, doubt, bit] = _packed(tint)
        table[-1] = _packed(PALETTE["outside"])
        return table.ravel()

    def _find_edges(self) -> None:
        """Find the dots with another cell of the same side to their left or above them."""
        cell, side = self.cell, self.scene.side_codes
        at, here, there = [], [], []
        number = np.arange(cell.size).reshape(cell.shape)
        for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:, :], np.s_[:-1, :])):
            edge = (cell[a] != cell[b]) & (cell[a] >= 0) & (cell[b] >= 0) & (side[cell[a]] == side[cell[b]])
            at.append(number[a][edge])
            here.append(cell[a][edge])
            there.append(cell[b][edge])
        self.edge_at, self.edge_here, self.edge_there = map(np.concatenate, (at, here, there))

    def picture(self, day: int) -> Image.Image:
        """Colour the ground of a day."""
        scene, history = self.scene, self.scene.history
        codes = history.codes[day].astype(np.int64)
        label = codes * self.n_sides + scene.side_codes
        by_cell = np.append((label * 2 + scene.doubt_on(day)) * 8, len(self.colours) - 16).astype(np.uint16)
        image = self.colours[by_cell[self.cell] + self.bits]
        parties = [history.state_names.index(party.id) for party in history.theatre.parties]
        one, other = codes[self.edge_here], codes[self.edge_there]
        front = self.edge_at[(one != other) & np.isin(one, parties) & np.isin(other, parties)]
        for radius, tint in ((4, PALETTE["paper"]), (2, PALETTE["front"])):
            _stamp(image, front, radius, _packed(tint))
        wide = image.view(np.uint8).reshape(*image.shape, 4)
        return Image.fromarray(wide, "RGBA").reduce(FINER)


def _stamp(image: NDArray[np.uint32], at: NDArray[np.int64], radius: int, tint: int) -> None:
    """Set discs of one colour about some dots."""
    high, wide = image.shape
    y, x = np.divmod(at, wide)
    steps = range(-radius, radius + 1)
    for dy, dx in ((dy, dx) for dy in steps for dx in steps if dx * dx + dy * dy <= radius * radius + 1):
        image[np.clip(y + dy, 0, high - 1), np.clip(x + dx, 0, wide - 1)] = tint


def _cells_on(scene: Scene, view: View, wide: int, high: int) -> NDArray[np.int64]:
    """Tell for each dot of the map the cell that it lies in; -1 outside the studied ground."""
    sheet = Sheet(Form(wide / 100 * MM_PER_INCH, high / 100 * MM_PER_INCH, 100, "", 1.0))
    scale = sheet.form.width_mm / view.box.width
    corner = np.array([view.box.left, view.box.top])
    shapes = [
        shapely.transform(cell, lambda xy: (view.points_to_sheet(xy) - corner) * scale)
        for cell in scene.shapes_of_cells()
    ]
    number = np.arange(1, len(shapes) + 1)
    faces = np.column_stack([number & 255, number >> 8 & 255, number >> 16 & 255, np.full(len(number), 255)]) / 255
    cells = PathCollection([outline(shape) for shape in shapes], facecolors=faces, antialiaseds=False, linewidths=0)
    cells.set_transform(sheet.millimetres)
    sheet.figure.add_artist(cells)
    dots = sheet.pixels(opaque=False)[:high, :wide].astype(np.int64)
    found: NDArray[np.int64] = dots[..., 0] + (dots[..., 1] << 8) + (dots[..., 2] << 16)
    return np.where(dots[..., 3] > 0, found, 0) - 1


def _packed(tint: str) -> int:
    """Write a colour as one number whose bytes in memory are red, green, blue and full opacity."""
    return int(np.frombuffer(bytes.fromhex(f"{tint[1:]}ff"), dtype=np.uint32)[0])


def _still(scene: Scene, view: View, to: Language) -> tuple[Image.Image, Image.Image, Axes]:
    """Draw what stays: beneath the ground the page with its chart, above it border, rivers and names."""
    history, under, over = scene.history, Sheet(FORM), Sheet(FORM)
    under.text(MAP.left - 2, 17.5, to.title(history.theatre), 10, colour=PALETTE["muted"], room_mm=FORM.width_mm - 12)
    size_pt = 6.3
    lines = wrapped(plain(sources_line(history, to)), (FORM.width_mm - 12) * PT_PER_MM, size_pt, most=2)
    for number, line in enumerate(lines):
        under.text(MAP.left - 2, 135.6 + 3.1 * number, line, size_pt, colour=PALETTE["muted"])
    draw_paper(under, scene, view)
    under.paragraph(PANEL.left, CHART.top - 8, PANEL.width, to.text("sheets.byDay"), 7.6, bold=True, most=2)
    axes = draw_chart(under, CHART, history, to, size_pt=7, claims=False)
    draw_lines(over, scene, view, STYLE)
    draw_marks(over, scene, view, STYLE, to)
    return Image.fromarray(under.pixels()), Image.fromarray(over.pixels(opaque=False)), axes


def _moving(scene: Scene, day: int, axes: Axes, to: Language) -> Image.Image:
    """Write date and figures of a day, and mark it on the chart."""
    sheet = Sheet(FORM)
    sheet.text(MAP.left - 2, 11.5, to.day(scene.history.days[day]), 19, bold=True)
    y = PANEL.top
    for figure in figures_on(scene.history, day, to)[:2]:
        y = sheet.paragraph(PANEL.left, y, PANEL.width, figure.name, 8.6, bold=True, most=1)
        wide = sheet.text(PANEL.left, y + 7, figure.best, 20, bold=True)
        sheet.text(PANEL.left + wide + 1.5, y + 7, to.word("km2"), 10)
        y = sheet.paragraph(PANEL.left, y + 8.4, PANEL.width, figure.interval, 8, colour=PALETTE["muted"], most=1) + 4
    draw_cursor(sheet, axes, day)
    return Image.fromarray(sheet.pixels(opaque=False))
