"""The page's script: comparing histories, the swipe, claims, languages, and every state of the page in its link."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, Page, expect

import frontmap as fm
from frontmap.briefing.page import briefing_html
from frontmap.errors import FrontmapError, OutputError
from frontmap.maps.offline import fetchable, save_page, seal
from frontmap.maps.parts import data_markup, read_data
from frontmap.maps.payload import payload
from frontmap.maps.scripts import inflated, leaflet, packed_script, page_script
from frontmap.maps.views import view_codes
from frontmap.wording import languages, page_words
from tests.axe import violations
from tests.pages import Tried, at, launched, opened
from tests.theatres import claim, write_theatre

KURSK_SIZE = 600_000
AS_OF_SIZE = 7_500
SWIPE = "[data-fm=swipe]"
TEXT = "[...document.querySelectorAll('header, .fm-side, .fm-control, main > section:not(.fm)')].map(e => e.innerText)"


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> fm.Theatre:
    """Return the small theatre, one claimant of which would like to run a script."""
    hostile = claim("k4", "2024-01-12", "area_held", 90, claimant="<img src=x onerror=alert(1)>{{7*7}}")
    known = [claim("k1", "2024-01-10", "area_held", 100), claim("k3", "", "area_held", 250)]
    return fm.load(write_theatre(tmp_path_factory.mktemp("theatre"), claims=[*known, hostile]))


@pytest.fixture(scope="module")
def history(theatre: fm.Theatre) -> fm.History:
    return fm.assess(theatre, policy="assessed")


@pytest.fixture(scope="module")
def views(theatre: fm.Theatre) -> list[fm.History]:
    rules = [fm.assess(theatre, policy=policy) for policy in ("majority", "claimed-by:AA")]
    return [*rules, fm.assess(theatre, policy="assessed", as_of="2024-01-15")]


@pytest.fixture(scope="module")
def saved(history: fm.History, views: list[fm.History], tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = briefing_html(history, fm.test_claims(history), views=views)
    return save_page(page, tmp_path_factory.mktemp("page") / "briefing.html")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as one:
        yield one


@pytest.fixture(scope="module")
def shown(saved: Path, browser: Browser) -> Iterator[Page]:
    """Open the briefing of the small theatre; it must never ask for anything nor complain."""
    with opened(browser, saved) as (page, tried):
        yield page
        assert (tried.requests, tried.complaints, tried.dialogs) == ([], [], [])


# Further histories on the ground of a page


def test_a_view_of_the_same_cells_keeps_its_codes(history: fm.History, views: list[fm.History]) -> None:
    assert (view_codes(history, views[0]) == views[0].codes).all()
    assert view_codes(history, views[2]).shape == (15, len(history.cells)), "it ends on its as-of day"


def test_a_view_of_other_cells_has_the_state_of_the_cell_below(
    kursk_history: fm.History, kursk_estimate: fm.History
) -> None:
    codes = view_codes(kursk_estimate, kursk_history)
    for cell in range(0, len(kursk_estimate.cells), 97):
        point = shapely.point_on_surface(kursk_estimate.cells.geometry.iloc[cell])
        below = int(np.argmin(shapely.distance(kursk_history.cells.geometry.to_numpy(), point)))
        assert (codes[:, cell] == kursk_history.codes[:, below]).all()
    km2 = codes[32] == kursk_history.state_names.index("UA")
    on_russian = (kursk_estimate.cells["side"] == "RU").to_numpy()
    drawn = kursk_estimate.cells["area_km2"].to_numpy()[km2 & on_russian].sum()
    assert drawn == pytest.approx(kursk_history.area_on("2024-09-06", "UA", side="RU").best, rel=0.05)


def test_a_view_of_another_theatre_is_refused(history: fm.History, kursk_history: fm.History) -> None:
    with pytest.raises(FrontmapError, match="same theatre"):
        payload(history, views=[kursk_history])


def test_the_briefing_of_the_bundled_theatre_stays_small(kursk: fm.Theatre, kursk_estimate: fm.History) -> None:
    rules = [fm.assess(kursk, policy=name) for name in ("assessed", "majority", "claimed-by:UA", "claimed-by:RU")]
    known_then = len(kursk.key_dates) * AS_OF_SIZE  # measured, not made here: each costs seconds
    page = briefing_html(kursk_estimate, fm.test_claims(kursk_estimate), views=rules)
    assert len(page.encode()) + known_then < KURSK_SIZE


# What is packed


def test_data_come_back_and_hold_no_sign_of_markup() -> None:
    data = {"note": "</script>{{x}}<!--", "numbers": [1, 2.5]}
    markup = data_markup(data)
    assert read_data(markup) == data
    assert fetchable(markup) == []
    assert not set(markup.split(">", 1)[1].removesuffix("</script>")) & set("<>{}&'\"`")
    with pytest.raises(ValueError, match="frontmap-data"):
        read_data("<p>none</p>")


def test_packed_scripts_are_searched_and_sealed(tmp_path: Path) -> None:
    page = "<html><head></head><body>" + packed_script([leaflet().script, "fetch('x')"]) + "</body></html>"
    assert fetchable(page) == ["script: fetch("]
    with pytest.raises(OutputError, match="fetch"):
        save_page(page, tmp_path / "page.html")
    assert seal(page) != seal(page.replace("const code", "const codes"))
    assert fetchable("<html><head></head>" + packed_script([leaflet().script, page_script()]) + "</html>") == []


def test_a_browser_that_cannot_unpack_says_so(saved: Path, browser: Browser) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(saved.as_uri())
    expect(page.locator(".fm-failed")).to_be_visible()
    expect(page.locator(".fm-loading")).to_be_hidden()
    assert page.locator("#claim-table tbody tr").count() == 3, "the tables can be read"
    context.close()


# Comparing


def test_two_policies_of_a_day_are_compared_by_district(
    shown: Page, history: fm.History, views: list[fm.History]
) -> None:
    day = history.day_number("2024-01-10")
    ours, theirs = history.codes[day] == 0, views[1].codes[day] == 0
    beyond = (history.cells["side"] == "NL").to_numpy()
    km2 = history.cells["area_km2"].to_numpy()
    only = [float(km2[beyond & one & ~other].sum()) for one, other in ((ours, theirs), (theirs, ours))]
    assert max(only) > 1, "the policies disagree on this day"
    with at(shown, "date=2024-01-10&with=claimed-by:AA") as page:
        cells = page.locator(".fm-exchange tbody tr").first.locator("td, th").all_inner_texts()
        assert cells[:2] == ["High District", "Southland"]
        assert [float(cell.replace(",", "")) for cell in cells[2:4]] == [round(value) for value in only]
        differing = float(km2[history.codes[day] != views[1].codes[day]].sum())
        assert f"differs on {round(differing):,} km²" in page.inner_text(".fm-exchange")
        assert page.inner_text(".fm-exchange thead").split("\t")[2:4] == ["only in A", "only in B"]
        outline = "all => all.map(one => one.getAttribute('d').length)"
        assert max(page.eval_on_selector_all("path[fill='url(#fm-changed)']", outline)) > 20
    with at(shown, "date=2024-01-10&shown=majority") as page:
        best = views[0].area_on("2024-01-10", "AA", side="NL").best
        assert page.locator(".fm-major .fm-best").first.inner_text() == f"{best:,.0f}"
        assert page.inner_text("[data-fm=viewNote]") == "majority"


def test_what_was_known_then_tells_nothing_of_later_days(shown: Page, views: list[fm.History]) -> None:
    then = views[2].area_on("2024-01-10", "AA", side="NL").best
    with at(shown, "date=2024-01-10&shown=assessed@2024-01-15") as page:
        assert page.locator(".fm-major .fm-best").first.inner_text() == f"{then:,.0f}"
        page.fill("[data-fm=date]", "2024-01-20")
        assert page.locator(".fm-major .fm-best").first.inner_text() == "–"
        assert "nothing is told of this day by" in str(page.get_attribute("[data-fm=slider]", "aria-valuetext"))
    with at(shown, "date=2024-01-20&with=assessed@2024-01-15") as page:
        assert "nothing is told of this day by: assessed, as known on 15 January 2024" in page.inner_text(
            ".fm-exchange"
        )
        assert page.locator(".fm-major .fm-change").first.inner_text() == "–"


def test_controls_choose_what_is_shown_and_compared(shown: Page) -> None:
    with at(shown, "date=2024-01-10") as page:
        assert page.locator("[data-fm=comparePanel]").is_hidden()
        page.click("[data-fm=compareOpen]")
        assert page.get_attribute("[data-fm=compareOpen]", "aria-expanded") == "true"
        assert page.locator("[data-fm=swipeOn]").is_disabled()
        page.select_option("[data-fm=compareView]", "claimed-by:AA")
        assert "claimed by Southland" in page.inner_text(".fm-exchange h3")
        page.select_option("[data-fm=shownView]", "majority")
        page.fill("[data-fm=compare]", "2024-01-25")
        page.wait_for_url("**vs=2024-01-25&shown=majority&with=claimed-by%3AAA*")
        page.click("[data-fm=compareOff]")
        page.select_option("[data-fm=shownView]", "assessed")
        assert page.locator(".fm-exchange").is_hidden()
        page.wait_for_url(lambda url: url.endswith("#date=2024-01-10"))


def test_the_swipe_divides_the_map_by_keys_and_by_hand(shown: Page) -> None:
    with at(shown, "date=2024-01-10&with=majority") as page:
        page.click("[data-fm=swipeOn]")
        divider = page.locator(SWIPE)
        expect(divider).to_be_focused()
        assert page.get_attribute("[data-fm=swipeOn]", "aria-pressed") == "true"
        for key, part in (("ArrowRight", 52), ("PageUp", 62), ("Home", 0), ("PageDown", 0), ("End", 100)):
            page.keyboard.press(key)
            assert divider.get_attribute("aria-valuenow") == str(part)
        assert divider.get_attribute("aria-valuetext") == "100% of the map's width shows A"
        box = page.locator("[data-fm=map]").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60, steps=3)
        page.mouse.up()
        assert divider.get_attribute("aria-valuenow") == "25"
        edge = "([side]) => Number(document.querySelector(`#fm-clip-${side} rect`).getAttribute('x'))"
        width = "Number(document.querySelector('#fm-clip-a rect').getAttribute('width'))"
        assert page.evaluate(edge, ["a"]) + page.evaluate(width) == pytest.approx(page.evaluate(edge, ["b"]))
        clipped = page.locator("path[clip-path='url(#fm-clip-b)']")
        lengths = clipped.evaluate_all("all => all.map(one => one.getAttribute('d').length)")
        assert max(lengths) > 20, "B is drawn"
        assert page.inner_text("[data-fm=sideA]") == "A: assessed, 10 January 2024"
        assert page.inner_text("[data-fm=sideB]") == "B: majority, 10 January 2024"
        page.evaluate("frontmapPage.openClaim('k1', { seek: false })")
        assert violations(page) == []
        page.click("[data-fm=swipeOn]")
        assert divider.is_hidden()
        assert page.locator("path[clip-path]").count() == 0


COURSE = """([name]) => [...document.querySelectorAll('.fm-chart-wide .fm-others path')].filter(
    one => name === 'dashed' ? one.getAttribute('stroke-dasharray') : one.getAttribute('fill').startsWith('url')
).map(one => one.getAttribute('d'))"""


def drawn_km2(page: Page, path: str) -> dict[int, float]:
    """Read areas off a course of the chart, by place on its time axis."""
    told = page.eval_on_selector(".fm-chart-wide svg", "one => ({...one.dataset})")
    axis = {f"fm{key}": float(told[f"fm{key}"]) for key in ("Left", "Right", "Top", "Bottom", "Days", "Most")}
    points = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
    scale = axis["fmMost"] / (axis["fmBottom"] - axis["fmTop"])
    step = (axis["fmRight"] - axis["fmLeft"]) / (axis["fmDays"] - 1)
    return {round((x - axis["fmLeft"]) / step): (axis["fmBottom"] - y) * scale for x, y in points}


def test_the_chart_shows_what_is_shown_and_what_it_is_compared_with(shown: Page, views: list[fm.History]) -> None:
    def beyond(view: fm.History, day: int) -> float:
        return view.area_on(view.days[day].date(), "AA", side="NL").best

    with at(shown, "date=2024-01-10") as page:
        assert page.locator(".fm-chart-wide .fm-own").is_visible()
        assert page.locator(".fm-others path").count() == 0
        assert page.locator("[data-fm=chartNote]").is_hidden()
    with at(shown, "date=2024-01-10&shown=majority&with=claimed-by:AA") as page:
        assert page.locator(".fm-chart-wide .fm-own").is_hidden()
        assert page.inner_text("[data-fm=chartNote]") == "Chart: filled, majority; dashed, claimed by Southland"
        for kind, view in (("filled", views[0]), ("dashed", views[1])):
            told = drawn_km2(page, page.evaluate(COURSE, [kind])[0])
            days = [day for day in told if 0 < day < 30]
            assert [told[day] for day in days] == pytest.approx([beyond(view, day) for day in days], abs=0.2)
            assert len(days) > 3
        assert "told only of: assessed" in page.inner_text(".fm-doubt")
        page.click(".leaflet-container", position={"x": 300, "y": 300})
        assert "As told by: assessed" in page.inner_text("[data-fm=place]")
    with at(shown, "date=2024-01-10&shown=assessed@2024-01-15") as page:
        assert max(drawn_km2(page, page.evaluate(COURSE, ["filled"])[0])) == 14, "the course ends on the as-of day"
    with at(shown, "date=2024-01-10&with=majority") as page:
        assert page.locator(".fm-chart-wide .fm-own").is_visible()
        assert len(page.evaluate(COURSE, ["dashed"])) >= 1


def test_states_that_a_history_never_has_take_no_room(
    shown: Page, history: fm.History, views: list[fm.History]
) -> None:
    for view in [history, *views[:2]]:
        areas = view.areas()
        ever = bool(areas.loc[areas["party"] == "contested", ["area_km2", "area_high_km2"]].to_numpy().any())
        with at(shown, f"date=2024-01-10&shown={view.policy}") as page:
            row = page.locator(".fm-areas tbody tr", has_text="Contested")
            assert [one.is_visible() for one in row.all()] == [ever] * row.count()
            assert page.locator(".fm-lines li", has_text="contested").is_visible() is ever
            spoken = str(page.get_attribute("[data-fm=slider]", "aria-valuetext"))
            assert ("contested" in spoken) is ever


# Focus


def test_the_focus_returns_to_what_opened_a_panel(shown: Page) -> None:
    with at(shown, "date=2024-01-10") as page:
        page.focus(".fm-chart-wide [data-claim=k1]")
        page.keyboard.press("Enter")
        expect(page.locator("[data-fm=claim]")).to_be_focused()
        page.keyboard.press("Escape")
        assert page.locator("[data-fm=claim]").is_hidden()
        assert page.evaluate("document.activeElement.dataset.claim") == "k1"
        page.fill("[data-fm=find]", "birch")
        page.press("[data-fm=find]", "Enter")
        page.click("[data-fm=place] .fm-close")
        expect(page.locator("[data-fm=find]")).to_be_focused()
        page.fill("[data-fm=find]", "")


def test_the_tab_key_reaches_everything_in_the_order_of_reading(shown: Page) -> None:
    with at(shown, "date=2024-01-10&with=majority&swipe=0.5") as page:
        page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0); }")
        page.focus(".fm-skip")
        passed = []
        for _ in range(70):
            page.keyboard.press("Tab")
            passed.append(str(page.evaluate("document.activeElement.dataset.fm || document.activeElement.tagName")))
            assert page.evaluate("document.activeElement.getClientRects().length"), (
                f"the focus is on something that is not there, after {passed[-1]}"
            )
            if passed[-1] == "printAll":
                break
    named = [name for name, _ in groupby(passed) if name[0].islower()]  # a field of a day has several stops
    assert named == ["map", "swipe", "focus", "wide", "find", "exchange", "names", "first", "previous", "play", "next",
                     "last", "speed", "date", "compareOpen", "lang", "shownView", "compare", "compareView", "swipeOn",
                     "compareOff", "slider", "path", "copy", "csv", "print", "printAll"]  # fmt: skip


def test_colours_that_mean_something_stay_where_the_system_sets_its_own(shown: Page) -> None:
    shown.emulate_media(forced_colors="active", reduced_motion="reduce")
    with at(shown, "date=2024-01-10") as page:
        ground = "getComputedStyle(document.querySelector('.fm-canvas')).backgroundColor"
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        panes = "all => all.map(one => getComputedStyle(one).backgroundColor)"
        assert set(page.eval_on_selector_all(".leaflet-pane svg", panes)) == {"rgba(0, 0, 0, 0)"}, "none hides another"
        adjust = "all => all.map(one => getComputedStyle(one).forcedColorAdjust)"
        assert set(page.eval_on_selector_all(".fm-swatch, .fm-chart-wide svg, .fm-labels", adjust)) == {"none"}
    shown.emulate_media(forced_colors="none", reduced_motion="reduce")


# The link


STATES = [
    "date=2024-01-10",
    "date=2024-01-10&vs=2024-01-25",
    "date=2024-01-10&shown=claimed-by:AA&with=assessed@2024-01-15",
    "date=2024-01-10&vs=2024-01-25&swipe=0.25",
    "date=2024-01-10&with=majority&swipe=0.7&place=Birch&claim=k1",
    "date=2024-01-10&lang=uk",
    "date=2024-01-10&lang=ru&names=en",
    "date=2024-01-10&names=ru&band=off&grid=off",
    "date=2024-01-10&place=Pine&view=51.2000,35.1000,9.5",
]


KEPT = """link => [...new URLSearchParams(link)].sort().join() ===
    [...new URLSearchParams((frontmapPage.hash || '').slice(1))].sort().join()"""


@pytest.mark.parametrize("link", STATES)
def test_every_state_of_the_page_is_in_its_link_and_comes_back(shown: Page, link: str) -> None:
    with at(shown, link) as page:
        page.wait_for_function(KEPT, arg=link)
        assert parse_qs(page.evaluate("frontmapPage.hash")[1:]) == parse_qs(link)
    with at(shown, "date=2024-01-03") as page:
        page.wait_for_function(KEPT, arg="date=2024-01-03")  # nothing is left of the state before


@pytest.mark.parametrize(
    "link",
    [
        "date=2024-01-10&shown=nobody&with=__proto__&swipe=left&lang=xx&names=constructor",
        "date=2024-01-10&swipe=0.5",
        "date=2024-01-10&claim=%22%5D%2C*&place=__proto__",
        "date=2024-01-10&view=900,900,99",
        "claim=nothing",
        "date=2024-01-10&lang=__proto__",
    ],
)
def test_a_bad_link_is_harmless(shown: Page, link: str) -> None:
    with at(shown, "date=2024-01-10"), at(shown, link) as page:
        assert page.inner_text("[data-fm=day]") == "10 January 2024"
        assert page.locator(SWIPE).is_hidden()
        assert page.locator("[data-fm=claim]").is_hidden()
        assert page.evaluate("document.documentElement.lang") == "en"


def test_a_change_of_zoom_alone_is_in_the_link(shown: Page) -> None:
    with at(shown, "date=2024-01-10") as page:
        page.click(".leaflet-control-zoom-in")
        page.wait_for_url("**view=*")
        entries = page.evaluate("history.length")
        page.click("[data-fm=next]")
        page.click("[data-fm=focus]")
        page.wait_for_url(lambda url: url.endswith("#date=2024-01-11"))
        assert page.evaluate("history.length") == entries, "stepping does not fill the way back"


def test_a_new_size_of_the_window_keeps_what_the_map_shows(shown: Page) -> None:
    with at(shown, "date=2024-01-10&view=51.2000,35.1000,9.5") as page:
        page.set_viewport_size({"width": 1000, "height": 640})
        page.wait_for_timeout(250)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.wait_for_timeout(350)
        assert page.evaluate("frontmapPage.hash").endswith("view=51.2000%2C35.1000%2C9.5")


def test_places_of_one_name_and_district_have_links_of_their_own(shown: Page) -> None:
    names = "frontmap.Model.prototype.uniqueNames.call({ data: { strings: ['D', 'E'] }, places: "
    rows = "[['Oak', '', 0], ['Oak', '', 1], ['Oak', '', 0], ['Elm', '', 0], ['__proto__', '', 0]] })"
    assert shown.evaluate(names + rows) == ["Oak, D (1)", "Oak, E", "Oak, D (2)", "Elm", "__proto__"]


def test_a_link_followed_at_once_is_not_overwritten(shown: Page) -> None:
    with at(shown, "date=2024-01-10") as page:
        page.evaluate(
            "() => { frontmapPage.show(3); const now = window.setTimeout; window.setTimeout = run => run();"
            "location.hash = 'date=2024-01-20'; frontmapPage.remember(); window.setTimeout = now; }"
        )
        expect(page.locator("[data-fm=day]")).to_have_text("20 January 2024")


def test_a_saved_link_opens_as_it_was(saved: Path, browser: Browser) -> None:
    with opened(browser, saved, link="#date=2024-01-10&with=majority&swipe=0.3&lang=uk&claim=k1") as (page, tried):
        assert page.get_attribute("html", "lang") == "uk"
        assert page.get_attribute(SWIPE, "aria-valuenow") == "30"
        assert page.locator("[data-fm=claim]").is_visible()
        assert (tried.requests, tried.complaints) == ([], [])


# Claims


def test_a_claim_opens_from_its_mark_by_keyboard(shown: Page) -> None:
    with at(shown, "date=2024-01-03") as page:
        page.focus(".fm-chart-wide [data-claim][tabindex='0']")
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        panel = page.locator("[data-fm=claim]")
        expect(panel).to_be_visible()
        row = page.locator("tr[data-claim=k1]").locator("th, td").all_inner_texts()
        told = panel.locator("dd").all_inner_texts()
        assert [" ".join(text.split()) for text in told] == [" ".join(text.split()) for text in row]
        assert page.inner_text("[data-fm=day]") == "10 January 2024"
        assert page.locator("[data-claim=k1].fm-chosen").count() >= 1
        page.wait_for_url("**claim=k1*")
        assert panel.locator("a[href^=http]").first.get_attribute("rel") == "noreferrer noopener"
        panel.locator("button").click()
        assert panel.is_hidden()


def test_a_link_of_the_list_opens_the_claim_and_keeps_the_rest(shown: Page) -> None:
    with at(shown, "date=2024-01-03&with=majority") as page:
        page.evaluate("location.hash = 'claim=k4'")
        panel = page.locator("[data-fm=claim]")
        expect(panel).to_be_visible()
        assert "<img src=x onerror=alert(1)>{{7*7}}" in panel.inner_text()
        assert panel.locator("img").count() == 0
        assert page.inner_text("[data-fm=day]") == "12 January 2024"
        assert page.input_value("[data-fm=compareView]") == "majority"
        assert violations(page) == []


# Languages


@pytest.mark.parametrize("lang", [code for code in languages() if code != "en"])
def test_the_page_speaks_another_language_and_comes_back(shown: Page, history: fm.History, lang: str) -> None:
    words = page_words(history)[lang]
    with at(shown, "date=2024-01-10&with=majority&swipe=0.5&claim=k1&place=Birch") as page:
        before = page.evaluate(TEXT)
        page.select_option("[data-fm=lang]", lang)
        assert page.get_attribute("html", "lang") == lang
        assert page.title() == words["title"]
        marked = page.eval_on_selector_all("[data-word]", "all => all.map(one => [one.dataset.word, one.textContent])")
        assert [key for key, text in marked if key != "perSecond" and text != words[key]] == []
        assert page.inner_text("[data-fm=day]") == f"10 {words['months'].split()[0]} 2024"
        assert page.inner_text("[data-fm=playLabel]") == words["play"]
        assert page.get_attribute("[data-fm=map]", "aria-label") == words["mapLabel"]
        if lang == "ru":
            assert page.inner_text("[data-fm=place] h3") == "Берёза"
        assert violations(page) == []
        page.select_option("[data-fm=lang]", "en")
        assert page.evaluate(TEXT) == before


# Numbers


def test_the_table_tells_the_areas_of_what_is_shown(shown: Page, history: fm.History, views: list[fm.History]) -> None:
    with at(shown, "date=2024-01-10&with=majority") as page:
        page.click("[data-fm=table] summary")
        rows = page.locator("[data-fm=table] tbody tr")
        expect(rows).to_have_count(6)
        texts = [row.locator("th, td").all_inner_texts() for row in rows.all()]
        assert [row[0] for row in texts] == [f"{day} January 2024" for day in (1, 8, 10, 15, 22, 29)]
        for day, row in zip((1, 8, 10, 15, 22, 29), texts, strict=True):
            both = [one.area_on(f"2024-01-{day:02}", "AA", side="NL") for one in (history, views[0])]
            assert row[1:5:2] == [f"{area.best:,.0f}" for area in both]
            assert row[2] == f"{both[0].low:,.0f} to {both[0].high:,.0f}"
        page.click("[data-fm=table] summary")


def test_the_csv_is_of_what_is_shown(shown: Page, views: list[fm.History]) -> None:
    def taken(page: Page) -> pd.DataFrame:
        with page.expect_download() as download:
            page.click("[data-fm=csv]")
        return pd.read_csv(io.StringIO(Path(download.value.path()).read_text()), keep_default_na=False)

    with at(shown, "date=2024-01-10&vs=2024-01-05") as page:
        table = taken(page)
        assert (table["date"].min(), table["date"].max()) == ("2024-01-05", "2024-01-10")
        assert set(table["policy"]) == {"assessed"}
    with at(shown, "date=2024-01-10&with=assessed@2024-01-15") as page:
        table = taken(page)
        then = table[table["as_of"] == "2024-01-15"]
        assert (len(set(then["date"])), len(set(table["date"]))) == (15, 31)
        row = then[(then["date"] == "2024-01-10") & (then["party"] == "AA") & (then["side"] == "NL")].iloc[0]
        assert row["area_km2"] == pytest.approx(views[2].area_on("2024-01-10", "AA", side="NL").best, abs=0.051)


# Looks


@pytest.mark.parametrize(("width", "height"), [(320, 256), (360, 740), (640, 400), (1280, 800), (3840, 2160)])
def test_nothing_hangs_over_the_edge(shown: Page, width: int, height: int) -> None:
    shown.set_viewport_size({"width": width, "height": height})
    for lang in languages():
        with at(shown, f"date=2024-01-10&with=majority&swipe=0.5&lang={lang}&claim=k1") as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("frontmapPage.map.getSize().y") > 200
    shown.set_viewport_size({"width": 1280, "height": 800})


def test_the_graticule_lies_on_whole_parts_of_a_degree(shown: Page) -> None:
    with at(shown, "date=2024-01-10&view=51.1500,35.2000,9.5") as page:
        lines = page.evaluate("frontmapPage.drawing.graticuleLines()")
        step = page.evaluate("frontmapPage.drawing.graticuleStep()")
        for value in [*lines["lats"], *lines["lons"]]:
            assert value / step == pytest.approx(round(value / step))
        told = page.locator(".fm-degree").all_text_contents()
        assert any(text.endswith("E") for text in told)
        page.uncheck(".fm-grid input")
        assert page.locator(".fm-degree").count() == 0
        page.wait_for_url("**grid=off*")


def test_folium_layers_wait_for_nothing(history: fm.History, tmp_path: Path, browser: Browser) -> None:
    shown = fm.show(history, views=[fm.assess(history.theatre, policy="majority")])
    shown.save(tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert [view["policy"] for view in read_data(text)["views"]] == ["majority"]
    assert inflated(text.split('id="frontmap-data">')[1].split("<")[0]).startswith('{"title"')
    context = browser.new_context(offline=True)
    page, tried = context.new_page(), Tried()
    page.on("pageerror", lambda error: tried.complaints.append(str(error)))
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(".fm-ready")
    assert tried.complaints == []
    context.close()
