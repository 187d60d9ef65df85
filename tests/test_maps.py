"""The map of a history: its data keep the truth, it asks for nothing, and it answers its controls in a browser."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod
from shapely.geometry import box

import frontmap as fm
from frontmap.errors import DateError, OutputError, PolicyError
from frontmap.maps import OfflineMap, scripts, show_probability
from frontmap.maps.ground import doubtful
from frontmap.maps.offline import fetchable, save_page, seal
from frontmap.maps.packing import deltas, packed, unpacked
from frontmap.maps.parts import data_markup, start_script
from frontmap.maps.payload import key_days, payload
from frontmap.maps.probability_map import EDGES
from frontmap.maps.scripts import leaflet, page_script
from frontmap.wording import language, languages
from tests.axe import violations
from tests.pages import Tried, at, launched, opened
from tests.theatres import write_theatre


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> fm.History:
    return fm.assess(fm.load(write_theatre(tmp_path_factory.mktemp("theatre"))), policy="assessed")


@pytest.fixture(scope="module")
def saved(history: fm.History, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    fm.show(history).save(path)
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as one:
        yield one


# The data of the page


@dataclass(frozen=True)
class Read:
    """What a page's numbers say, read as the page reads them."""

    data: dict[str, Any]

    def column(self, rows: str, width: int, column: int) -> list[int]:
        return unpacked(self.data[rows])[column::width]

    def cells(self) -> list[tuple[str, str]]:
        """Side and district of each cell."""
        runs = np.array(unpacked(self.data["grounds"])).reshape(-1, 3).tolist()
        names = [(self.data["sides"][side], self.data["districts"][district]) for side, district, _ in runs]
        return [name for name, (*_, count) in zip(names, runs, strict=True) for _ in range(count)]

    def table(self, start: str, changes: str, width: int) -> NDArray[np.int64]:
        """State or doubt of each cell on each day."""
        first = unpacked(self.data[start])
        table = np.tile(first, (self.data["days"], 1))
        turns = np.array(unpacked(self.data[changes]), dtype=np.int64).reshape(-1, width)
        for day, cell, *new in np.column_stack([turns[:, :2].cumsum(axis=0), turns[:, 2:]]).tolist():
            table[day:, cell] = new[0] if new else 1 - table[day, cell]
        return table

    def spells(self) -> dict[int, list[list[Any]]]:
        """Spells by place: first and last day, state, rule, four lists of reports, later decisions."""
        values = iter(unpacked(self.data["spells"]))

        def listed() -> list[int]:
            return list(itertools.accumulate(next(values) for _ in range(next(values))))

        told: dict[int, list[list[Any]]] = {}
        for place_number in values:
            told[place_number] = []
            for _ in range(next(values)):
                spell: list[Any] = [next(values) for _ in range(4)] + [listed() for _ in range(4)]
                spell.append([[next(values), next(values), listed()] for _ in range(next(values))])
                told[place_number].append(spell)
        return told

    def chances(self) -> dict[int, dict[int, NDArray[np.float64]]]:
        """Percentages by place and state, day by day; the home party's are the rest."""
        values = iter(unpacked(self.data["chances"]))
        told: dict[int, dict[int, NDArray[np.float64]]] = {}
        for place_number in values:
            rest, states = next(values), {}
            for _ in range(next(values)):
                state = next(values)
                corners = np.array([(next(values), next(values)) for _ in range(next(values))]).cumsum(axis=0)
                states[state] = np.interp(np.arange(self.data["days"]), *corners.T)
            told[place_number] = {**states, rest: 100.0 - np.sum(list(states.values()), axis=0)}
        return told


@pytest.mark.parametrize("numbers", [[], [0], [-1, 15, -16, 16, 31, 32, 1023, 1024, -1024, 2**30, -(2**30)]])
def test_numbers_come_back_from_letters(numbers: list[int]) -> None:
    assert unpacked(packed(numbers)) == numbers
    assert list(itertools.accumulate(deltas(numbers))) == numbers


