"""The named errors of frontmap, each told with place, expectation, finding and next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "AmbiguousPlaceError",
    "Candidate",
    "CrsError",
    "DateError",
    "FrontmapError",
    "GeometryError",
    "OutputError",
    "PlaceNotFoundError",
    "PolicyError",
    "Problem",
    "TableError",
    "TheatreError",
    "TooLargeError",
    "WorkersError",
]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in one file, told so that it can be put right.

    Parameters
    ----------
    file
        Name of the file, relative to the theatre folder.
    row
        Line of the file as an editor numbers it (the header is 1); ``None`` if the whole file is meant.
    expected, found, next_step
        Short phrases without a full stop.

    Examples
    --------
    >>> print(Problem("places.csv", 4, "a latitude from -90 to 90", "'510'", "correct the number"))
    places.csv row 4: expected a latitude from -90 to 90, found '510'; next: correct the number
    """

    file: str
    row: int | None
    expected: str
    found: str
    next_step: str

    def __str__(self) -> str:
        """Tell the problem in one line."""
        where = self.file if self.row is None else f"{self.file} row {self.row}"
        return f"{where}: expected {self.expected}, found {self.found}; next: {self.next_step}"


@dataclass(frozen=True)
class Candidate:
    """A place offered where a name was not understood.

    Parameters
    ----------
    name, district, place_id
        As in the places table.
    distance_km
        Geodesic distance from the centre of the theatre; ``None`` for a place without position.

    Examples
    --------
    >>> print(Candidate("Sudzha", "Sudzhansky District", "ru-kursk-sudzha", 6.25))
    Sudzha (Sudzhansky District, 6 km from the centre, ru-kursk-sudzha)
    """

    name: str
    district: str
    place_id: str
    distance_km: float | None

    def __str__(self) -> str:
        """Tell the candidate as one phrase."""
        away = "no position" if self.distance_km is None else f"{self.distance_km:.0f} km from the centre"
        return f"{self.name} ({self.district}, {away}, {self.place_id})"


class FrontmapError(ValueError):
    """Base of every error that frontmap raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Carry text and details between processes: the text is not what some of these errors are made from."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[FrontmapError], args: tuple[object, ...], details: dict[str, object]) -> FrontmapError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(details)
    return error


class TableError(FrontmapError):
    """One or more tables do not keep to the schema.

    Parameters
    ----------
    problems
        Everything that was found, in the order of files and rows; kept as `problems`.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} problem{'' if count == 1 else 's'} found:", *(f"  {p}" for p in self.problems)]
        super().__init__("\n".join(lines))


class TheatreError(TableError):
    """A theatre folder as a whole cannot be used; carries all problems of all its files."""


class CrsError(FrontmapError):
    """A coordinate reference system is missing or is not the one that is needed."""


class DateError(FrontmapError):
    """A day does not exist, is not written as year-month-day, or lies outside the period."""


class PolicyError(FrontmapError):
    """A policy is not known."""


class GeometryError(FrontmapError):
    """A geometry is not valid, or cells do not fill their frame."""


class TooLargeError(FrontmapError):
    """Something would need more memory than there is."""


class WorkersError(FrontmapError):
    """Work could not be spread: workers cannot be reached, differ from this process, or do not survive it."""


class OutputError(FrontmapError):
    """A file could not be written; nothing half-written is left behind."""


class PlaceNotFoundError(FrontmapError):
    """No place has this name.

    Parameters
    ----------
    query
        The name that was asked for.
    candidates
        The nearest spellings, best first, at most three.
    """

    def __init__(self, query: str, candidates: Sequence[Candidate] = ()) -> None:
        self.query = query
        self.candidates = tuple(candidates)
        offer = "; ".join(str(c) for c in self.candidates)
        super().__init__(f"no place is called {query!r}" + (f"; nearest: {offer}" if offer else ""))


class AmbiguousPlaceError(FrontmapError):
    """Several places have this name; the district or the place_id has to be given.

    Parameters
    ----------
    query
        The name that was asked for.
    candidates
        All places of that name.
    elsewhere
        Places of that name that the table has no row for, in words.
    """

    def __init__(self, query: str, candidates: Sequence[Candidate] = (), *, elsewhere: str = "") -> None:
        self.query = query
        self.candidates = tuple(candidates)
        self.elsewhere = elsewhere
        offer = "; ".join([*(str(c) for c in self.candidates), *([elsewhere] if elsewhere else [])])
        count = len(self.candidates) + bool(elsewhere)
        super().__init__(f"{query!r} may mean {count} places: {offer}; add the district or the place_id")
