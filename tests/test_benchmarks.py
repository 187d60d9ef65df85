"""The benchmarks run, at sizes whose times mean nothing, and their tables say what was measured."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks.__main__ import FILES, SCALE, Measured, measure
from benchmarks.pages import performance_page, with_scale
from benchmarks.rows import Curve, Row, compared, copy_seconds, not_run, same, timed

pytest.importorskip("libpysal", reason="the extra `bench` is not installed")


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_benchmarks_runs_and_finds_equality(name: str) -> None:
    found = measure(name, quick=True)

    assert found.rows
    for row in found.rows:
        assert row.equality.startswith("not run: ") == (not row.was_run)
        assert row.met in {True, False, None}
    page = performance_page({name: found.rows}, found.curves, {name: found.text}, seconds=61.0)
    assert all(row.stage in page for row in found.rows)


def test_two_ways_are_timed_only_if_they_give_the_same() -> None:
    runs: list[str] = []

    def way(name: str, result: float) -> float:
        runs.append(name)
        return result

    def equal(a: float, b: float) -> str:
        return same("the result", abs(a - b), 1e-9)

    with pytest.raises(SystemExit, match="the result: differs by 1"):
        compared("s", "1", lambda: way("a", 1.0), lambda: way("b", 2.0), equal=equal, wanted="", compared_with="b")
    assert runs == ["a", "b"]
    row = compared(
        "s", "1", lambda: sum(range(100)), lambda: sum(range(20_000)),
        equal=lambda a, b: same("both are sums", 0.0, 0.0),
        wanted="1.1x, under 1 s", compared_with="more", theirs_scale=2.0,
    )  # fmt: skip
    assert (row.met, row.equality) == (True, "both are sums: identical")
    assert row.ratio is not None
    assert row.ratio > 100.0
    assert timed("s", "1", lambda: 3, check=lambda n: f"is {n}").equality == "is 3"
    assert copy_seconds(10_000_000) > copy_seconds(10_000)


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        ("20x", True), ("30x", False), ("under 2 s", True), ("under 500 ms", False), ("under 1 GiB", True),
        ("under 100 MiB", False), ("20x, under 2 s", True), ("1,000x", False), ("", None),
    ],
)  # fmt: skip
def test_what_is_wanted_is_compared_with_what_was_measured(wanted: str, met: bool | None) -> None:
    assert Row("s", "", 1.5, 200.0, "", 30.0, 20.0, wanted, None, "").met is met
    assert not_run("s", "", "no data", wanted=wanted).met is None


def test_a_wish_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="'20x', 'under 20 s' or 'under 2 GiB', found 'fast'"):
        _ = Row("s", "", 1.5, None, "", None, None, "fast", None, "").met


def test_exponents_and_extrapolations_by_hand() -> None:
    square = Curve("s", "places", (10, 20, 40), (1.0, 4.0, 16.0), (110.0, 120.0, 140.0), "1 day")
    assert square.exponent == pytest.approx(2.0)
    assert square.size_at_seconds(64.0) == pytest.approx(80.0)
    assert square.size_at_mib(1100.0) == pytest.approx(1000.0)
    assert math.isinf(Curve("s", "days", (1, 2, 4), (1.0, 1.0, 1.0), (5.0, 5.0, 5.0)).size_at_mib(10.0))
    assert math.isnan(Curve("s", "days", (1, 2, 4), (1.0, 2.0, 4.0)).size_at_mib(10.0))


def test_the_page_on_scale_keeps_its_words_and_renews_its_figures() -> None:
    page = SCALE.read_text(encoding="utf-8")
    curve = Curve("a stage", "places", (100, 200, 400), (1.0, 2.0, 4.0), (1100.0, 1200.0, 1400.0), "9 days")
    once = with_scale(page, [curve])
    assert "| a stage | places | 9 days | 400 | 4.00 s | 1.00 | 360,000 | 15,000 |" in once
    assert with_scale(once, [curve]) == once
    assert once.split("What ends first:")[1] == page.split("What ends first:")[1]


def test_a_file_that_is_absent_is_told(tmp_path: Path) -> None:
    assert measure("absent", quick=True) == Measured(
        "absent", (not_run("absent", "", "benchmarks/absent.py is absent"),)
    )