@pytest.fixture(scope="module", params=["kursk_history", "kursk_estimate"])
def both(request: pytest.FixtureRequest) -> tuple[fm.History, Read]:
    history: fm.History = request.getfixturevalue(request.param)
    return history, Read(payload(history))


def test_areas_of_every_day_side_and_district_come_back_from_the_cells(both: tuple[fm.History, Read]) -> None:
    history, read = both
    ground = pd.MultiIndex.from_frame(history.cells[["side", "district"]])
    names = pd.MultiIndex.from_tuples(read.cells())
    area = np.array(unpacked(read.data["cellArea"])) / 1000
    table = read.table("start", "changes", 3)
    for day in range(0, len(history.days), 16):
        for state in range(len(history.state_names)):
            told = pd.Series(area * (table[day] == state), index=names).groupby(level=[0, 1]).sum()
            km2 = history.cells["area_km2"].to_numpy() * (history.codes[day] == state)
            expected = pd.Series(km2, index=ground).groupby(level=[0, 1]).sum()
            assert told.reindex(expected.index).to_numpy() == pytest.approx(expected.to_numpy(), abs=0.1)


def test_doubt_comes_back_from_its_turns_in_steps(both: tuple[fm.History, Read]) -> None:
    history, read = both
    clear = np.logical_or.reduce([history.state_masks(state)[0] for state in history.state_names])
    km2 = (~clear * history.cells["area_km2"].to_numpy()).sum(axis=1)
    told = read.table("doubtful", "doubts", 2) @ np.array(unpacked(read.data["cellArea"])) / 1000
    assert told == pytest.approx((doubtful(history) * history.cells["area_km2"].to_numpy()).sum(axis=1), abs=0.5)
    assert np.abs(told - km2).mean() < 0.02 * km2.max(), "a step stands for the days around its middle"


def test_areas_come_back_from_their_steps(both: tuple[fm.History, Read]) -> None:
    history, read = both
    table = history.areas().set_index(["party", "side", "date"]).sort_index()
    for key, text in read.data["areas"].items():
        party, side = key.split("|")
        days, *numbers = np.array(unpacked(text)).reshape(-1, 4).cumsum(axis=0).T
        at = np.searchsorted(days, np.arange(read.data["days"]), side="right") - 1
        for column, tenths in zip(["area_low_km2", "area_km2", "area_high_km2"], numbers, strict=True):
            assert tenths[at] / 10 == pytest.approx(table.loc[(party, side), column].to_numpy(), abs=0.051)


def test_every_report_of_a_spell_is_found_under_its_number(both: tuple[fm.History, Read]) -> None:
    history, read = both
    ids, names = read.data["reportIds"].split(), read.data["placeNames"]
    spells = read.spells()[names.index("Berdin")]
    own = history.spells[history.spells["place_id"] == history.theatre.find("Berdin").place_id]
    own = own.sort_values("valid_from")
    assert [[ids[number] for number in spell[4]] for spell in spells] == [list(told) for told in own["deciding"]]
    assert [[ids[number] for number in spell[6]] for spell in spells] == [list(told) for told in own["losing"]]
    assert [read.data["states"][spell[2]]["id"] for spell in spells] == list(own["state"])
    about = dict(zip(history.theatre.reports["report_id"], history.theatre.reports["place_id"], strict=True))
    place_of = dict(zip(ids, read.column("reportNumbers", 5, 4), strict=True))
    assert names[place_of["r0001"]] == history.theatre.places.set_index("place_id").loc[about["r0001"], "name"]


def test_probabilities_come_back_from_their_corners(kursk_estimate: fm.History) -> None:
    read = Read(payload(kursk_estimate))
    chances, surfaces = read.chances(), kursk_estimate.surfaces
    assert surfaces is not None
    for name in ("Sudzha", "Berdin", "Snagost"):
        at = surfaces.settlements.index.get_loc(kursk_estimate.theatre.find(name).place_id)
        told = chances[read.data["placeNames"].index(name)]
        for state, percent in told.items():
            exact = 100 * surfaces.settlement_probabilities[kursk_estimate.state_names[state]][:, at]
            assert np.abs(percent - exact).max() < 2.6
    quiet = set(range(len(read.data["placeNames"]))) - set(chances)
    assert len(quiet) > 50, "places far from any report are in no doubt"


