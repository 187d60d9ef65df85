"""Control by rule: written policies that turn dated reports into spells of one state per place, with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter

import pandas as pd

from frontmap.dates import add_days, first_day_after, parse_day
from frontmap.errors import DateError, FrontmapError, PolicyError
from frontmap.schema import CONTESTED, INDEPENDENT, UNKNOWN

ESTIMATE = "estimate"
ASSERTION, ASSESSMENT, CONCESSION = 1, 2, 3
SETTLING_DAYS = 7
LAPSE_DAYS = 30
VOTE_DAYS = 30

SPELL_COLUMNS = (
    "place_id",
    "valid_from",
    "valid_to",
    "state",
    "rule",
    "deciding",
    "supporting",
    "losing",
    "noted",
    "decisions",
)

_FIGHTING = f"""
Fighting without a further statement lapses after {LAPSE_DAYS} days to the last holder.
"""
_WEAK = """
Statements that are only near a place or implied never decide alone, reported assaults never decide at all, and before
any report a place is held by its home party.
"""
_RULES = {
    "assessed": f"""
The state of a place follows its latest direct statements, one per origin, place, day and status. On one day a
concession (a side reporting its own loss or the other side's gain) outranks an independent assessment, and both outrank
an assertion (a side's word about its own gain, or anybody's relay of a mere claim); equal ranks that disagree make the
place contested. An assertion that a party holds a place which is not already its own first makes (or leaves) the place
contested, and settles it after {SETTLING_DAYS} days without a contrary direct statement, or at once when a statement of
higher rank bears it out. {_FIGHTING} {_WEAK}""",
    "claimed-by": f"""
Only the statements of one side are heard, {{party}}'s: the map that this side's own words draw. Its latest direct
statement about a place decides at once; on one day a concession outranks an assertion, and equal ranks that disagree
make the place contested. {_FIGHTING} {_WEAK}""",
    "majority": f"""
Each origin has one vote on a place: its latest direct statement, on one day the one of highest rank, and if these
disagree a vote for contested. On each day with a new statement the votes of the last {VOTE_DAYS} days are counted, and
the state with most votes holds until the next count. A tie goes to the side that the other side concedes to; a tie that
remains makes the place contested. Statements that are only near a place or implied vote only beside a direct vote for
the same state, reported assaults do not vote, and before any report a place is held by its home party.""",
    ESTIMATE: """
Every report is evidence that may be wrong, with a probability that follows from its origin's reliability. On the ground
of each home party the chance that another party holds a point is read from all reports near it in space and time: a
latent field (a Gaussian process) that favours the home party until reports speak against it. A claim of capture also
says that the place was not held some days before, and a long silence between two like statements, or after one for the
home party, that nothing changed. Relays by one side of one statement count once; statements that are near a place or
implied weigh less; reported assaults do not count. The best state is the most probable one; the interval comes from
maps drawn at random from all that the reports allow.""",
}


def rule_names(party_ids: Sequence[str]) -> tuple[str, ...]:
    """List the policies by rule that exist for a set of parties.

    Parameters
    ----------
    party_ids : sequence of str
        Ids of the parties of a theatre.

    Returns
    -------
    tuple of str
        ``assessed``, ``majority`` and ``claimed-by:<party>`` for each party.

    Raises
    ------
    TypeError
        If `party_ids` is not iterable.

    Examples
    --------
    >>> rule_names(["UA", "RU"])
    ('assessed', 'majority', 'claimed-by:UA', 'claimed-by:RU')
    """
    return ("assessed", "majority", *(f"claimed-by:{party}" for party in party_ids))


def policy_names(party_ids: Sequence[str]) -> tuple[str, ...]:
    """List all policies that exist for a set of parties: ``estimate``, and those by rule.

    Parameters
    ----------
    party_ids : sequence of str
        Ids of the parties of a theatre.

    Returns
    -------
    tuple of str
        ``estimate``, then `rule_names`.

    Raises
    ------
    TypeError
        If `party_ids` is not iterable.

    Examples
    --------
    >>> policy_names(["UA", "RU"])[:2]
    ('estimate', 'assessed')
    """
    return (ESTIMATE, *rule_names(party_ids))


def policy_rule(policy: str) -> str:
    """Tell the written rule of a policy.

    Parameters
    ----------
    policy : str
        A name from `policy_names`.

    Returns
    -------
    str
        A paragraph for readers, as in ``docs/method.md``.

    Raises
    ------
    PolicyError
        If no such policy exists.
    """
    kind, _, party = policy.partition(":")
    if kind not in _RULES or (kind == "claimed-by") != bool(party):
        raise PolicyError(
            f"expected a policy 'estimate', 'assessed', 'majority' or 'claimed-by:<party>', found {policy!r}; "
            "next: choose one of these"
        )
    return " ".join(_RULES[kind].split()).replace("{party}", party)


def require_policy(policy: str, party_ids: Sequence[str]) -> None:
    """Refuse a policy that does not exist for these parties.

    Parameters
    ----------
    policy : str
        Name of the policy.
    party_ids : sequence of str
        Ids of the parties.

    Raises
    ------
    PolicyError
        If there is no such policy, or it names a party that is not among these.
    """
    policy_rule(policy)
    if policy not in policy_names(party_ids):
        raise PolicyError(
            f"policy {policy!r}: expected a party among {', '.join(party_ids)}; next: use one of these ids"
        )


Decision = tuple[date, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one origin said about one place, day and status, however many pages relay it."""

    ids: tuple[str, ...]
    day: date
    origin: str
    side: str
    party: str
    says: str | None
    rank: int
    direct: bool


@dataclass(slots=True)
class _Spell:
    """One state from a day on, with every decision for it (day, rule, report ids), the first of them first."""

    start: date
    state: str
    decisions: list[Decision]
    supporting: set[str] = field(default_factory=set)
    losing: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)


