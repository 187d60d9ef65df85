"""Days: what is read, what is refused with which words, and the laws of adding and counting."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontmap.dates import add_days, day_range, first_day_after, last_day_before, next_day, parse_day
from frontmap.errors import DateError

DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    "value",
    ["2024-08-06", date(2024, 8, 6), datetime(2024, 8, 6), pd.Timestamp("2024-08-06")],
    ids=["text", "date", "datetime", "timestamp"],
)
def test_the_same_day_in_every_form(value: str | date | pd.Timestamp) -> None:
    day = parse_day(value)
    assert day == date(2024, 8, 6)
    assert type(day) is date


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2024-02-31", "2024-02 has 29 days"),
        ("2025-02-29", "2025-02 has 28 days"),
        ("2024-13-01", "written YYYY-MM-DD"),
        ("0000-01-01", "written YYYY-MM-DD"),
        ("06.08.2024", "written YYYY-MM-DD"),
        ("2024-8-6", "written YYYY-MM-DD"),
        ("2024-08-06T00:00", "written YYYY-MM-DD"),
        (" 2024-08-06", "written YYYY-MM-DD"),
        ("２０２４-08-06", "written YYYY-MM-DD"),
        ("20240806", "written YYYY-MM-DD"),
        ("yesterday", "written YYYY-MM-DD"),
        ("", "written YYYY-MM-DD"),
    ],
)
def test_a_day_that_is_none_is_refused_with_what_was_found(text: str, words: str) -> None:
    with pytest.raises(DateError, match="expected a day") as caught:
        parse_day(text)
    assert words in str(caught.value)
    assert repr(text) in str(caught.value)


def test_a_time_of_day_or_a_time_zone_is_refused() -> None:
    with pytest.raises(DateError, match="without time of day"):
        parse_day(pd.Timestamp("2024-08-06 12:00"))
    with pytest.raises(DateError, match="time zone"):
        parse_day(datetime(2024, 8, 6, tzinfo=UTC))


def test_a_blank_timestamp_is_refused() -> None:
    missing = pd.to_datetime(pd.Series([""]), errors="coerce").iloc[0]
    with pytest.raises(DateError, match="NaT"):
        parse_day(missing)


def test_the_bundled_period_has_384_days() -> None:
    # 5-31 August: 27; September to December 2024: 122; January to July 2025: 212; 1-23 August: 23.
    days = day_range(date(2024, 8, 5), date(2025, 8, 23))
    assert len(days) == 27 + 122 + 212 + 23
    assert (days[0], days[-1]) == (pd.Timestamp("2024-08-05"), pd.Timestamp("2025-08-23"))
    assert days.dtype == "datetime64[s]"


def test_a_range_backwards_is_refused() -> None:
    with pytest.raises(DateError, match="2024-08-06 to 2024-08-05"):
        day_range(date(2024, 8, 6), date(2024, 8, 5))


def test_the_calendar_has_an_end() -> None:
    with pytest.raises(DateError, match="outside the calendar"):
        next_day(date(9999, 12, 31))


@given(DAYS)
def test_reading_what_was_written_gives_the_day(day: date) -> None:
    assert parse_day(day.isoformat()) == day


@given(DAYS, st.integers(0, 3000))
def test_a_range_counts_both_ends(start: date, count: int) -> None:
    days = day_range(start, add_days(start, count))
    assert len(days) == count + 1
    assert days.is_unique


@given(DAYS)
def test_half_open_and_inclusive_are_inverse(day: date) -> None:
    assert last_day_before(first_day_after(day)) == day
    assert first_day_after(day) == next_day(day)
    assert (next_day(day) - day).days == 1
