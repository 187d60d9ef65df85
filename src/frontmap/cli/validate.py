"""The command ``frontmap validate``: how good the estimate is, measured."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from frontmap.cli.printing import print_csv, print_json, print_lines, print_table, progress
from frontmap.cli.request import (
    DEFAULT_THEATRE,
    AsOfOption,
    CsvOption,
    Form,
    FromOption,
    JsonOption,
    PolicyOption,
    Request,
    TheatreOption,
    ToOption,
)

if TYPE_CHECKING:
    import pandas as pd

    from frontmap.history import History
    from frontmap.readers import DrawnSeries
    from frontmap.theatre import Theatre
    from frontmap.validation.page import AgainstMap, Findings

ESTIMATE = "estimate"
TRUTHS, QUICK_TRUTHS = 70, 2
QUICK_DRAWS = 100
QUICK_EVERY_DAYS = 56


class Part(StrEnum):
    """What can be measured."""

    SYNTHETIC = "synthetic"
    MAP = "map"
    HELD_OUT = "held-out"
    AS_OF = "as-of"


class _Where(NamedTuple):
    """Where the work is done."""

    workers: int
    scheduler: str | None

    @property
    def words(self) -> str:
        if self.scheduler is not None:
            return "a cluster, asked from"
        return f"{self.workers} {'process' if self.workers == 1 else 'processes'} on"


def validate(
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = ESTIMATE,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    only: Annotated[
        list[Part] | None,
        typer.Option("--only", help="Only this part; may be given more than once.", show_default="all"),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="A map of others: GeoJSON polygons with date_first and date_last."),
    ] = None,
    map_shift: Annotated[
        int,
        typer.Option(
            "--map-shift", metavar="DAYS", help="Added to the map's dates: -1 if a file of a day shows the day before."
        ),
    ] = 0,
    chosen: Annotated[
        list[int] | None,
        typer.Option(
            "--chosen-by", metavar="BLOCK", min=1, help="A two-month block of the map by which choices were made."
        ),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--party", help="Whose ground.", show_default="who holds most abroad")
    ] = None,
    side: Annotated[
        str | None, typer.Option("--side", help="On which side of the border.", show_default="where most is held")
    ] = None,
    truths: Annotated[
        int | None,
        typer.Option(
            "--truths", metavar="N", min=1, help="Synthetic truths, three cases each.", show_default=str(TRUTHS)
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look: few truths, few draws, few as-of days.")
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Processes; the result does not depend on it.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Work on the cluster of this dask scheduler (docs/scale.md)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the first truth.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also write the page, as Markdown.")] = None,
    tables: Annotated[
        Path | None, typer.Option("--tables", metavar="FOLDER", help="Also write every table, as CSV.")
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Measure how good the estimate is: against synthetic truths, a map of others, held-out reports, earlier knowledge.

    Prints what is wanted, what was measured, and whether that meets it. --from and --to choose the days of the map
    and of the as-of series; --policy is compared with these, the synthetic truths and held-out reports are about the
    estimate.

    Example: frontmap validate --quick

    Example: frontmap validate --only map --map theirs.geojson --side RU --from 2024-08-18 --to 2025-03-09

    Example: frontmap validate --workers 2 --out docs/validation.md

    Example: frontmap validate --scheduler tcp://10.0.0.5:8786
    """
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    parts = set(only or Part)
    if map_file is None:
        if only and Part.MAP in only:
            raise typer.BadParameter("--only map needs --map FILE")
        parts.discard(Part.MAP)
    if scheduler is not None and workers != 1:
        raise typer.BadParameter("--workers is of this machine: leave it out with --scheduler")
    began = time.perf_counter()
    other = _read(map_file, map_shift) if map_file is not None and Part.MAP in parts else None
    opened = request.load()
    if quick:
        opened = replace(opened, estimate=replace(opened.estimate, draws=min(opened.estimate.draws, QUICK_DRAWS)))
    where = _Where(workers, scheduler)
    found = _nothing_yet(request, opened, seed, where)
    if parts - {Part.SYNTHETIC}:  # first, because a theatre may be too small for a part
        length = (opened.period_end - opened.period_start).days
        days = min(QUICK_EVERY_DAYS, max(length // 6, 1)) if quick else None
        found = _about_theatre(found, request, opened, parts, other, tuple(chosen or ()), (party, side), days, where)
    if Part.SYNTHETIC in parts:
        count = truths or (QUICK_TRUTHS if quick else TRUTHS)
        found = replace(found, cases=_synthetic(opened, count, seed, where))
    found = replace(found, seconds=time.perf_counter() - began)
    _tell(request, found, _written(found, out, tables))


def _read(file: Path, shift_days: int) -> DrawnSeries:
    """Read a map of others from a file."""
    from frontmap.readers import read

    return read([file], reader="dated", shift_days=shift_days).single()


def _nothing_yet(request: Request, theatre: Theatre, seed: int, where: _Where) -> Findings:
    """Say on what the findings will rest."""
    from frontmap.estimate.parameters import described
    from frontmap.validation.page import Findings

    parameters = theatre.estimate
    return Findings(
        theatre=theatre.title,
        policy=request.policy,
        level=parameters.level,
        seed=seed,
        parameters=described(parameters),
        where=where.words,
    )


def _about_theatre(
    found: Findings,
    request: Request,
    theatre: Theatre,
    parts: set[Part],
    other: DrawnSeries | None,
    chosen: tuple[int, ...],
    asked: tuple[str | None, str | None],
    every_days: int | None,
    where: _Where,
) -> Findings:
    """Measure the parts that are about the theatre's own history."""
    from frontmap.spread import one_thread

    with one_thread():
        history = request.assess(theatre)
        if Part.HELD_OUT in parts:
            found = replace(found, foretold=_held_out(history, found.seed))
        if parts & {Part.MAP, Part.AS_OF}:
            whose = _Whose(history, request, *asked)
            if other is not None:
                found = replace(found, against=whose.against(other, chosen))
            if Part.AS_OF in parts:
                found = replace(found, revised=whose.revised(every_days, where), revised_what=whose.words)
    return found


def _synthetic(theatre: Theatre, truths: int, seed: int, where: _Where) -> pd.DataFrame:
    """Run the synthetic cases."""
    from frontmap.validation import synthetic

    work = synthetic.jobs(truths, seed=seed, parameters=theatre.estimate)
    with progress("Measuring") as tell:
        return synthetic.run(work, workers=where.workers, scheduler=where.scheduler, tell=tell)


def _held_out(history: History, seed: int) -> pd.DataFrame:
    """Foretell held-out reports; under a rule, with the estimate of the same reports."""
    from frontmap.history import assess
    from frontmap.validation import heldout

    with progress("Foretelling") as tell:
        if history.surfaces is None:
            history = assess(history.theatre, policy=ESTIMATE, as_of=history.as_of)
        return heldout.held_out(history, seed=seed, tell=tell)


class _Whose:
    """A party's ground on one side of the border: against a map of others, and against what was known earlier."""

    def __init__(self, history: History, request: Request, party: str | None, side: str | None) -> None:
        from frontmap.validation.others import held_pair

        self.history, self.request = history, request
        self.party, self.side = held_pair(history, party, side)

    @property
    def words(self) -> str:
        label = self.history.theatre.party(self.party).label
        return f"ground held by {label} on the {self.side} side of the border"

    def against(self, other: DrawnSeries, chosen: tuple[int, ...]) -> AgainstMap:
        from frontmap.validation.others import compare
        from frontmap.validation.page import AgainstMap

        with progress(f"Comparing with {other.name}"):
            first, last = self.request.first, self.request.last
            weeks = compare(self.history, other, party=self.party, side=self.side, first=first, last=last)
        return AgainstMap(other.name, self.words, weeks, chosen, other.notes)

    def revised(self, every_days: int | None, where: _Where) -> pd.DataFrame:
        from frontmap.validation.revisions import EVERY_DAYS, revisions

        with progress("Assessing") as tell:
            return revisions(
                self.history,
                party=self.party,
                side=self.side,
                first=self.request.first,
                last=self.request.last,
                every_days=every_days or EVERY_DAYS,
                workers=where.workers,
                scheduler=where.scheduler,
                tell=tell,
            )


def _written(found: Findings, out: Path | None, tables: Path | None) -> list[Path]:
    """Write what was asked for, each file whole or not at all."""
    from frontmap.export import table_text
    from frontmap.files import atomic_write_text
    from frontmap.validation.page import page

    files = [] if out is None else [atomic_write_text(out, page(found))]
    if tables is not None:
        files += [atomic_write_text(tables / f"{name}.csv", table_text(t)) for name, t in found.tables().items()]
    return files


def _tell(request: Request, found: Findings, files: list[Path]) -> None:
    """Print what is wanted, what was measured, and where it is written."""
    written = [str(file) for file in files]
    all_tables = found.tables()
    match request.form:
        case Form.JSON:
            kept = {name: table for name, table in all_tables.items() if name not in {"cases", "held_out"}}
            about = {"seed": found.seed, "level": found.level, "seconds": found.seconds}
            print_json(request.describe() | about | kept | {"files": written})
        case Form.CSV:
            print_csv(all_tables["criteria"])
        case Form.PEOPLE:
            print_table(all_tables["criteria"], "How good the estimate is, and how good it should be")
            for name, title in (
                ("map_blocks", "Against the map, by blocks of two months"),
                ("held_out_scores", "Held-out reports"),
                ("revision_scores", "What was known when"),
            ):
                if name in all_tables:
                    print_lines("")
                    print_table(_rounded(all_tables[name]), title)
            print_lines("", f"{found.seconds:.0f} s, seed {found.seed}", *(f"Written: {file}" for file in written))


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Write shares and scores with three decimals, which a table for people would round to one."""
    from pandas.api.types import is_float_dtype

    small = [name for name in table if is_float_dtype(table[name]) and table[name].abs().max() < 10.0]
    return table.assign(**{str(name): [f"{v:.3f}" if v == v else "" for v in table[name]] for name in small})