_Decide = Callable[[Sequence[Statement], str, date, date], list[_Spell]]


def spells(
    reports: pd.DataFrame,
    home: pd.Series,
    *,
    party_ids: Sequence[str],
    policy: str,
    start: date,
    end: date,
    as_of: date | str | None = None,
) -> pd.DataFrame:
    """Turn reports into spells of one state per place, by a written rule.

    ``assessed``
        The latest direct statements decide; concession before assessment before assertion; an assertion of a gain is
        contested until it has stood uncontradicted for 7 days or is borne out; fighting lapses after 30 silent days.
    ``claimed-by:<party>``
        The same with the statements of one side only, which decide at once.
    ``majority``
        One vote per origin, its latest direct statement of the last 30 days, as VIINA counts maps.

    Parameters
    ----------
    reports : DataFrame
        Reports in the schema of ``reports.csv``; row order does not matter.
    home : Series of str
        Indexed by place_id: the party that holds the place before any report (``unknown`` where none does). Each of
        these places gets spells.
    party_ids : sequence of str
        Ids of the parties.
    policy : str
        A name from `rule_names`.
    start, end : date
        First and last day of the period, both inclusive.
    as_of : date or str, optional
        Use only what was published by the end of this day; the period then ends on it at the latest.

    Returns
    -------
    DataFrame
        Columns place_id, valid_from and valid_to (half-open, datetime64[s]), state, rule (a sentence), and tuples of
        report ids: deciding; supporting (agreed); losing (said otherwise); noted (no evidence of who holds). Sorted by
        place and day; spells of a place touch and never overlap. Every report used stands in at least one spell.
        The column decisions holds tuples (day, rule, ids): what turned the place to the state (as in rule and deciding)
        and every later decision for the same state.

    Raises
    ------
    PolicyError
        If no such policy by rule exists, or it names a party that is not in the theatre.
    DateError
        If `as_of` is no date or lies before the period.
    FrontmapError
        If a report is about a place that `home` does not have.

    Notes
    -----
    Zhukov, Y. and Ayers, N. (2023), VIINA 2.0, for the majority rule; the ranks of evidence are this project's own.
    """
    require_policy(policy, party_ids)
    if policy == ESTIMATE:
        raise PolicyError("expected a policy by rule, found 'estimate'; next: use frontmap.assess")
    heard, last = _statements(reports, home, party_ids=party_ids, start=start, end=end, as_of=as_of)
    return _decided(heard, home, policy=policy, start=start, end=last)


