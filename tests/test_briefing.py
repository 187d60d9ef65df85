"""The briefing: complete in itself, its numbers those of the history, and readable on screen and paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from pypdfium2 import PdfDocument

import frontmap as fm
from frontmap.briefing import brief, briefing_html
from frontmap.claims import claim_mismatches, fraction_table
from frontmap.control import policy_rule
from frontmap.errors import OutputError
from frontmap.estimate.parameters import described
from frontmap.maps.offline import fetchable, save_page
from frontmap.maps.payload import key_days
from frontmap.wording import language, languages
from tests.axe import violations
from tests.firefox import running
from tests.pages import Tried, launched, opened
from tests.theatres import place, write_theatre

FILES = {"briefing.html", "areas.csv", "changes.csv", "claims.csv", "zones.gpkg", "zones.geojson", "zones.parquet"}


@pytest.fixture(scope="module")
def ledger(kursk_history: fm.History) -> pd.DataFrame:
    return fm.test_claims(kursk_history)


@pytest.fixture(scope="module")
def page_text(kursk_history: fm.History, ledger: pd.DataFrame) -> str:
    return briefing_html(kursk_history, ledger)


@pytest.fixture(scope="module")
def saved(page_text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_page(page_text, tmp_path_factory.mktemp("briefing") / "briefing.html")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as one:
        yield one


@pytest.fixture(scope="module")
def shown(saved: Path, browser: Browser) -> Iterator[tuple[Page, Tried]]:
    with opened(browser, saved, link="#date=2024-09-06") as both:
        yield both


def squared(text: str) -> str:
    """Write square kilometres as the page does."""
    return re.sub(r"\bkm2\b", "km²", text)


class Rows(HTMLParser):
    """Texts of the cells of all tables, by the identifier of their section."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.section = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.section = str(dict(attrs).get("id"))
        if tag == "tr":
            self.tables.setdefault(self.section, []).append([])
        if tag in {"td", "th"}:
            self.tables[self.section][-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tables.get(self.section) and self.tables[self.section][-1]:
            self.tables[self.section][-1][-1] += data


@pytest.fixture(scope="module")
def small_history(tmp_path_factory: pytest.TempPathFactory) -> fm.History:
    return fm.assess(fm.load(write_theatre(tmp_path_factory.mktemp("theatre"))), policy="assessed")


def test_all_files_are_written_and_nothing_else(small_history: fm.History, tmp_path: Path) -> None:
    parts: list[str] = []
    paths = brief(small_history, tmp_path / "new" / "folder", sheets=False, progress=parts.append)
    assert set(paths) == FILES
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == FILES
    assert parts == ["areas", "claims", "policies and as-of days", "briefing.html", "tables", "zones"]
    first = paths["briefing.html"].read_bytes()
    assert brief(small_history, tmp_path / "again", sheets=False)["briefing.html"].read_bytes() == first


PICTURES = Path(__file__).parent.parent / "out" / "pictures"
SIZES = [(360, 740, "uk"), (1280, 800, "en"), (1920, 1080, "ru"), (3840, 2160, "en")]


@pytest.mark.parametrize(("width", "height", "lang"), SIZES)
def test_pictures_of_the_page_are_kept_and_none_is_blank(
    saved: Path, browser: Browser, width: int, height: int, lang: str
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f"briefing-{width}x{height}-{lang}.png"
    with opened(browser, saved, link=f"#date=2024-09-06&lang={lang}", width=width, height=height) as (page, tried):
        page.screenshot(path=picture)
        shot = Image.open(BytesIO(page.locator("[data-fm=map]").screenshot())).convert("RGB")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert tried.complaints == []
    assert Image.open(picture).size == (width, height)
    colours = np.unique(np.asarray(shot).reshape(-1, 3), axis=0)
    assert len(colours) > 100, "there is hardly anything on the map"


def test_a_folder_in_the_way_is_told_and_left_alone(small_history: fm.History, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OutputError):
        brief(small_history, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.fixture(scope="module")
def estimate_text(kursk_estimate: fm.History) -> str:
    return briefing_html(kursk_estimate, fm.test_claims(kursk_estimate))


@pytest.fixture(scope="module")
def estimate_shown(
    estimate_text: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, Tried]]:
    path = save_page(estimate_text, tmp_path_factory.mktemp("estimate") / "briefing.html")
    with opened(browser, path, link="#date=2024-09-06") as both:
        yield both


def test_the_page_asks_for_nothing_and_stays_small(page_text: str, estimate_text: str) -> None:
    for text in (page_text, estimate_text):
        assert fetchable(text) == []
        assert len(text.encode()) < 600_000


def test_every_claim_stands_in_the_table_with_its_verdict(page_text: str, ledger: pd.DataFrame) -> None:
    rows = Rows(page_text).tables["claims"][1 : 1 + len(ledger)]
    assert len(rows) == len(ledger) == 133
    assert [row[1].startswith(claimant) for row, claimant in zip(rows, ledger["claimant"], strict=True)] == [True] * 133
    assert [row[5] for row in rows] == ledger["verdict"].tolist()
    assert all(squared(reason) in row[6] for row, reason in zip(rows, ledger["reason"], strict=True))
    links = re.findall(r'href="(https?://[^"]*)"', page_text[page_text.index('id="claims"') :])
    addresses = {address for cell in ledger["urls"] for address in cell.split()}
    assert len(addresses) > 50
    assert {address.replace("&", "&#38;").replace("'", "&#39;") for address in addresses} <= set(links)


def test_every_origin_stands_in_the_sources_table(page_text: str, kursk: fm.Theatre) -> None:
    rows = Rows(page_text).tables["sources"][1:]
    assert sorted(row[0] for row in rows) == sorted(kursk.sources["origin"])
    assert sum(int(row[1]) for row in rows) == len(kursk.reports) == 970


def test_key_figures_are_those_of_the_history(page_text: str, kursk_history: fm.History) -> None:
    pairs = kursk_history.headline
    rows = Rows(page_text).tables["key"][1 : 1 + len(key_days(kursk_history))]
    for row, place_in_period in zip(rows, key_days(kursk_history), strict=True):
        day = kursk_history.days[place_in_period].date()
        assert row[0] == f"{day.day} {day:%B %Y}"
        for column, (party, side) in enumerate(pairs):
            figure = kursk_history.area_on(day, party, side=side)
            assert row[1 + 4 * column] == f"{figure.best:,.0f}"
            assert row[2 + 4 * column] == f"{figure.low:,.0f} to {figure.high:,.0f}"


def test_gains_less_losses_are_the_step_from_row_to_row(page_text: str, kursk_history: fm.History) -> None:
    rows = Rows(page_text).tables["key"][1 : 1 + len(key_days(kursk_history))]
    figures = [[int(cell.replace(",", "")) for cell in (row[1], row[3], row[4])] for row in rows]
    for before, after in pairwise(figures):
        assert before[0] + after[1] - after[2] == pytest.approx(after[0], abs=2)


def test_the_page_says_what_it_rests_on(page_text: str, kursk_history: fm.History) -> None:
    text = re.sub(r"<[^>]*>", "", page_text)
    for words in ("970 from 37 origins", kursk_history.interval_label, kursk_history.theatre.title, "BSD 2-Clause"):
        assert words in text
    assert all(squared(note).replace("'", "&#39;") in page_text for note in kursk_history.notes)
    assert page_text.count("<li", page_text.index('id="method"'), page_text.index('id="meaning"')) == 5
    assert "Made on" not in text, "no time of making unless it is given"


def test_the_estimate_tells_its_method_its_parameters_and_its_doubt(
    estimate_text: str, kursk_estimate: fm.History
) -> None:
    text = unescape(re.sub(r"<[^>]*>", "", estimate_text[estimate_text.index('id="method"') :]))
    assert policy_rule("estimate") in text
    assert kursk_estimate.interval_label in text
    assert "docs/validation.md" in text
    assert "The interval is no probability" not in text
    rows = Rows(estimate_text).tables["method"][1:]
    told = described(kursk_estimate.theatre.estimate)
    assert [row[0] for row in rows] == [one["name"] for one in told]
    assert all(row[1].startswith(one["value"]) for row, one in zip(rows, told, strict=True))
    assert [row[3] for row in rows] == [squared(one["origin"]) for one in told]


def test_square_kilometres_are_written_one_way(estimate_text: str) -> None:
    prose = re.sub(r"<script.*?</script>|<style.*?</style>|<pre.*?</pre>", "", estimate_text, flags=re.DOTALL)
    assert "km²" in prose
    assert re.findall(r"[^<>]*\bkm2\b[^<>]*", prose) == []


def test_each_published_share_tells_the_day_on_which_it_was_lost(
    estimate_text: str, kursk_estimate: fm.History
) -> None:
    shares = fraction_table(kursk_estimate)
    rows = {row[0]: row for row in Rows(estimate_text).tables["claims"] if re.fullmatch(r"[\d.]+%", row[0])}
    assert list(rows) == [f"{share:g}%" for share in sorted(set(shares["lost_percent"]))]
    half = shares[(shares["lost_percent"] == 50) & (shares["denominator"] == "our peak")].iloc[0]
    days = [f"{half[name].day} {half[name]:%B %Y}" for name in ("day", "day_low", "day_high")]
    assert rows["50%"][3] == f"{days[0]} ({days[1]} to {days[2]})"


def test_figures_that_do_not_fit_each_other_are_told(estimate_text: str, kursk_estimate: fm.History) -> None:
    found = claim_mismatches(fm.test_claims(kursk_estimate))
    told = [row[0] for row in Rows(estimate_text).tables["claims"]]
    assert len(found) > 3
    assert all(any(cell.startswith(squared(one)) for cell in told) for one in found["arithmetic"])


def test_the_day_of_making_is_told_where_given(kursk_history: fm.History, ledger: pd.DataFrame) -> None:
    assert "1 February 2026" in briefing_html(kursk_history, ledger, made_on=date(2026, 2, 1))


def test_as_of_is_told(kursk: fm.Theatre) -> None:
    known = fm.assess(kursk, as_of="2024-09-06", policy="assessed")
    page = briefing_html(known, fm.test_claims(known))
    assert "what was published by the end of 6 September 2024" in page


@pytest.mark.parametrize("places", [[place("nl-birch", "Birch", 51.20, 35.07)], []])
def test_a_theatre_with_one_place_or_none_and_no_reports_makes_a_page(
    places: list[dict[str, str]], tmp_path: Path
) -> None:
    folder = write_theatre(tmp_path / "few", places=places, reports=[], claims=[], sources=[])
    try:
        history = fm.assess(fm.load(folder), policy="assessed")
    except fm.FrontmapError:
        assert places == [], "one place is enough"
        return
    assert fetchable(briefing_html(history, fm.test_claims(history))) == []


# In a browser


def test_the_briefing_opens_offline(shown: tuple[Page, Tried]) -> None:
    page, tried = shown
    assert page.inner_text("[data-fm=day]") == "6 September 2024"
    assert (tried.requests, tried.complaints, tried.dialogs) == ([], [], [])


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize(
    ("link", "width"),
    [("#date=2024-09-06&vs=2024-12-01&place=Sudzha", 1280), ("#date=2024-09-06", 360)],
)
def test_axe_finds_nothing_wrong(estimate_shown: tuple[Page, Tried], link: str, width: int, lang: str) -> None:
    page, tried = estimate_shown
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("link => { location.hash = link; }", f"{link}&lang={lang}")
    page.wait_for_function("lang => document.documentElement.lang === lang", arg=lang)
    # Rows are alike in every language: all are looked at in English, some in the others.
    hide = (
        "hidden => document.querySelectorAll('#claim-table tbody tr:nth-child(n+20)')"
        ".forEach((row) => { row.hidden = hidden; })"
    )
    page.evaluate(hide, lang != "en")
    assert violations(page) == []
    page.evaluate(hide, False)
    page.evaluate("() => { location.hash = '#date=2024-09-06&lang=en'; }")
    page.wait_for_function("document.documentElement.lang === 'en'")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert (tried.requests, tried.complaints) == ([], [])


TEXTS = """() => [...document.querySelectorAll('main > section:not(.fm), header, .fm-chart-wide, .fm-chart-keys')]
    .map((part) => part.textContent).concat([...document.querySelectorAll('[data-l]')]
    .map((part) => part.getAttribute('aria-label')), document.title, document.documentElement.lang)"""


@pytest.mark.parametrize("lang", ["uk", "ru"])
def test_a_change_of_language_gives_the_page_made_in_that_language(
    shown: tuple[Page, Tried],
    kursk_history: fm.History,
    ledger: pd.DataFrame,
    browser: Browser,
    tmp_path: Path,
    lang: str,
) -> None:
    page, tried = shown
    page.select_option("[data-fm=lang]", lang)
    changed = page.evaluate(TEXTS)
    page.select_option("[data-fm=lang]", "en")
    made = save_page(briefing_html(kursk_history, ledger, lang=lang), tmp_path / f"{lang}.html")
    with opened(browser, made) as (other, others_tried):
        assert other.evaluate(TEXTS) == changed
        other.select_option("[data-fm=lang]", "en")
        assert other.evaluate(TEXTS) == page.evaluate(TEXTS)
        assert others_tried.complaints == []
    assert tried.complaints == []


def test_parts_told_in_another_language_say_so(shown: tuple[Page, Tried]) -> None:
    page, _ = shown
    page.select_option("[data-fm=lang]", "uk")
    first = "#claim-table tbody tr:first-child"
    assert page.get_attribute(f"{first} td:nth-child(2)", "lang") == "en", "claimants stand as they were recorded"
    assert page.get_attribute(f"{first} td:nth-child(2) small", "lang") == "uk"
    assert page.inner_text(f"{first} td:nth-child(2) small") == "Росія"
    page.select_option("[data-fm=lang]", "en")


def test_links_open_beside_the_page_and_tell_nothing(estimate_shown: tuple[Page, Tried]) -> None:
    page, _ = estimate_shown
    manners = page.eval_on_selector_all("a[href^=http]", "all => all.map(one => one.target + ' ' + one.rel)")
    assert len(manners) > 100
    assert set(manners) == {"_blank noreferrer noopener"}


def test_a_click_on_the_chart_moves_the_map(shown: tuple[Page, Tried], kursk_history: fm.History) -> None:
    page, tried = shown
    chart = page.locator(".fm-chart-wide svg")
    box = chart.bounding_box()
    assert box is not None
    left, right = (float(str(chart.get_attribute(f"data-fm-{side}"))) for side in ("left", "right"))
    x = (left + (right - left) * 100 / (len(kursk_history.days) - 1)) * box["width"] / 1240
    chart.click(position={"x": x, "y": box["height"] / 3})
    day = kursk_history.days[100].date()
    assert page.inner_text("[data-fm=day]") == f"{day.day} {day:%B %Y}"
    cursor = float(str(page.get_attribute(".fm-chart-wide .fm-cursor", "x1")))
    assert cursor == pytest.approx(left + (right - left) * 100 / (len(kursk_history.days) - 1), abs=0.1)
    assert tried.complaints == []


def test_a_day_of_the_tables_moves_the_map(shown: tuple[Page, Tried]) -> None:
    page, _ = shown
    button = page.locator("#claim-table button").first
    button.click()
    assert page.inner_text("[data-fm=day]") == button.inner_text() == "7 August 2024"


def test_claims_are_filtered_by_word_and_verdict(shown: tuple[Page, Tried], ledger: pd.DataFrame) -> None:
    page, tried = shown
    page.select_option("#claim-verdict", "within")
    assert page.locator("#claim-table tbody tr:visible").count() == (ledger["verdict"] == "within").sum()
    page.fill("#claim-filter", "syrskyi")
    rows = page.locator("#claim-table tbody tr:visible").all_inner_texts()
    assert all("Syrskyi" in row for row in rows)
    page.fill("#claim-filter", "")
    page.select_option("#claim-verdict", "")
    assert page.inner_text("#claim-count") == "133 of 133 claims shown"
    assert tried.complaints == []


def test_the_first_printed_page_holds_map_figures_and_sources(shown: tuple[Page, Tried]) -> None:
    page, tried = shown
    # A4 landscape less margins of 9 mm, at 96 px to the inch.
    page.set_viewport_size({"width": round(279 / 25.4 * 96), "height": round(192 / 25.4 * 96)})
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    bottom = page.evaluate("document.querySelector('.fm-print-only').getBoundingClientRect().bottom + window.scrollY")
    assert 400 < bottom <= 192 / 25.4 * 96
    assert page.evaluate("frontmapPage.map.getSize().x") == pytest.approx(188 / 25.4 * 96, abs=3)
    assert page.locator(".fm-bar").first.is_hidden()
    assert page.locator(".fm-areas").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert tried.complaints == []


def printed(page: Page, what: str, folder: Path) -> PdfDocument:
    """Print the page as its buttons do: the map alone, or all."""
    page.emulate_media(media="print")
    page.evaluate("what => { document.documentElement.dataset.print = what; }", what)
    path = folder / f"{what}.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    page.emulate_media(media="screen")
    return PdfDocument(path)


@pytest.mark.parametrize("lang", languages())
def test_the_map_prints_on_one_page_of_a4_across(estimate_shown: tuple[Page, Tried], tmp_path: Path, lang: str) -> None:
    page, _ = estimate_shown
    page.select_option("[data-fm=lang]", lang)
    pages = printed(page, "map", tmp_path)
    page.select_option("[data-fm=lang]", "en")
    assert len(pages) == 1
    assert [round(length * 25.4 / 72) for length in pages[0].get_size()] == [297, 210]
    text = pages[0].get_textpage().get_text_bounded()
    assert "1 / 1" in text
    assert language(lang).text("sourcesLine") in text


def test_the_whole_briefing_prints_with_numbered_pages_and_no_lonely_heading(
    estimate_shown: tuple[Page, Tried], tmp_path: Path
) -> None:
    page, tried = estimate_shown
    pages = printed(page, "all", tmp_path)
    texts = [each.get_textpage().get_text_bounded() for each in pages]
    assert len(texts) > 10
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(texts)}" in text
    claims = next(number for number, text in enumerate(texts) if "Published figures tested" in text)
    assert all("Against our" in text for text in texts[claims : claims + 5]), "the table's head stands on every page"
    headings = page.eval_on_selector_all("main section:not(.fm) :is(h2, h3)", "all => all.map(one => one.textContent)")
    for text in texts:
        lines = [
            line.strip() for line in text.splitlines() if line.strip() and not re.fullmatch(r"\d+ / \d+", line.strip())
        ]
        assert lines[-1] not in headings
    assert {heading for heading in headings if not any(heading in text for text in texts)} == set()
    assert tried.complaints == []


def test_every_control_has_a_name_and_every_target_of_a_link_is_there(shown: tuple[Page, Tried]) -> None:
    page, _ = shown
    nameless = page.eval_on_selector_all(
        "main button, main input, main select",
        "all => all.filter(one => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim()))"
        ".map(one => one.outerHTML)",
    )
    assert nameless == []
    missing = "all => all.filter(one => !document.getElementById(one.hash.slice(1).replace('=', '-'))).length"
    assert page.eval_on_selector_all("a[href^='#']:not([role=button])", missing) == 0, (
        "a link to #claim=ID leads to the row claim-ID"
    )
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("width", "height"), [(360, 740), (3840, 2160)])
def test_small_and_large_screens_need_no_sideways_scrolling(
    saved: Path, browser: Browser, width: int, height: int
) -> None:
    with opened(browser, saved, width=width, height=height) as (page, tried):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.fm-today')).fontSize)")
        assert size >= (30 if width > 3000 else 16)
        assert tried.complaints == []


