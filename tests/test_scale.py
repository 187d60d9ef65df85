"""Work spread over processes and clusters: the same results, ended workers survived, and clear words where it fails."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

import frontmap as fm
import frontmap.errors
from frontmap import spread as spreading
from frontmap.cli import app
from frontmap.ensembles import assess_many
from frontmap.errors import FrontmapError, TableError, TheatreError, TooLargeError, WorkersError
from frontmap.estimate import room
from frontmap.estimate.paths import Lattice, PathStore
from frontmap.spread import spread
from tests.tasks import EndsItsProcessOnce, ends_its_process, held_at_the_end, refuses, square
from tests.theatres import TOML, report, some_reports, write_theatre

SMALL = TOML + "\n[estimate]\ndraws = 30\nmesh_km = 3.0\n"
local_cluster = import_module("distributed").LocalCluster
SQUARES = [n * n for n in range(7)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two worker processes and a scheduler on this machine."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "host": "127.0.0.1"}
    with local_cluster(**settings, silence_logs="CRITICAL") as made:
        yield made


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [*some_reports(), report("u2", "sl-elm", "AA", "controlled", "2024-01-14")]
    return write_theatre(tmp_path_factory.mktemp("theatres") / "tiny", reports=rows, toml=SMALL)


# Spreading


def test_results_are_the_same_here_in_a_pool_and_on_a_cluster(cluster: LocalCluster) -> None:
    assert list(spread(square, range(7))) == SQUARES
    assert list(spread(square, range(7), workers=2, chunk=3)) == SQUARES
    assert list(spread(square, range(7), scheduler=cluster)) == SQUARES
    assert list(spread(square, range(7), scheduler=cluster.scheduler_address, chunk=2)) == SQUARES
    assert list(spread(square, [], workers=2)) == []


def test_an_ended_worker_is_survived(cluster: LocalCluster, tmp_path: Path) -> None:
    for workers, scheduler in ((2, None), (1, cluster)):
        mark = tmp_path / f"mark {workers}"
        assert list(spread(EndsItsProcessOnce(mark), range(7), workers=workers, scheduler=scheduler)) == SQUARES
        assert mark.exists()


def test_work_that_ends_every_worker_is_given_up(cluster: LocalCluster) -> None:
    with pytest.raises(WorkersError, match=r"workers that finish their work, found 4 pools.* next: free memory"):
        list(spread(ends_its_process, range(3), workers=2))
    with pytest.raises(WorkersError, match=r"(?s)ended several: .*; next: give each worker more memory"):
        list(spread(ends_its_process, range(3), scheduler=cluster))


def test_errors_of_the_work_arrive_as_they_were(cluster: LocalCluster) -> None:
    told = "1 problem found:\n  reports.csv row 0: expected a day, found 'soon'; next: write a day"
    for workers, scheduler in ((2, None), (1, cluster)):
        with pytest.raises(TableError) as caught:
            list(spread(refuses, range(1), workers=workers, scheduler=scheduler))
        assert str(caught.value) == told
        assert caught.value.problems[0].next_step == "write a day"


@pytest.mark.parametrize("name", frontmap.errors.__all__)
def test_every_error_can_be_sent(name: str) -> None:
    kind = getattr(frontmap.errors, name)
    if not issubclass(kind, FrontmapError):
        return
    made = {
        "PlaceNotFoundError": lambda: kind("Nowhere"),
        "AmbiguousPlaceError": lambda: kind("Twice", elsewhere="one without a row"),
        "TableError": lambda: kind([frontmap.errors.Problem("f.csv", 2, "a", "b", "c")]),
        "TheatreError": lambda: kind([frontmap.errors.Problem("f.csv", 2, "a", "b", "c")]),
    }.get(name, lambda: kind("expected a, found b; next: c"))()
    sent = pickle.loads(pickle.dumps(made))
    assert (type(sent), str(sent), vars(sent)) == (kind, str(made), vars(made))


def test_a_function_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(WorkersError, match=r"can be pickled.*next: define it in a module"):
        list(spread(lambda n: n, range(2), workers=2))


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "_ANSWER_S", 1)
    with pytest.raises(
        WorkersError, match=r"scheduler at tcp://127.0.0.1:1, found: .*next: start one with `dask scheduler`"
    ):
        list(spread(square, [1], scheduler="tcp://127.0.0.1:1"))
    with pytest.raises(WorkersError, match=r"scheduler at nonsense, found: .*port.*next"):
        list(spread(square, [1], scheduler="nonsense"))


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "_ANSWER_S", 5)
    settings = {"n_workers": 0, "dashboard_address": ":0", "host": "127.0.0.1"}
    with (
        local_cluster(**settings, silence_logs="CRITICAL") as empty,
        pytest.raises(WorkersError, match=r"found none for 5 s; next: start some with `dask worker \S+ --nthreads 1`"),
    ):
        list(spread(square, [1], scheduler=empty))


def test_without_the_extra_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "find_spec", lambda name: None)
    with pytest.raises(WorkersError, match=r"pip install 'frontmap\[scale\]'"):
        list(spread(square, [1], scheduler="tcp://127.0.0.1:1"))


def test_other_versions_on_the_workers_are_refused(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = spreading._versions()
    assert mine["numpy"] == np.__version__
    with pytest.raises(WorkersError, match=r"numpy 0\.1, found on a worker numpy \d"):
        spreading._checked(mine | {"numpy": "0.1"}, b"", [])
    monkeypatch.setattr(spreading, "_versions", lambda: mine | {"frontmap": "99"})
    with pytest.raises(
        WorkersError, match=r"every worker frontmap 99, found on tcp://127\S+ frontmap 0.*next: install"
    ):
        list(spread(square, [1], scheduler=cluster))


# Ensembles


def test_an_ensemble_is_the_same_wherever_it_is_made(tiny: Path, cluster: LocalCluster) -> None:
    theatre = fm.load(tiny)
    settings: list[dict[str, object]] = [{"length_km": 6.0}, {"length_km": 12.0, "seed": 1}, {}]

    here = assess_many(theatre, settings)

    assert list(here.columns[:3]) == ["theatre", "length_km", "seed"]
    assert here[["length_km", "seed"]].drop_duplicates().to_numpy().tolist() == [[6.0, 0], [12.0, 1], [10.0, 0]]
    for workers, scheduler in ((2, None), (1, cluster)):
        there = assess_many(theatre, settings, workers=workers, scheduler=scheduler)
        pd.testing.assert_frame_equal(there, here, check_exact=True)
    alone = fm.assess(replace(theatre, estimate=replace(theatre.estimate, length_km=12.0, seed=1)), policy="estimate")
    expected = alone.areas()
    expected = expected[expected["date"] == alone.days[-1]].reset_index(drop=True)
    found = here[here["length_km"] == 12.0].drop(columns=["theatre", "length_km", "seed"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_several_theatres_and_a_summary_of_ones_own(tiny: Path) -> None:
    theatre = fm.load(tiny)
    other = replace(theatre, name="other", reports=theatre.reports.iloc[:1])

    table = assess_many([theatre, other], summary=held_at_the_end, policy="assessed")

    assert table.columns.tolist() == ["theatre", "party", "area_km2"]
    frame_km2 = fm.assess(theatre, policy="assessed").cells["area_km2"].sum()
    assert table.groupby("theatre", sort=False)["area_km2"].sum().to_dict() == {
        "tiny": pytest.approx(frame_km2),
        "other": pytest.approx(frame_km2),
    }


def test_wrong_settings_are_told_before_anything_is_assessed(tiny: Path) -> None:
    theatre = fm.load(tiny)
    with pytest.raises(TheatreError, match=r"length_km of \[estimate\] as a number from 1 to 200"):
        assess_many(theatre, [{"length_km": 5.0}, {"length_km": -1.0}])
    with pytest.raises(FrontmapError, match=r"at least one theatre and one setting"):
        assess_many([], [{}])


def test_entries_of_a_table_of_settings_change_one_by_one(tiny: Path) -> None:
    theatre = fm.load(tiny)
    own = replace(theatre.estimate, wrong_by_letter=dict(theatre.estimate.wrong_by_letter) | {"A": 0.2})
    table = assess_many(
        replace(theatre, estimate=own), [{"wrong_by_letter": {"B": 0.3}}], summary=held_at_the_end, policy="assessed"
    )
    assert table["wrong_by_letter"].iloc[0].startswith("A=0.2, B=0.3, C=0.11")


# The command


def test_validate_gives_the_same_on_a_cluster(
    tiny: Path, cluster: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["validate", "--theatre", str(tiny), "--policy", "assessed", "--only", "as-of", "--from", "2024-01-04"]
    told = []
    for more in ([], ["--scheduler", cluster.scheduler_address]):
        with pytest.raises(SystemExit) as stop:
            app([*words, *more, "--json"])
        assert stop.value.code == 0
        told.append(json.loads(capsys.readouterr().out) | {"seconds": 0})
    assert told[0] == told[1]
    assert told[0]["revisions"]


def test_workers_and_a_scheduler_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        app(["validate", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"])
    assert stop.value.code == 2
    assert "--scheduler" in capsys.readouterr().err


# Room


def test_what_does_not_fit_into_memory_is_refused_before_it_is_made(
    kursk: fm.Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "memory_bytes", lambda: 2**30)
    fine = replace(kursk, estimate=replace(kursk.estimate, mesh_km=0.1))
    with pytest.raises(
        TooLargeError, match=r"at most 1 GiB .* found a mesh of up to [\d,]+ cells .* GiB; next: raise mesh_km"
    ):
        fm.assess(fine, policy="estimate")
    wide = Lattice(0, 0, 0, 400, 400, 40, 0.3, 0.5)
    with pytest.raises(
        TooLargeError, match=r"a lattice of 402 by 402 points at 42 times.*raise length_days or length_km"
    ):
        PathStore().paths(wide, name="B A", seed=0, chunk=0)


def test_room_is_a_share_of_the_memory_or_a_fixed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2**28 < room.memory_bytes() < 2**45
    monkeypatch.delattr("os.sysconf")
    assert room.memory_bytes() == 12 * 2**30
    room.require_room(2**30, "little", "nothing")
