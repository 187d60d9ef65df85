"""The chart of areas: what is drawn stands where the numbers say, and text in it does nothing."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pandas as pd
import pytest

import frontmap as fm
from frontmap.charts import area_chart, beyond_border, charted_claims, claim_mark, claim_shapes
from frontmap.dates import day_range, parse_day
from frontmap.theatre.settings import Party
from frontmap.wording import language

SOUTH = Party(id="AA", label="Southland", colour="#b35806", home_country="SL", hatched=True)
NORTH = Party(id="BB", label="Northland", colour="#542788", home_country="NL", hatched=False)
DAYS = day_range(parse_day("2024-01-01"), parse_day("2024-01-11"))
OWN = "g[@class='fm-own']/path"
BAND = OWN + "[@fill-opacity]"


def areas_of(*by_day: tuple[float, float, float]) -> pd.DataFrame:
    """Low, best and high of Southland on Northland's side; at home it holds 999, which no chart shows."""
    away = [("AA", "NL", day, *figures) for day, figures in zip(DAYS, by_day, strict=False)]
    home = [("AA", "SL", day, 999.0, 999.0, 999.0) for day in DAYS[: len(by_day)]]
    columns = ["party", "side", "date", "area_low_km2", "area_km2", "area_high_km2"]
    return pd.DataFrame(away + home, columns=columns)


def claims_of(**changes: object) -> pd.DataFrame:
    """One claim: 80 km2 held by Southland on 6 January."""
    row: dict[str, object] = {
        "claim_id": "k1", "claimant": "Monitor", "claimant_side": "independent", "party": "AA", "measure": "area_held",
        "lower": 80.0, "upper": 80.0, "unit": "km2", "basis": "control",
        "as_of_date": pd.Timestamp("2024-01-06"), "published_date": pd.Timestamp("2024-01-07"),
    }  # fmt: skip
    frame = pd.DataFrame([row | changes])
    return frame.astype({"as_of_date": "datetime64[s]", "published_date": "datetime64[s]"})


def drawn(areas: pd.DataFrame, claims: pd.DataFrame) -> ElementTree.Element:
    """Parse the chart: it has to be well-formed."""
    svg = area_chart(
        areas, claims, [SOUTH, NORTH], width=1000, height=200, label="areas", title=lambda row: row["claimant"]
    )
    return ElementTree.fromstring(svg.replace('xmlns="http://www.w3.org/2000/svg"', ""))


def the(root: ElementTree.Element, path: str) -> ElementTree.Element:
    """Find the first such element, which has to be there."""
    element = root.find(path)
    assert element is not None
    return element


def corners(path: str) -> list[tuple[float, float]]:
    """Walk a path of M, H, V, h, v."""
    x = y = 0.0
    points = []
    for letter, numbers in re.findall(r"([MHVhvZ])([^MHVhvZ]*)", path):
        values = [float(number) for number in numbers.split()]
        match letter:
            case "M":
                x, y = values
            case "H":
                x = values[0]
            case "V":
                y = values[0]
            case "h":
                x += values[0]
            case "v":
                y += values[0]
        points.append((round(x, 1), round(y, 1)))
    return points


def test_only_ground_across_the_border_counts() -> None:
    series = beyond_border(areas_of((5, 10, 20), (5, 30, 40)), [SOUTH, NORTH])
    assert list(series) == ["AA"]
    assert series["AA"]["area_km2"].tolist() == [10, 30]


def test_the_line_stands_where_the_numbers_say() -> None:
    # Eleven days from x = 46 to 990, 94.4 px each; 0 to 100 km2 from y = 176 to 10, 1.66 px for each km2.
    best = [0.0] * 5 + [50.0] * 3 + [100.0] * 3
    root = drawn(areas_of(*((value, value, value) for value in best)), claims_of(measure="area_gained"))
    line = corners(str(the(root, OWN + "[@stroke-width='2']").get("d")))
    assert {(518.0, 176.0), (518.0, 93.0), (801.2, 93.0), (801.2, 10.0), (990.0, 10.0)} <= set(line)
    assert root.get("data-fm-days") == "11"
    assert (root.get("data-fm-left"), root.get("data-fm-right")) == ("46", "990")


def test_the_band_encloses_the_line() -> None:
    figures = [(0, 10, 20), (5, 10, 40), (5, 30, 40), (30, 30, 30)]
    root = drawn(areas_of(*figures), claims_of(measure="area_gained"))
    band = corners(str(the(root, f"./{BAND}").get("d")))
    y = {value: 176 - 166 * value / 40 for value in (0, 5, 20, 40, 30)}
    assert band[0] == pytest.approx((46.0, y[20]), abs=0.1)
    assert max(point[1] for point in band) == pytest.approx(y[0], abs=0.1)
    assert min(point[1] for point in band) == pytest.approx(y[40], abs=0.1)
    assert band[-1][1] == pytest.approx(y[0], abs=0.1)
    assert band[-2][0] == pytest.approx(46.0, abs=0.11)


