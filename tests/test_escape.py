"""Text from tables must do nothing: as HTML, as JSON in a page, as a Jinja template, and in a real browser."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

import frontmap as fm
from frontmap.briefing import briefing_html
from frontmap.maps.escape import address, colour, escape, escape_json, link
from frontmap.maps.offline import save_page
from frontmap.maps.scripts import PACKED_TYPE
from frontmap.wording import languages
from tests.pages import launched, opened
from tests.theatres import claim, report, six_places, some_claims, some_reports, some_sources, write_theatre

HOSTILE = (
    "{{ 7*7 }}",
    "{% for x in y %}",
    "{# c #}",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "`${alert(1)}`",
    '" onmouseover="alert(1)" x=\'',
    "&lt;script&gt;",
    "\u2028alert(1)\u2029",
    "]]>",
    "\u202eesrever\u2066",
    "__proto__ constructor $& $1 {constructor} {day}",
    "<style>@import url(https://example.org/x.css)</style>",
)
ALL = " ".join(HOSTILE)


def shown(text: str) -> str:
    """Write a text as a page shows it: signs that turn the direction of what follows do nothing there."""
    return re.sub("[\0\u202a-\u202e\u2066-\u2069]", "\ufffd", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_shown_as_it_was_written(text: str) -> None:
    assert html.unescape(escape(text)) == shown(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("<b>", "&#60;b&#62;"), ("{", "&#123;"), (None, ""), (float("nan"), "")]
)
def test_escape_by_hand(text: object, expected: str) -> None:
    assert escape(text) == expected


@given(st.text())
def test_no_sign_that_could_act_is_left(text: str) -> None:
    escaped = escape(text)
    assert not set("<>\"'`{}") & set(escaped)
    assert html.unescape(escaped).replace("\r\n", "\n") == shown(text).replace("\r\n", "\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_jinja_finds_nothing_to_run(text: str) -> None:
    for inert in (escape(text), escape_json({"a": [text], text: {"b": {}}})):
        assert jinja2.Template(inert).render() == inert


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    )
)
def test_json_reads_back_and_holds_no_markup(value: object) -> None:
    text = escape_json(value)
    assert json.loads(text) == value
    assert not set("<>&`\u2028\u2029") & set(text)
    assert not any(sign in text for sign in ("{{", "{%", "{#"))


def test_json_refuses_what_browsers_cannot_read() -> None:
    with pytest.raises(ValueError, match="JSON"):
        escape_json({"area_km2": float("nan")})


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "JavaScript:alert(1)", " java\tscript:alert(1)", "data:text/html,x", "//example.org", "x",
     "", "https:", "file:///etc/passwd", "https://[", "http://example.org\\@x"],
)  # fmt: skip
def test_only_web_addresses_become_links(text: str) -> None:
    assert address(text) is None
    assert link(text, "<label>") == "&#60;label&#62;"


def test_a_link_asks_for_nothing_and_tells_nothing() -> None:
    made = link('https://example.org/?a="><script>', "Name")
    assert made.startswith('<a href="https://example.org/?a=&#34;&#62;&#60;script&#62;" ')
    assert 'rel="noreferrer noopener"' in made
    assert 'target="_blank"' in made


@pytest.mark.parametrize("text", ["red;}", "#12", "url(https://example.org)", "#12345g", "expression(1)", '#fff"'])
def test_a_colour_that_is_more_than_a_colour_is_replaced(text: str) -> None:
    assert colour(text) == "#6b6b6b"
    assert colour("#B35806") == "#b35806"


@pytest.fixture(scope="module", params=["assessed", "estimate"])
def hostile_history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> fm.History:
    """Assess a theatre whose every free text tries to act."""
    places = [row | {"name": f"{row['name']} {ALL}", "aliases": ALL, "name_ru": ALL, "district": row["district"] + ALL}
              for row in six_places()]  # fmt: skip
    texts = {"note": ALL, "source_name": ALL}
    reports = [row | texts for row in some_reports()] + [
        report("t9", "nl-oak", "AA", "contested", "2024-01-09", **texts)
    ]
    sources = [row | {"reason": ALL, "kind": ALL, "typical_lag": ALL} for row in some_sources()]
    claims = [row | {"claimant": ALL, "note": ALL, "source_names": ALL} for row in some_claims()]
    claims.append(claim("k9", "2024-01-10", "area_held", 90, claimant=ALL))
    folder = write_theatre(
        tmp_path_factory.mktemp("hostile"), places=places, reports=reports, sources=sources, claims=claims
    )
    theatre = fm.load(folder)
    parties = tuple(
        dataclasses.replace(party, label=f"{party.label} {ALL}", colour='#fff" onload="alert(1)')
        for party in theatre.parties
    )
    licences = tuple(
        dataclasses.replace(one, name=ALL, url="javascript:alert(1)", covers=ALL) for one in theatre.licences
    )
    rivers = theatre.rivers.assign(name=ALL)
    reports_frame = theatre.reports.assign(source_url="javascript:alert(1)//https://example.org", origin=ALL)
    claims_frame = theatre.claims.assign(urls="javascript:alert(1) https://example.org/<script>alert(1)</script>")
    own = ["title", "note", "attribution", "covers.0", *(f"party.{party.id}" for party in parties)]
    said = dict.fromkeys([*own, *(f"name.{name}" for name in theatre.places["district"])], ALL)
    theatre = dataclasses.replace(
        theatre, title=ALL, attribution=ALL, note=ALL, parties=parties, licences=licences, rivers=rivers,
        reports=reports_frame, claims=claims_frame, translations=dict.fromkeys(languages(), said),
    )  # fmt: skip
    return fm.assess(theatre, policy=request.param)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as one:
        yield one


def written(history: fm.History, folder: Path) -> None:
    """Write the map and the briefing of a history."""
    views = [fm.assess(history.theatre, policy="majority")]
    fm.show(history, views=views).save(folder / "map.html")
    save_page(briefing_html(history, fm.test_claims(history), views=views), folder / "briefing.html")


def harmless_scripts(policy: str, browser: Browser, folder: Path) -> dict[str, int]:
    """Count the scripts that run in the map and in the briefing of a theatre without hostile texts."""
    written(fm.assess(fm.load(write_theatre(folder)), policy=policy), folder)
    found = {}
    for name in ("map.html", "briefing.html"):
        with opened(browser, folder / name) as (page, _):
            found[name] = page.locator("script:not([type])").count()
    return found


def test_hostile_texts_act_neither_on_the_map_nor_in_the_briefing(
    hostile_history: fm.History, browser: Browser, tmp_path: Path
) -> None:
    written(hostile_history, tmp_path)
    told = shown(ALL)
    scripts_of = harmless_scripts(hostile_history.policy, browser, tmp_path / "harmless")
    for name in ("map.html", "briefing.html"):
        with opened(browser, tmp_path / name, link="#date=2024-01-09&vs=2024-01-02") as (page, tried):
            assert page.title().split() == told.split()
            assert page.inner_text("h1").split() == told.split()
            page.fill("[data-fm=find]", "birch")
            page.press("[data-fm=find]", "Enter")
            panel = page.inner_text("[data-fm=place]")
            assert "{{ 7*7 }}" in panel
            assert "<img src=x onerror=alert(1)>" in panel
            page.press("[data-fm=slider]", "ArrowRight")
            page.click("[data-fm=table] summary")
            page.select_option("[data-fm=compareView]", "majority")
            page.click("[data-fm=swipeOn]")
            for code in languages()[::-1]:
                page.select_option("[data-fm=lang]", code)
                assert page.title().split() == told.split()
                assert told.split()[:9] == page.inner_text(".fm-attributed").split()[:9]
            page.select_option("[data-fm=names]", "ru")
            targets = page.eval_on_selector_all("a[href]", "links => links.map(link => link.protocol)")
            assert set(targets) <= {"https:", "http:", "file:"}
            assert page.locator("img, iframe, object, [onerror], [onload], [onmouseover]").count() == 0
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.inner_text("body"))
            kinds = page.eval_on_selector_all("script[type]", "scripts => scripts.map(script => script.type)")
            assert set(kinds) == {PACKED_TYPE}
            assert page.locator("script:not([type])").count() == scripts_of[name]
            assert (tried.dialogs, tried.requests, tried.complaints) == ([], [], [])