def test_as_of_hides_later_reports(kursk: fm.Theatre) -> None:
    data = payload(fm.assess(kursk, as_of="2024-08-20", policy="assessed"))
    assert data["days"] == 16
    assert max(Read(data).column("pages", 4, 3)) <= 15


def test_the_page_of_the_bundled_theatre_stays_small(kursk_estimate: fm.History) -> None:
    assert len(fm.show(kursk_estimate).get_root().render().encode()) < 600_000


def test_equal_histories_give_equal_pages(history: fm.History) -> None:
    assert fm.show(history).get_root().render() == fm.show(history).get_root().render()


def test_key_days_are_spread_evenly_where_the_theatre_names_none(history: fm.History) -> None:
    days = key_days(history)
    assert history.theatre.key_dates == ()
    assert days == [0, 8, 15, 22, 30]


def test_key_days_are_those_of_the_theatre(kursk_history: fm.History) -> None:
    days = [str(kursk_history.days[place].date()) for place in key_days(kursk_history)]
    assert days == ["2024-08-27", "2024-09-06", "2024-11-23", "2025-01-06", "2025-03-12"]


def test_every_word_that_the_script_asks_for_is_there() -> None:
    asked = set(re.findall(r"""\bt\("([\w.]+)"(?! \+)""", page_script()))
    assert len(asked) > 60
    assert {code: asked - set(language(code).words) for code in languages()} == {code: set() for code in languages()}


def test_the_day_on_which_the_map_opens_lies_in_the_period(history: fm.History) -> None:
    with pytest.raises(DateError, match="2023-12-31"):
        fm.show(history, date="2023-12-31")


# Nothing is asked for


def test_leaflet_comes_with_its_licence_and_without_its_pictures() -> None:
    library = leaflet()
    assert library.version.startswith("1.9.")
    assert "Agafonkin" in library.licence
    assert "BSD 2-Clause" in library.licence
    assert "url(" not in library.style
    assert "sourceMappingURL" not in library.script


def test_a_missing_leaflet_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "LEAFLET_PACKAGE", "no-such-package")
    with pytest.raises(OutputError, match="no-such-package"):
        leaflet.__wrapped__()


@pytest.mark.parametrize(
    "part",
    [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="stylesheet" href="a.css">',
        '<img src="marker-icon.png">',
        '<IMG SRC=marker-icon.png>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://example.org" ping="https://example.org/p">x</a>',
        '<p onclick="x()">x</p>',
        '<p style="background: url(x.png)">x</p>',
        "<style>p { background: url('x.png') }</style>",
        "<style>@import 'x.css';</style>",
        '<meta http-equiv="Refresh" content="0; url=https://example.org">',
        '<base href="https://example.org/">',
        "<iframe srcdoc=x></iframe>",
        '<svg><use href="https://example.org/a.svg#x"/></svg>',
        '<video poster="x.png"></video>',
        '<form action="https://example.org"></form>',
        "<script>fetch('x')</script>",
        "<script>L.tileLayer('https://example.org/{z}/{x}/{y}.png')</script>",
    ],
)  # fmt: skip
def test_what_a_browser_would_fetch_is_found_and_not_written(part: str, tmp_path: Path) -> None:
    page = f"<!DOCTYPE html><html><head></head><body>{part}</body></html>"
    assert fetchable(page)
    with pytest.raises(OutputError, match="not written"):
        save_page(page, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "part",
    [
        '<a href="https://example.org/">x</a>',
        '<a href="#key">x</a>',
        '<svg><path fill="url(#hatch)"/></svg>',
        "<style>p { fill: url(#hatch) }</style>",
        '<script type="application/json">{"a":"fetch(1) url(x)"}</script>',
        data_markup({"a": "fetch(1) url(x) https://example.org/{z}"}),
    ],
)
def test_what_waits_for_a_click_may_stay(part: str) -> None:
    assert fetchable(f"<html><head></head><body>{part}</body></html>") == []