def test_an_area_that_moves_every_day_is_drawn_from_day_to_day() -> None:
    figures = [(value / 2, value, 100.0 - value) for value in (10, 20, 15, 30, 5, 40, 25, 45, 35, 50, 12)]
    root = drawn(areas_of(*figures), claims_of(measure="area_gained"))
    line = str(the(root, OWN + "[@stroke-width='2']").get("d"))
    ((start, moves, end),) = re.findall(r"^M46 [\d.]+V([\d.]+)l([^V]*)V([\d.]+)$", line)
    steps = [float(number) for number in moves.split()]
    x = [46 + sum(steps[0 : 2 * n : 2]) for n in range(12)]
    y = [float(start) + sum(steps[1 : 2 * n : 2]) for n in range(11)]
    scale = (176 - 10) / 100.0
    assert x[10] == pytest.approx(990, abs=0.6)
    assert y == pytest.approx([176 - scale * best for _, best, _ in figures], abs=0.6)
    assert float(end) == 176
    band = the(root, f"./{BAND}")
    assert band.get("fill-rule") == "evenodd", "between the high line and the low one"
    assert str(band.get("d")).count("M") == 2


def test_a_claim_is_a_point_of_its_day_figure_and_side() -> None:
    root = drawn(areas_of(*[(0, 0, 100)] * 11), claims_of())
    mark = the(root, "./g/path[@data-claim]")
    # A diamond, for a claimant of neither side, begins 5 px above its middle: x = 46 + 5 * 94.4, y = 176 - 80 * 1.66.
    assert str(mark.get("d")).startswith("M518 38.2l5 5")
    assert mark.findtext("title") == "Monitor"
    assert (mark.get("data-claim"), mark.get("data-day")) == ("k1", "5")


def test_an_undated_claim_stands_hollow_on_its_day_of_publication() -> None:
    claims = claims_of(as_of_date=None)
    assert charted_claims(claims)["day"].tolist() == [pd.Timestamp("2024-01-07")]
    group = the(drawn(areas_of(*[(0, 0, 100)] * 11), claims), "./g[@fill]")
    assert group.get("fill") == "#ffffff"
    assert the(group, "path").get("data-day") == "6"


def test_a_range_is_drawn_as_a_bar_and_its_middle() -> None:
    group = the(drawn(areas_of(*[(0, 0, 100)] * 11), claims_of(lower=60.0, upper=100.0)), "./g[@fill]")
    bar, mark = group.findall("path")
    assert bar.get("d") == "M518.0 76.4V10.0"
    assert str(mark.get("d")).startswith("M518 38.2")


def test_claims_of_one_day_and_figure_do_not_hide_each_other() -> None:
    claims = pd.concat([claims_of(claim_id=f"k{number}") for number in range(4)], ignore_index=True)
    marks = drawn(areas_of(*[(0, 0, 100)] * 11), claims).findall("./g/path[@data-claim]")
    x = sorted(float(str(mark.get("d")).removeprefix("M").split()[0]) for mark in marks)
    assert len(x) == 4
    assert all(after - before >= 7 for before, after in pairwise(x))
    assert all(abs(one - 518) <= 16 for one in x), "no further from their day than two marks"
    assert {mark.get("data-day") for mark in marks} == {"5"}


def test_the_claims_are_one_stop_of_the_keyboard_and_none_where_they_say_nothing() -> None:
    claims = pd.concat([claims_of(claim_id=f"k{number}") for number in range(3)], ignore_index=True)
    root = drawn(areas_of(*[(0, 0, 100)] * 11), claims)
    assert [mark.get("tabindex") for mark in root.findall("./g/path[@data-claim]")] == ["0", "-1", "-1"]
    assert root.get("role") == "group"
    silent = area_chart(areas_of(*[(0, 0, 100)] * 11), claims, [SOUTH])
    assert "tabindex" not in silent
    assert 'role="img"' in silent


def test_months_and_numbers_are_told_in_the_language_asked_for() -> None:
    areas = areas_of(*[(0, 0, 4000)] * 11)
    svg = area_chart(areas, claims_of(), [SOUTH], to=language("uk"))
    assert ">січ. 2024<" in svg
    assert ">2\u00a0000<" in svg
    assert ">2,000<" in area_chart(areas, claims_of(), [SOUTH])


def test_sides_have_shapes_of_their_own() -> None:
    shapes = claim_shapes([SOUTH, NORTH])
    assert len({shapes["AA"], shapes["BB"], shapes["independent"]}) == 3
    with pytest.raises(KeyError):
        claim_mark(0, 0, "star")


def test_hostile_text_stays_text() -> None:
    text = '</title><script>alert(1)</script>{{ 7*7 }}"'
    svg = area_chart(
        areas_of((0, 0, 100)),
        claims_of(claim_id=text, as_of_date=DAYS[0]),
        [SOUTH],
        label=text,
        name=text,
        title=lambda _: text,
    )
    assert "<script" not in svg
    assert "{{" not in svg
    assert text in str(the(ElementTree.fromstring(svg), ".//{*}title").text)


def test_nothing_held_draws_axes_and_no_area() -> None:
    root = drawn(areas_of((0, 0, 0), (0, 0, 0)), claims_of(measure="area_gained"))
    assert root.find(f"./{BAND}") is None
    assert root.find("text") is not None


def test_claims_that_no_chart_shows_are_left_out(kursk: fm.Theatre) -> None:
    shown = charted_claims(kursk.claims)
    assert len(shown) == 73, "the bundled table has 73 figures of area held, by hand count"
    assert set(shown["unit"]) == {"km2"}
