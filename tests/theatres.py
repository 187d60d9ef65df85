"""Small synthetic theatres on disk, whole or broken on purpose, for the tests of every module."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]

FRAME = [[35.0, 51.0], [35.4, 51.0], [35.4, 51.3], [35.0, 51.3], [35.0, 51.0]]
BORDER = [[34.95, 51.15], [35.45, 51.15]]
RIVER = [[35.05, 50.98], [35.12, 51.15], [35.10, 51.32]]

TOML = """\
[theatre]
title = "Two-sided test theatre"
note = "Synthetic: nothing here happened."
attribution = "made for tests"

[period]
start = 2024-01-01
end = 2024-01-31

[cells]
max_position_radius_m = 2000
merge_distance_m = 50

[[parties]]
id = "AA"
label = "Southland"
colour = "#b35806"
home_country = "SL"
hatched = true

[[parties]]
id = "BB"
label = "Northland"
colour = "#542788"
home_country = "NL"
hatched = false

[[licences]]
name = "CC0-1.0"
url = "https://creativecommons.org/publicdomain/zero/1.0/"
covers = "everything: invented"
"""


def place(place_id: str, name: str, lat: float | None, lon: float | None, /, **changes: str) -> dict[str, str]:
    """One row of places.csv; south of 51.15 N it lies in Southland (SL), else in Northland (NL)."""
    south = (51.0 if lat is None else lat) < 51.15
    row = {
        "place_id": place_id,
        "name": name,
        "name_ru": "",
        "name_uk": "",
        "aliases": "",
        "kind": "village",
        "district": "Low District" if south else "High District",
        "region": "South Region" if south else "North Region",
        "country": "SL" if south else "NL",
        "lat": "" if lat is None else f"{lat}",
        "lon": "" if lon is None else f"{lon}",
        "position_radius_m": "" if lat is None else "500",
        "position_basis": "invented",
        "source_ids": "",
        "population": "",
    }
    return {**row, **changes}


def report(report_id: str, place_id: str, party: str, status: str, day: str, /, **changes: str) -> dict[str, str]:
    """One row of reports.csv: published the same day, exact, from an independent monitor unless changed."""
    row = {
        "report_id": report_id,
        "place_id": place_id,
        "party": party,
        "status": status,
        "event_date": day,
        "date_precision": "day",
        "published_date": day,
        "proximity": "in",
        "implied": "false",
        "confidence": "medium",
        "origin": "Monitor",
        "origin_side": "independent",
        "source_name": "Test page",
        "source_url": f"https://example.org/{report_id}",
        "note": "",
        "place_as_reported": "",
        "place_match": "exact",
    }
    return {**row, **changes}


def source(origin: str, side: str, /, **changes: str) -> dict[str, str]:
    """One row of sources.csv."""
    row = {
        "origin": origin,
        "side": side,
        "kind": "press",
        "typical_lag": "same day",
        "reliability": "B",
        "reason": "invented",
    }
    return {**row, **changes}


def claim(claim_id: str, day: str, measure: str, figure: float, /, **changes: str) -> dict[str, str]:
    """One row of claims.csv about party AA in the North Region, published the same day."""
    unit = {"area": "km2", "settlements": "count", "share": "percent"}[measure.split("_")[0]]
    row = {
        "claim_id": claim_id,
        "as_of_date": day,
        "date_precision": "day",
        "published_date": day or "2024-01-20",
        "claimant": "Monitor",
        "claimant_side": "independent",
        "party": "AA",
        "measure": measure,
        "lower": f"{figure}",
        "upper": f"{figure}",
        "unit": unit,
        "basis": "share" if unit == "percent" else "control",
        "period_start": "",
        "region": "North Region",
        "district": "",
        "computed": "false",
        "source_names": "Test page",
        "urls": f"https://example.org/{claim_id}",
        "note": "",
    }
    return {**row, **changes}


def six_places() -> list[dict[str, str]]:
    """Three places on each side of the border at 51.15 N; two of them are called Oak."""
    return [
        place("sl-ash", "Ash", 51.05, 35.08, name_ru="Ясень", aliases="Esh"),
        place("sl-elm", "Elm", 51.07, 35.20, population="1200"),
        place("sl-oak", "Oak", 51.10, 35.33),
        place("nl-birch", "Birch", 51.20, 35.07, name_ru="Берёза"),
        place("nl-oak", "Oak", 51.22, 35.21),
        place("nl-pine", "Pine", 51.25, 35.32),
    ]


def some_reports() -> list[dict[str, str]]:
    """Tell that AA takes Birch on 5 January (both sides say so); it leaves on the 20th; Oak is disputed."""
    return [
        report("t1", "nl-birch", "AA", "claimed", "2024-01-04", origin="AA staff", origin_side="AA"),
        report("t2", "nl-birch", "AA", "controlled", "2024-01-05", origin="BB press", origin_side="BB"),
        report("t3", "nl-birch", "AA", "controlled", "2024-01-06"),
        report("t4", "nl-oak", "AA", "claimed", "2024-01-08", origin="AA staff", origin_side="AA"),
        report("t5", "nl-oak", "AA", "contested", "2024-01-08"),
        report("t6", "nl-pine", "AA", "assault", "2024-01-10", proximity="near", published_date="2024-01-11"),
        report("t7", "nl-birch", "AA", "withdrawn", "2024-01-20", origin="AA staff", origin_side="AA"),
        report("t8", "nl-birch", "BB", "controlled", "2024-01-21", published_date="2024-01-23"),
    ]


def some_sources() -> list[dict[str, str]]:
    """One origin on each side and one independent."""
    return [
        source("AA staff", "AA", reliability="C"),
        source("BB press", "BB", reliability="D"),
        source("Monitor", "independent"),
    ]


def some_claims() -> list[dict[str, str]]:
    """Give an area, a share and an undated peak."""
    return [
        claim("k1", "2024-01-10", "area_held", 100),
        claim("k2", "2024-01-22", "share_regained", 50, party="BB"),
        claim("k3", "", "area_held", 250, date_precision="peak-undated"),
    ]


def csv_text(rows: Sequence[Row]) -> str:
    """Write the rows as CSV; the header is the union of their keys."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def geojson(kind: str, coordinates: object, *, crs: str = "", **properties: str) -> str:
    """One feature as a GeoJSON FeatureCollection; `crs` adds the old ``crs`` member."""
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    collection: dict[str, object] = {"type": "FeatureCollection", "features": [feature]}
    if crs:
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(collection)