def test_sealing_twice_is_sealing_once() -> None:
    page = "<html><head></head><body><script>1</script><style>p{}</style></body></html>"
    assert seal(seal(page)) == seal(page)
    assert seal(page).count("Content-Security-Policy") == 1
    assert "default-src 'none'" in seal(page)


def test_folium_layers_can_be_added_and_tiles_are_refused(tmp_path: Path) -> None:
    plain = OfflineMap((51.2, 35.3), title="Plain")
    folium.GeoJson({"type": "Point", "coordinates": [35.3, 51.2]}).add_to(plain)
    folium.Marker((51.2, 35.3), popup=folium.Popup("text")).add_to(plain)
    assert plain.save(str(tmp_path / "plain.html")) == tmp_path / "plain.html"
    buffer = io.BytesIO()
    plain.save(buffer, close_file=False)
    assert buffer.getvalue().startswith(b"<!DOCTYPE html>")
    assert b"Content-Security-Policy" in buffer.getvalue()
    folium.TileLayer("OpenStreetMap").add_to(plain)
    with pytest.raises(OutputError, match="tileLayer"):
        plain.save(tmp_path / "tiles.html")
    assert not (tmp_path / "tiles.html").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, history: fm.History) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        fm.show(history).save(tmp_path / "file" / "map.html")


def test_a_notebook_shows_the_page_in_a_frame(history: fm.History) -> None:
    text = fm.show(history)._repr_html_()
    assert text.startswith("<iframe srcdoc=")
    assert "Content-Security-Policy" in text


