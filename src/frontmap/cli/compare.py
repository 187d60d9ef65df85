"""The command ``frontmap compare``: a map drawn by others, its areas and changes, and how far another map agrees."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontmap.cli.printing import print_csv, print_json, print_lines, print_table, progress
from frontmap.cli.request import (
    DEFAULT_POLICY,
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
from frontmap.errors import DateError, FrontmapError, GeometryError

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from frontmap.snapshots import Survey

_KNOWN_READER, _RIGHT_SHIFT = "the one that knows it", "right for its format"

MANY_DAYS = 60  # more rows of days than this are thinned for people


class Part(StrEnum):
    """What `compare` tells."""

    DAYS = "days"
    GAPS = "gaps"
    AGREEMENT = "agreement"


def compare(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files, folders or archives of one map.", show_default=False)
    ],
    other_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="Another map to hold it against; may be given more than once.",
            show_default="the theatre's history",
        ),
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader",
            metavar="NAME",
            help="Format of FILE: daily, dated, deepstate, deepstate-daily, isw, nzz, owl, topojson.",
            show_default=_KNOWN_READER,
        ),
    ] = None,
    shift_days: Annotated[
        int | None,
        typer.Option(
            "--shift-days",
            metavar="N",
            help="Added to the dates of FILE: -1 if a file of a day shows the day before.",
            show_default=_RIGHT_SHIFT,
        ),
    ] = None,
    other_reader: Annotated[
        str | None,
        typer.Option("--with-reader", metavar="NAME", help="Format of the other map.", show_default=_KNOWN_READER),
    ] = None,
    other_shift_days: Annotated[
        int | None,
        typer.Option(
            "--with-shift-days", metavar="N", help="Added to the other map's dates.", show_default=_RIGHT_SHIFT
        ),
    ] = None,
    other_layers: Annotated[
        list[str] | None,
        typer.Option(
            "--with-layer", metavar="NAME", help="Kind of ground of the other map.", show_default="as --layer"
        ),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="NAME",
            help="Kind of ground; several are taken together.",
            show_default="all that it has",
        ),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--party", help="Whose ground in the history.", show_default="who holds most abroad")
    ] = None,
    side: Annotated[
        str | None,
        typer.Option(
            "--side",
            help="Count only ground on this side of the border.",
            show_default="where most is held; all with --with",
        ),
    ] = None,
    part: Annotated[
        Part | None, typer.Option("--part", help="Only one part, in full.", show_default="all; days with --csv")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", metavar="FOLDER", help="Where results are kept.", show_default="the user's cache folder"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Also write the tables, as CSV, and gains and losses as GeoJSON polygons."
        ),
    ] = None,
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell what a map drawn by others shows, and how far another map or the history agrees with it.

    Prints three parts. Days: area, gains and losses of each layer. Gaps: days of which the map says nothing, which is
    not the same as nothing held. Agreement: area in both and in one only, and intersection over union, on every day.
    The files are read and measured once; the next run takes the results from the cache, unless a file has changed.

    Example: frontmap compare theirs.geojson --side RU

    Example: frontmap compare deepstate_daily.tar.xz --part days --csv

    Example: frontmap compare theirs.geojson --out out/theirs

    Example: frontmap compare owl/ --with deepstate/ --layer held-abroad --from 2024-08-06
    """
    from frontmap.snapshots import survey
    from frontmap.snapshots.cache import default_folder
    from frontmap.snapshots.series import daily

    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    folder = cache or default_folder()
    with progress(f"Measuring {files[0].name}"):
        found = survey(files, reader=reader, shift_days=shift_days, cache=folder)
        other = (
            survey(other_files, reader=other_reader, shift_days=other_shift_days, cache=folder) if other_files else None
        )
        parts: dict[Part, pd.DataFrame] = {}
        if part in (None, Part.DAYS):
            days = daily(found.areas, found.changes)
            parts[Part.DAYS] = _within(_of(found, days, layers), request, "date", "date")
        if part in (None, Part.GAPS):
            parts[Part.GAPS] = _within(_of(found, found.gaps, layers), request, "last", "first")
    why_not = ""
    if part is Part.AGREEMENT or (part is None and not as_csv):
        try:
            parts[Part.AGREEMENT] = _agreement(request, found, other, layers or (), other_layers or (), party, side)
        except FrontmapError as error:
            if part is Part.AGREEMENT or other is not None or not _is_no_wonder(error):
                raise
            why_not = str(error)
    written = (
        []
        if out is None
        else _written(out, parts, _within(_of(found, found.changes, layers), request, "date_to", "date_to"))
    )
    _tell(request, found, other, parts, [str(path) for path in written], why_not)


def _of(found: Survey, table: pd.DataFrame, layers: list[str] | None) -> pd.DataFrame:
    """Keep the layers asked for."""
    unknown = [layer for layer in layers or () if layer not in found.layers]
    if unknown:
        found.series.only(unknown)
    return table[table["layer"].isin(layers or found.layers)].reset_index(drop=True)


def _within(table: pd.DataFrame, request: Request, begins: str, ends: str) -> pd.DataFrame:
    """Keep the days asked for."""
    import pandas as pd

    if request.first is not None:
        table = table[pd.to_datetime(table[begins]) >= pd.Timestamp(request.first)]
    if request.last is not None:
        table = table[pd.to_datetime(table[ends]) <= pd.Timestamp(request.last)]
    return table.reset_index(drop=True)


def _is_no_wonder(error: FrontmapError) -> bool:
    """Tell whether a map need not have an agreement with the theatre: other days or ground, or several kinds of it."""
    return isinstance(error, DateError | GeometryError) or str(error).startswith("--layer: expected which")


