"""Areas, gains and losses of maps drawn by others: laws, an independent way, and a cache that never lies."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from frontmap.crs import geodesic_area_km2
from frontmap.errors import DateError
from frontmap.readers import DrawnSeries, read
from frontmap.readers.drawn import as_states
from frontmap.snapshots import agreement, areas, changes, gaps, survey
from frontmap.snapshots.cache import Cache, content_key, default_folder, packed, unpacked
from frontmap.snapshots.edges import areas_km2
from frontmap.snapshots.faces import steps
from frontmap.snapshots.series import daily
from tests.drawn import boxes, collection, polygon, same_frames, series_of, square, tar_xz

EXTERNAL = Path(__file__).parents[2] / "shared" / "external"
has_external = pytest.mark.skipif(
    not EXTERNAL.is_dir(), reason="needs ../shared/external, which is not in the repository"
)
GEOD = Geod(ellps="WGS84")
SMALL_KM2 = 1e-9


def km2(shape: BaseGeometry) -> float:
    return float(abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0])) / 1e6 if shape.area else 0.0


def apart_km2(one: BaseGeometry, other: BaseGeometry) -> float:
    parts = shapely.get_parts(shapely.symmetric_difference(one, other))
    return sum(km2(part) for part in parts if part.geom_type == "Polygon")


# Shapes on a grid share edges and corners, as maps redrawn in part do; jagged ones cross each other anywhere.
_cells = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14)
_jags = st.lists(st.floats(0.2, 1.0), min_size=5, max_size=9)


def from_cells(cells: set[tuple[int, int]]) -> BaseGeometry:
    return boxes(*((35 + 0.1 * x, 51 + 0.1 * y, 35.1 + 0.1 * x, 51.1 + 0.1 * y) for x, y in sorted(cells)))


def from_jags(radii: Sequence[float]) -> BaseGeometry:
    turn = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return shapely.Polygon(np.column_stack([35.2 + 0.2 * np.cos(turn) * radii, 51.2 + 0.2 * np.sin(turn) * radii]))


_shape = st.one_of(_cells.map(from_cells), _jags.map(from_jags))
_shapes = st.lists(_shape, min_size=2, max_size=5)


def rewritten(shape: BaseGeometry, seed: int) -> BaseGeometry:
    """Write the same polygons otherwise: parts shuffled, rings begun elsewhere and turned round."""
    chance = random.Random(seed)

    def ring(line: BaseGeometry) -> list[list[float]]:
        points = shapely.get_coordinates(line).tolist()[:-1]
        start = chance.randrange(len(points))
        points = points[start:] + points[:start]
        if chance.random() < 0.5:
            points.reverse()
        return [*points, points[0]]

    parts = [shapely.Polygon(ring(p.exterior), [ring(h) for h in p.interiors]) for p in shapely.get_parts(shape)]
    chance.shuffle(parts)
    return shapely.MultiPolygon(parts)


# Laws of gains and losses


@settings(deadline=None, max_examples=60)
@given(_shapes)
def test_gains_and_losses_are_the_differences_of_the_days(shapes: list[BaseGeometry]) -> None:
    found = steps(np.array(shapes, dtype=object))

    for (before, after), gained, lost in zip(pairwise(shapes), found.gained, found.lost, strict=True):
        assert gained.is_valid
        assert lost.is_valid
        assert apart_km2(gained, after.difference(before)) < SMALL_KM2
        assert apart_km2(lost, before.difference(after)) < SMALL_KM2
        assert shapely.intersection(gained, lost).area < 1e-15


@settings(deadline=None, max_examples=60)
@given(_shapes)
def test_area_changes_by_what_is_gained_less_what_is_lost(shapes: list[BaseGeometry]) -> None:
    series = series_of(shapes)

    day_km2, moved = areas(series)["area_km2"].to_numpy(), changes(series)

    assert day_km2 == pytest.approx([km2(shape) for shape in shapes], rel=1e-9)
    # Cut edges are geodesics between other ends: 0.1 degree of one encloses less than 0.02 km2 more or less.
    net = moved["gained_km2"] - moved["lost_km2"]
    assert np.diff(day_km2) == pytest.approx(net.to_numpy(), abs=0.2)
    on_grid = [shape for shape in shapes if shape.area * 100 == pytest.approx(round(shape.area * 100))]
    if len(on_grid) == len(shapes):  # nothing is cut
        assert np.diff(day_km2) == pytest.approx(net.to_numpy(), abs=1e-8)


@settings(deadline=None, max_examples=40)
@given(_shape, st.integers(0, 99))
def test_the_same_ground_written_otherwise_has_not_changed_at_all(shape: BaseGeometry, seed: int) -> None:
    series = series_of([shape, rewritten(shape, seed), shape])

    moved = changes(series)

    assert moved["gained"].is_empty.all()
    assert moved["lost"].is_empty.all()
    assert moved[["gained_km2", "lost_km2"]].to_numpy().tolist() == [[0.0, 0.0]] * 2
    first, *others = areas(series)["area_km2"]
    assert others == pytest.approx([first] * 2, rel=1e-13)


@settings(deadline=None, max_examples=40)
@given(_shapes, st.integers(0, 99))
def test_how_polygons_are_written_changes_no_gain(shapes: list[BaseGeometry], seed: int) -> None:
    one = steps(np.array(shapes, dtype=object))
    other = steps(np.array([rewritten(shape, seed + n) for n, shape in enumerate(shapes)], dtype=object))

    for a, b in zip([*one.gained, *one.lost], [*other.gained, *other.lost], strict=True):
        assert apart_km2(a, b) < SMALL_KM2


def test_ground_that_moves_across_a_shared_edge_is_both_lost_and_gained() -> None:
    west, east = shapely.box(35, 51, 35.1, 51.1), shapely.box(35.1, 51, 35.2, 51.1)

    found = steps(np.array([west, east, shapely.union_all([west, east])], dtype=object))

    assert [shape.equals(wanted) for shape, wanted in zip(found.gained, (east, west), strict=True)] == [True, True]
    assert found.lost[0].equals(west)
    assert found.lost[1].is_empty


def test_parts_side_by_side_that_are_not_united_have_no_edge_between_them() -> None:
    halves = shapely.MultiPolygon([shapely.box(35, 51, 35.1, 51.1), shapely.box(35.1, 51, 35.2, 51.1)])
    whole = shapely.box(35, 51, 35.2, 51.1)

    found = steps(np.array([halves, whole, halves], dtype=object))

    assert shapely.is_empty([*found.gained, *found.lost]).all()


def test_an_edge_with_a_new_vertex_on_it_leaves_no_line_in_what_is_gained() -> None:
    before = shapely.box(0, 0, 2, 1)
    after = shapely.Polygon([(0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (0, 1)])  # 2,1 to 0,1 is now 1,1 to 0,1

    found = steps(np.array([before, after], dtype=object))

    assert found.gained[0].equals(shapely.box(1, 1, 2, 2))
    assert len(found.gained[0].geoms) == 1
    assert found.lost[0].is_empty


def test_few_and_no_states() -> None:
    one = series_of([shapely.box(35, 51, 36, 52)])

    assert changes(one).empty
    assert len(areas(one)) == 1
    assert daily(areas(one), changes(one))["gained_km2"].isna().all()


# Areas


@settings(deadline=None, max_examples=40)
@given(_shapes)
def test_areas_by_shared_edges_are_those_of_each_polygon_alone(shapes: list[BaseGeometry]) -> None:
    polygons = np.array(shapes, dtype=object)
    assert areas_km2(polygons) == pytest.approx(geodesic_area_km2(polygons), rel=1e-9)


@pytest.mark.parametrize(
    "bounds",
    [(0, 0, 60, 50), (-170, -60, -20, 40), (35, 60, 120, 89), (10.0, -0.001, 10.002, 0.001)],
)
def test_long_edges_are_geodesics(bounds: tuple[float, float, float, float]) -> None:
    ground = shapely.box(*bounds)
    hole = shapely.affinity.scale(ground, 0.5, 0.5)

    shapes = np.array([ground, ground.difference(hole)], dtype=object)

    assert areas_km2(shapes) == pytest.approx([km2(shape) for shape in shapes], rel=1e-9)


# Gaps


def test_a_splinter_has_no_area_below_nothing() -> None:
    # Three corners in a row for the plane; the geodesics between them enclose ground on the other side.
    splinter = np.array([shapely.Polygon([(35.1, 51.4), (34.8, 51.1), (34.7, 51.0)])])
    assert areas_km2(splinter)[0] == pytest.approx(km2(splinter[0]), rel=1e-9)
    assert areas_km2(splinter)[0] > 1.0


def test_gaps_are_listed_with_their_reason_and_are_never_zero() -> None:
    shape = shapely.box(35, 51, 35.1, 51.1)
    days = [date(2024, 1, n) for n in (1, 2, 5, 8)]
    states = as_states([("a", days[0], days[1], shape), ("a", days[2], days[2], shape), ("b", days[3], days[3], shape)])
    told = ((days[0], days[1]), (days[2], days[2]), (date(2024, 1, 6), date(2024, 1, 6)), (days[3], days[3]))
    series = DrawnSeries("gappy", states, told)

    found = gaps(states, told)
    table = areas(series)

    rows = [(row.layer, str(row.first), str(row.last), row.days, row.why) for row in found.itertuples()]
    assert rows == [
        ("a", "2024-01-03", "2024-01-04", 2, "no map"),
        ("a", "2024-01-06", "2024-01-06", 1, "not drawn or not whole"),
        ("a", "2024-01-07", "2024-01-07", 1, "no map"),
        ("a", "2024-01-08", "2024-01-08", 1, "not drawn or not whole"),
        ("b", "2024-01-01", "2024-01-02", 2, "not drawn or not whole"),
        ("b", "2024-01-03", "2024-01-04", 2, "no map"),
        ("b", "2024-01-05", "2024-01-06", 2, "not drawn or not whole"),
        ("b", "2024-01-07", "2024-01-07", 1, "no map"),
    ]
    by_layer = table.groupby("layer")["area_km2"]
    assert by_layer.apply(lambda values: int(values.isna().sum())).to_dict() == {"a": 5, "b": 7}
    moved = changes(series)
    assert moved[["gap_days", "gained_km2", "lost_km2"]].to_numpy().tolist() == [[2, 0.0, 0.0]]
    assert daily(table, moved)["lost_km2"].notna().sum() == 2  # the day after the first, and the one after the gap


def test_ground_that_is_missing_for_a_day_is_a_gap_not_a_loss_and_a_gain(tmp_path: Path) -> None:
    whole = square(35, 51, 36, 51.5)
    grown, part = square(35, 51, 36.01, 51.5), square(35, 51, 35.6, 51.5)
    rings = [whole, whole, part, part, grown, part, part, part, part]
    texts = {f"m_2024010{n}.geojson": collection(({}, polygon(ring))) for n, ring in enumerate(rings, start=1)}
    path = tmp_path / "m.tar.xz"
    path.write_bytes(tar_xz(texts))

    found = survey([path])

    missing = f"{km2(shapely.Polygon(whole)) - km2(shapely.Polygon(part)):,.0f}"
    assert found.notes == (f"drawn: {missing} km2 are missing from 2024-01-03 to 2024-01-04 only; taken as a gap.",)
    assert found.areas["area_km2"].isna().tolist() == [False] * 2 + [True] * 2 + [False] * 5  # the later loss stays
    assert found.gaps[["days", "why"]].to_numpy().tolist() == [[2, "not drawn or not whole"]]
    assert found.changes["gap_days"].tolist() == [0, 2, 0, 0, 0, 0]
    assert found.changes["lost_km2"].iloc[1] == 0.0
    assert len(read([path]).states) == 9  # a reader leaves out nothing that is drawn


# Agreement


def test_agreement_by_hand_with_gaps_and_a_region() -> None:
    one = series_of([boxes((35.0, 51.0, 35.2, 51.1))] * 3, skip=[1])  # 1, 3, 4 January
    other = series_of([boxes((35.1, 51.0, 35.4, 51.1))] * 4)  # 1 to 4 January

    found = agreement(one, other)
    cut = agreement(one, other, region=shapely.box(35.1, 50, 36, 52), first=date(2024, 1, 3), last=date(2024, 1, 3))

    tenth = km2(shapely.box(35.0, 51.0, 35.1, 51.1))
    assert found["date"].dt.day.tolist() == [1, 2, 3, 4]
    assert found["iou"].tolist() == pytest.approx([0.25, np.nan, 0.25, 0.25], rel=1e-5, nan_ok=True)
    assert found["other_km2"].tolist() == pytest.approx([3 * tenth] * 4, rel=1e-4)
    assert found["only_km2"].tolist() == pytest.approx([tenth, np.nan, tenth, tenth], rel=1e-4, nan_ok=True)
    assert cut[["area_km2", "both_km2", "only_km2"]].to_numpy()[0] == pytest.approx([tenth, tenth, 0.0], rel=1e-4)
    with pytest.raises(DateError, match="--shift-days"):
        agreement(one, series_of([shapely.box(35, 51, 36, 52)], start=date(2023, 1, 1)))


@settings(deadline=None, max_examples=30)
@given(_shape, _shape)
def test_agreement_is_symmetric_and_whole(a: BaseGeometry, b: BaseGeometry) -> None:
    row, turned = (agreement(series_of([x]), series_of([y])).iloc[0] for x, y in ((a, b), (b, a)))

    assert row["iou"] == pytest.approx(turned["iou"])
    assert 0.0 <= row["iou"] <= 1.0
    assert row["only_km2"] == pytest.approx(turned["only_other_km2"])
    assert agreement(series_of([a]), series_of([a]))["iou"].tolist() == pytest.approx([1.0])


# The cache


def an_archive(path: Path, size: int = 12) -> Path:
    rings = {n: square(35, 51, 35.1 + 0.01 * (n % 7), 51.1) for n in range(1, size)}
    texts = {f"m_202401{n:02d}.geojson": collection(({}, polygon(ring))) for n, ring in rings.items()}
    path.write_bytes(tar_xz(texts))
    return path


def everything(path: Path, cache: Path | None) -> list[pd.DataFrame]:
    found = survey([path], cache=cache)
    return [found.areas, found.gaps, pd.DataFrame(found.changes), pd.DataFrame(found.series.states)]


def test_the_cache_gives_back_exactly_what_was_computed(tmp_path: Path) -> None:
    path, folder = an_archive(tmp_path / "m.tar.xz"), tmp_path / "cache"

    without, first, second = (everything(path, cache) for cache in (None, folder, folder))

    for plain, made, kept in zip(without, first, second, strict=True):
        assert same_frames(plain, made)
        assert same_frames(made, kept)
    assert sorted(file.name.split("-")[1] for file in folder.iterdir()) == ["areas", "changes", "series"]


def test_a_second_run_neither_reads_nor_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = an_archive(tmp_path / "m.tar.xz"), tmp_path / "cache"
    everything(path, folder)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("computed again")

    for name in ("surveys.read_files", "series.measure"):
        monkeypatch.setattr(f"frontmap.snapshots.{name}", refuse)
    assert len(everything(path, folder)) == 4


def test_other_content_names_and_options_have_other_keys(tmp_path: Path) -> None:
    path = an_archive(tmp_path / "m.tar.xz")
    key = survey([path]).key
    renamed = an_archive(tmp_path / "n.tar.xz")
    folder = tmp_path / "o"
    folder.mkdir()
    other = an_archive(folder / "m.tar.xz", size=11)

    keys = {key, survey([renamed]).key, survey([other]).key, survey([path], shift_days=1).key}
    keys |= {survey([path], reader="daily").key, survey([path, path]).key}

    assert len(keys) == 6
    assert survey([path]).key == key


@pytest.mark.parametrize("harm", ["empty", "cut", "bit", "swapped", "no parquet"])
@pytest.mark.parametrize("kind", ["areas", "changes", "series"])
def test_a_damaged_cache_is_noticed_and_made_anew(kind: str, harm: str, tmp_path: Path) -> None:
    path, folder = an_archive(tmp_path / "m.tar.xz", size=5), tmp_path / "cache"
    first = everything(path, folder)
    (kept,) = folder.glob(f"*-{kind}-*")
    good = kept.read_bytes()
    (other,) = folder.glob("*-series-*" if kind == "areas" else "*-areas-*")
    middle = len(good) // 2
    kept.write_bytes(
        {
            "empty": b"",
            "cut": good[:middle],
            "bit": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :],
            "swapped": other.read_bytes(),
            "no parquet": b"PAR1 not PAR1",
        }[harm]
    )

    again = survey([path], cache=folder)
    tables = [again.areas, again.gaps, pd.DataFrame(again.changes), pd.DataFrame(again.series.states)]

    assert all(same_frames(one, other) for one, other in zip(first, tables, strict=True))
    assert [note for note in again.notes if "damaged" in note] == [
        f"A damaged file of the cache was made anew: {kept.name}"
    ]
    assert kept.read_bytes() == good
    assert not survey([path], cache=folder).notes


RUN = """
import sys
from frontmap.snapshots import survey
found = survey([sys.argv[1]], cache=sys.argv[2])
assert len(found.areas) == len(found.series.states) == len(found.changes) + 1
assert not found.notes
"""


def test_two_processes_at_once_leave_one_good_cache(tmp_path: Path) -> None:
    path, folder = an_archive(tmp_path / "m.tar.xz", size=20), tmp_path / "cache"
    words = [sys.executable, "-c", RUN, str(path), str(folder)]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate()[1] for process in both]

    assert ([process.returncode for process in both], told) == ([0, 0], [b"", b""])
    assert sorted(file.name.split("-")[1] for file in folder.iterdir()) == ["areas", "changes", "series"]
    for kept, made in zip(everything(path, folder), everything(path, None), strict=True):
        assert same_frames(kept, made)


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    path, blocked = an_archive(tmp_path / "m.tar.xz", size=4), tmp_path / "file"
    blocked.write_text("")

    found = survey([path], cache=blocked / "cache")

    assert len(found.areas) == 3
    assert "Nothing was kept in the cache" in found.notes[-1]


def test_the_kept_files_are_geoparquet_that_others_read(tmp_path: Path) -> None:
    path, folder = an_archive(tmp_path / "m.tar.xz", size=4), tmp_path / "cache"
    found = survey([path], cache=folder)
    states, moved = found.series.states, found.changes

    (series,), (kept,) = folder.glob("*-series-*"), folder.glob("*-changes-*")
    frame = gpd.read_parquet(series)
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_string() == "OGC:CRS84"
    assert frame.geometry.geom_equals_exact(states.geometry.set_crs(frame.crs, allow_override=True), 0.0).all()
    assert gpd.read_parquet(kept)["lost"].to_wkb().tolist() == moved["lost"].to_wkb().tolist()
    assert "kind" not in pq.read_table(series).column_names


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(_shape, st.floats(allow_nan=True), st.dates(), st.text()), max_size=4))
def test_packing_is_undone_to_the_bit(rows: list[tuple[BaseGeometry, float, date, str]]) -> None:
    rows = [row for row in rows if max(row[3], default="") < "\ud800" or max(row[3]) > "\udfff"]
    table = pd.DataFrame(
        {
            "geometry": np.array([*(row[0] for row in rows), None], dtype=object)[:-1],
            "value": np.array([row[1] for row in rows], dtype=np.float64),
            "day": [row[2] for row in rows],
            "text": [row[3] for row in rows],
        }
    )

    data = packed(table, {"notes": ["ß"]})
    again, about = unpacked(data)

    assert about == {"notes": ["ß"]}
    assert data == packed(table, {"notes": ["ß"]})
    if rows:
        assert same_frames(table, again)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "frontmap"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert default_folder() == tmp_path / "local" / "frontmap"
    monkeypatch.delenv("LOCALAPPDATA")
    assert default_folder().name == "frontmap"
    assert content_key([]) == content_key([])
    assert Cache(None).through("k", "t", lambda: (pd.DataFrame({"a": [1]}), {}))[0]["a"].tolist() == [1]


# The real files


@has_external
def test_the_real_daily_series_has_its_gaps_and_days_without_change() -> None:
    found = survey([EXTERNAL / "deepstate_daily.tar.xz"])
    states = found.series.states

    assert len(states) == 769
    assert (str(found.series.first), str(found.series.last)) == ("2024-07-07", "2026-08-21")  # file D shows D-1
    assert found.gaps["days"].sum() == 7
    moved = found.changes
    still = (moved["gained_km2"] == 0.0) & (moved["lost_km2"] == 0.0)
    assert still.sum() == 113
    for n in range(0, 768, 96):
        before, after = states.geometry.iloc[n], states.geometry.iloc[n + 1]
        assert apart_km2(moved["gained"].iloc[n], after.difference(before)) < SMALL_KM2
        assert apart_km2(moved["lost"].iloc[n], before.difference(after)) < SMALL_KM2
        assert found.areas["area_km2"].dropna().iloc[n] == pytest.approx(km2(before), rel=1e-9)


@has_external
def test_two_real_maps_of_one_day_differ_as_they_are_known_to() -> None:
    samples = EXTERNAL / "raw_samples"
    owl = read([samples / "owl_mapdata_20240906.json"], shift_days=0).single(["held-abroad"])
    deepstate = read([samples / "deepstate_api_2024-09-06_1725654859.geojson"]).single(["held-abroad"])

    (row,) = agreement(owl, deepstate).to_dict("records")

    assert 0.6 < row["iou"] < 0.9  # the median over known pairs and days is 0.74
    assert row["both_km2"] + row["only_km2"] == pytest.approx(row["area_km2"])
