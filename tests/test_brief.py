"""`brief`: the histories that a page is compared with, and the second process that draws."""

from __future__ import annotations

import multiprocessing
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import frontmap as fm
from frontmap.briefing import brief, narrowed
from frontmap.briefing.apart import draughtsman
from frontmap.briefing.views import compared
from frontmap.cli import app
from frontmap.errors import FrontmapError
from frontmap.maps.parts import read_data
from frontmap.maps.payload import key_days
from tests.theatres import TOML, report, some_reports, write_theatre

# Ash is said on 20 January to have been lost on the 8th: on the 10th nobody knew.
LATE = report("late", "nl-birch", "BB", "controlled", "2024-01-08", published_date="2024-01-20")
DATES = TOML.replace("[period]", "[briefing]\nkey_dates = [2024-01-10, 2024-01-24]\n\n[period]")


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> fm.Theatre:
    """Return a theatre of which something became known late."""
    return fm.load(write_theatre(tmp_path_factory.mktemp("late") / "t", toml=DATES, reports=[*some_reports(), LATE]))


@pytest.fixture(scope="module")
def history(theatre: fm.Theatre) -> fm.History:
    return fm.assess(theatre, policy="assessed")


def test_a_history_is_compared_with_the_rules_and_with_what_was_known_on_the_key_dates(history: fm.History) -> None:
    views = compared(history)
    rules = {"majority", "claimed-by:AA", "claimed-by:BB"}
    assert {view.policy for view in views if view.as_of is None} == rules
    known = [view for view in views if view.as_of is not None]
    assert [(view.policy, view.as_of) for view in known] == [
        ("assessed", date(2024, 1, 10)),
        ("assessed", date(2024, 1, 24)),
    ]
    assert [str(view.days[-1].date()) for view in known] == ["2024-01-10", "2024-01-24"]
    # On the 10th the report of the 20th is unknown, on the 24th it is known: the same day has another figure.
    then, later = (view.area_on("2024-01-10", "AA", side="NL").best for view in known)
    assert then != later
    assert later == history.area_on("2024-01-10", "AA", side="NL").best


def test_each_view_is_what_assess_says_by_itself(theatre: fm.Theatre) -> None:
    whole = fm.assess(theatre)
    for view in compared(whole):
        alone = fm.assess(theatre, policy=view.policy, as_of=view.as_of)
        pd.testing.assert_frame_equal(view.areas(), alone.areas(), rtol=1e-6, atol=1e-6)


def test_a_history_as_of_a_day_is_compared_with_rules_as_of_that_day_only(theatre: fm.Theatre) -> None:
    views = compared(fm.assess(theatre, policy="majority", as_of="2024-01-15"))
    assert {view.policy for view in views} == {"assessed", "claimed-by:AA", "claimed-by:BB"}
    assert {view.as_of for view in views} == {date(2024, 1, 15)}


def test_views_of_some_days_remember_what_went_before(history: fm.History) -> None:
    part = narrowed(history, date(2024, 1, 9), date(2024, 1, 20))
    assert [history.days[9 - 1], history.days[20 - 1]] == [part.days[0], part.days[-1]]
    assert [part.days[day].day for day in key_days(part)] == [10]
    views = compared(part, history)
    assert {view.days[0] for view in views} == {part.days[0]}
    assert [view.as_of for view in views if view.as_of] == [date(2024, 1, 10)]
    for view in views:
        alone = fm.assess(history.theatre, policy=view.policy, as_of=view.as_of)
        day = view.days[0].date()
        assert view.area_on(day, "AA", side="NL").best == pytest.approx(alone.area_on(day, "AA", side="NL").best)


def test_the_page_has_the_views(history: fm.History, tmp_path: Path) -> None:
    paths = brief(history, tmp_path / "out", sheets=False)
    told = read_data(paths["briefing.html"].read_text(encoding="utf-8"))["views"]
    assert [(view["policy"], view["asOf"]) for view in told] == [
        ("majority", ""), ("claimed-by:AA", ""), ("claimed-by:BB", ""),
        ("assessed", "2024-01-10"), ("assessed", "2024-01-24"),
    ]  # fmt: skip


def test_an_error_in_the_second_process_is_the_users(history: fm.History) -> None:
    with draughtsman("tlh", apart=True) as artist:
        artist.begin(history)
        artist.go_on(fm.test_claims(history))
        with pytest.raises(FrontmapError, match="language"):
            artist.files()
    assert multiprocessing.active_children() == []


def test_a_second_process_that_was_killed_is_done_without(history: fm.History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontmap.sheets.files.sheet_files", lambda *given: {"map.png": b"drawn here"})
    with draughtsman("en", apart=True) as artist:
        (other,) = multiprocessing.active_children()
        other.kill()
        other.join()
        artist.begin(history)
        artist.go_on(fm.test_claims(history))
        assert artist.files() == {"map.png": b"drawn here"}


def test_whoever_stops_the_first_process_stops_the_second() -> None:
    def stopped() -> None:
        with draughtsman("en", apart=True):
            assert len(multiprocessing.active_children()) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert multiprocessing.active_children() == []


def test_zones_too_large_for_geojson_are_told_and_an_earlier_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_theatre(tmp_path / "t")
    words = ["brief", "--theatre", str(folder), "--policy", "assessed", "--no-sheets", "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(app, words)
    assert (tmp_path / "out" / "zones.geojson").exists()
    assert "Left out" not in told.output

    monkeypatch.setattr("frontmap.export.gis.GEOJSON_VERTICES", 3)
    told = CliRunner().invoke(app, words)
    assert "Left out: zones.geojson" in told.output
    assert not (tmp_path / "out" / "zones.geojson").exists()
    assert (tmp_path / "out" / "zones.gpkg").exists()