def spells_by_rule(
    reports: pd.DataFrame,
    home: pd.Series,
    *,
    party_ids: Sequence[str],
    start: date,
    end: date,
    as_of: date | str | None = None,
) -> dict[str, pd.DataFrame]:
    """Turn reports into spells by every rule, folding their relays once.

    Parameters
    ----------
    reports, home, party_ids, start, end, as_of
        As in `spells`.

    Returns
    -------
    dict of str to DataFrame
        What `spells` gives, by name of the rule.

    Raises
    ------
    DateError
        If `as_of` is no date or lies before the period.
    FrontmapError
        If a report is about a place that `home` does not have.
    """
    heard, last = _statements(reports, home, party_ids=party_ids, start=start, end=end, as_of=as_of)
    return {rule: _decided(heard, home, policy=rule, start=start, end=last) for rule in rule_names(party_ids)}


def reports_as_of(reports: pd.DataFrame, as_of: date | str | None) -> pd.DataFrame:
    """Select the reports that were published by the end of a day.

    Parameters
    ----------
    reports : DataFrame
        Reports in the schema of ``reports.csv``.
    as_of : date, str or None
        The day; None keeps every report.

    Returns
    -------
    DataFrame
        The selected rows, unchanged.

    Raises
    ------
    DateError
        If `as_of` is no date.
    """
    if as_of is None:
        return reports
    return reports[reports["published_date"] <= pd.Timestamp(parse_day(as_of))]


