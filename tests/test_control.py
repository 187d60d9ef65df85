"""Policies by rule: hand-made cases with the states a reader would write down, and laws that hold for any reports."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontmap.control import SPELL_COLUMNS, policy_names, policy_rule, spells, spells_by_rule
from frontmap.errors import DateError, FrontmapError, PolicyError

START, END = date(2024, 1, 1), date(2024, 3, 31)
HOME = pd.Series({"oak": "BB", "elm": "BB"})


Row = tuple[str, str, str, str, dict[str, object]]


def reports(*rows: Row) -> pd.DataFrame:
    """Build reports on `oak` from (day, origin side, party, status, changes); r1, r2, ... in order."""
    records = []
    for n, (day, side, party, status, changes) in enumerate(rows, start=1):
        record: dict[str, object] = {
            "report_id": f"r{n}",
            "place_id": "oak",
            "party": party,
            "status": status,
            "event_date": day,
            "published_date": day,
            "proximity": "in",
            "implied": False,
            "origin": f"{side} voice",
            "origin_side": side,
        }
        records.append(record | changes)
    frame = pd.DataFrame(records, columns=list(records[0]) if records else _COLUMNS)
    for column in ("event_date", "published_date"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
    return frame


_COLUMNS = [
    "report_id",
    "place_id",
    "party",
    "status",
    "event_date",
    "published_date",
    "proximity",
    "implied",
    "origin",
    "origin_side",
]


def chain(frame: pd.DataFrame, policy: str = "assessed", as_of: str | None = None) -> list[tuple[str, str]]:
    """Return (first day, state) of the spells of `oak`."""
    made = run(frame, policy, as_of)
    own = made[made["place_id"] == "oak"]
    return [(f"{day:%m-%d}", state) for day, state in zip(own["valid_from"], own["state"], strict=True)]


def run(frame: pd.DataFrame, policy: str = "assessed", as_of: str | None = None) -> pd.DataFrame:
    return spells(frame, HOME, party_ids=["AA", "BB"], policy=policy, start=START, end=END, as_of=as_of)


def test_no_report_leaves_the_home_party() -> None:
    assert chain(reports()) == [("01-01", "BB")]


def test_concession_outranks_assertion_on_one_day() -> None:
    frame = reports(("2024-01-05", "BB", "AA", "controlled", {}), ("2024-01-05", "BB", "BB", "controlled", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "AA")]
    spell = run(frame).query("place_id == 'oak' and state == 'AA'").iloc[0]
    assert (spell["deciding"], spell["losing"]) == (("r1",), ("r2",))


def test_concession_outranks_an_independent_assessment() -> None:
    frame = reports(("2024-01-05", "BB", "AA", "controlled", {}), ("2024-01-05", "independent", "BB", "controlled", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "AA")]


def test_equal_ranks_that_disagree_are_contested() -> None:
    frame = reports(
        ("2024-01-05", "independent", "AA", "controlled", {}),
        ("2024-01-05", "independent", "BB", "controlled", {"origin": "another voice"}),
    )
    assert chain(frame)[:2] == [("01-01", "BB"), ("01-05", "contested")]


def test_own_assertion_is_contested_for_a_week_then_settles() -> None:
    frame = reports(("2024-01-05", "AA", "AA", "claimed", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("01-12", "AA")]


def test_denied_assertion_settles_for_the_one_who_denied_it_last() -> None:
    frame = reports(("2024-01-05", "AA", "AA", "claimed", {}), ("2024-01-07", "BB", "BB", "controlled", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("01-14", "BB")]


def test_contradicted_assertion_lapses_to_the_last_holder() -> None:
    frame = reports(("2024-01-05", "AA", "AA", "claimed", {}), ("2024-01-12", "independent", "AA", "contested", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("02-11", "BB")]


def test_assertion_borne_out_settles_at_once() -> None:
    frame = reports(("2024-01-05", "AA", "AA", "claimed", {}), ("2024-01-08", "independent", "AA", "controlled", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("01-08", "AA")]


@pytest.mark.parametrize("weak", [{"proximity": "near"}, {"implied": True}])
@pytest.mark.parametrize("policy", ["assessed", "majority", "claimed-by:BB"])
def test_near_or_implied_statements_never_decide_alone(weak: dict[str, object], policy: str) -> None:
    frame = reports(("2024-01-05", "BB", "AA", "controlled", weak))
    assert chain(frame, policy) == [("01-01", "BB")]
    assert run(frame, policy).query("place_id == 'oak'")["losing"].iloc[0] == ("r1",)


def test_near_statement_bears_out_a_pending_assertion() -> None:
    frame = reports(
        ("2024-01-05", "AA", "AA", "claimed", {}),
        ("2024-01-07", "independent", "AA", "controlled", {"proximity": "near"}),
    )
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("01-07", "AA")]
    assert run(frame).iloc[-1]["deciding"] == ("r1", "r2")


@pytest.mark.parametrize("policy", ["assessed", "majority", "claimed-by:AA", "claimed-by:BB"])
def test_assaults_never_decide(policy: str) -> None:
    frame = reports(("2024-01-05", "BB", "AA", "assault", {}), ("2024-01-06", "AA", "AA", "assault", {}))
    assert chain(frame, policy) == [("01-01", "BB")]


def test_withdrawal_conceded_gives_the_place_to_the_other_party() -> None:
    frame = reports(
        ("2024-01-05", "BB", "AA", "controlled", {}),
        ("2024-02-05", "AA", "AA", "withdrawn", {}),
    )
    assert chain(frame) == [("01-01", "BB"), ("01-05", "AA"), ("02-05", "BB")]


def test_withdrawal_with_three_parties_is_unknown() -> None:
    made = spells(
        reports(("2024-01-05", "BB", "BB", "withdrawn", {})),
        HOME,
        party_ids=["AA", "BB", "CC"],
        policy="assessed",
        start=START,
        end=END,
    )
    assert made.query("place_id == 'oak'")["state"].tolist() == ["BB", "unknown"]


def test_fighting_lapses_after_thirty_silent_days() -> None:
    frame = reports(
        ("2024-01-05", "independent", "AA", "contested", {}), ("2024-01-20", "independent", "AA", "contested", {})
    )
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("02-19", "BB")]


def test_relays_of_one_statement_are_one_vote() -> None:
    relayed: list[Row] = [("2024-01-05", "AA", "AA", "claimed", {}) for _ in range(5)]
    others: list[Row] = [
        ("2024-01-05", "independent", "BB", "controlled", {"origin": f"monitor {n}"}) for n in range(2)
    ]
    assert chain(reports(*relayed, *others), "majority") == [("01-01", "BB")]
    made = run(reports(*relayed), "majority").query("state == 'AA'").iloc[0]
    assert made["deciding"] == ("r1", "r2", "r3", "r4", "r5")


def test_majority_tie_goes_to_the_concession_then_to_contested() -> None:
    tie: list[Row] = [
        ("2024-01-05", "BB", "AA", "controlled", {}),
        ("2024-01-05", "independent", "BB", "controlled", {}),
    ]
    assert chain(reports(*tie), "majority")[-1] == ("01-05", "AA")
    tie[0] = ("2024-01-05", "AA", "AA", "controlled", {})
    assert chain(reports(*tie), "majority")[-1] == ("01-05", "contested")


def test_claimed_by_hears_one_side_only() -> None:
    frame = reports(("2024-01-05", "AA", "AA", "claimed", {}), ("2024-01-06", "BB", "BB", "controlled", {}))
    assert chain(frame, "claimed-by:AA") == [("01-01", "BB"), ("01-05", "AA")]
    assert chain(frame, "claimed-by:BB") == [("01-01", "BB")]


def test_late_list_corrects_back_dated_but_not_as_of() -> None:
    frame = reports(
        ("2024-01-20", "independent", "AA", "controlled", {}),
        ("2024-01-10", "BB", "AA", "controlled", {"published_date": "2024-03-01"}),
    )
    assert chain(frame) == [("01-01", "BB"), ("01-10", "AA")]
    early = run(frame, as_of="2024-01-25")
    assert chain(frame, as_of="2024-01-25") == [("01-01", "BB"), ("01-20", "AA")]
    assert early["valid_to"].max() == pd.Timestamp("2024-01-26")


def test_bad_policies_and_days_are_refused() -> None:
    for wrong in ("best", "claimed-by:", "claimed-by", "assessed:AA", "claimed-by:ZZ"):
        with pytest.raises(PolicyError):
            run(reports(), wrong)
    with pytest.raises(DateError):
        run(reports(), as_of="2024-02-31")


def test_each_rule_is_written_and_names_its_party() -> None:
    texts = [policy_rule(name) for name in policy_names(["AA", "BB"])]
    assert all(len(text) > 200 for text in texts)
    assert len(set(texts)) == 5
    assert "AA's" in policy_rule("claimed-by:AA")


def decisions(frame: pd.DataFrame, state: str, policy: str = "assessed") -> list[tuple[str, tuple[str, ...]]]:
    """Return (day, report ids) of every decision for the last spell of `oak` in a state."""
    made = run(frame, policy)
    spell = made[(made["place_id"] == "oak") & (made["state"] == state)].iloc[-1]
    return [(f"{day:%m-%d}", ids) for day, _, ids in spell["decisions"]]


# What a claim of 5 January comes to if nobody contradicts it: contested for 7 days, then its party's.
SETTLED = [("01-01", "BB"), ("01-05", "contested"), ("01-12", "AA")]
CLAIM: Row = ("2024-01-05", "AA", "AA", "claimed", {})


def test_near_statement_of_the_claimants_own_side_bears_nothing_out() -> None:
    assert chain(reports(CLAIM, ("2024-01-07", "AA", "AA", "controlled", {"proximity": "near"}))) == SETTLED


@pytest.mark.parametrize("side", ["independent", "BB"])
def test_a_relayed_claim_is_an_assertion_whoever_relays_it(side: str) -> None:
    assert chain(reports(("2024-01-05", side, "AA", "claimed", {}))) == SETTLED


def test_a_claim_relayed_by_the_other_side_is_outranked_by_an_assessment() -> None:
    frame = reports(
        ("2024-01-05", "BB", "AA", "claimed", {}),
        ("2024-01-05", "independent", "BB", "controlled", {}),
    )
    assert chain(frame) == [("01-01", "BB")]


def test_fighting_cancels_a_pending_claim() -> None:
    frame = reports(CLAIM, ("2024-01-08", "independent", "AA", "contested", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("02-07", "BB")]


def test_a_repeated_claim_does_not_restart_the_week() -> None:
    frame = reports(CLAIM, ("2024-01-09", "AA", "AA", "claimed", {}))
    assert chain(frame) == SETTLED
    assert decisions(frame, "AA") == [("01-12", ("r1", "r2"))]


def test_a_later_claim_of_the_other_side_starts_a_week_of_its_own() -> None:
    frame = reports(CLAIM, ("2024-01-25", "BB", "BB", "claimed", {}))
    assert chain(frame) == [*SETTLED, ("01-25", "contested"), ("02-01", "BB")]


def test_the_holders_own_word_settles_a_contested_place_after_a_week() -> None:
    frame = reports(("2024-01-05", "independent", "AA", "contested", {}), ("2024-01-10", "BB", "BB", "controlled", {}))
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), ("01-17", "BB")]


@pytest.mark.parametrize(
    ("contrary", "then"),
    [
        (("2024-01-12", "independent", "BB", "controlled", {}), [("01-12", "BB")]),
        (("2024-01-12", "BB", "BB", "controlled", {}), [("01-19", "BB")]),
        (("2024-01-13", "BB", "BB", "controlled", {}), [("01-12", "AA"), ("01-13", "contested"), ("01-20", "BB")]),
    ],
    ids=["assessed on the due day", "denied on the due day", "denied a day late"],
)
def test_a_contrary_statement_on_the_due_day_stops_settling(contrary: Row, then: list[tuple[str, str]]) -> None:
    assert chain(reports(CLAIM, contrary)) == [("01-01", "BB"), ("01-05", "contested"), *then]


@pytest.mark.parametrize(
    ("last", "then"),
    [
        (("2024-02-04", "independent", "AA", "contested", {}), [("03-05", "BB")]),
        (("2024-02-04", "AA", "AA", "claimed", {}), [("02-11", "AA")]),
        (("2024-02-04", "BB", "AA", "controlled", {}), [("02-04", "AA")]),
        (("2024-02-04", "AA", "AA", "assault", {}), [("02-04", "BB")]),
    ],
    ids=["fighting", "claim", "concession", "assault"],
)
def test_a_lapse_waits_for_the_statements_of_its_day(last: Row, then: list[tuple[str, str]]) -> None:
    frame = reports(("2024-01-05", "independent", "AA", "contested", {}), last)
    assert chain(frame) == [("01-01", "BB"), ("01-05", "contested"), *then]


def test_a_claim_borne_out_on_its_own_day_was_never_contested() -> None:
    helper: Row = ("2024-01-05", "independent", "AA", "controlled", {"proximity": "near"})
    assert chain(reports(CLAIM, helper)) == [("01-01", "BB"), ("01-05", "AA")]
    first = [(START.isoformat(), *row[1:]) for row in (CLAIM, helper)]
    assert chain(reports(*first)) == [("01-01", "AA")]


def test_a_statement_is_direct_if_one_of_its_relays_is() -> None:
    frame = reports(
        ("2024-01-05", "BB", "AA", "controlled", {"proximity": "near"}),
        ("2024-01-05", "BB", "AA", "controlled", {}),
    )
    assert chain(frame) == [("01-01", "BB"), ("01-05", "AA")]
    assert decisions(frame, "AA") == [("01-05", ("r1", "r2"))]


CONCEDED: Row = ("2023-12-20", "BB", "AA", "controlled", {})


@pytest.mark.parametrize("policy", ["assessed", "majority", "claimed-by:BB"])
def test_a_concession_before_the_period_holds_from_its_first_day(policy: str) -> None:
    assert chain(reports(CONCEDED), policy) == [("01-01", "AA")]


@pytest.mark.parametrize(("day", "state"), [("2023-12-10", "AA"), ("2023-12-28", "BB")])
def test_of_two_statements_before_the_period_the_later_decides(day: str, state: str) -> None:
    assert chain(reports(CONCEDED, (day, "AA", "BB", "controlled", {}))) == [("01-01", state)]


def test_a_claim_before_the_period_settles_in_its_time() -> None:
    assert chain(reports(("2023-11-01", "AA", "AA", "claimed", {}))) == [("01-01", "AA")]
    assert chain(reports(("2023-12-29", "AA", "AA", "claimed", {}))) == [("01-01", "contested"), ("01-05", "AA")]


@pytest.mark.parametrize(("leaver", "states"), [("CC", ["BB"]), ("AA", ["BB"]), ("BB", ["BB", "unknown"])])
def test_of_three_parties_only_the_holder_can_leave(leaver: str, states: list[str]) -> None:
    frame = reports(("2024-01-05", "independent", leaver, "withdrawn", {}))
    parties = ["AA", "BB", "CC"]
    made = spells(frame, HOME, party_ids=parties, policy="assessed", start=START, end=END)
    assert made.query("place_id == 'oak'")["state"].tolist() == states


ONE, TWO, THREE = ({"origin": name} for name in ("one", "two", "three"))


@pytest.mark.parametrize(("day", "state"), [("2024-02-03", "contested"), ("2024-02-04", "BB")])
def test_a_vote_counts_for_thirty_days_with_its_own(day: str, state: str) -> None:
    votes: list[Row] = [
        ("2024-01-05", "independent", "AA", "controlled", {**ONE}),
        (day, "independent", "BB", "controlled", {**TWO}),
    ]
    assert chain(reports(*votes), "majority") == [("01-01", "BB"), ("01-05", "AA"), (day[5:], state)]


def test_an_origin_with_a_direct_vote_does_not_vote_for_another_state_too() -> None:
    frame = reports(
        ("2024-01-05", "independent", "BB", "controlled", {**ONE}),
        ("2024-01-05", "independent", "AA", "controlled", {**ONE, "proximity": "near"}),
        ("2024-01-05", "independent", "AA", "controlled", {**TWO}),
    )
    assert chain(frame, "majority") == [("01-01", "BB"), ("01-05", "contested")]
    # A third origin's near statement does vote, beside the direct one.
    near = frame.iloc[[1]].assign(report_id="r4", origin="three")
    assert chain(pd.concat([frame, near]), "majority") == [("01-01", "BB"), ("01-05", "AA")]


def test_an_origins_latest_vote_counts() -> None:
    frame = reports(
        ("2024-01-05", "independent", "AA", "controlled", {**ONE}),
        ("2024-01-08", "independent", "BB", "controlled", {**ONE}),
    )
    assert chain(frame, "majority") == [("01-01", "BB"), ("01-05", "AA"), ("01-08", "BB")]
    # Its earlier vote does not break the tie with another origin either.
    other = reports(("2024-01-09", "independent", "AA", "controlled", {**TWO})).assign(report_id="r3")
    assert chain(pd.concat([frame, other]), "majority")[-1] == ("01-09", "contested")


def test_an_origin_that_says_two_states_on_a_day_votes_for_contested() -> None:
    torn: list[Row] = [("2024-01-05", "independent", party, "controlled", {**ONE}) for party in ("AA", "BB")]
    fighting: Row = ("2024-01-05", "independent", "AA", "contested", {**TWO})
    plain: Row = ("2024-01-05", "independent", "AA", "controlled", {**THREE})
    # Contested 2, AA 1; counted as a vote for each it would be AA 2, BB 1, contested 1.
    assert chain(reports(*torn, fighting, plain), "majority") == [("01-01", "BB"), ("01-05", "contested")]
    # Of higher rank on that day is what a side concedes: AA 2.
    conceding: list[Row] = [("2024-01-05", "BB", party, "controlled", {**ONE}) for party in ("AA", "BB")]
    assert chain(reports(*conceding, fighting, plain), "majority") == [("01-01", "BB"), ("01-05", "AA")]


def test_later_decisions_for_the_same_state_name_the_later_statements() -> None:
    days = ("2024-01-05", "2024-01-10", "2024-01-21")
    votes: list[Row] = [
        (day, "independent", "AA", "controlled", {**origin})
        for day, origin in zip(days, (ONE, TWO, THREE), strict=True)
    ]
    assert decisions(reports(*votes), "AA") == [("01-05", ("r1",)), ("01-10", ("r2",)), ("01-21", ("r3",))]
    told = [("01-05", ("r1",)), ("01-10", ("r1", "r2")), ("01-21", ("r1", "r2", "r3"))]
    assert decisions(reports(*votes), "AA", "majority") == told


def test_a_lapse_names_the_last_fighting() -> None:
    frame = reports(
        ("2024-01-05", "independent", "AA", "contested", {}), ("2024-01-20", "independent", "AA", "contested", {})
    )
    assert decisions(frame, "contested") == [("01-05", ("r1",)), ("01-20", ("r2",))]
    assert decisions(frame, "BB") == [("02-19", ("r2",))]


def test_as_of_before_the_period_and_unknown_places_are_refused() -> None:
    with pytest.raises(DateError, match="2023-12-31"):
        run(reports(), as_of="2023-12-31")
    with pytest.raises(FrontmapError, match="yew"):
        run(reports(("2024-01-05", "AA", "AA", "claimed", {"place_id": "yew"})))


row = st.tuples(
    st.dates(date(2023, 12, 25), date(2024, 4, 5)).map(str),
    st.sampled_from(["AA", "BB", "independent"]),
    st.sampled_from(["AA", "BB"]),
    st.sampled_from(["controlled", "claimed", "contested", "assault", "withdrawn"]),
    st.fixed_dictionaries(
        {
            "proximity": st.sampled_from(["in", "near"]),
            "implied": st.booleans(),
            "origin": st.sampled_from(["one", "two"]),
        }
    ),
)
policies = st.sampled_from(["assessed", "majority", "claimed-by:AA", "claimed-by:BB"])


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(row, max_size=12), policy=policies, seed=st.randoms())
def test_laws_of_spells(rows: list[Row], policy: str, seed: random.Random) -> None:
    frame = reports(*rows)
    made = run(frame, policy)
    assert list(made.columns) == list(SPELL_COLUMNS)
    for _, own in made.groupby("place_id"):
        assert own["valid_from"].iloc[0] == pd.Timestamp(START)
        assert own["valid_to"].iloc[-1] == pd.Timestamp(END) + pd.Timedelta(days=1)
        assert (own["valid_from"] < own["valid_to"]).all()
        assert own["valid_from"].iloc[1:].tolist() == own["valid_to"].iloc[:-1].tolist()
        assert (own["state"].iloc[1:].to_numpy() != own["state"].iloc[:-1].to_numpy()).all()
    filed = {i for column in ("deciding", "supporting", "losing", "noted") for ids in made[column] for i in ids}
    used = frame[frame["event_date"] <= pd.Timestamp(END)]
    _, _, one_side = policy.partition(":")
    used = used[used["origin_side"] == one_side] if one_side else used
    assert filed == set(used["report_id"])
    shuffled = frame.sample(frac=1, random_state=seed.randint(0, 9)) if len(frame) else frame
    pd.testing.assert_frame_equal(made, run(shuffled, policy))
    every = spells_by_rule(frame, HOME, party_ids=["AA", "BB"], start=START, end=END)
    pd.testing.assert_frame_equal(made, every[policy])


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=10), policy=policies, day=st.dates(START, END))
def test_as_of_ignores_whatever_is_published_later(rows: list[Row], policy: str, day: date) -> None:
    frame = reports(*rows)
    known = frame[frame["published_date"] <= pd.Timestamp(day)]
    pd.testing.assert_frame_equal(run(frame, policy, str(day)), run(known, policy, str(day)))


def test_the_method_page_carries_the_rules_word_by_word() -> None:
    page = (Path(__file__).parents[1] / "docs" / "method.md").read_text(encoding="utf-8")
    quoted = " ".join(page.replace("\n>", "\n").split())
    for policy in ("estimate", "assessed", "majority", "claimed-by:<party>"):
        assert policy_rule(policy) in quoted
