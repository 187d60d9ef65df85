"""What `frontmap claims` prints: figures, fractions and mismatches, to people and to programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from frontmap.cli import app
from frontmap.cli.ledger import fractions_for_people, mismatches_for_people, shares_for_people
from tests.theatres import claim, some_claims, write_theatre

Say = Callable[..., str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Give a function that runs a command line in this process and returns what it prints."""

    def run(*words: object) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            app([str(word) for word in words])
        out, err = capsys.readouterr()
        assert stop.value.code == 0, err
        return str(out)

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three claims of other tests, and three figures of one claimant of which the third does not follow."""
    said: Mapping[str, str] = {"claimant": "BB staff", "claimant_side": "BB"}
    more = [
        claim("k4", "", "area_held", 1268, date_precision="peak-undated", **said),
        claim("k5", "2024-01-23", "share_regained", 64, party="BB", **said),
        claim("k6", "2024-01-23", "area_held", 500, **said),
    ]
    return write_theatre(tmp_path_factory.mktemp("theatres") / "tiny", claims=[*some_claims(), *more])


def test_three_parts_for_people(say: Say, folder: Path) -> None:
    out = say("claims", "--theatre", folder)
    assert "published figures and ours (low to high)" in out
    assert "Totals lost of which each published share would be true" in out
    assert "First day on which no more was left" in out
    assert "64 % of 1,268 km2 leaves 456 km2, not 500" in out
    assert out.count("Interval: ") == 1


@pytest.mark.parametrize(
    ("part", "words", "other"),
    [
        ("figures", "published figures and ours", "First day"),
        ("fractions", "First day", "published figures and ours"),
        ("mismatches", "leaves 456 km2", "First day"),
    ],
)
def test_one_part_for_people(say: Say, folder: Path, part: str, words: str, other: str) -> None:
    out = say("claims", "--theatre", folder, "--part", part)
    assert words in out
    assert other not in out


def test_fractions_name_every_total_when_asked_for(say: Say, folder: Path) -> None:
    short, long = say("claims", "--theatre", folder), say("claims", "--theatre", folder, "--part", "fractions")
    assert "250 km2 (k3)" not in short[short.index("First day") :]
    assert "250 km2 (k3)" in long
    assert "1,268 km2 (published, 1 of 4 figures)" in long


def test_parts_as_csv(say: Say, folder: Path) -> None:
    def rows(*words: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(say("claims", "--theatre", folder, "--csv", *words))))

    assert [row["claim_id"] for row in rows()] == ["k1", "k2", "k3", "k4", "k5", "k6"]
    assert rows() == rows("--part", "figures")
    assert {row["lost_percent"] for row in rows("--part", "fractions")} == {"50", "64"}
    (row,) = rows("--part", "mismatches")
    assert row["claim_ids"] == "k5;k4;k6"
    assert row["arithmetic"] == "64 % of 1,268 km2 leaves 456 km2, not 500"


def test_parts_as_json(say: Say, folder: Path) -> None:
    everything = json.loads(say("claims", "--theatre", folder, "--json"))
    assert [row["claim_id"] for row in everything["rows"]] == ["k1", "k2", "k3", "k4", "k5", "k6"]
    assert everything["mismatches"][0]["claim_ids"] == "k5;k4;k6"
    assert {row["lost_percent"] for row in everything["fractions"]} == {50.0, 64.0}
    assert everything["interval"]
    one = json.loads(say("claims", "--theatre", folder, "--json", "--part", "mismatches"))
    assert one["rows"] == everything["mismatches"]


def test_days_choose_parts_too(say: Say, folder: Path) -> None:
    early = json.loads(say("claims", "--theatre", folder, "--json", "--to", "2024-01-22"))
    assert [row["claim_id"] for row in early["rows"]] == ["k1", "k2"]
    assert {row["lost_percent"] for row in early["fractions"]} == {50.0}
    assert early["mismatches"] == []
    out = say("claims", "--theatre", folder, "--to", "2024-01-22")
    assert "No published figures contradict one another by arithmetic alone." in out


def test_as_of_knows_no_later_figure(say: Say, folder: Path) -> None:
    out = json.loads(say("claims", "--theatre", folder, "--json", "--as-of", "2024-01-22"))
    assert out["mismatches"] == []


def fraction(total: str, km2: float, left: float, day: str, why: str = "", reached: float = 1.0) -> dict[str, object]:
    when = pd.Timestamp(day) if day else pd.NaT
    row: dict[str, object] = {"lost_percent": 50.0, "claimed": "2024-01-02;2024-01-03", "reached": reached}
    row |= {"denominator": total, "denominator_km2": km2, "threshold_km2": left}
    return row | {f"{name}{end}": v for end in ("", "_low", "_high") for name, v in (("day", when), ("why", why))}


def test_fractions_for_people_sum_up_the_other_totals() -> None:
    table = pd.DataFrame(
        [
            fraction("100 km2 (published)", 100, 50, "2024-01-05"),
            fraction("our peak", 80, 40, "2024-01-06"),
            fraction("90 km2 (a)", 90, 45, "2024-01-04"),
            fraction("120 km2 (b)", 120, 60, "2024-01-03", reached=0.5),
            fraction("300 km2 (c)", 300, 150, "", "never above it (peak 80 km2)", reached=0.0),
            fraction("9 km2 (d)", 9, 4.5, "", "not yet by 2024-01-31 in 60 % of the draws", reached=0.4),
        ]
    )
    short = fractions_for_people(table, every_total=False)
    assert list(short["of a total of"]) == [
        "100 km2 (published)", "our peak", "any of 4 other published totals, 9 to 300 km2",
    ]  # fmt: skip
    assert list(short["best"]) == ["2024-01-05", "2024-01-06", "never above it to not yet by 2024-01-31"]
    assert list(short["left, km2"]) == ["50", "40", "4.5 to 150"]
    assert list(short["in draws"]) == ["100 %", "100 %", "0 % to 100 %"]
    assert set(short["published for"]) == {"2024-01-02, 2024-01-03"}
    long = fractions_for_people(table, every_total=True)
    assert len(long) == 6
    assert long["best"].iloc[-1] == "not yet by 2024-01-31 in 60 % of the draws"


def test_shares_for_people_shorten_the_list_of_totals() -> None:
    row = {"claim_id": "a", "as_of_date": pd.Timestamp("2024-01-02"), "claimant": "x", "lower": 50.0, "upper": 50.0}
    row |= {"unit": "percent", "denominator": 100.0, "denominator_low": 80.0, "denominator_high": 120.0}
    lists = ["80 (b); 90 (c); 100 (d, e); 120 (f); and our own peak, 99", "80 (b); 90 (c)", "none published", ""]
    table = pd.DataFrame([row | {"denominators": text} for text in lists])
    shown = shares_for_people(table)
    assert list(shown["published totals among these"]) == [
        "all 4 from 80 (b) to 120 (f); and our own peak, 99", "80 (b); 90 (c)", "none published",
    ]  # fmt: skip
    assert set(shown["true of a total of km2"]) == {"100 (80 to 120)"}


def test_mismatches_for_people_tell_their_size() -> None:
    row = {"claim_ids": "a;b", "claimants": "x;y", "as_of_date": pd.NaT, "arithmetic": "1 is not 2", "unit": "km2"}
    shown = mismatches_for_people(pd.DataFrame([row | {"difference": -84.5, "beyond_rounding": 79.95}]))
    assert shown.loc[0, "apart by"] == "84.5 km2 (80 beyond rounding)"
    assert shown.loc[0, "claims"] == "a, b"