def write_theatre(
    folder: Path,
    *,
    places: Sequence[Row] | None = None,
    reports: Sequence[Row] | None = None,
    sources: Sequence[Row] | None = None,
    claims: Sequence[Row] | None = None,
    toml: str = TOML,
    replace: Mapping[str, str | bytes | None] | None = None,
) -> Path:
    """Write a tiny valid theatre of six places, then break it as asked.

    Parameters
    ----------
    folder
        Made if it does not exist.
    places, reports, sources, claims
        Rows instead of the usual ones; ``[]`` writes only the header.
    toml
        Text of theatre.toml.
    replace
        File name to its whole content (bytes as they are, text as UTF-8); ``None`` leaves the file out.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    usual = {
        "places": six_places(),
        "reports": some_reports(),
        "sources": some_sources(),
        "claims": some_claims(),
    }
    given = {"places": places, "reports": reports, "sources": sources, "claims": claims}
    content: dict[str, str | bytes | None] = {
        "theatre.toml": toml,
        "frame.geojson": geojson("Polygon", [FRAME]),
        "border.geojson": geojson("LineString", BORDER),
        "rivers.geojson": geojson("LineString", RIVER, name="Alder"),
    }
    for name, rows in usual.items():
        mine = given[name]
        header = csv_text(rows[:1]).splitlines()[0] + "\n"
        content[f"{name}.csv"] = csv_text(rows) if mine is None else csv_text(mine) if mine else header
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in {**content, **(replace or {})}.items():
        if text is not None:
            (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
