"""The page docs/validation.md: tables and sentences made from the figures of one run, and from nothing else."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from typing import Any

import numpy as np
import pandas as pd
import shapely

from frontmap.validation import criteria, heldout, others, revisions, synthetic
from frontmap.validation.criteria import Cell, Criterion
from frontmap.validation.reporting import POSITION_RADIUS_M
from frontmap.validation.scores import Estimated
from frontmap.validation.truths import N_DAYS, WIDTH_KM

SHORT = {synthetic.ESTIMATE: "estimate", synthetic.VORONOI: "Voronoi", synthetic.CLASSIFIER: "GP classifier"}
PACKAGES = ("frontmap", "numpy", "scipy", "pandas", "geopandas", "shapely", "scikit-learn")

HOW = f"""## How to run it

`make validation` runs everything and writes this page; `make validation MAP=theirs.geojson` compares with a map of
others too. `frontmap validate --quick` gives a first look in a minute, `--only` chooses parts, `--tables FOLDER` writes
every figure as CSV. Results depend on the seed, not on the number of workers.

A map of others is a GeoJSON FeatureCollection in EPSG:4326. Each feature is a Polygon or MultiPolygon of the ground
that a party holds, with `date_first` and `date_last` (YYYY-MM-DD): the first and the last day on which the map showed
it so. Features with the same days belong together; days that no feature covers, and features without geometry, are
gaps, not ground lost. Where a file's date is not the day it shows, `--map-shift` moves all dates: -1 if a file of a day
shows the end of the day before. `--side` says on which side of the border the map is compared, `--party` whose ground
it shows. Blocks of {others.BLOCK_MONTHS} months by which choices about the method were made are named with
`--chosen-by` (1 is the first) and reported apart."""


@dataclass(frozen=True, eq=False)
class AgainstMap:
    """How a history compares with one map of others.

    Parameters
    ----------
    name : str
        Of the map's file.
    what : str
        Whose ground is compared, in words.
    weeks : DataFrame
        From `frontmap.validation.others.compare`.
    chosen : tuple of int
        Numbers of the blocks, from 1, by which choices about the method were made.
    notes : tuple of str
        What reading the map left out or mended.
    """

    name: str
    what: str
    weeks: pd.DataFrame
    chosen: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def untouched(self) -> pd.DataFrame:
        """Leave out the weeks by which choices were made.

        Raises
        ------
        KeyError
            If the weeks have no blocks.
        """
        return self.weeks[~(self.weeks["block"] + 1).isin(self.chosen)]


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that one run found; parts that were not run are None.

    Parameters
    ----------
    theatre : str
        Title of the theatre.
    policy : str
        Policy of the history that was compared with a map and with what was known earlier.
    level : float
        Of the intervals.
    seed : int
        Of the first truth and of the folds; a truth's draws have its seed.
    cases : DataFrame or None
        From `frontmap.validation.synthetic.run`.
    against : AgainstMap or None
        The map of others.
    foretold : DataFrame or None
        From `frontmap.validation.heldout.held_out`.
    revised : DataFrame or None
        From `frontmap.validation.revisions.revisions`.
    revised_what : str
        Whose area was followed, in words.
    parameters : sequence of mapping
        From `frontmap.estimate.parameters.described`.
    seconds : float
        How long it all took.
    where : str
        Where it was run, in words that a description of this machine follows.
    """

    theatre: str
    policy: str
    level: float
    seed: int
    cases: pd.DataFrame | None = None
    against: AgainstMap | None = None
    foretold: pd.DataFrame | None = None
    revised: pd.DataFrame | None = None
    revised_what: str = ""
    parameters: Sequence[Mapping[str, str]] = ()
    seconds: float = 0.0
    where: str = "1 process on"
    _kept: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def summary(self) -> pd.DataFrame | None:
        """Scores of the synthetic cases by density and error rate."""
        if self.cases is None:
            return None
        if "summary" not in self._kept:
            self._kept["summary"] = synthetic.summarise(self.cases, level=self.level)
        return self._kept["summary"]

    def criteria(self) -> list[Criterion]:
        """Judge every part that was run.

        Returns
        -------
        list of Criterion
            In the order of the page.

        Raises
        ------
        KeyError
            If a table lacks a column.
        """
        found: list[Criterion] = []
        if self.summary is not None:
            found += criteria.of_synthetic(self.summary)
        if self.against is not None:
            found += criteria.of_map(others.by_block(self.against.weeks), "all weeks")
            if self.against.chosen:
                found += criteria.of_map(others.by_block(self.against.untouched()), "weeks of the other blocks")
        if self.foretold is not None:
            found += criteria.of_held_out(heldout.summarise(self.foretold))
        return found

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give all tables by name, for other programs.

        Returns
        -------
        dict
            ``criteria``, and of the parts that were run ``synthetic``, ``cases``, ``map``, ``map_blocks``,
            ``held_out``, ``held_out_scores``, ``revisions``, ``revision_scores``.

        Raises
        ------
        KeyError
            If a table lacks a column.
        """
        out = {"criteria": criteria.table(self.criteria())}
        if self.cases is not None and self.summary is not None:
            out |= {"synthetic": self.summary, "cases": self.cases}
        if self.against is not None:
            out |= {"map": self.against.weeks, "map_blocks": others.by_block(self.against.weeks)}
        if self.foretold is not None:
            out |= {"held_out": self.foretold, "held_out_scores": heldout.summarise(self.foretold)}
        if self.revised is not None:
            out |= {"revisions": self.revised, "revision_scores": revisions.summarise(self.revised)}
        return out


def page(found: Findings) -> str:
    """Write the page.

    Parameters
    ----------
    found : Findings
        Of one run.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    KeyError
        If a table lacks a column.
    """
    parts = [_head(found), _judgement(found)]
    parts += [_synthetic(found), _against_map(found), _held_out(found), _as_of(found), _parameters(found), HOW]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return criteria.spaced(text)


def _head(found: Findings) -> str:
    minutes = f"{found.seconds / 60.0:.1f} minutes" if found.seconds >= 60.0 else f"{found.seconds:.0f} seconds"
    return (
        "# How good the estimate is\n\n"
        f"Written by `make validation`; figures as measured, in {minutes} with {found.where} "
        f"{machine()}. Seed {found.seed}. Where a figure carries "
        "± it is one standard error, in which cases that depend on each other (those of one truth, reports of one "
        "place) are added up first. Bars were set before the figures were known."
    )


def machine() -> str:
    """Describe the machine and the versions that matter, without naming it.

    Raises
    ------
    Nothing; a package that is not installed is left out.
    """
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{cpu_count()} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}, "
        f"{', '.join(found)}, GEOS {'.'.join(map(str, shapely.geos_version))}"
    )


def _judgement(found: Findings) -> str:
    judged = found.criteria()
    if not judged:
        return ""
    missed = [c for c in judged if not c.met]
    lines = [
        "## What is wanted, and whether it is met",
        f"{len(judged) - len(missed)} of {len(judged)} bars are met.",
        _markdown(
            ["part", "what", "measured", "wanted", "met"],
            [[c.part, c.what, c.measured, c.wanted, "yes" if c.met else "**no**"] for c in judged],
            right=5,
        ),
    ]
    return "\n\n".join(lines)


# Synthetic truths


def _synthetic(found: Findings) -> str:
    summary, cases = found.summary, found.cases
    if summary is None or cases is None:
        return ""
    area = WIDTH_KM**2
    truths, per_truth = cases["seed"].nunique(), cases.groupby("seed")["day"].nunique().max()
    places = ", ".join(f"{int(area / d):,} places (one per {d:g} km2)" for d in synthetic.KM2_PER_PLACE)
    wrong = ", ".join(f"{share:.0%}" for share in synthetic.WRONG_SHARES)
    about = (
        f"{truths} truths on {WIDTH_KM:g} x {WIDTH_KM:g} km and {N_DAYS} days: an intruder advances from the border, "
        "holds, and falls back, along a line, in salients that drift, or on a rough front; the area of the truth is "
        f"known to better than 0.1 %. {places}, recorded within {POSITION_RADIUS_M:g} m. Reports follow events by "
        "days, up to a fifth of the places are never spoken of, lists are published late and dated back, statements "
        f"are relayed, and of the decisive first-hand ones exactly {wrong} are wrong (half of these name the wrong "
        "holder, half are claims before their time by a partisan origin; relays repeat them). The same truths serve "
        f"all nine cells; each is scored on {per_truth} days, together with the gains from there over "
        f"{synthetic.STEPS['week']} and {synthetic.STEPS['month']} days. The estimate uses all reports of a case, also "
        "those about later days; the rivals read the last decisive report of each place by the day, the home party "
        f"where there is none: {_rivals(summary)}."
    )
    parts = [
        "## Synthetic truths",
        about,
        "### Area and overlap",
        _area_table(summary),
        " ".join(_area_sentences(summary)),
        "### Intervals",
        f"How often the {found.level:.0%} interval holds the truth, and its mean interval score in km2 (width plus "
        f"{2 / (1 - found.level):g} times the distance by which it misses; lower is better). The estimate's "
        f"is read off at most {synthetic.DRAWS} draws, "
        f"half-sampling's off {synthetic.HALF_SAMPLES} halves.",
        _interval_table(summary),
        " ".join(_interval_sentences(summary)),
        "### By kind of front",
        _kind_table(found),
        "### By the end of the day",
        _filtered(summary),
    ]
    return "\n\n".join(part for part in parts if part)


def _rivals(summary: pd.DataFrame) -> str:
    own = {synthetic.ESTIMATE, synthetic.FILTERED}
    methods = [m for m in synthetic.METHODS if m not in own and (summary["method"] == m).any()]
    words = "; ".join(synthetic.METHODS[m] for m in methods)
    return words if synthetic.CLASSIFIER in methods else f"{words} (scikit-learn was not installed: no GP classifier)"


def _told(found: Mapping[Cell, Estimated], cell: Cell, form: str) -> str:
    return _plus(*found[cell], form) if cell in found else ""


def _area_table(summary: pd.DataFrame) -> str:
    shown = [m for m in SHORT if (summary["method"] == m).any()]
    errors = {m: criteria.by_cell(summary, "error_km2", m) for m in shown}
    overlaps = {m: criteria.by_cell(summary, "iou", m) for m in shown}
    truth, bias, ratio = (criteria.by_cell(summary, m) for m in ("truth_km2", "bias_km2", "error_ratio"))
    counts = summary[["truths", "cases"]].min()
    rows = []
    for cell in truth:
        row = [f"1 per {cell[0]:g} km2", f"{cell[1]:.0%}", f"{counts['truths']}", f"{counts['cases']}"]
        row += [f"{truth[cell].value:.0f}", *(_told(errors[m], cell, ".0f") for m in shown)]
        row += [_told(bias, cell, ".0f"), _told(ratio, cell, ".2f")]
        rows.append(row + [f"{overlaps[m][cell].value:.2f}" for m in shown])
    names = [SHORT[m] for m in shown]
    head = ["places", "wrong", "truths", "cases", "true km2", *(f"error of {name}" for name in names)]
    head += ["bias of estimate", "its error / Voronoi's", *(f"IoU of {name}" for name in names)]
    return _markdown(head, rows, right=2)


def _area_sentences(summary: pd.DataFrame) -> Iterator[str]:
    ratio = criteria.by_cell(summary, "error_ratio")
    best, worst = (choose(ratio, key=lambda cell: ratio[cell].value) for choose in (min, max))
    yield (
        f"The estimate's area error is {ratio[best].value:.2f} ({_named(best)}) to {ratio[worst].value:.2f} "
        f"({_named(worst)}) of Voronoi's on the same cases."
    )
    ours, classified = (criteria.by_cell(summary, "error_km2", m) for m in (synthetic.ESTIMATE, synthetic.CLASSIFIER))
    if classified:
        above = [cell for cell, one in ours.items() if one.value >= classified[cell].value]
        yield (
            f"It is not below the GP classifier's in {len(above)} of {len(ours)} cells ({_listed(above)})."
            if above
            else "It is below the GP classifier's in every cell."
        )
    truth, bias = (criteria.by_cell(summary, m) for m in ("truth_km2", "bias_km2"))
    share = {cell: one.value / truth[cell].value for cell, one in bias.items()}
    off = [cell for cell, part in share.items() if abs(part) >= 0.05 and abs(bias[cell].value) > 2 * bias[cell].error]
    if not off:
        yield "In no cell is the area off by 5 % or more on average, as far as can be told."
        return
    worst = max(off, key=lambda cell: abs(share[cell]))
    side = "small" if share[worst] < 0 else "large"
    yield (
        f"In {len(off)} of {len(share)} cells the area is off by 5 % or more on average, most at {_named(worst)}, "
        f"where it is {abs(share[worst]):.0%} too {side}."
    )
    if share[worst] < 0:
        yield "There ground that nobody reports on counts for the party at home."


def _interval_table(summary: pd.DataFrame) -> str:
    head = ["places", "wrong"]
    for name in synthetic.STEPS:
        head += [f"{name}: holds", "width", "score", "half-sampling's"]
    rows = [[f"1 per {cell[0]:g} km2", f"{cell[1]:.0%}"] for cell in criteria.by_cell(summary, "error_km2")]
    for name in synthetic.STEPS:
        columns = [
            (criteria.by_cell(summary, f"{name}_coverage"), ".2f"),
            (criteria.by_cell(summary, f"{name}_width"), ".0f"),
            (criteria.by_cell(summary, f"{name}_score"), ".0f"),
            (criteria.by_cell(summary, f"{name}_score", synthetic.HALVES), ".0f"),
        ]
        for row, cell in zip(rows, columns[0][0], strict=True):
            row += [_told(found, cell, form) for found, form in columns]
    return _markdown(head, rows, right=2)


def _interval_sentences(summary: pd.DataFrame) -> Iterator[str]:
    low, high = criteria.COVERAGE
    for name in synthetic.STEPS:
        share = criteria.by_cell(summary, f"{name}_coverage")
        halves = criteria.by_cell(summary, f"{name}_coverage", synthetic.HALVES)
        means = [np.mean([one.value for one in found.values()]) for found in (share, halves)]
        text = f"The interval for {criteria.WHAT[name]} holds the truth in {means[0]:.0%} of the cases, averaged over "
        text += f"the cells (half-sampling: {means[1]:.0%})"
        under = [cell for cell, one in share.items() if one.value < low]
        over = [cell for cell, one in share.items() if one.value > high]
        parts = []
        if under:
            least = min(under, key=lambda cell: share[cell].value)
            parts.append(f"too seldom in {len(under)} of {len(share)} (least at {_named(least)})")
        if over:
            most = max(over, key=lambda cell: share[cell].value)
            parts.append(f"in {len(over)} oftener than it need, being too wide (most at {_named(most)})")
        if not parts:
            yield f"{text}, and from {low:.0%} to {high:.0%} in every cell."
            continue
        off = [share[cell].value - low for cell in under] + [high - share[cell].value for cell in over]
        errors = [share[cell].error for cell in (*under, *over)]
        sure = sum(gap + 2.0 * error < 0.0 for gap, error in zip(off, errors, strict=True))
        yield f"{text}: {' and '.join(parts)}; in {sure} of these cells by more than two standard errors."
        if under:
            above = criteria.by_cell(summary, f"{name}_above")
            missed = sum(1.0 - share[cell].value for cell in under)
            part = sum(above[cell].value for cell in under) / missed
            yield f"Where it does so too seldom, the truth lies above it in {part:.0%} of the misses."


def _kind_table(found: Findings) -> str:
    assert found.cases is not None
    summary = synthetic.summarise(found.cases, level=found.level, by=("kind",))
    head = ["front", "truths", "cases", "error estimate", "bias", "IoU", "error / Voronoi's"]
    head += [f"{name}: holds" for name in synthetic.STEPS]
    rows = []
    for kind, own in summary[summary["method"] == synthetic.ESTIMATE].groupby("kind", sort=False):
        value, error = own.set_index("measure")["value"], own.set_index("measure")["standard_error"]
        forms = {"error_km2": ".0f", "bias_km2": ".0f", "iou": ".2f", "error_ratio": ".2f"}
        forms |= {f"{name}_coverage": ".2f" for name in synthetic.STEPS}
        row = [str(kind), f"{own['truths'].iloc[0]}", f"{own['cases'].iloc[0]}"]
        rows.append([*row, *(_plus(value[m], error[m], form) for m, form in forms.items())])
    return _markdown(head, rows)


def _filtered(summary: pd.DataFrame) -> str:
    own, all_ = (
        {m: criteria.by_cell(summary, m, method) for m in _FILTERED}
        for method in (synthetic.FILTERED, synthetic.ESTIMATE)
    )
    about = (
        "The same days, estimated from only what was published by their end, as a reader of that day would have it, "
        "against the estimate with all reports:"
    )
    head = ["places", "wrong", "error then", "error with all", "bias then", "IoU then", "IoU with all"]
    head += ["interval then holds", "its width", "its score"]
    rows = []
    for cell in own["error_km2"]:
        row = [f"1 per {cell[0]:g} km2", f"{cell[1]:.0%}"]
        row += [_told(own["error_km2"], cell, ".0f"), _told(all_["error_km2"], cell, ".0f")]
        row += [_told(own["bias_km2"], cell, ".0f"), f"{own['iou'][cell].value:.2f}", f"{all_['iou'][cell].value:.2f}"]
        row += [_told(own["area_coverage"], cell, ".2f"), f"{own['area_width'][cell].value:.0f}"]
        rows.append([*row, _told(own["area_score"], cell, ".0f")])
    truth = criteria.by_cell(summary, "truth_km2")
    bias = np.mean([one.value / truth[cell].value for cell, one in own["bias_km2"].items()])
    holds = np.mean([one.value for one in own["area_coverage"].values()])
    side = "small" if bias < 0 else "large"
    sentence = (
        f"By the end of the day the area is {abs(bias):.0%} too {side} on average over the cells, and its interval "
        f"holds the truth in {holds:.0%} of the cases."
    )
    return "\n\n".join([about, _markdown(head, rows, right=2), sentence])


_FILTERED = ("error_km2", "bias_km2", "iou", "area_coverage", "area_width", "area_score")


def _named(cell: Cell) -> str:
    return f"1 place per {cell[0]:g} km2 and {cell[1]:.0%} wrong"


def _listed(cells: Sequence[Cell]) -> str:
    return "; ".join(_named(cell) for cell in cells)


# A map of others


def _against_map(found: Findings) -> str:
    against = found.against
    if against is None:
        return ""
    weeks = against.weeks
    blocks = others.by_block(weeks)
    total = _records(blocks)[-1]
    first, last = (f"{day:%Y-%m-%d}" for day in weeks["date"].iloc[[0, -1]])
    about = (
        f"{found.theatre}, policy `{found.policy}`: {against.what}, once a week from {first} to {last}, against the "
        f"map `{against.name}`, which is no part of this project and no input to the estimate. Both are measured "
        f"geodesically on the same ground: the cells of that side of the border. {total['weeks']} weeks; "
        f"{total['gaps']} more fall into gaps of the map and count nowhere. Weeks that follow each other are much "
        "alike, so these figures rest on far fewer independent cases than weeks. Two maps drawn by experts overlap "
        f"with a median IoU of {criteria.OTHER_MAPS_IOU:.2f}."
    )
    forms = {"iou": ".3f", "lowest_iou": ".2f", "relative_error": "+.0%", "within": ".0%", "coverage": ".0%"}
    forms |= {"relative_width": ".0%", "peak": "+.0%"}
    rows = []
    for number, row in enumerate(_records(blocks), start=1):
        name = row["block"] if row["block"] == "all" else f"{number}: {row['block']}"
        rows.append([name, f"{row['weeks']}", f"{row['gaps']}", *(_plain(row[c], form) for c, form in forms.items())])
    head = [
        "block",
        "weeks",
        "gaps",
        "mean IoU",
        "lowest",
        "area",
        f"within {others.NEAR:.0%}",
        "interval holds",
        "width",
        "peak",
    ]
    table = [
        [
            f"{row['date']:%Y-%m-%d}",
            f"{row['map_km2']:.0f}",
            f"{row['area_km2']:.0f}",
            f"{row['area_low_km2']:.0f} to {row['area_high_km2']:.0f}",
            f"{row['iou']:.2f}",
            _plain(row["relative_error"], "+.0%"),
        ]
        for row in _records(weeks[weeks["map_km2"].notna()])
    ]
    parts = [
        "## Against a map drawn by others",
        about,
        _markdown(head, rows),
        " ".join([*_map_sentences(against, blocks), *against.notes]),
        _markdown(["day", "map km2", "ours km2", "interval", "IoU", "difference"], table),
    ]
    return "\n\n".join(part for part in parts if part)


def _map_sentences(against: AgainstMap, blocks: pd.DataFrame) -> Iterator[str]:
    if against.chosen:
        other = _records(others.by_block(against.untouched()))[-1]
        yield (
            f"Choices about the method were made by block {' and '.join(map(str, against.chosen))}; on the other weeks "
            f"the mean IoU is {_plain(other['iou'], '.3f')} and {_plain(other['within'], '.0%')} of the areas lie "
            f"within {others.NEAR:.0%}."
        )
    own = [row for row in _records(blocks) if row["block"] != "all" and row["weeks"]]
    if len(own) > 1:
        worst = min(own, key=lambda row: row["iou"])
        biggest = max(own, key=lambda row: abs(row["relative_error"]))
        side = "below" if biggest["relative_error"] < 0 else "above"
        yield f"The overlap is weakest in {worst['block']} (mean IoU {worst['iou']:.2f})."
        yield (
            f"The area differs most in {biggest['block']}, {abs(biggest['relative_error']):.0%} {side} the map's on "
            "average."
        )
    missed = against.weeks[against.weeks["in_interval"] == 0.0]
    if len(missed):
        above = int((missed["map_km2"] > missed["area_high_km2"]).sum())
        yield (
            f"In {len(missed)} weeks the interval does not hold the map's area; in {above} of these the map shows more "
            f"than the interval, in {len(missed) - above} less."
        )
    beyond = against.weeks["beyond_km2"].max()
    if beyond >= 0.5:
        yield f"Up to {beyond:.0f} km2 of the map lie on other ground and are left out."


# Held-out reports


def _held_out(found: Findings) -> str:
    if found.foretold is None:
        return ""
    scores = _records(heldout.summarise(found.foretold))
    about = (
        f"{found.theatre}: {heldout.FOLDS} times a fifth of the places is left out with all its reports, and what is "
        f"decisively said of it ({scores[0]['reports']} statements about {scores[0]['places']} places in all) is "
        "foretold from the other places, whatever the day of their reports. Both scores are of the probability that "
        "was given to what was then reported; lower is better, a coin scores 0.250 and 0.693. Rules that are sure "
        "count as 99 % sure in the log loss. Many statements are about the very day on which a place changes hands, "
        "and some are wrong: nobody can foretell all of them."
    )
    rows = [
        [
            row["rule"],
            heldout.RULES[row["rule"]],
            _plus(row["brier"], row["brier_error"], ".3f"),
            _plus(row["log_loss"], row["log_loss_error"], ".3f"),
        ]
        for row in scores
    ]
    classes = [
        [
            f"{row['low']:.0%} to {row['high']:.0%}",
            f"{row['given']:.0%}",
            f"{_plus(100 * row['reported'], 100 * row['standard_error'], '.0f')} %",
            f"{row['reports']}",
        ]
        for row in _records(heldout.calibration(found.foretold))
    ]
    parts = [
        "## Held-out reports",
        about,
        _markdown(["rule", "says", "Brier score", "log loss"], rows, right=2),
        " ".join(_held_out_sentences(scores)),
        "How often the named party was reported to hold the place, by the estimate's probability that it does:",
        _markdown(["probability", "mean", "reported so", "statements"], classes),
    ]
    return "\n\n".join(parts)


def _held_out_sentences(scores: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    ours, *rules = scores
    for column, what in (("brier", "Brier score"), ("log_loss", "log loss")):
        best = min(rules, key=lambda row: row[column])
        gain = best[column] - ours[column]
        side = "lower" if gain > 0 else "higher"
        yield f"The estimate's {what} is {abs(gain):.3f} {side} than that of the best rule ({best['rule']})."


# What was known when


def _as_of(found: Findings) -> str:
    table = found.revised
    if table is None:
        return ""
    row = _records(revisions.summarise(table))[0]
    every = (table["date"].iloc[1] - table["date"].iloc[0]).days if len(table) > 1 else revisions.EVERY_DAYS
    about = (
        f"{found.theatre}, policy `{found.policy}`: {found.revised_what}, every {every} days, as it could be known by "
        "the end of the day (only reports published by then), against what all reports say of it now. A figure has "
        f"settled when it stays within {revisions.NEAR_SHARE:.0%} or {revisions.NEAR_KM2:g} km2 of the final one; "
        f"this is looked at every {every} days."
    )
    sentences = [
        f"On the {row['days']} days with ground held, what was known then is off by {row['mean_abs_off_km2']:.0f} km2 "
        f"on average ({row['mean_off_km2']:+.0f} with its sign; median {_plain(row['median_abs_off_share'], '.0%')} of "
        f"the final figure), at most by {row['worst_off_km2']:+.0f} km2 on {row['worst_date']:%Y-%m-%d}.",
        f"{row['settled_at_once']:.0%} of the figures had settled at once, half of those that settled after "
        f"{_plain(row['median_settled_days'], '.0f')} days at most, the slowest after "
        f"{_plain(row['longest_settled_days'], '.0f')} days; {row['unsettled']} had not by the last day.",
        f"The interval told then holds the final figure on {row['coverage']:.0%} of the days.",
    ]
    rows = [
        [
            f"{one['date']:%Y-%m-%d}",
            f"{one['then_km2']:.0f}",
            f"{one['then_low_km2']:.0f} to {one['then_high_km2']:.0f}",
            f"{one['final_km2']:.0f}",
            f"{one['off_km2']:+.0f}",
            _plain(one["off_share"], "+.0%"),
            _plain(one["settled_days"], ".0f") or "not yet",
        ]
        for one in _records(table)
    ]
    head = ["day", "known then, km2", "interval then", "known now", "off", "share", "settled after days"]
    return "\n\n".join(["## What was known when", about, " ".join(sentences), _markdown(head, rows)])


def _parameters(found: Findings) -> str:
    if not found.parameters:
        return ""
    rows = [[row["name"], row["value"], row["unit"], row["meaning"]] for row in found.parameters]
    other = [row["name"] for row in found.parameters if row.get("default") == "no"]
    told = f"Not the default: {', '.join(other)}." if other else "All are the defaults."
    table = _markdown(["parameter", "value", "unit", "meaning"], rows, right=9)
    return f"## Parameters of the estimate\n\nNothing here is fitted to a map at run time. {told}\n\n{table}"


# Small parts


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows as plain values."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _plus(value: float, error: float, form: str) -> str:
    if np.isnan(value):
        return ""
    return format(value, form) if np.isnan(error) else f"{value:{form}} ± {error:{form}}"


def _plain(value: float, form: str) -> str:
    return "" if np.isnan(value) else format(value, form)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 1) -> str:
    """Write a table; columns from number `right` on are set to the right."""
    rule = ["---" if number < right else "---:" for number in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
