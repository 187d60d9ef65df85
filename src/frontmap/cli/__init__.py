"""The command line: the library's words as commands."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontmap.cli.compare import compare
from frontmap.cli.ledger import with_interval
from frontmap.cli.printing import clean, print_csv, print_json, print_lines, print_table, progress
from frontmap.cli.request import (
    DEFAULT_POLICY,
    DEFAULT_THEATRE,
    AsOfOption,
    CsvOption,
    DistrictOption,
    Form,
    FromOption,
    JsonOption,
    PolicyOption,
    Request,
    TheatreOption,
    ToOption,
    between,
    check_within,
    read_day,
)
from frontmap.cli.uncertainty import uncertainty
from frontmap.cli.validate import validate
from frontmap.errors import FrontmapError, Problem, TableError

if TYPE_CHECKING:
    import pandas as pd

    from frontmap.explanation import Explanation
    from frontmap.history import History
    from frontmap.theatre import Theatre

INTRODUCTION = """
From dated reports about settlements to areas, front lines, tested claims and a map.

Everything describes what was reported, not the ground itself. "On a day" means by the end of that day, UTC.

Begin with: frontmap brief
"""


# Several threads of linear algebra get in each other's way on matrices as small as ours: twice the time for a briefing.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _App(typer.Typer):
    """The application, and the one place where an error of frontmap becomes a message and exit code 2."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        for name in ONE_THREAD:  # read when numpy is imported, which no module of the command line does by itself
            os.environ.setdefault(name, "1")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().__call__(*args, **kwargs)
        except FrontmapError as error:
            typer.echo(f"frontmap: {clean(str(error))}", err=True)
            raise SystemExit(2) from None


