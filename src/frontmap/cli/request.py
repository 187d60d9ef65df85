"""The options that all commands share, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from frontmap.cli.printing import print_csv, print_json, progress
from frontmap.errors import DateError

if TYPE_CHECKING:
    import pandas as pd

    from frontmap.history import History
    from frontmap.theatre import Theatre

DEFAULT_THEATRE = "kursk"
DEFAULT_POLICY = "estimate"

TheatreOption = Annotated[
    str, typer.Option("--theatre", metavar="NAME|FOLDER", help="A bundled theatre, or a folder of your own.")
]
PolicyOption = Annotated[
    str,
    typer.Option(
        "--policy",
        metavar="POLICY",
        help="What turns reports into states: estimate, or a written rule: assessed, majority, claimed-by:PARTY.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Use only what was published by the end of this day.",
        show_default="all that is known",
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="First day, as 2024-08-06.", show_default="the first"),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Last day, included.", show_default="the last")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV for other programs.")]
DistrictOption = Annotated[
    str | None, typer.Option("--district", metavar="NAME", help="Which of several places of one name.")
]


class Form(Enum):
    """For whom results are printed."""

    PEOPLE = "people"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Request:
    """
    What the options that all commands share ask for.

    Parameters
    ----------
    theatre
        Name of a bundled theatre, or a folder.
    policy
        Name of a rule.
    as_of
        Last day of publication that counts; None for all that is known.
    first, last
        The days asked for, both included; None for no limit.
    form
        For whom to print.
    """

    theatre: str
    policy: str
    as_of: date | None
    first: date | None
    last: date | None
    form: Form

    @classmethod
    def read(
        cls,
        theatre: str,
        policy: str,
        as_of: str | None,
        first: str | None,
        last: str | None,
        as_json: bool,
        as_csv: bool,
    ) -> Request:
        """
        Read the options as they were typed, in the order in which all commands have them.

        Raises
        ------
        DateError
            If a day is not written year-month-day, or the first lies after the last.
        typer.BadParameter
            If both JSON and CSV are asked for.
        """
        if as_json and as_csv:
            raise typer.BadParameter("--json and --csv exclude each other: give one of them")
        start, end = read_day("--from", first), read_day("--to", last)
        if start and end and end < start:
            raise DateError(f"--from {start} lies after --to {end}; next: exchange them")
        form = Form.JSON if as_json else Form.CSV if as_csv else Form.PEOPLE
        return cls(theatre, policy, read_day("--as-of", as_of), start, end, form)

    @property
    def narrows(self) -> bool:
        """Whether a policy or a day was asked for."""
        days = (self.as_of, self.first, self.last)
        return self.policy != DEFAULT_POLICY or any(day is not None for day in days)

    def load(self) -> Theatre:
        """
        Open and check the theatre.

        Raises
        ------
        TheatreError
            With all problems of the folder.
        """
        from frontmap.theatre import load

        with progress(f"Reading theatre {self.theatre}"):
            return load(self.theatre)

    def assess(self, theatre: Theatre) -> History:
        """
        Turn the theatre's reports into its history, and see that it reaches over the days asked for.

        Raises
        ------
        PolicyError
            If there is no such policy.
        DateError
            If a day lies outside the history.
        GeometryError
            If the frame cannot be divided among the places.
        """
        from frontmap.history import assess

        with progress(f"Assessing {len(theatre.reports)} reports on {len(theatre.places)} places"):
            history = assess(theatre, policy=self.policy, as_of=self.as_of)
        check_within(history, "--from", self.first)
        check_within(history, "--to", self.last)
        return history

    def narrow(self, history: History) -> History:
        """
        Leave only the days asked for; see `frontmap.briefing.views.narrowed`.

        Raises
        ------
        KeyError
            If a column of the claims is missing.
        """
        from frontmap.briefing.views import narrowed

        return narrowed(history, *self.days(history))

    def days(self, history: History) -> tuple[date, date]:
        """
        Give the first and the last day asked for, both included.

        Raises
        ------
        IndexError
            If the history has no days.
        """
        return self.first or history.days[0].date(), self.last or history.days[-1].date()

    def describe(self) -> dict[str, object]:
        """
        Say on what an answer for other programs rests.

        Raises
        ------
        TypeError
            Never, with the fields declared above.
        """
        return {"theatre": self.theatre, "policy": self.policy, "as_of": self.as_of}

    def print_rows(self, table: pd.DataFrame, **about: object) -> None:
        """
        Print a table for other programs.

        Parameters
        ----------
        table
            Any table without geometry.
        about
            Further members of the JSON object; CSV leaves them out.

        Raises
        ------
        OSError
            If standard output cannot be written to.
        """
        if self.form is Form.CSV:
            print_csv(table)
        else:
            print_json(self.describe() | about | {"rows": table})


def read_day(option: str, text: str | None) -> date | None:
    """
    Read a day given as an option.

    Raises
    ------
    DateError
        If it is not written year-month-day; names the option.
    """
    from frontmap.dates import parse_day

    try:
        return None if text is None else parse_day(text)
    except DateError as error:
        raise DateError(f"{option}: {error}") from error


def between(days: pd.Series, first: date, last: date) -> pd.Series:
    """
    Tell which days lie between two, both included; a missing day does not.

    Raises
    ------
    TypeError
        If these are no days.
    """
    return (days >= str(first)) & (days <= str(last))


def check_within(history: History, option: str, day: date | None) -> None:
    """
    See that a day lies within a history.

    Raises
    ------
    DateError
        If it does not; names the option and the days that are told.
    """
    start, end = history.days[0].date(), history.days[-1].date()
    if day is not None and not start <= day <= end:
        raise DateError(f"{option}: expected a day from {start} to {end}, found {day}; next: choose a day in it")