@pytest.mark.parametrize("failing", ["write_tables", "write_zones"])
def test_a_briefing_that_fails_half_way_leaves_the_earlier_one_whole(
    failing: str, kursk_history: fm.History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "briefing.html").write_text("earlier")

    def full(*_: object) -> dict[str, Path]:
        raise OutputError("the disk is full")

    monkeypatch.setattr(f"frontmap.briefing.writing.{failing}", full)
    with pytest.raises(OutputError, match="disk is full"):
        fm.brief(kursk_history, tmp_path, sheets=False)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"briefing.html": "earlier"}


# In the other browser


def test_the_page_opens_in_firefox_without_network(estimate_text: str, firefox: str, tmp_path: Path) -> None:
    path = save_page(estimate_text, tmp_path / "briefing.html")
    with running(firefox, tmp_path) as window:
        window.size(1280, 800)
        window.open(f"{path.as_uri()}#date=2024-09-06")
        assert window.value("document.querySelector('[data-fm=day]').textContent") == "6 September 2024"
        assert window.value("document.querySelectorAll('.fm-map path').length > 5")
        window.value("document.querySelector('[data-fm=next]').click()")
        assert window.value("document.querySelector('[data-fm=day]').textContent") == "7 September 2024"
        picture = Image.open(BytesIO(window.picture())).convert("RGB")
        # The hatched zone of one side and the plain one of the other, on the left two thirds of the window.
        colours = picture.crop((0, 140, 900, 480)).getcolors(maxcolors=1_000_000)
        assert colours is not None
        assert len(colours) > 50
        assert max(count for count, _ in colours) < 0.7 * 900 * 340, "the map is drawn"
        window.size(360, 740)
        assert window.value("document.documentElement.scrollWidth <= 360")
        assert (window.reached_out, window.complaints) == ([], [])