def _agreement(
    request: Request,
    found: Survey,
    other: Survey | None,
    layers: Sequence[str],
    other_layers: Sequence[str],
    party: str | None,
    side: str | None,
) -> pd.DataFrame:
    """Hold the map against another, or against the theatre's history."""
    from frontmap.snapshots import against_history, agreement
    from frontmap.validation.others import held_pair

    series = found.series.single(layers)
    if other is not None:
        region = None if side is None else _ground_of(request, side)
        wanted = other_layers or [layer for layer in layers if layer in other.layers]
        try:
            theirs = other.series.single(wanted)
        except FrontmapError as error:
            raise FrontmapError(str(error).replace("--layer:", "--with-layer:", 1)) from error
        return agreement(series, theirs, region=region, first=request.first, last=request.last)
    history = request.assess(request.load())
    whose, where = held_pair(history, party, side)
    with progress(f"Comparing with {history.theatre.title}"):
        table = against_history(history, series, party=whose, side=where, first=request.first, last=request.last)
    return table.assign(party=whose, side=where)


def _ground_of(request: Request, side: str) -> BaseGeometry:
    """Give the theatre's ground on one side of the border."""
    import shapely

    from frontmap.cells import tessellate

    theatre = request.load()
    cells = tessellate(
        theatre.places,
        theatre.frame,
        theatre.border,
        max_position_radius_m=theatre.max_position_radius_m,
        merge_distance_m=theatre.merge_distance_m,
    ).cells
    known = sorted(set(cells["side"]))
    if side not in known:
        raise FrontmapError(f"--side: expected one of {', '.join(known)}, found {side!r}; next: use one of these")
    return shapely.coverage_union_all(cells.geometry[cells["side"] == side].to_numpy())


def _written(folder: Path, parts: dict[Part, pd.DataFrame], moved: pd.DataFrame) -> list[Path]:
    """Write what was found, all files or none."""
    from frontmap.export import table_text
    from frontmap.files import atomic_folder

    with atomic_folder(folder) as stage:
        for part, table in parts.items():
            (stage / f"{part.value}.csv").write_text(table_text(table), encoding="utf-8", newline="")
        (stage / "changes.geojson").write_text(_changes_geojson(moved), encoding="utf-8", newline="")
        names = sorted(path.name for path in stage.iterdir())
    return [folder / name for name in names]


def _changes_geojson(moved: pd.DataFrame) -> str:
    """Write gained and lost ground as features, one a line."""
    import json

    import shapely

    lines = []
    for row in moved.to_dict("records"):
        about = {name: str(row[name]) for name in ("layer", "date_from", "date_to")} | {"gap_days": row["gap_days"]}
        for kind in ("gained", "lost"):
            if not row[kind].is_empty:
                properties = json.dumps(about | {"kind": kind, "area_km2": row[f"{kind}_km2"]}, ensure_ascii=False)
                shape = shapely.to_geojson(row[kind])
                lines.append(f'{{"type": "Feature", "properties": {properties}, "geometry": {shape}}}')
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _tell(
    request: Request,
    found: Survey,
    other: Survey | None,
    parts: dict[Part, pd.DataFrame],
    files: list[str],
    why_not: str,
) -> None:
    """Print what was found."""
    notes = [f"{found.name}: {note}" for note in found.notes]
    notes += [f"{other.name}: {note}" for note in other.notes] if other else []
    about = {"map": found.name, "reader": found.read_as, "layers": list(found.layers)}
    if other is not None:
        about |= {"with": other.name, "with_reader": other.read_as}
    match request.form:
        case Form.JSON:
            tables = {one.value: table for one, table in parts.items()}
            print_json(
                request.describe() | about | tables | {"notes": notes, "no_agreement": why_not or None, "files": files}
            )
        case Form.CSV:
            print_csv(next(iter(parts.values())))
        case Form.PEOPLE:
            for one, table in parts.items():
                _print_part(one, table, found, other, in_full=len(parts) == 1)
            print_lines(*([f"Not held against the history: {why_not}"] if why_not else []), *notes)
            print_lines(*(f"Written: {file}" for file in files))


def _print_part(part: Part, table: pd.DataFrame, found: Survey, other: Survey | None, *, in_full: bool) -> None:
    """Print one part for people."""
    if part is Part.DAYS:
        for layer, own in table.groupby("layer", sort=True):
            shown = own.drop(columns="layer")
            _print_days(shown, f"{found.name}, {layer}: km2, gains and losses against the day before", in_full=in_full)
    elif part is Part.GAPS:
        print_table(table, f"{found.name}: {'days' if len(table) else 'no days'} of which it says nothing")
        print_lines("")
    else:
        whom = "the history" if other is None else other.name
        shown = table.assign(iou=[f"{v:.3f}" if v == v else "" for v in table["iou"]])
        kept = [n for n in shown if n not in {"relative_error", "in_interval", "relative_width", "party", "side"}]
        _print_days(shown[kept], f"{found.name} against {whom}: km2, and intersection over union", in_full=in_full)
        known = table["iou"].dropna()
        if len(known):
            print_lines(f"Mean intersection over union on {len(known)} days: {known.mean():.3f}", "")


def _print_days(table: pd.DataFrame, title: str, *, in_full: bool) -> None:
    """Print a table of days: every seventh of many, and the last."""
    left_out = 0
    if not in_full and len(table) > MANY_DAYS:
        kept = table.iloc[[*range(0, len(table) - 1, 7), len(table) - 1]]
        table, left_out = kept, len(table) - len(kept)
    print_table(table, title)
    print_lines(*([f"{left_out} days between these: --part"] if left_out else []), "")
