"""The command ``frontmap uncertainty``: which places make most of an area's interval."""

from __future__ import annotations

from typing import Annotated

import typer

from frontmap.cli.printing import print_lines, print_table
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
    check_within,
    read_day,
)

SHOWN = 15


def uncertainty(
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="The day.", show_default="the last")] = None,
    party: Annotated[
        str | None,
        typer.Option(metavar="PARTY", help="Whose area.", show_default="who holds most beyond the border"),
    ] = None,
    side: Annotated[
        str | None, typer.Option(metavar="COUNTRY", help="On whose side of the border.", show_default="as for --party")
    ] = None,
    theatre: TheatreOption = DEFAULT_THEATRE,
    policy: PolicyOption = DEFAULT_POLICY,
    as_of: AsOfOption = None,
    first: FromOption = None,
    last: ToOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell which places make most of the interval of an area.

    "share" is the part of the variance of the total that a place's ground makes; the shares of all places sum to 1.
    Under a rule it is the part of the ground that some rules give and others do not.

    Example: frontmap uncertainty --day 2025-01-06

    Example: frontmap uncertainty --day 2025-05-10 --party RU --side UA --csv
    """
    request = Request.read(theatre, policy, as_of, first, last, as_json, as_csv)
    wanted = read_day("--day", day)
    history = request.assess(request.load())
    check_within(history, "--day", wanted)
    on = wanted or request.days(history)[1]
    pairs = [pair for pair in history.headline if party in (None, pair[0]) and side in (None, pair[1])]
    whose = party or (pairs[0][0] if pairs else history.state_names[0])
    where = side or (pairs[0][1] if pairs else None)
    table = history.explain_area(whose, on, side=where)
    if request.form is not Form.PEOPLE:
        request.print_rows(table, day=str(on), party=whose, side=where, interval=history.interval_label)
        return
    low, best, high = history.area_on(on, whose, side=where)
    ground = f"on the side of {where}" if where else "on all sides"
    title = f"{history.theatre.title}: what makes the interval of {whose} {ground} on {on}"
    shown = table.head(SHOWN)
    print_table(shown.assign(share=[f"{share:.0%}" for share in shown["share"]]), title)
    rest = float(table["share"].iloc[SHOWN:].sum())
    print_lines(
        "",
        f"Area: {best:,.0f} km2 ({low:,.0f} to {high:,.0f}); the other {max(len(table) - SHOWN, 0)} places: {rest:.0%}",
        "area_km2: ground nearest to the place; best_km2: held, by the best map; expected_km2: mean of unscaled draws",
        f"Interval: {history.interval_label}",
    )
