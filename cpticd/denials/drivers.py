"""Where denials come from: payers, procedures, both, places, providers, and only then diagnoses; each effect once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd

from cpticd.claims import Claims
from cpticd.core import selection
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Linked, Part, measure
from cpticd.denials import driver_leaves
from cpticd.denials.driver_lines import DIAGNOSIS, Level, Lines, level, lines_of
from cpticd.denials.driver_rows import rows_of
from cpticd.denials.driver_search import Search
from cpticd.denials.named_causes import said
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.denials.pair_sources import hit_of

#: Dimensions that drivers are looked for by, unless others are named; the order is that of the levels.
DIMENSIONS: Final = ("payer", "hcpcs_code", "place", "billing_npi", DIAGNOSIS)
#: Of these effects are as large as the lines say; those of other dimensions are shrunken.
FREE: Final = ("payer", "hcpcs_code", "place")
#: What is said before a value that does not speak for itself.
_NAMED: Final = {"place": "place ", "billing_npi": "provider "}


def _sentence(frame: pd.DataFrame) -> str:
    """The dearest driver of which the counts are known, and when it began."""
    counted = ["excess_amount", "denied_lines", "lines", "expected_denials"]
    known = frame[frame[counted].notna().all(axis=1) & (frame["excess_amount"] > 0)]
    if known.empty:
        return ""
    row = known.iloc[0]
    keys = [f"{_NAMED.get(name, '')}{row[name]}" for name in str(row["level"]).split(" × ")]
    since = "" if pd.isna(row["since"]) else f" since {row['since']:%B %Y}"
    return (
        f"The dearest source of denials is {' × '.join(keys)}: {row['denied_lines']:,.0f} of {row['lines']:,.0f} lines "
        f"were denied, where {row['expected_denials']:,.0f} were to be expected{since}; the excess is worth "
        f"${row['excess_amount']:,.0f}."
    )


@measure(
    heading="Where denials come from",
    leaves=Linked(driver_leaves.tables, driver_leaves.apply),
    chart="drivers",
    sentence=_sentence,
    report=[
        Part(
            "drivers", "drivers", "Where denials come from", lambda given: {"min_lines": given["min_lines"]}
        ),
    ],
)
def drivers(
    claims: Claims,
    dimensions: Sequence[str] = DIMENSIONS,
    *,
    cause: str | Collection[str] | None = None,
    q: float = Q_THRESHOLD,
    min_lines: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per driver: a group of lines denied more often than the levels above let expect, the dearest first.

    Parameters
    ----------
    dimensions: what to look by, see ``claims.dimensions()``, and ``diagnosis``. Levels in this order: every dimension
        by itself; payer × procedure; the other dimensions within payers; procedure × diagnosis, and within payers.
    cause: count only denials of this root cause, or of several, as in ``by_pair``.
    q: false discovery rate within a level up to which a driver is listed.
    min_lines: groups of fewer adjudicated lines are not looked at.
    confidence: of the interval of the rate.

    Columns
    -------
    level, the names of its dimensions; the dimensions, missing where the level does not divide by them (diagnoses as
    diagnosis_code); lines, persons, denied_lines; rate with its interval low, high (Wilson's of effective lines);
    expected_denials and expected_rate: what the other effects let expect of the same lines; excess_denials, excess_low
    and excess_high: beyond the expected; odds_ratio; p_value (one-sided), q_value (Benjamini-Hochberg within the
    level); design_effect (by claim or person, the larger), effective_lines; denied_amount, excess_amount (US dollars,
    the excess's part of what was denied); top_category and top_carc of its denied lines; since, the month in which it
    began where it was not there from the start.

    An effect is listed at the level where it lives: candidates of all levels compete, the clearest is taken into a
    logistic model of the lines' chances (main effects of the dimensions and of the quarter of service are always in
    it) and the rest is looked at again. Diagnoses are compared within payer and procedure, and within provider.

    Raises ArgumentError for dimensions that are not there. A frame without rows says that nothing was found; the
    contract's ``detectable`` then says, by level, which difference would have been.

    >>> import cpticd as cx
    >>> found = cx.denials.drivers(cx.simulate(persons=300, seed=1).claims)
    >>> bool((found["q_value"] <= 0.10).all())
    True
    """
    wanted = _checked(dimensions, q, min_lines)
    groups = claims.grouping([name for name in wanted if name != DIAGNOSIS])
    if groups.level == "diagnosis":
        raise ArgumentError(f"dimensions={list(dimensions)}: say 'diagnosis' for the diagnoses of pairs")
    with claims.session() as s:
        lines = lines_of(s, groups, hit_of(s, cause), diagnoses=DIAGNOSIS in wanted)
    single = [name for name in wanted if name != DIAGNOSIS]
    mains = {name: lines.codes[name] + 1 for name in single} | {"quarter": lines.quarter}
    levels = _levels(lines, wanted, min_lines)
    search = Search(lines, levels, mains, free=(*FREE, "quarter"))
    search.run(q)
    upper = [level(lines, (name,), min_lines) for name in single]
    found, detectable, sizes = rows_of(search, upper, wanted, q=q, confidence=confidence)
    return attach(
        found,
        measure="drivers of initial denials",
        numerator="lines denied at first adjudication" + (f", of {said(cause)} causes" if cause else ""),
        denominator="adjudicated lines of the group",
        clock=CLOCKS["initial"],
        exclusions=f"lines not adjudicated; groups under {min_lines} lines; what does not pass q {q:g}",
        expected="a logistic model of the dimensions, the quarter of service and the other drivers",
        test="one-sided score test of effective counts, Benjamini-Hochberg within the level",
        interval=f"{confidence:.0%} Wilson of effective lines (design effect by claim or person, the larger)",
        looked_at={each.name.replace(DIAGNOSIS, "diagnosis_code"): each.size for each in (*upper, *levels)},
        detectable=detectable,
        records={driver_leaves.MISSED: {**sizes, driver_leaves.WHOLE: (int(lines.denied.sum()), lines.size)}},
        groups="overlap: a line is in one group of every level; an excess is counted at one",
    )


def _checked(dimensions: Sequence[str], q: float, min_lines: int) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(selection.names(dimensions)))
    if not wanted or not 0 < q < 1 or min_lines < 1:
        raise ArgumentError(
            f"dimensions={list(wanted)}, q={q!r}, min_lines={min_lines!r}: expected one dimension or more, q between 0 "
            "and 1, min_lines 1 or more"
        )
    return wanted


def _levels(lines: Lines, wanted: tuple[str, ...], min_lines: int) -> list[Level]:
    """Levels below the main effects, from the uppermost down."""
    has = set(wanted)
    sets: list[tuple[str, ...]] = []
    if {"payer", "hcpcs_code"} <= has:
        sets.append(("payer", "hcpcs_code"))
    for name in wanted:
        if name in ("payer", "hcpcs_code", DIAGNOSIS):
            continue
        sets += [("payer", name)] if "payer" in has else []
    if DIAGNOSIS in has:
        within = tuple(name for name in ("hcpcs_code",) if name in has)
        sets.append((*within, DIAGNOSIS))
        sets += [("payer", *within, DIAGNOSIS)] if "payer" in has else []
    made = [level(lines, each, min_lines) for each in sets]
    return [each for each in made if each.size]
