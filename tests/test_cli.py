"""The commands say what the library computes, to people and to programs, and tell bad input clearly."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import frontmap as fm
from frontmap.cli import app
from frontmap.cli.printing import print_csv, print_json, print_lines, print_table, progress
from tests.theatres import place, report, six_places, some_reports, write_theatre

COMMANDS = ("brief", "areas", "change", "claims", "explain", "places", "check", "uncertainty", "validate")
RULE = ("--policy", "assessed")
ARGUMENTS = {"brief": ["--no-sheets"], "explain": ["Birch"], "validate": ["--only", "as-of"]}
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Said(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


Say = Callable[..., Said]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Give a function that runs a command line in this process."""

    def run(*words: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            app([str(word) for word in words])
        assert isinstance(stop.value.code, int)
        return Said(stop.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_theatre(tmp_path_factory.mktemp("theatres") / "tiny")


@pytest.fixture(autouse=True, scope="module")
def read_once() -> Iterator[None]:
    """Read each sound theatre once for all tests here; reading is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("frontmap.theatre.load", cache(fm.load))
        yield


# What commands say


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_every_command_takes_every_shared_option(
    say: Say, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shared = ["--theatre", tiny, "--policy", "majority", "--as-of", "2024-01-22"]
    shared += ["--from", "2024-01-03", "--to", "2024-01-21"]

    said = say(command, *ARGUMENTS.get(command, []), *shared, form)

    assert (said.code, said.err) == (0, "")
    if form == "--json":
        document = json.loads(said.out)
        assert document["theatre"] == str(tiny)
        assert said.out.isascii()
    else:
        header, *rows = csv.reader(io.StringIO(said.out))
        assert {len(row) for row in rows} <= {len(header)}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_shared_option_and_an_example(say: Say, command: str) -> None:
    said = say(command, "--help")

    assert said.code == 0
    for option in ("--theatre", "--policy", "--as-of", "--from", "--to", "--json", "--csv"):
        assert option in said.out
    assert f"Example: frontmap {command}" in said.out


def test_version(say: Say) -> None:
    assert say("--version") == (0, f"frontmap {fm.__version__}\n", "")


def test_brief_prints_a_short_table_and_where_the_files_are(say: Say, tiny: Path, tmp_path: Path) -> None:
    said = say("brief", "--no-sheets", "--theatre", tiny, *RULE, "--out", tmp_path / "out")

    # AA takes Birch on 5 January and leaves it on the 20th; it holds nothing else across the border.
    history = fm.assess(fm.load(tiny), policy="assessed")
    birch = f"{history.area_on('2024-01-08', 'AA', side='NL').best:,.0f}"
    shown = re.findall(r"^(2024-\S+) +(\S+)", said.out, flags=re.MULTILINE)
    assert [held for _, held in shown] == ["0", birch, birch, "0", "0"]
    assert [shown[0][0], shown[-1][0]] == ["2024-01-01", "2024-01-31"]
    assert history.interval_label in said.out
    for name in ("briefing.html", "areas.csv", "changes.csv", "claims.csv", "zones.gpkg", "zones.geojson"):
        assert (tmp_path / "out" / name).stat().st_size > 0
        assert str(tmp_path / "out" / name) in said.out


def test_brief_without_the_extra_says_what_to_install(
    say: Say, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontmap.sheets.find_spec", lambda name: None)
    said = say("brief", "--theatre", tiny, *RULE, "--out", tmp_path / "out")
    assert said.code == 0
    assert said.err.splitlines() == [
        'Left out: maps, chart, document, slides, timeline; to have them: pip install "frontmap[print]"'
    ]
    assert (tmp_path / "out" / "briefing.html").is_file()
    assert not list((tmp_path / "out").glob("map-*"))


def test_brief_of_some_days_tells_only_these(say: Say, tiny: Path, tmp_path: Path) -> None:
    days = ("--from", "2024-01-04", "--to", "2024-01-25")
    whole = say("areas", "--theatre", tiny, "--csv").rows()

    said = say("brief", "--no-sheets", "--theatre", tiny, "--out", tmp_path / "out", *days, "--json")

    assert json.loads(said.out)["areas"][0]["date"] == "2024-01-04"
    with (tmp_path / "out" / "areas.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [row for row in whole if "2024-01-04" <= row["date"] <= "2024-01-25"]
    claims = (tmp_path / "out" / "claims.csv").read_text()
    assert "k1," in claims
    assert "k2," not in claims  # a share of what was held before
    assert "k3," not in claims  # about no day


def test_areas_for_programs_are_those_of_the_library(say: Say, tiny: Path) -> None:
    said = say("areas", "--theatre", tiny, *RULE, "--json", "--from", "2024-01-08", "--to", "2024-01-09")

    document = json.loads(said.out)
    table = fm.assess(fm.load(tiny), policy="assessed").areas()
    table = table[table["date"].dt.day.isin([8, 9])]
    assert [row["area_km2"] for row in document["rows"]] == table["area_km2"].tolist()
    assert {row["date"] for row in document["rows"]} == {"2024-01-08", "2024-01-09"}
    assert document["interval"].startswith("spread over policies")


def test_areas_for_people_show_the_days_of_change(say: Say, tiny: Path) -> None:
    said = say("areas", "--theatre", tiny, *RULE)

    shown = re.findall(r"^2024-\S+", said.out, flags=re.MULTILINE)
    assert shown[:3] == ["2024-01-01", "2024-01-04", "2024-01-05"]
    assert len(shown) < 10
    assert "AA on NL side" in said.out
    assert "unknown" not in said.out


def test_change_adds_up(say: Say, tiny: Path) -> None:
    days = ("--from", "2024-01-01", "--to", "2024-01-10")
    rows = say("change", "--theatre", tiny, *days, "--by", "district", "--csv").rows()

    assert {row["district"] for row in rows} == {"Low District", "High District"}
    for row in rows:
        assert float(row["gained_km2"]) - float(row["lost_km2"]) == pytest.approx(float(row["net_km2"]), abs=1e-5)
    taken = [row for row in rows if row["party"] == "AA" and float(row["gained_km2"]) > 0]
    assert [(row["side"], row["district"]) for row in taken] == [("NL", "High District")]


def test_change_between_quiet_days_says_so(say: Say, tiny: Path) -> None:
    said = say("change", "--theatre", tiny, *RULE, "--from", "2024-01-01", "--to", "2024-01-02")

    assert "Nothing that was reported changed hands" in said.out


def test_claims_of_chosen_days(say: Say, tiny: Path) -> None:
    everything = say("claims", "--theatre", tiny, "--csv").rows()
    chosen = say("claims", "--theatre", tiny, "--csv", "--to", "2024-01-15").rows()

    assert [row["claim_id"] for row in everything] == ["k1", "k2", "k3"]
    assert [row["claim_id"] for row in chosen] == ["k1"]
    for_people = say("claims", "--theatre", tiny).out
    assert {row["verdict"] for row in everything} <= set(re.findall(r"within|above|below|not comparable", for_people))


def test_explain_tells_state_rule_and_reports_with_days_and_addresses(say: Say, tiny: Path) -> None:
    said = say("explain", "Берёза", "--day", "2024-01-05", "--theatre", tiny, *RULE)

    assert "Birch (High District, North Region) on 2024-01-05: AA" in said.out
    assert "Rule: " in said.out
    assert re.search(r"Deciding reports \(1\)\n  t2  2024-01-05  .*\n +published 2024-01-05  https://\S+/t2", said.out)


def test_explain_the_bundled_place_of_the_readme(say: Say) -> None:
    said = say("explain", "Berdin", "--day", "2025-01-06", "--json")

    (row,) = json.loads(said.out)["rows"]
    assert row["place_id"].startswith("ru-kursk-berdin")
    assert row["day"] == "2025-01-06"
    assert row["rule"]
    addresses = [report["source_url"] for role in ("deciding", "losing", "noted") for report in row[role]]
    assert addresses
    assert all(address.startswith("http") for address in addresses)


def test_explain_a_period_tells_every_state_in_it(say: Say, tiny: Path) -> None:
    said = say("explain", "Birch", "--theatre", tiny, *RULE, "--json", "--from", "2024-01-03", "--to", "2024-01-19")
    rows = say(
        "explain", "Birch", "--theatre", tiny, *RULE, "--csv", "--from", "2024-01-03", "--to", "2024-01-19"
    ).rows()

    found = [(row["day"], row["state"]) for row in json.loads(said.out)["rows"]]
    assert found == [("2024-01-03", "BB"), ("2024-01-04", "contested"), ("2024-01-05", "AA")]
    assert [(row["role"], row["report_id"]) for row in rows][:2] == [("deciding", "t1"), ("deciding", "t2")]


def test_as_of_leaves_out_what_was_published_later(say: Say, tiny: Path) -> None:
    known = say("explain", "Birch", "--theatre", tiny, "--day", "2024-01-04", "--as-of", "2024-01-04").out

    assert "as known on 2024-01-04" in known
    assert "t2" not in known
    assert say("explain", "Birch", "--theatre", tiny, "--day", "2024-01-05", "--as-of", "2024-01-04").code == 2


def test_a_homonym_is_settled_by_its_district(say: Say, tiny: Path) -> None:
    asked = say("explain", "Oak", "--theatre", tiny)
    settled = say("places", "Oak", "--district", "High", "--theatre", tiny, "--csv")

    assert asked.code == 2
    assert "nl-oak" in asked.err
    assert "sl-oak" in asked.err
    assert "district" in asked.err
    assert [row["place_id"] for row in settled.rows()] == ["nl-oak"]


def test_places_lists_counts_and_states(say: Say, tiny: Path) -> None:
    everything = say("places", "--theatre", tiny, "--csv").rows()
    then = say("places", "--theatre", tiny, "--csv", *RULE, "--to", "2024-01-05", "--as-of", "2024-01-05").rows()
    low = say("places", "--theatre", tiny, "--csv", "--district", "low").rows()

    # Counted by hand in the table of reports.
    assert {row["place_id"]: row["reports"] for row in everything if row["reports"] != "0"} == {
        "nl-birch": "5",
        "nl-oak": "2",
        "nl-pine": "1",
    }
    assert "state" not in everything[0]
    assert {row["place_id"]: (row["reports"], row["state"]) for row in then}["nl-birch"] == ("2", "AA")
    assert [row["name"] for row in low] == ["Ash", "Elm", "Oak"]
    assert "Birch  Берёза" in say("places", "--theatre", tiny).out


def test_check_of_a_sound_theatre_counts_what_it_holds(say: Say, tiny: Path) -> None:
    said = say("check", tiny)

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [f"{tiny}: no problems", "6 places, 8 reports, 3 origins, 3 claims"]
    assert json.loads(say("check", tiny, "--json").out)["problems"] == []


# Bad input


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    reports = [
        *some_reports(),
        report("t9", "nl-birch", "AA", "occupied", "2024-01-09"),
        report("t10", "nl-beech", "AA", "claimed", "2024-02-31"),
    ]
    places = [*six_places(), place("nl-far", "Far", 51.2, 35.1, lat="510")]
    return write_theatre(tmp_path / "broken", reports=reports, places=places)


def test_check_prints_all_problems_at_once(say: Say, broken: Path) -> None:
    said = say("check", broken)

    assert said.code == 2
    told = [
        line for line in said.out.splitlines() if re.match(r"\w+\.csv row \d+: expected .*, found .*; next: ", line)
    ]
    assert {line.split(":")[0] for line in told} == {"places.csv row 8", "reports.csv row 10", "reports.csv row 11"}
    assert said.out.splitlines()[-1] == f"{broken}: {len(told)} problems"
    for word in ("'510'", "'occupied'", "'nl-beech'", "'2024-02-31'"):
        assert word in said.out


def test_check_tells_programs_the_same(say: Say, broken: Path) -> None:
    as_json, as_csv = say("check", broken, "--json"), say("check", "--theatre", broken, "--csv")

    assert (as_json.code, as_csv.code) == (2, 2)
    problems = json.loads(as_json.out)["problems"]
    assert [(row["file"], str(row["row"])) for row in problems] == [(row["file"], row["row"]) for row in as_csv.rows()]
    assert list(problems[0]) == ["file", "row", "expected", "found", "next_step"]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "check"])
def test_a_broken_table_gives_no_answer_and_no_briefing(
    say: Say, broken: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(broken.parent)

    said = say(command, *ARGUMENTS.get(command, []), "--theatre", broken)

    assert (said.code, said.out) == (2, "")
    assert "reports.csv row 10: expected" in said.err
    assert not (broken.parent / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["areas", "--from", "2024-02-31"], "--from: expected a day .*'2024-02-31'.* has 29 days"),
        (["areas", "--to", "tomorrow"], "--to: expected a day .* 'tomorrow'"),
        (["areas", "--from", "2024-01-09", "--to", "2024-01-08"], "--from 2024-01-09 lies after --to 2024-01-08"),
        (["change", "--to", "2030-01-01"], "--to: expected a day from 2024-01-01 to 2024-01-31, found 2030-01-01"),
        (["explain", "Birch", "--day", "2023-01-01"], "--day: expected a day from 2024-01-01"),
        (["areas", "--as-of", "2023-01-01"], "as-of: expected a day from 2024-01-01 on"),
        (["areas", "--as-of", "01.02.2024"], "--as-of: expected a day .*'01.02.2024'"),
        (["areas", "--policy", "guess"], "expected a policy"),
        (["areas", "--policy", "claimed-by:CC"], "AA, BB"),
        (["explain", "Atlantis"], "no place is called 'Atlantis'; nearest: "),
        (["explain", "Birch", "--district", "Low"], "Birch"),
        (["places", "?!"], "letters"),
        (["areas", "--json", "--csv"], "--json and --csv exclude each other"),
        (["change", "--by", "planet"], "'planet' is not one of 'district', 'region'"),
        (["explain"], "Missing argument"),
        (["areas", "--colour"], "No such option"),
    ],
)
def test_bad_input_is_told_and_ends_with_2(say: Say, tiny: Path, words: list[str], message: str) -> None:
    said = say(*words, "--theatre", tiny)

    assert (said.code, said.out) == (2, "")
    assert re.search(message, said.err), said.err
    assert "Traceback" not in said.err


def test_unknown_theatre_and_unknown_command(say: Say, tmp_path: Path) -> None:
    nowhere, typed = say("areas", "--theatre", tmp_path / "nowhere"), say("area")

    assert (nowhere.code, nowhere.out) == (2, "")
    assert "nowhere: expected a folder, or the name of a bundled theatre (kursk)" in nowhere.err
    assert typed.code == 2


def test_a_folder_that_cannot_be_written_to(say: Say, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    said = say("brief", "--no-sheets", "--theatre", tiny, "--out", tmp_path / "out" / "tiny")

    assert said.code == 2
    assert "cannot write" in said.err
    assert (tmp_path / "out").read_text() == "a file"


# Hostile text


HOSTILE = "[red]Ivy[/red] {{ 7*7 }} ; rm"


def test_text_from_tables_neither_poses_as_markup_nor_runs_as_a_formula(say: Say, tmp_path: Path) -> None:
    rows = [*six_places(), place("nl-ivy", HOSTILE, 51.21, 35.13)]
    reports = [report("t9", "nl-ivy", "AA", "claimed", "2024-01-09", note="=cmd|' /C calc'!A0 [bold]")]
    theatre = write_theatre(tmp_path / "hostile", places=rows, reports=reports)

    assert HOSTILE in say("places", "--theatre", theatre).out
    assert "[bold]" in say("explain", "nl-ivy", "--day", "2024-01-09", "--theatre", theatre).out
    (row,) = say("explain", "nl-ivy", "--day", "2024-01-09", "--theatre", theatre, "--csv").rows()
    assert row["note"] == "'=cmd|' /C calc'!A0 [bold]"


SIGNS = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202e \u2066 \x08 \x00 \u2028"


def test_no_sign_that_steers_a_terminal_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({f"name{SIGNS}": [f"one{SIGNS}\ntwo"]})

    print_table(table, f"title{SIGNS}\nsecond")
    print_lines(f"line{SIGNS}\nsecond")
    printed = capsys.readouterr().out
    assert not STEERING.search(printed)
    assert [line.split()[0] for line in printed.splitlines() if line] == [
        "title]0;owned",
        "name]0;owned",
        "one]0;owned",
        "line]0;owned",
    ]

    print_csv(table)
    print_json({"rows": table})
    assert not STEERING.search(capsys.readouterr().out)


def test_no_message_steers_a_terminal(say: Say, tmp_path: Path) -> None:
    theatre = write_theatre(tmp_path / "steering", replace={"theatre.toml": f"title = '{SIGNS}'"})

    for words in (["check", theatre], ["areas", "--theatre", theatre], ["areas", "--theatre", SIGNS[:-6]]):
        said = say(*words)
        assert said.code == 2
        assert not STEERING.search(said.out + said.err)


# A process of its own


def test_a_stream_that_knows_no_cyrillic_is_no_reason_to_fail(tiny: Path) -> None:
    command = [sys.executable, "-c", "from frontmap.cli import app; app()", "places", "Берёза", "--theatre", str(tiny)]

    run = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "latin-1"})

    assert (run.returncode, run.stderr) == (0, b"")
    assert rb"\u0411" in run.stdout


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, plain = Terminal(), io.StringIO()
    for stream in (terminal, plain):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress("Reading [red]\x1b[2J") as tell:
            tell("tables")

    assert "Reading [red][2J: tables ..." in terminal.getvalue()
    assert plain.getvalue() == ""
