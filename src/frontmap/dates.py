"""Days: reading them, adding to them, and converting between half-open and inclusive."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

import pandas as pd

from frontmap.errors import DateError

__all__ = ["add_days", "day_range", "first_day_after", "last_day_before", "next_day", "parse_day"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_day(value: str | date | pd.Timestamp) -> date:
    """Read a day written as year-month-day.

    Parameters
    ----------
    value
        Text such as ``"2024-09-06"``, a `datetime.date`, or a timestamp at midnight without time zone.

    Returns
    -------
    datetime.date
        The day. Everywhere in frontmap "on day D" means the end of D in UTC.

    Raises
    ------
    DateError
        If the text is not year-month-day, the day is not in the calendar, or a time of day is given.

    Examples
    --------
    >>> parse_day("2024-09-06")
    datetime.date(2024, 9, 6)
    >>> parse_day("2024-02-31")
    Traceback (most recent call last):
    ...
    frontmap.errors.DateError: expected a day written YYYY-MM-DD, found '2024-02-31': 2024-02 has 29 days
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, datetime):
        return _drop_midnight(value)
    if isinstance(value, date):
        return value
    raise DateError(f"expected a day written YYYY-MM-DD, found {value!r} of type {type(value).__name__}")


def add_days(day: date, count: int) -> date:
    """Give the day that lies `count` days after `day` (before it, if negative).

    Raises
    ------
    DateError
        If the result lies outside the years 1 to 9999.

    Examples
    --------
    >>> add_days(date(2024, 2, 28), 2)
    datetime.date(2024, 3, 1)
    """
    try:
        return day + timedelta(days=count)
    except OverflowError as error:
        raise DateError(f"{count} days from {day} lies outside the calendar (years 1 to 9999)") from error


def next_day(day: date) -> date:
    """Give the day after `day`.

    Raises
    ------
    DateError
        If `day` is the last day of the year 9999.

    Examples
    --------
    >>> next_day(date(2024, 12, 31))
    datetime.date(2025, 1, 1)
    """
    return add_days(day, 1)


def day_range(start: date, end: date) -> pd.DatetimeIndex:
    """List every day from `start` to `end`, both included.

    Returns
    -------
    pandas.DatetimeIndex
        One midnight per day, unit seconds, without time zone.

    Raises
    ------
    DateError
        If `end` lies before `start`.

    Examples
    --------
    >>> len(day_range(date(2024, 8, 5), date(2025, 8, 23)))
    384
    """
    if end < start:
        raise DateError(f"expected a last day on or after the first, found {start} to {end}")
    return pd.date_range(start, end, freq="D", unit="s")


def last_day_before(valid_to: date) -> date:
    """Turn the open end of ``[valid_from, valid_to)`` into the last day that people see.

    Raises
    ------
    DateError
        If `valid_to` is the first day of the year 1.

    Examples
    --------
    >>> last_day_before(date(2024, 9, 1))
    datetime.date(2024, 8, 31)
    """
    return add_days(valid_to, -1)


def first_day_after(last_day: date) -> date:
    """Turn the last day that people see into the open end of ``[valid_from, valid_to)``.

    Raises
    ------
    DateError
        If `last_day` is the last day of the year 9999.

    Examples
    --------
    >>> first_day_after(date(2024, 8, 31))
    datetime.date(2024, 9, 1)
    """
    return add_days(last_day, 1)


def _parse_text(text: str) -> date:
    expected = f"expected a day written YYYY-MM-DD, found {text!r}"
    if not _DAY.fullmatch(text):
        raise DateError(expected)
    year, month, day = (int(part) for part in text.split("-"))
    try:
        return date(year, month, day)
    except ValueError as error:
        if 1 <= month <= 12 and year >= 1:
            raise DateError(f"{expected}: {text[:7]} has {monthrange(year, month)[1]} days") from error
        raise DateError(expected) from error


def _drop_midnight(value: datetime) -> date:
    if pd.isna(value):
        raise DateError("expected a day written YYYY-MM-DD, found no date at all (NaT)")
    if value.tzinfo is not None or value.time() != value.time().min:
        raise DateError(f"expected a day without time of day or time zone, found {value.isoformat()}")
    return value.date()
