"""The static sheets: true to scale and to north, sources on each, equal bytes, inert text, the history's figures."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pyproj import Geod

import frontmap as fm
from frontmap.briefing import brief
from frontmap.maps.payload import key_days
from frontmap.sheets.document import document_pages
from frontmap.sheets.drawing import Drawn
from frontmap.sheets.figures import figures_on
from frontmap.sheets.files import sheet_files
from frontmap.sheets.map_sheet import map_sheet
from frontmap.sheets.multiples import multiples_sheet
from frontmap.sheets.paper import A4, WIDE, Form, Sheet, saved_pages, with_language
from frontmap.sheets.scene import Scene
from frontmap.sheets.slides import presentation
from frontmap.sheets.text import ELLIPSIS, plain, shortened, width_pt, wrapped
from frontmap.sheets.timeline import timeline
from frontmap.wording import language
from tests.theatres import TOML, place, report, source, write_theatre

ONE_DAY = TOML.replace("[period]", "[briefing]\nkey_dates = [2024-01-10]\n\n[period]")

EN = language("en")
WIDE_EMU = (12_192_000, 6_858_000)  # 13.333 by 7.5 inches
GEOD = Geod(ellps="WGS84")
HOSTILE = ("$\\frac{1}{0}$ {{7*7}} {% x %}", "<script>alert(1)</script>\n& 'quoted'", "\u202eevil\x1b[31m", "Ж" * 400)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> fm.History:
    """Return a made-up theatre of six places in which one changes hands twice."""
    folder = write_theatre(tmp_path_factory.mktemp("small") / "theatre", toml=ONE_DAY)
    return fm.assess(fm.load(folder), policy="assessed")


@pytest.fixture(scope="module")
def small_files(small: fm.History) -> dict[str, bytes]:
    """Return all sheets of the small theatre."""
    return sheet_files(small, lambda: fm.test_claims(small), "en")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> fm.History:
    """Return a theatre whose names, sources and title want to do harm."""
    folder = tmp_path_factory.mktemp("hostile") / "theatre"
    places = [
        place("sl-ash", "סודז'ה عربي", 51.05, 35.08),
        place("sl-elm", HOSTILE[1].replace("\n", " "), 51.07, 35.20),
        place("nl-birch", HOSTILE[0], 51.20, 35.07),
        place("nl-oak", HOSTILE[3], 51.22, 35.21),
    ]
    rows = [report("r1", "nl-birch", "AA", "controlled", "2024-01-05", origin=HOSTILE[1].replace("\n", " "))]
    write_theatre(
        folder, places=places, reports=rows, sources=[source(HOSTILE[1].replace("\n", " "), "independent")], claims=[]
    )
    toml = folder / "theatre.toml"
    text = toml.read_text().replace("Two-sided test theatre", "<b>$x^2$</b> {{title}} https://evil.example/x.js")
    toml.write_text(text.replace('label = "Southland"', 'label = "$\\\\alpha$ <i>South"'))
    return fm.assess(fm.load(folder), policy="assessed")


@pytest.fixture(scope="module")
def kursk_map(kursk_history: fm.History) -> tuple[Sheet, Drawn]:
    """Return the sheet of a key date of the bundled theatre."""
    return map_sheet(A4, Scene(kursk_history, "en"), key_days(kursk_history)[0], EN)


@pytest.fixture(scope="module")
def kursk_ledger(kursk_history: fm.History) -> pd.DataFrame:
    return fm.test_claims(kursk_history)


def pdf_text(data: bytes) -> list[str]:
    """Read the text of each page."""
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("form", [A4, WIDE], ids=["A4", "16:9"])
def test_the_scale_bar_is_right_to_1_percent_everywhere_on_the_sheet(small: fm.History, form: Form) -> None:
    _, drawn = map_sheet(form, Scene(small, "en"), 10, EN)
    assert drawn.bar is not None
    view, (left, y), (right, _) = drawn.view, drawn.bar.start, drawn.bar.end
    box, long = view.box, right - left
    spots = [(left, y), *((box.left + a * box.width, box.top + b * box.height) for a in (0, 0.5) for b in (0, 0.5, 1))]
    for x, at in spots:
        for dx, dy in ((long, 0), (0, -long), (long * 0.6, long * 0.8)):
            ends = (*view.degrees(x, at), *view.degrees(x + dx, at + dy))
            _, _, metres = GEOD.inv(*ends)
            assert metres / 1000 == pytest.approx(drawn.bar.length_km, rel=0.01)


def test_the_scale_bar_of_a_wide_theatre_is_right_too(kursk_map: tuple[Sheet, Drawn]) -> None:
    _, drawn = kursk_map
    assert drawn.bar is not None
    (left, y), (right, _), box = drawn.bar.start, drawn.bar.end, drawn.view.box
    for x, at in ((left, y), (box.left, box.top), (box.right, box.bottom), (box.right, box.top)):
        _, _, metres = GEOD.inv(*drawn.view.degrees(x, at), *drawn.view.degrees(x + right - left, at))
        assert metres / 1000 == pytest.approx(drawn.bar.length_km, rel=0.01)


@pytest.mark.parametrize("form", [A4, WIDE], ids=["A4", "16:9"])
def test_the_north_arrow_points_north_where_it_stands(kursk_history: fm.History, form: Form) -> None:
    sheet, drawn = map_sheet(form, Scene(kursk_history, "en"), 30, EN)
    assert drawn.arrow is not None
    tail, tip = np.array(drawn.arrow.tail), np.array(drawn.arrow.tip)
    # In pixels of the picture, whose rows run down: north is up, so the tip has the smaller row.
    pixels = sheet.millimetres.transform(np.array([tail, tip]))
    assert pixels[1, 1] > pixels[0, 1]
    middle = (tail + tip) / 2
    (lon, south), (_, north) = drawn.view.degrees(*tail), drawn.view.degrees(*tip)
    assert north > south
    azimuth, _, _ = GEOD.inv(*drawn.view.degrees(*tail), *drawn.view.degrees(*tip))
    assert abs(azimuth) < 0.1
    # Not turned: on the middle meridian of the map up is north, and nowhere on it is north more than 2 degrees off.
    assert abs(np.degrees(np.arctan2(tip[0] - tail[0], tail[1] - tip[1]))) < 2
    assert abs(middle[0] - drawn.view.box.right) < 12
    assert lon > 0


def test_dots_and_shapes_lie_where_their_degrees_say(kursk_map: tuple[Sheet, Drawn], kursk: fm.Theatre) -> None:
    view = kursk_map[1].view
    town = kursk.find("Sudzha").place_id
    point = kursk.places.set_index("place_id").loc[town, "geometry"]
    on_sheet = view.from_degrees(point)
    assert view.degrees(on_sheet.x, on_sheet.y) == pytest.approx((point.x, point.y), abs=1e-6)


def test_no_names_overlap_and_none_leaves_the_map(kursk_map: tuple[Sheet, Drawn]) -> None:
    drawn = kursk_map[1]
    rooms = np.array([name.room for name in drawn.names])
    assert len(rooms) > 25
    assert "Sudzha" in [name.text for name in drawn.names]
    box = drawn.view.box
    assert (rooms[:, 0] >= box.left).all()
    assert (rooms[:, 2] <= box.right).all()
    assert (rooms[:, 1] >= box.top).all()
    assert (rooms[:, 3] <= box.bottom).all()
    for number, (left, top, right, bottom) in enumerate(rooms):
        other = np.delete(rooms, number, axis=0)
        hit = (left < other[:, 2]) & (right > other[:, 0]) & (top < other[:, 3]) & (bottom > other[:, 1])
        assert not hit.any()


def test_every_file_names_its_sources_and_has_its_size(small: fm.History, small_files: dict[str, bytes]) -> None:
    files = small_files
    days = [f"{small.days[day]:%Y-%m-%d}" for day in key_days(small)]
    stems = [*(f"map-{day}{ending}" for day in days for ending in ("", "-wide")), "key-dates", "chart"]
    drawn = {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg", "pdf")}
    assert set(files) == drawn | {"briefing.pdf", "briefing.pptx", "timeline.gif"}
    told = ("made for tests", "Describes published reports, not the ground.", "CC0-1.0")
    for name, content in files.items():
        if name.endswith(".svg"):
            text = " ".join(ElementTree.fromstring(content).itertext())
            assert all(words in " ".join(text.split()) for words in told), name
        if name.endswith(".pdf"):
            for page in pdf_text(content):
                assert all(squeezed(words) in squeezed(page) for words in told), name
    one = pypdfium2.PdfDocument(files[f"map-{days[0]}.pdf"])
    assert len(one) == 1
    assert one[0].get_size() == pytest.approx((297 / 25.4 * 72, 210 / 25.4 * 72), abs=0.5)
    wide = pypdfium2.PdfDocument(files[f"map-{days[0]}-wide.pdf"])[0].get_size()
    assert wide[0] / wide[1] == pytest.approx(16 / 9, abs=1e-3)
    assert Image.open(io.BytesIO(files[f"map-{days[0]}.png"])).size == (2338, 1653)
    assert Image.open(io.BytesIO(files[f"map-{days[0]}-wide.png"])).size == (1920, 1080)
    assert Image.open(io.BytesIO(files[f"map-{days[0]}.png"])).info.get("Software") is None


def test_a_sheet_fetches_nothing_and_embeds_its_fonts(small: fm.History) -> None:
    sheet, _ = map_sheet(A4, Scene(small, "en"), 10, EN)
    svg = sheet.svg("title", "en")
    tree = ElementTree.fromstring(svg)
    for element in tree.iter():
        for key, value in element.attrib.items():
            assert not (key.endswith("href") and not value.startswith("#"))
            assert "url(http" not in value
        assert not element.tag.endswith(("image", "script", "foreignObject"))
    assert b"<!DOCTYPE" not in svg
    assert tree.get("lang") == "en"
    pdf = sheet.pdf("Title of it", "uk")
    assert b"/Lang (uk)" in pdf
    assert b"/FontFile2" in pdf
    document = pypdfium2.PdfDocument(pdf)
    about = document.get_metadata_dict()
    assert about["Title"] == "Title of it"
    assert about["Author"] == about["CreationDate"] == ""


def test_the_same_history_gives_the_same_bytes_in_another_process(
    small_files: dict[str, bytes], tmp_path: Path
) -> None:
    folder = write_theatre(tmp_path / "theatre", toml=ONE_DAY)
    script = (
        "import hashlib, sys, frontmap as fm\n"
        "from frontmap.sheets.files import sheet_files\n"
        "h = fm.assess(fm.load(sys.argv[1]), policy='assessed')\n"
        "made = sheet_files(h, lambda: fm.test_claims(h), 'en')\n"
        "print(*(f'{name} {hashlib.sha256(made[name]).hexdigest()}' for name in made), sep='\\n')\n"
    )
    settings = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env={**os.environ, **settings, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in small_files.items()]
    assert len(here) == 15
    assert done.stdout.splitlines() == here


def test_the_native_chart_holds_the_numbers_of_the_history(
    kursk_history: fm.History, kursk_ledger: pd.DataFrame
) -> None:
    made = presentation(Scene(kursk_history, "en"), kursk_ledger, EN)
    deck = Presentation(io.BytesIO(made))
    (chart,) = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    days = list(kursk_history.days[::7])
    # A workbook counts days from the end of 1899.
    shown = [pd.Timestamp("1899-12-30") + pd.Timedelta(days=float(one)) for one in chart.plots[0].categories]
    assert shown == days
    areas = kursk_history.areas()
    columns = ("area_km2", "area_low_km2", "area_high_km2")
    wanted = [
        areas[(areas["party"] == party) & (areas["side"] == side) & areas["date"].isin(days)][column].tolist()
        for party, side in kursk_history.headline
        for column in columns
    ]
    assert len(wanted) >= 3
    for series, values in zip(chart.plots[0].series, wanted, strict=True):
        assert list(series.values) == pytest.approx(values)
    book = chart.part.chart_workbook.xlsx_part.blob
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None


@pytest.mark.parametrize("lang", ["en", "uk", "ru"])
def test_slides_are_titled_described_and_in_their_language(small: fm.History, lang: str) -> None:
    deck = Presentation(io.BytesIO(presentation(Scene(small, lang), fm.test_claims(small), language(lang))))
    assert (deck.slide_width, deck.slide_height) == pytest.approx(WIDE_EMU, abs=2)
    assert deck.core_properties.author == ""
    assert deck.core_properties.language.startswith(lang)
    kinds = [shape.shape_type for slide in deck.slides for shape in slide.shapes]
    assert {MSO_SHAPE_TYPE.PICTURE, MSO_SHAPE_TYPE.CHART, MSO_SHAPE_TYPE.TABLE} <= set(kinds)
    for slide in deck.slides:
        assert slide.shapes.title.text_frame.text
        assert "made for tests" in slide.notes_slide.notes_text_frame.text
        for shape in slide.shapes:
            assert min(shape.left, shape.top) >= 0
            assert shape.left + shape.width <= WIDE_EMU[0] + 1
            assert shape.top + shape.height <= WIDE_EMU[1] + 1
            if shape.shape_type in {MSO_SHAPE_TYPE.PICTURE, MSO_SHAPE_TYPE.CHART, MSO_SHAPE_TYPE.TABLE}:
                assert len(shape._element.xpath(".//p:cNvPr")[0].get("descr")) > 5
        assert {tag[:2] for tag in re.findall(r'<a:rPr[^>]*lang="([^"]*)"', slide.element.xml)} == {lang}


def test_the_document_tells_everything(kursk_history: fm.History, kursk_ledger: pd.DataFrame) -> None:
    scene = Scene(kursk_history, "en")
    pages = document_pages(scene, kursk_ledger, EN, [multiples_sheet(A4, scene, EN)])
    texts = pdf_text(saved_pages(pages, "Title", "en"))
    assert len(texts) == len(pages)
    whole = squeezed(" ".join(texts))
    for title in ("Key dates", "Published figures tested", "Method", "What the numbers do not mean", "Sources"):
        assert squeezed(title) in whole
    for claimant in set(kursk_ledger["claimant"]):
        assert squeezed(plain(claimant))[:12] in whole
    for day in key_days(kursk_history):
        for figure in figures_on(kursk_history, day, EN):
            assert squeezed(figure.best) in whole
    assert all(f"{number}/{len(pages)}" in squeezed(text) for number, text in enumerate(texts, start=1))


def test_the_figures_on_a_map_are_those_of_the_history(small: fm.History) -> None:
    day = small.day_number("2024-01-10")
    (figure,) = [one for one in figures_on(small, day, EN) if one.party == "AA"]
    told = small.area_on("2024-01-10", "AA", side="NL")
    assert (figure.low_km2, figure.best_km2, figure.high_km2) == pytest.approx((told.low, told.best, told.high))
    sheet, _ = map_sheet(A4, Scene(small, "en"), day, EN)
    assert squeezed(f"{told.best:,.0f} km²") in squeezed(pdf_text(sheet.pdf("t", "en"))[0])


def test_hostile_names_are_text_and_stay_within_the_sheet(hostile: fm.History) -> None:
    ledger = fm.test_claims(hostile)
    scene = Scene(hostile, "en")
    sheet, drawn = map_sheet(A4, scene, 10, EN)
    svg = sheet.svg(hostile.theatre.title, "en")
    tree = ElementTree.fromstring(svg)
    assert not [element for element in tree.iter() if element.tag.endswith(("script", "}b", "}i", "}a"))]
    texts = [text for text in tree.itertext() if text.strip()]
    assert any("<b>$x^2$</b> {{title}}" in text for text in texts)
    assert any(text.startswith("$\\frac{1}{0}$ {{7*7}}") for text in texts)
    assert not re.search("[\u202a-\u202e\x00-\x08\x1b]", " ".join(texts))
    assert any(name.text.endswith(ELLIPSIS) for name in drawn.names)
    assert "$\\alpha$<i>South" in squeezed(pdf_text(sheet.pdf("t", "en"))[0])
    deck = Presentation(io.BytesIO(presentation(scene, ledger, EN)))
    assert deck.slides[0].shapes.title.text_frame.text.startswith("<b>$x^2$</b> {{title}}")
    assert timeline(scene, EN).startswith(b"GIF89a")


@given(st.text(max_size=60))
def test_plain_text_is_one_line_of_signs_that_can_be_drawn(text: str) -> None:
    shown = plain(text)
    assert shown == plain(shown)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]", shown)


@given(st.text(alphabet="abc Жя.,W", max_size=200), st.floats(20, 200), st.booleans())
def test_wrapped_lines_fit_and_lose_nothing(text: str, room: float, bold: bool) -> None:
    lines = wrapped(text, room, 8, bold=bold)
    assert all(width_pt(line, 8, bold=bold) <= room + 1e-9 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert width_pt(shortened(text, room, 8, bold=bold), 8, bold=bold) <= room + 1e-9


def test_the_timeline_has_a_frame_for_each_week_and_ends_on_the_last_day(small: fm.History) -> None:
    picture = Image.open(io.BytesIO(timeline(Scene(small, "en"), EN)))
    assert picture.size == (960, 540)
    assert sum(1 for _ in ImageSequence.Iterator(picture)) == len(range(0, len(small.days), 7)) + (
        len(small.days) % 7 != 1
    )
    assert "comment" not in picture.info
    assert picture.info["loop"] == 0


def test_a_pdf_of_another_make_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a PDF with a trailer"):
        with_language(b"%PDF-1.4\n", "en")


def test_sheets_are_written_with_the_briefing_or_left_out(
    small: fm.History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontmap.briefing.writing.missing_packages", lambda: ["matplotlib"])
    paths = brief(small, tmp_path / "without")
    assert "briefing.html" in paths
    assert not [name for name in paths if name.startswith(("map-", "chart", "timeline"))]
    monkeypatch.undo()
    made = {"map-x.png": b"x", "briefing.pdf": b"y"}
    monkeypatch.setattr("frontmap.sheets.files.sheet_files", lambda history, ledger, lang: made)
    paths = brief(small, tmp_path / "with")
    assert paths["map-x.png"].read_bytes() == b"x"
    assert paths["briefing.pdf"] == tmp_path / "with" / "briefing.pdf"
    assert not [name for name in brief(small, tmp_path / "none", sheets=False) if name.startswith("map-")]


def test_importing_the_package_draws_on_nothing() -> None:
    code = "import sys, frontmap, frontmap.briefing; print([m for m in ('matplotlib', 'pptx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