def clip_spells(spells: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Cut spells to some days.

    Parameters
    ----------
    spells : DataFrame
        As from `spells`.
    days : DatetimeIndex
        Consecutive days, all of them kept.

    Returns
    -------
    DataFrame
        The spells that touch these days, cut to them.

    Raises
    ------
    IndexError
        If there are no days.
    """
    start, end = days[0], pd.Timestamp(first_day_after(days[-1].date()))
    inside = spells[(spells["valid_from"] < end) & (spells["valid_to"] > start)]
    return inside.assign(
        valid_from=inside["valid_from"].where(inside["valid_from"] > start, start),
        valid_to=inside["valid_to"].where(inside["valid_to"] < end, end),
    ).reset_index(drop=True)


_Heard = dict[str, list[Statement]]


def _statements(
    reports: pd.DataFrame,
    home: pd.Series,
    *,
    party_ids: Sequence[str],
    start: date,
    end: date,
    as_of: date | str | None,
) -> tuple[_Heard, date]:
    """List what was said of each place until the last day that counts, and tell that day."""
    if as_of is not None:
        end = min(end, parse_day(as_of))
    if end < start:
        raise DateError(f"expected a day from {start} on, found {end}; next: choose a day of the period")
    strange = sorted(set(reports["place_id"]) - set(home.index))
    if strange:
        raise FrontmapError(
            f"expected reports about known places, found {', '.join(strange[:3])}; next: add the places"
        )
    known = reports_as_of(reports, as_of)
    return _folded(known[known["event_date"] <= pd.Timestamp(end)], tuple(party_ids)), end


def _folded(reports: pd.DataFrame, parties: tuple[str, ...]) -> _Heard:
    """Fold relays of one statement (origin, place, day, status, party) into one, by place in order of day."""
    key = ["place_id", "event_date", "origin", "origin_side", "status", "party"]
    direct = (reports["proximity"] == "in") & ~reports["implied"].astype(bool)
    columns = [reports[name].tolist() for name in key]
    rows = sorted(zip(*columns, reports["report_id"].tolist(), direct.tolist(), strict=True))
    heard: _Heard = {}
    for (place_id, day, origin, side, status, party), relays in groupby(rows, key=itemgetter(slice(len(key)))):
        told = [relay[len(key) :] for relay in relays]
        statement = Statement(
            ids=tuple(report_id for report_id, _ in told),
            day=day.date(),
            origin=origin,
            side=side,
            party=party,
            says=said_state(status, party, parties),
            rank=_rank(status, party, side),
            direct=any(direct for _, direct in told),
        )
        heard.setdefault(place_id, []).append(statement)
    return heard


def _decided(heard: _Heard, home: pd.Series, *, policy: str, start: date, end: date) -> pd.DataFrame:
    """Let a rule decide what was said of each place, or leave the place to its home party."""
    decide = _policy(policy)
    kind, _, party = policy.partition(":")
    stop = add_days(end, 1)
    ordered = home.sort_index()
    silent = {holder: _row("", _home_spell(holder, start), stop)[1:] for holder in ordered.unique()}
    rows: list[tuple[object, ...]] = []
    for place_id, holder in zip(ordered.index.tolist(), ordered.tolist(), strict=True):
        said = heard.get(place_id, [])
        if kind == "claimed-by":
            said = [s for s in said if s.side == party]
        if not said:
            rows.append((place_id, *silent[holder]))
            continue
        chain = _clipped(decide(said, holder, min(start, said[0].day), end), start)
        _file_reports(chain, said)
        for spell, following in zip(chain, [*(s.start for s in chain[1:]), stop], strict=True):
            rows.append(_row(place_id, spell, following))
    frame = pd.DataFrame(rows, columns=list(SPELL_COLUMNS))
    return frame.astype({"valid_from": "datetime64[s]", "valid_to": "datetime64[s]"})


def said_state(status: str, party: str, parties: tuple[str, ...]) -> str | None:
    """Tell the state that a report speaks for.

    Parameters
    ----------
    status, party : str
        As in ``reports.csv``.
    parties : tuple of str
        Ids of all parties.

    Returns
    -------
    str or None
        A party, ``contested``, or ``unknown`` where one of several parties left; None for an assault, which proves
        neither an attack nor a hold.

    Raises
    ------
    TypeError
        If `parties` is not iterable.

    Examples
    --------
    >>> said_state("withdrawn", "UA", ("UA", "RU")), said_state("assault", "UA", ("UA", "RU"))
    ('RU', None)
    """
    if status in ("controlled", "claimed"):
        return party
    if status == "contested":
        return CONTESTED
    if status == "withdrawn":
        others = [p for p in parties if p != party]
        return others[0] if len(others) == 1 else UNKNOWN
    return None


def _rank(status: str, party: str, origin_side: str) -> int:
    """Rank a statement: against the speaker's interest, by an outsider, or in the speaker's interest."""
    if status == "claimed":
        return ASSERTION
    if origin_side == INDEPENDENT:
        return ASSESSMENT
    gains = (origin_side == party) != (status == "withdrawn")
    return ASSERTION if gains else CONCESSION


def _policy(policy: str) -> _Decide:
    if policy == "majority":
        return _majority
    if policy == "assessed":
        return lambda heard, home, start, end: _latest(heard, home, start, end, settles_from=ASSESSMENT)
    return lambda heard, home, start, end: _latest(heard, home, start, end, settles_from=ASSERTION)


def _home_spell(home: str, start: date) -> _Spell:
    rule = f"held by its home party ({home}): no report decides otherwise yet"
    if home == UNKNOWN:
        rule = "no report, and no party's home country: nobody is known to hold it"
    return _Spell(start, home, [(start, rule, ())])


_WORDS = {
    CONCESSION: "conceded by the side that loses by it",
    ASSESSMENT: "assessed by an independent origin",
    ASSERTION: "asserted by the side that gains by it, or relayed as a claim",
}


class _Ledger:
    """The growing chain of spells of one place, with what is needed to settle and to lapse."""

    def __init__(self, home: str, start: date) -> None:
        self.chain = [_home_spell(home, start)]
        self.holder = home
        self.fought: tuple[date, tuple[str, ...]] | None = None
        self.pending: tuple[str, date, tuple[str, ...]] | None = None

    @property
    def state(self) -> str:
        return self.chain[-1].state

    def turn(self, day: date, state: str, rule: str, deciding: tuple[str, ...]) -> None:
        """Start a spell, or note one more decision for the same state; a turn on a spell's first day replaces it."""
        last = self.chain[-1]
        decision = (day, rule, deciding)
        if state == last.state:
            last.decisions.append(decision)
        elif day > last.start:
            self.chain.append(_Spell(day, state, [decision]))
        elif len(self.chain) > 1 and self.chain[-2].state == state:
            self.chain.pop()
            self.chain[-1].decisions.append(decision)
        else:
            self.chain[-1] = _Spell(last.start, state, [decision])

    def settle(self, day: date, state: str, rule: str, deciding: tuple[str, ...]) -> None:
        self.turn(day, state, rule, deciding)
        self.holder, self.fought, self.pending = state, None, None

    def fight(self, day: date, rule: str, deciding: tuple[str, ...]) -> None:
        self.turn(day, CONTESTED, rule, deciding)
        self.fought, self.pending = (day, deciding), None

    def advance(self, day: date) -> None:
        """Let what falls due up to a day happen: an assertion settles, or fighting lapses."""
        if self.pending is not None:
            state, since, ids = self.pending
            due = add_days(since, SETTLING_DAYS)
            if due <= day:
                self.settle(due, state, f"asserted, and not contradicted for {SETTLING_DAYS} days", ids)
        elif self.fought is not None:
            since, ids = self.fought
            due = add_days(since, LAPSE_DAYS)
            if due <= day:
                rule = f"nothing that decides for {LAPSE_DAYS} days after the last fighting: back to the last holder"
                self.settle(due, self.holder, rule, ids)


def _latest(heard: Sequence[Statement], home: str, start: date, end: date, *, settles_from: int) -> list[_Spell]:
    """Decide by the latest statements; ranks below `settles_from` settle only with time or help."""
    ledger = _Ledger(home, start)
    for day in sorted({s.day for s in heard}):
        ledger.advance(add_days(day, -1))
        today = [s for s in heard if s.day == day and s.says is not None and not _left_nothing(s, ledger.holder)]
        direct = [s for s in today if s.direct]
        if direct:
            _hear_direct(ledger, day, direct, settles_from)
        _hear_indirect(ledger, day, [s for s in today if not s.direct])
        ledger.advance(day)
    ledger.advance(end)
    return ledger.chain


def _left_nothing(statement: Statement, holder: str) -> bool:
    """Tell whether a withdrawal that would leave a place unknown is by a party that does not hold it."""
    return statement.says == UNKNOWN and statement.party != holder


def _hear_direct(ledger: _Ledger, day: date, direct: Sequence[Statement], settles_from: int) -> None:
    top = max(s.rank for s in direct)
    leading = [s for s in direct if s.rank == top]
    states = sorted({str(s.says) for s in leading})
    ids = _ids(leading)
    state = states[0]
    if len(states) > 1:
        ledger.fight(day, f"statements of equal rank disagree on one day ({', '.join(states)})", ids)
    elif state == CONTESTED:
        ledger.fight(day, f"fighting in the place, {_WORDS[top]}", ids)
    elif top >= settles_from:
        ledger.settle(day, state, f"{_WORDS[top]}, the latest statement that decides", ids)
    elif ledger.pending is not None and ledger.pending[0] == state:
        ledger.pending = (state, ledger.pending[1], ledger.pending[2] + ids)
    elif state != ledger.state:
        ledger.fight(day, f"asserted for {state}, borne out by nobody else so far", ids)
        ledger.pending = (state, day, ids)


def _hear_indirect(ledger: _Ledger, day: date, indirect: Sequence[Statement]) -> None:
    """Let a near or implied statement of higher rank bear out a pending assertion; alone it decides nothing."""
    if ledger.pending is None:
        return
    state, _, ids = ledger.pending
    helping = [s for s in indirect if s.says == state and s.rank >= ASSESSMENT]
    if helping:
        rule = "asserted, and borne out by a near or implied statement of higher rank"
        ledger.settle(day, state, rule, ids + _ids(helping))


def _majority(heard: Sequence[Statement], home: str, start: date, end: date) -> list[_Spell]:
    """Decide by one vote per origin over the last days."""
    ledger = _Ledger(home, start)
    for day in sorted({s.day for s in heard if s.says is not None}):
        votes = _votes(heard, day)
        if not votes:
            continue
        count = {state: len(given) for state, given in votes.items()}
        leaders = sorted(state for state, n in count.items() if n == max(count.values()))
        if len(leaders) > 1:
            conceded = [s for s in leaders if any(v.rank == CONCESSION for ballot in votes[s] for v in ballot)]
            leaders = conceded or leaders
        deciding = _ids([v for state in leaders for ballot in votes[state] for v in ballot])
        tally = ", ".join(f"{state} {n}" for state, n in sorted(count.items()))
        state = leaders[0] if len(leaders) == 1 else CONTESTED
        ledger.turn(day, state, f"votes of the last {VOTE_DAYS} days: {tally}", deciding)
    return ledger.chain


_Ballot = list[Statement]


def _votes(heard: Sequence[Statement], day: date) -> dict[str, list[_Ballot]]:
    """Collect the ballots on a day by state, one for each origin; indirect ones count only beside a direct one."""
    since = add_days(day, 1 - VOTE_DAYS)
    window = [s for s in heard if s.says is not None and since <= s.day <= day]
    votes: dict[str, list[_Ballot]] = {}
    direct = {s.origin for s in window if s.direct}
    for origin in sorted(direct):
        state, ballot = _ballot([s for s in window if s.origin == origin and s.direct])
        votes.setdefault(state, []).append(ballot)
    seconded = set(votes)
    for origin in sorted({s.origin for s in window} - direct):
        state, ballot = _ballot([s for s in window if s.origin == origin])
        if state in seconded:
            votes[state].append(ballot)
    return votes


def _ballot(said: Sequence[Statement]) -> tuple[str, _Ballot]:
    """Take an origin's latest statements, of these the highest rank; if they disagree it votes for contested."""
    last = [s for s in said if s.day == max(s.day for s in said)]
    top = [s for s in last if s.rank == max(s.rank for s in last)]
    states = {str(s.says) for s in top}
    return (states.pop() if len(states) == 1 else CONTESTED), top


def _ids(statements: Sequence[Statement]) -> tuple[str, ...]:
    return tuple(sorted({i for s in statements for i in s.ids}))


def _clipped(chain: list[_Spell], start: date) -> list[_Spell]:
    """Drop what ended before the period; the spell that reaches into it begins with the period."""
    kept = [
        s for s, following in zip(chain, [*chain[1:], None], strict=True) if not following or following.start > start
    ]
    kept[0].start = max(kept[0].start, start)
    return kept


def _file_reports(chain: list[_Spell], heard: Sequence[Statement]) -> None:
    """Put every statement into the spell of its day: it decided, agreed, lost, or said nothing of who holds."""
    for s in heard:
        spell = next((c for c in reversed(chain) if c.start <= s.day), chain[0])
        fresh = [i for i in s.ids if i not in spell.decisions[0][2]]
        if s.says is None:
            spell.noted.update(fresh)
        elif s.says == spell.state:
            spell.supporting.update(fresh)
        else:
            spell.losing.update(fresh)


def _row(place_id: str, spell: _Spell, following: date) -> tuple[object, ...]:
    _, rule, deciding = spell.decisions[0]
    return (
        place_id,
        pd.Timestamp(spell.start),
        pd.Timestamp(following),
        spell.state,
        rule,
        deciding,
        tuple(sorted(spell.supporting)),
        tuple(sorted(spell.losing)),
        tuple(sorted(spell.noted)),
        tuple(spell.decisions),
    )