app = _App(
    name="frontmap",
    help=INTRODUCTION,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


INSTALL_SHEETS = 'pip install "frontmap[print]"'
MANY_DAYS = 60  # more rows of days than this are thinned for people


class Grouping(StrEnum):
    """What changes can be told by."""

    DISTRICT = "district"
    REGION = "region"


class Part(StrEnum):
    """What `claims` tells."""

    FIGURES = "figures"
    FRACTIONS = "fractions"
    MISMATCHES = "mismatches"


def _print_version(wanted: bool) -> None:
    """Print the version and stop, if asked."""
    if wanted:
        typer.echo(f"frontmap {import_module('frontmap').__version__}")
        raise typer.Exit


@app.callback()
def _before_the_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Take the options that stand before the command."""


@app.command()
def brief(
    theatre: TheatreOption = DEFAULT_THEATRE,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where to write.", show_default="out/NAME of the theatre"),
    ] = None,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    lang: Annotated[
        str, typer.Option("--lang", metavar="LANGUAGE", help="Language of the sheets, and in which the page opens.")
    ] = "en",
    sheets: Annotated[
        bool, typer.Option("--sheets/--no-sheets", help="Draw maps, chart, document, slides and timeline too.")
    ] = True,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Write the briefing: one HTML page, tables, GIS files and static sheets.

    The page needs no network. The sheets are maps of the theatre's key dates (A4 and 16:9), these side by side, and
    the chart as PNG, SVG and PDF, a document, slides and a timeline. Prints what each party held on the other's side
    of the border on the key dates, and where the files are.

    Example: frontmap brief

    Example: frontmap brief --as-of 2024-09-06 --out out/known-then
    """
    from frontmap.briefing import brief as write_briefing
    from frontmap.export import GEOJSON
    from frontmap.sheets import missing_packages
    from frontmap.wording import language

    language(lang)
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    whole = request.assess(request.load())
    history = request.narrow(whole)
    folder = out or Path("out") / history.theatre.name
    with progress(f"Writing the briefing to {folder}") as tell:
        processes = min(2, os.cpu_count() or 1)
        paths = write_briefing(
            history, folder, lang=lang, whole=whole, sheets=sheets, processes=processes, progress=tell
        )
    left_out = []
    if sheets and missing_packages():
        left_out = [f"Left out: maps, chart, document, slides, timeline; to have them: {INSTALL_SHEETS}"]
    if GEOJSON not in paths:
        left_out.append(f"Left out: {GEOJSON}, too large to be of use; zones.gpkg and zones.parquet tell the same")
    areas = _key_areas(history)
    files = {name: str(path) for name, path in paths.items()}
    match request.form:
        case Form.JSON:
            print_json(request.describe() | {"interval": history.interval_label, "areas": areas, "files": files})
        case Form.CSV:
            print_csv(areas)
        case Form.PEOPLE:
            print_table(_wide(areas), f"{history.theatre.title}: km2 held across the border (low to high)")
            print_lines("", f"Interval: {history.interval_label}", "", "Written:", *(f"  {f}" for f in files.values()))
    for line in left_out:
        typer.echo(line, err=True)


@app.command()
def areas(
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell the area by party and by side of the border.

    Prints the days on which a figure changed, one a week where nearly every day does; JSON and CSV have one row for
    every day, state and side.

    Example: frontmap areas --from 2024-08-06 --to 2024-08-20

    Example: frontmap areas --csv > areas.csv
    """
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    history = request.assess(request.load())
    table = history.areas()
    table = table[between(table["date"], *request.days(history))]
    if request.form is Form.PEOPLE:
        wide, left_out = _thinned(_wide(table, only_changes=True))
        print_table(wide, f"{history.theatre.title}: km2 (low to high)")
        print_lines("", *left_out, f"Interval: {history.interval_label}")
    else:
        request.print_rows(table, interval=history.interval_label)


@app.command()
def change(
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    by: Annotated[Grouping | None, typer.Option("--by", help="Tell it by district or by region.")] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell what each party gained and lost between two days.

    The end of the first day is compared with the end of the last.

    Example: frontmap change --from 2024-08-06 --to 2024-08-27

    Example: frontmap change --from 2025-02-28 --to 2025-03-31 --by district
    """
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    history = request.assess(request.load())
    start, end = request.days(history)
    table = history.changes(start, end, by=None if by is None else by.value)
    if request.form is Form.PEOPLE:
        moved = table[(table["gained_km2"] > 0) | (table["lost_km2"] > 0)]
        shown = moved.drop(columns=["date_from", "date_to"])
        print_table(shown, f"{history.theatre.title}: from the end of {start} to the end of {end}")
        if moved.empty:
            print_lines("Nothing that was reported changed hands between these days.")
    else:
        request.print_rows(table)


@app.command()
def claims(
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    part: Annotated[
        Part | None,
        typer.Option("--part", help="Only one part, in full.", show_default="all; figures with --csv"),
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Hold every published figure against what the reports give.

    Prints three parts. Figures: each claim with our figure, its interval and the verdict, and for each share the
    totals of which it would be true. Fractions: the first day on which as much was lost again as somebody has
    published, for every total that this may be a share of. Mismatches: claims that contradict one another by
    arithmetic alone.

    --from and --to choose claims by the day they are about; claims without a day are then left out.

    Example: frontmap claims --from 2024-08-06 --to 2024-08-31

    Example: frontmap claims --part mismatches

    Example: frontmap claims --csv > ledger.csv
    """
    from frontmap.claims import claim_mismatches, fraction_table, test_claims

    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    history = request.assess(request.load())
    with progress(f"Testing {len(history.theatre.claims)} claims"):
        figures, fractions = test_claims(history), fraction_table(history)
        mismatches = claim_mismatches(history.theatre.claims, as_of=history.as_of)
    if request.first or request.last:
        figures = figures[between(figures["as_of_date"], *request.days(history))]
        fractions, mismatches = (_about_any(table, figures["claim_id"]) for table in (fractions, mismatches))
    parts = {Part.FIGURES: figures, Part.FRACTIONS: fractions, Part.MISMATCHES: mismatches}
    match request.form:
        case Form.JSON if part is None:
            others = {"fractions": fractions, "mismatches": mismatches}
            request.print_rows(figures, interval=history.interval_label, **others)
        case Form.JSON | Form.CSV:
            request.print_rows(parts[part or Part.FIGURES], interval=history.interval_label)
        case Form.PEOPLE:
            for one in [part] if part else Part:
                _print_part(one, parts[one], history, in_full=part is not None)


def _about_any(table: pd.DataFrame, claim_ids: pd.Series) -> pd.DataFrame:
    """Choose the rows of which at least one claim is among some."""
    wanted = set(claim_ids)
    return table[[bool(wanted.intersection(ids.split(";"))) for ids in table["claim_ids"]]]


def _print_part(part: Part, table: pd.DataFrame, history: History, *, in_full: bool) -> None:
    """Print one part of what `claims` tells."""
    from frontmap.cli import ledger

    if part is Part.FIGURES:
        title = f"{history.theatre.title}: published figures and ours (low to high)"
        print_table(ledger.figures_for_people(table), title)
        counts = table["verdict"].value_counts()
        print_lines("", "; ".join(f"{verdict}: {count}" for verdict, count in counts.items()))
        print_lines(
            "above, below: the published figure lies above or below our interval; difference: published less ours"
        )
        apart = table[table["verdict"] == "not comparable"]
        print_lines(*(f"{claim}: {why}" for claim, why in zip(apart["claim_id"], apart["reason"], strict=True)))
        print_lines(f"Interval: {history.interval_label}", "")
        shares = ledger.shares_for_people(table)
        if len(shares):
            print_table(shares, "Totals lost of which each published share would be true (low to high)")
            print_lines("")
    elif part is Part.FRACTIONS and len(table):
        print_table(ledger.fractions_for_people(table, every_total=in_full), ledger.FRACTIONS_TITLE)
        print_lines("", f"earliest and latest: {table['note'].iloc[0]}")
        if not in_full:
            print_lines("Every total by itself: frontmap claims --part fractions")
        print_lines("")
    elif part is Part.MISMATCHES:
        if len(table):
            print_table(ledger.mismatches_for_people(table), ledger.MISMATCHES_TITLE)
        else:
            print_lines("No published figures contradict one another by arithmetic alone.")


@app.command()
def explain(
    place: Annotated[str, typer.Argument(help="A name in any script, or a place_id.")],
    day: Annotated[
        str | None, typer.Option("--day", metavar="DATE", help="The day to explain.  [default: the last]")
    ] = None,
    district: DistrictOption = None,
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell why a place has its state on a day.

    Prints the rule, the reports that decided, and those that lost, each with its day and address.

    With --from or --to and no --day: every state that the place went through in these days.

    Example: frontmap explain Berdin --day 2025-01-06

    Example: frontmap explain Loknya --district Sudzhansky --from 2024-08-06 --to 2024-09-30
    """
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    opened = request.load()
    where = opened.find(place, district=district)
    wanted = read_day("--day", day)
    history = request.assess(opened)
    check_within(history, "--day", wanted)
    days = [wanted] if wanted else _days_to_explain(history, where.place_id, request)
    found = [history.explain(where.place_id, one) for one in days]
    match request.form:
        case Form.JSON:
            print_json(request.describe() | {"rows": [one.to_dict() for one in found]})
        case Form.CSV:
            print_csv(_explanation_rows(found))
        case Form.PEOPLE:
            print_lines(*"\n\n".join(str(one) for one in found).splitlines())


@app.command()
def places(
    query: Annotated[str | None, typer.Argument(help="A name in any script, or a place_id; none lists all.")] = None,
    district: DistrictOption = None,
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Find a place by a name in any script, or list all places.

    "reports" counts the reports that --from, --to and --as-of leave. With any of these, or --policy, the state
    at the end of the last day is told too.

    Example: frontmap places Суджа

    Example: frontmap places Loknya --district Sudzhansky

    Example: frontmap places --to 2024-09-06 --csv
    """
    from frontmap.gazetteer import district_matches

    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    opened = request.load()
    found = opened.places.drop(columns="geometry")
    if query is not None:
        found = found[found["place_id"] == opened.find(query, district=district).place_id]
    elif district is not None:
        inside = {one.place_id for one in opened.gazetteer.places if district_matches(one, district)}
        found = found[found["place_id"].isin(inside)]
    found = found.assign(reports=_report_counts(opened, found["place_id"], request))
    if request.narrows:
        history = request.assess(opened)
        found = found.assign(state=_states(history, found["place_id"], request.days(history)[1]))
    if request.form is Form.PEOPLE:
        print_table(_places_for_people(found), f"{opened.title}: {len(found)} of {len(opened.places)} places")
    else:
        request.print_rows(found)


@app.command()
def check(
    folder: Annotated[str | None, typer.Argument(help="The theatre's folder.  [default: --theatre]")] = None,
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Check a theatre's folder and tell every problem at once.

    Exit code 2 if there is any. A folder without problems is also assessed once, and its cells are verified.

    Example: frontmap check data/geo/kursk

    Example: frontmap check my-theatre --json
    """
    request = Request.read(folder or theatre, policy, as_of, first, last, as_json, as_csv)
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    try:
        history = request.assess(request.load())
    except TableError as error:
        problems = error.problems
    else:
        notes = _verified(history)
    _print_problems(request, problems, notes)
    if problems:
        raise typer.Exit(2)


app.command()(compare)
app.command()(uncertainty)
app.command()(validate)


def _print_problems(request: Request, problems: Sequence[Problem], notes: Sequence[str]) -> None:
    """Print everything that is wrong with a theatre, or what is right."""
    import pandas as pd

    rows = [asdict(problem) for problem in problems]
    match request.form:
        case Form.JSON:
            print_json({"theatre": request.theatre, "problems": rows, "notes": list(notes)})
        case Form.CSV:
            names = [field.name for field in fields(Problem)]
            print_csv(pd.DataFrame(rows, columns=names, dtype=object))
        case Form.PEOPLE:
            print_lines(*(str(problem) for problem in problems))
            count = len(problems)
            print_lines(f"{request.theatre}: {count or 'no'} problem{'' if count == 1 else 's'}", *notes)


def _verified(history: History) -> tuple[str, ...]:
    """Verify the cells and say what a sound theatre holds."""
    from frontmap.cells import verify_cells

    theatre = history.theatre
    verify_cells(history.cells, history.tessellation.frame)
    counts = (
        f"{len(theatre.places)} places, {len(theatre.reports)} reports, {len(theatre.sources)} origins, "
        f"{len(theatre.claims)} claims"
    )
    return counts, f"{len(history.cells)} cells fill the frame with no gap and no overlap", *history.notes


def _key_areas(history: History) -> pd.DataFrame:
    """Pick what parties held on another's side of the border on the days that the page tells too."""
    from frontmap.maps.payload import key_days

    table = history.areas()
    table = table[table["date"].isin(history.days[key_days(history)])]
    pairs = zip(table["party"], table["side"], strict=True)
    return table.loc[[pair in history.headline for pair in pairs]]


def _wide(table: pd.DataFrame, *, only_changes: bool = False) -> pd.DataFrame:
    """Turn areas into one row a day and one column a party and side, leaving out what is never held."""
    figures = zip(table["area_km2"], table["area_low_km2"], table["area_high_km2"], strict=True)
    texts = table.assign(
        ground=table["party"] + " on " + table["side"] + " side", text=[with_interval(*row) for row in figures]
    )
    most = texts.groupby("ground", sort=False)["area_high_km2"].max()
    wide = texts.pivot(index="date", columns="ground", values="text")[list(most.index[most > 0])]
    if only_changes:
        wide = wide[(wide != wide.shift()).any(axis=1)]
    return wide.reset_index().rename_axis(columns=None)


def _thinned(wide: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep every seventh of many rows, and the last; say how many were left out."""
    if len(wide) <= MANY_DAYS:
        return wide, []
    kept = wide.iloc[[*range(0, len(wide) - 1, 7), len(wide) - 1]]
    return kept, [f"{len(wide) - len(kept)} days between these: frontmap areas --csv"]


def _days_to_explain(history: History, place_id: str, request: Request) -> list[date]:
    """Choose the last day, or the first day of every spell within the days asked for."""
    first, last = request.days(history)
    if request.first is None and request.last is None:
        return [last]
    spells = history.spells[history.spells["place_id"] == place_id]
    spells = spells[(spells["valid_from"] <= str(last)) & (spells["valid_to"] > str(first))]
    return [max(start.date(), first) for start in spells["valid_from"]]


def _explanation_rows(found: Sequence[Explanation]) -> pd.DataFrame:
    """List the reports of explanations, one row a report, with what each did."""
    import pandas as pd

    parts = []
    for one in found:
        about = {"day": str(one.day), "state": one.state, "rule": one.rule}
        for role in ("deciding", "supporting", "losing", "noted"):
            reports: pd.DataFrame = getattr(one, role)
            head = pd.DataFrame(about | {"role": role}, index=reports.index, dtype=object)
            parts.append(pd.concat([head, reports], axis=1))
    return pd.concat(parts, ignore_index=True)


def _report_counts(theatre: Theatre, place_ids: pd.Series, request: Request) -> pd.Series:
    """Count the reports on each place that the days asked for leave."""
    reports = theatre.reports
    for column, day, after in (
        ("event_date", request.first, True),
        ("event_date", request.last, False),
        ("published_date", request.as_of, False),
    ):
        if day is not None:
            reports = reports[reports[column] >= str(day) if after else reports[column] <= str(day)]
    return place_ids.map(reports["place_id"].value_counts()).fillna(0).astype("int64")


def _states(history: History, place_ids: pd.Series, day: date) -> pd.Series:
    """Look up the state of each place at the end of a day."""
    spells = history.spells
    now = spells[(spells["valid_from"] <= str(day)) & (spells["valid_to"] > str(day))]
    return place_ids.map(now.set_index("place_id")["state"]).fillna("")


def _places_for_people(found: pd.DataFrame) -> pd.DataFrame:
    """Shorten the places to what fits a screen."""
    spelled = found[[name for name in found if str(name).startswith("name_")]].to_numpy()
    names = [" / ".join(filter(None, dict.fromkeys(row))) for row in spelled]
    position = [
        f"{lat:.4f} {lon:.4f} (within {radius:,.0f} m)" if lat == lat else "none"
        for lat, lon, radius in zip(found["lat"], found["lon"], found["position_radius_m"], strict=True)
    ]
    kept = [name for name in ("district", "country", "reports", "state", "place_id") if name in found]
    return found[["name"]].assign(names=names, position=position, **{name: found[name] for name in kept})