def test_a_notebook_that_runs_no_script_gets_a_link_to_the_saved_file(
    history: fm.History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = fm.show(history)
    assert "<a href=" not in shown._repr_html_().split("</iframe>")[1]
    assert list(tmp_path.iterdir()) == [], "nothing is written unless asked for"
    shown = fm.show(history, file="one map.html")
    assert (tmp_path / "one map.html").read_text(encoding="utf-8") == shown.get_root().render()
    assert '<a href="one%20map.html" target="_blank">one map.html</a>' in shown._repr_html_().split("</iframe>")[1]


def test_only_plain_names_reach_the_script() -> None:
    with pytest.raises(ValueError, match="letters"):
        start_script("a;alert(1)")


# In a browser


@pytest.fixture(scope="module")
def small(saved: Path, browser: Browser) -> Iterator[Page]:
    """Open the map of the small theatre; it must never ask for anything nor complain."""
    with opened(browser, saved) as (page, tried):
        yield page
        assert (tried.requests, tried.complaints, tried.dialogs) == ([], [], [])


@pytest.fixture(scope="module")
def large(kursk_history: fm.History, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the map of the bundled theatre."""
    path = tmp_path_factory.mktemp("large") / "map.html"
    fm.show(kursk_history).save(path)
    with opened(browser, path) as (page, tried):
        yield page
        assert (tried.requests, tried.complaints, tried.dialogs) == ([], [], [])


def test_the_map_draws_offline_with_language_title_and_free_zoom(small: Page) -> None:
    with at(small, "date=2024-01-10") as page:
        assert page.inner_text("[data-fm=day]") == "10 January 2024"
        assert page.get_attribute("html", "lang") == "en"
        assert "user-scalable" not in str(page.get_attribute("meta[name=viewport]", "content"))
        assert page.title() == page.inner_text("main h1") == "Two-sided test theatre"
        fills = "path[fill^='url(#fm-strong']"
        paths = page.eval_on_selector_all(fills, "all => all.map(one => one.getAttribute('d').length)")
        assert max(paths) > 20, "the ground held beyond the border is drawn"
        assert page.locator(".leaflet-attribution-flag, img").count() == 0


def test_keys_move_the_day_and_the_link_keeps_it(small: Page, history: fm.History) -> None:
    turns = np.flatnonzero((history.codes[1:] != history.codes[:-1]).any(axis=1)) + 1
    first, second = (f"{day} January 2024" for day in turns[:2] + 1)
    with at(small, "date=2024-01-10") as page:
        day = page.locator("[data-fm=day]")
        page.focus("[data-fm=slider]")
        for key, expected in (
            ("ArrowRight", "11 January 2024"), ("ArrowLeft", "10 January 2024"), ("Home", "1 January 2024"),
            ("PageDown", first), ("PageDown", second), ("PageUp", first),
            ("End", "31 January 2024"), ("ArrowRight", "31 January 2024"),
        ):  # fmt: skip
            page.keyboard.press(key)
            assert day.inner_text() == expected
        page.focus(".leaflet-container")
        page.keyboard.press("ArrowLeft")
        assert day.inner_text() == "30 January 2024"
        page.wait_for_url("**date=2024-01-30*")
        spoken = str(page.get_attribute("[data-fm=slider]", "aria-valuetext"))
        assert spoken.startswith("30 January 2024, Southland 0 square kilometres, interval 0 to ")
        assert "on Northland's side; " in spoken


def test_space_plays_and_stops_at_the_end(small: Page) -> None:
    with at(small, "date=2024-01-29") as page:
        page.select_option("[data-fm=speed]", "40")
        page.focus("[data-fm=slider]")
        page.keyboard.press(" ")
        expect(page.locator("[data-fm=day]")).to_have_text("31 January 2024")
        expect(page.locator("[data-fm=playLabel]")).to_have_text("Play")


def test_a_link_restores_day_comparison_place_and_view(small: Page) -> None:
    with at(small, "date=2024-01-10&vs=2024-01-01&place=Birch&view=51.2000,35.1000,9.5") as page:
        assert page.input_value("[data-fm=compare]") == "2024-01-01"
        assert page.inner_text("[data-fm=place] h3") == "Birch"
        assert page.evaluate("frontmapPage.map.getZoom()") == 9.5
        page.click("[data-fm=compareOff]")
        page.wait_for_url(re.compile("place=Birch&view=51.2000%2C35.1000%2C9.5$"))
    with at(small, "date=2024-01-03") as page:
        assert page.inner_text("[data-fm=day]") == "3 January 2024"
        assert page.locator("[data-fm=place]").is_hidden()
        assert page.evaluate("frontmapPage.map.getZoom()") != 9.5


@pytest.mark.parametrize("link", ["date=2024-13-45", "date=x&vs=y&place=Nowhere&view=1,2", "%%%", "date=2099-01-01"])
def test_a_broken_link_breaks_nothing(small: Page, link: str) -> None:
    with at(small, link) as page:
        assert page.inner_text("[data-fm=day]").endswith("January 2024")


def test_a_click_on_the_map_chooses_the_place_whose_ground_it_is(small: Page) -> None:
    with at(small, "date=2024-01-10") as page:
        point = page.evaluate("frontmapPage.map.latLngToContainerPoint([51.24, 35.09])")
        page.locator(".leaflet-container").click(position=point)
        assert page.inner_text("[data-fm=place] h3") == "Birch"
        page.focus(".leaflet-container")
        page.keyboard.press("Escape")
        assert page.locator("[data-fm=place]").is_hidden()


def test_the_north_arrow_points_north_and_the_scale_bar_is_right(small: Page) -> None:
    tip, foot = small.evaluate(
        "() => { const arrow = document.querySelector('.fm-north path'), box = arrow.getBBox();"
        "const points = [...Array(100).keys()].map(i => arrow.getPointAtLength(i * arrow.getTotalLength() / 100));"
        "const high = points.filter(p => p.y < box.y + 2), low = points.filter(p => p.y > box.y + box.height - 2);"
        "const width = some => Math.max(...some.map(p => p.x)) - Math.min(...some.map(p => p.x));"
        "return [width(high), width(low)]; }"
    )
    assert tip < foot, "the point of the arrow is above"
    ends = small.evaluate(
        "() => { const map = frontmapPage.map, y = map.getSize().y / 2;"
        "const width = parseFloat(document.querySelector('.leaflet-control-scale-line').style.width);"
        "return [0, width].map(x => map.containerPointToLatLng([x, y])); }"
    )
    number, unit = small.inner_text(".leaflet-control-scale-line").split()
    metres = Geod(ellps="WGS84").inv(ends[0]["lng"], ends[0]["lat"], ends[1]["lng"], ends[1]["lat"])[2]
    # Whole pixels of the bar are about 1 % of it.
    assert metres == pytest.approx(float(number) * {"m": 1, "km": 1000}[unit], rel=0.015)


def test_the_areas_on_the_page_can_be_taken_away(small: Page) -> None:
    with small.expect_download() as download:
        small.click("[data-fm=csv]")
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "date,policy,as_of,party,side,area_km2,area_low_km2,area_high_km2"
    assert lines[1].startswith("2024-01-01,assessed,,")


def test_a_narrow_screen_needs_no_sideways_scrolling(small: Page) -> None:
    small.set_viewport_size({"width": 360, "height": 740})
    assert small.evaluate("document.documentElement.scrollWidth") <= 360
    assert small.evaluate("frontmapPage.map.getSize().y") > 200
    small.set_viewport_size({"width": 1280, "height": 800})


def test_a_marker_and_a_popup_of_folium_work_offline(browser: Browser, tmp_path: Path, history: fm.History) -> None:
    shown = fm.show(history)
    folium.Marker((51.2, 35.3), popup=folium.Popup("hello there", show=True)).add_to(shown)
    shown.save(tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as (page, tried):
        assert page.inner_text(".leaflet-popup-content") == "hello there"
        assert (tried.requests, tried.complaints) == ([], [])


def test_the_figures_of_the_page_are_those_of_the_history(kursk_history: fm.History, large: Page) -> None:
    days = ["2024-08-27", "2024-09-06", "2024-11-23", "2025-01-06", "2025-03-12"]
    for start, end in itertools.pairwise(days):
        figure, rows = large.evaluate(
            "([start, end]) => { const model = frontmapPage.model, to = model.dayOf(end);"
            "const rows = model.exchange(0, model.own.on(model.dayOf(start)), model.own.on(to));"
            "return [model.own.beyond(0, to), rows.map(row => [row[0], ...row[1]])]; }",
            [start, end],
        )
        assert figure == pytest.approx(list(kursk_history.area_on(end, "UA", side="RU")), abs=0.06)
        table = kursk_history.changes(start, end, by="district")
        table = table[(table["party"] == "UA") & (table["side"] == "RU")]
        shown = {district: (gained, lost) for district, gained, lost in rows}
        assert set(shown) <= set(table["district"])
        for district, gained, lost in zip(table["district"], table["gained_km2"], table["lost_km2"], strict=True):
            assert shown.get(district, (0, 0)) == pytest.approx((gained, lost), abs=0.05)


def test_a_place_is_found_in_any_script_and_explains_itself(kursk_history: fm.History, large: Page) -> None:
    explained = kursk_history.explain("Berdin", "2025-01-06")
    with at(large, "date=2025-01-06") as page:
        for spelling in ("Бердин", "berdin", "Berdyn"):
            page.fill("[data-fm=find]", spelling)
            page.press("[data-fm=find]", "Enter")
            assert page.inner_text("[data-fm=place] h3") == "Berdin"
        panel = page.inner_text("[data-fm=place]")
        assert explained.rule in panel
        assert all(report in panel for report in explained.deciding["report_id"])
        links = page.eval_on_selector_all("[data-fm=place] a", "all => all.map(one => [one.rel, one.target])")
        assert links
        assert all(link == ["noreferrer noopener", "_blank"] for link in links)


@pytest.fixture(scope="module")
def estimated(kursk_estimate: fm.History, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the map of the bundled theatre under the estimate."""
    path = tmp_path_factory.mktemp("estimated") / "map.html"
    fm.show(kursk_estimate).save(path)
    with opened(browser, path) as (page, tried):
        yield page
        assert (tried.requests, tried.complaints, tried.dialogs) == ([], [], [])


def test_a_place_tells_how_probable_its_state_is_and_what_moved_it(kursk_estimate: fm.History, estimated: Page) -> None:
    told = kursk_estimate.spells[kursk_estimate.spells["place_id"] == kursk_estimate.theatre.find("Sudzha").place_id]
    taken = told[told["state"] == "UA"].iloc[0]
    with at(estimated, "date=2024-09-06&place=Sudzha") as page:
        percent, other = re.findall(r"(\w+) (\d+) %", page.inner_text(".fm-odds"))[:2]
        assert (percent[0], other[0]) == ("Ukraine", "Russia")
        assert int(percent[1]) > 90
        assert int(percent[1]) + int(other[1]) in {99, 100, 101}
        movers = page.locator(".fm-place div .fm-reports li").all_inner_texts()
        assert [text for text, report in zip(movers, taken["deciding"], strict=True) if report not in text] == []
        assert page.locator(".fm-chances path").count() == 3


def test_a_click_on_ground_of_many_cells_opens_its_settlement(kursk_estimate: fm.History, estimated: Page) -> None:
    places = kursk_estimate.theatre.places.set_index("place_id")
    with at(estimated, "date=2024-09-06") as page:
        for name in ("Sudzha", "Berdin", "Lyubimovka", "Basivka"):
            place_id = next(
                p for p in places.index if places.loc[p, "name"] == name and p in set(kursk_estimate.cells["place_id"])
            )
            own = kursk_estimate.cells[kursk_estimate.cells["place_id"] == place_id]
            point = own.geometry.iloc[len(own) // 2].representative_point()
            found = page.evaluate(
                "([lat, lng]) => { const drawing = frontmapPage.drawing, cell = drawing.model.cellAt({lat, lng});"
                "return frontmapPage.model.places[drawing.ownerOf(cell, {lat, lng})].slice(0, 5); }",
                [point.y, point.x],
            )
            near = places.loc[place_id]
            away = Geod(ellps="WGS84").inv(found[3] / 1e4, found[4] / 1e4, near["lon"], near["lat"])[2]
            assert found[0] == name or away < 3000, "at the edge of a mesh the neighbour may be meant"


def test_ground_in_doubt_is_shown_and_can_be_hidden(kursk_estimate: fm.History, estimated: Page) -> None:
    band = "path[fill='url(#fm-doubt)'].leaflet-interactive, path[fill='url(#fm-doubt)']"
    with at(estimated, "date=2024-09-06") as page:
        length = "one => one.getAttribute('d').length"
        assert page.eval_on_selector(band, length) > 1000
        assert "no state is more than 95 % probable" in page.inner_text(".fm-doubt")
        page.uncheck(".fm-doubt input")
        assert page.eval_on_selector(band, length) < 10
        page.wait_for_url("**band=off*")
    with at(estimated, "date=2024-09-07&band=off") as page:
        assert not page.is_checked(".fm-doubt input")
    with at(estimated, "date=2024-09-07") as page:
        assert page.is_checked(".fm-doubt input")


def test_changes_run_from_the_earlier_day_to_the_later_whichever_is_shown(estimated: Page) -> None:
    figures = []
    for link in ("date=2024-09-06&vs=2024-11-23", "date=2024-11-23&vs=2024-09-06"):
        with at(estimated, link) as page:
            assert "6 Sep 2024 to 23 Nov 2024" in page.inner_text(".fm-areas thead")
            figures.append(page.locator(".fm-areas .fm-major .fm-change").first.inner_text())
            assert page.inner_text(".fm-exchange .fm-total td:last-child").strip() == figures[-1]
    assert figures[0] == figures[1]
    assert figures[0].startswith("\u2212"), "ground was lost between these days"


def test_a_search_without_a_match_says_so(estimated: Page) -> None:
    with at(estimated, "date=2024-09-06") as page:
        page.fill("[data-fm=find]", "qqqq")
        assert page.inner_text("#fm-found") == "No place of this spelling"
        expect(page.locator("[data-fm=live]")).to_have_text("No place of this spelling")
        page.press("[data-fm=find]", "Enter")
        assert page.locator("[data-fm=place]").is_hidden()
        page.fill("[data-fm=find]", "")
        assert page.locator("#fm-found").is_hidden()


def test_on_a_narrow_screen_a_linked_place_comes_into_view(estimated: Page) -> None:
    estimated.set_viewport_size({"width": 360, "height": 740})
    with at(estimated, "date=2024-09-06&place=Berdin&view=50.9000,34.3000,10") as page:
        assert page.evaluate("frontmapPage.map.getBounds().contains([51.26, 35.55])")
        top = page.evaluate("document.querySelector('.fm-place').getBoundingClientRect().top")
        assert -1 <= top < 740
        assert page.inner_text(".fm-credit").startswith("GeoNames")
    estimated.set_viewport_size({"width": 1280, "height": 800})


def test_the_attribution_stands_on_the_map(estimated: Page, kursk: fm.Theatre) -> None:
    assert estimated.inner_text(".fm-attributed") == kursk.attribution


@pytest.mark.parametrize("link", ["date=2024-09-06", "date=2024-09-06&vs=2024-12-01&place=Sudzha"])
def test_axe_finds_nothing_on_the_map(estimated: Page, link: str) -> None:
    with at(estimated, link) as page:
        assert violations(page) == []


def test_the_probability_map_draws_its_classes_offline(
    kursk_estimate: fm.History, browser: Browser, tmp_path: Path
) -> None:
    shown = show_probability(kursk_estimate, "2024-09-06", "UA")
    shown.save(tmp_path / "probability.html")
    text = (tmp_path / "probability.html").read_text(encoding="utf-8")
    assert fetchable(text) == []
    chance = kursk_estimate.probability("UA")[kursk_estimate.day_number("2024-09-06")]
    taken = [low for low, high in itertools.pairwise(EDGES) if ((chance >= low) & (chance < high)).any()]
    tried = Tried()
    page = browser.new_context(offline=True).new_page()
    page.on("pageerror", lambda error: tried.complaints.append(str(error)))
    page.on("request", lambda request: tried.requests.append(request.url))
    page.goto((tmp_path / "probability.html").as_uri())
    page.wait_for_selector("path.leaflet-interactive")
    assert page.locator("path.leaflet-interactive").count() >= len(taken) - 1
    assert page.inner_text("h1") == "Probability of Ukraine on 2024-09-06"
    assert violations(page) == []
    assert tried.complaints == []
    assert len(tried.requests) == 1
    page.close()


def test_a_rule_has_no_probability_map(kursk_history: fm.History) -> None:
    with pytest.raises(PolicyError, match="estimate"):
        show_probability(kursk_history, "2024-09-06", "UA")


def test_axe_would_find_something(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<button></button>")
    assert any(found.startswith("button-name") for found in violations(page))
    page.close()


def test_labels_do_not_touch_and_grow_in_number_with_zoom(large: Page) -> None:
    density = []
    for zoom in (8.5, 11):
        large.evaluate("zoom => { frontmapPage.map.setView([51.25, 35.2], zoom, {animate: false}); }", zoom)
        boxes = large.eval_on_selector_all(
            ".fm-labels text:not(.fm-river, .fm-degree)",
            "all => all.map(one => one.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])",
        )
        shapes = [box(left + 1, top + 2, right - 1, bottom - 2) for left, top, right, bottom in boxes]
        assert not any(one.intersects(other) for one, other in itertools.combinations(shapes, 2))
        density.append(len(boxes) * 4**zoom)
    assert density[1] > 3 * density[0], "closer up, more names for the same ground"
