"""What services are worth: relative values by the fee schedule of their day, dollars for them, and for whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import whole
from cpticd.core.contract import attach, records_of
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.patterns.comorbidity import SOURCES, counted
from cpticd.stats import Products
from cpticd.stats.clustered import clusters, sums

_RVUS: Final = ("work_rvu", "practice_rvu", "malpractice_rvu", "total_rvu")
#: Of each ratio what is counted of what, over which lines, and the columns that it becomes.
_RATIOS: Final = {
    "allowed_per_rvu": ("allowed_amount", "total_rvu", "allowed"),
    "paid_per_rvu": ("paid_amount", "total_rvu", "decided"),
    "rvu_per_line": ("total_rvu", "share", "valued"),
}
_VALUED: Final = (
    "valued_lines", "valued_share", "units", *_RVUS, "work_share", "rvu_per_line", "rvu_per_line_low",
    "rvu_per_line_high", "rvu_per_person", "charlson", "charlson_low", "charlson_high",
)  # fmt: skip
_ALLOWED: Final = ("allowed_amount", "allowed_per_rvu", "allowed_per_rvu_low", "allowed_per_rvu_high")
_DECIDED: Final = ("paid_amount", "paid_per_rvu", "paid_per_rvu_low", "paid_per_rvu_high")
COLUMNS: Final = (
    "lines", "valued_lines", "valued_share", "persons", "units", *_RVUS, "work_share", "rvu_per_line",
    "rvu_per_line_low", "rvu_per_line_high", "rvu_per_person", *_ALLOWED, *_DECIDED, "charlson", "charlson_low",
    "charlson_high",
)  # fmt: skip


def _facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person and group, and whether its lines have a value, a decision, an allowed amount."""
    given = records_of(frame)["arguments"]
    groups = claims.grouping(given["by"])
    flags = "o.valued = 1 AS valued, o.decided = 1 AS decided, o.allowed = 1 AS allowed"
    with claims.session() as s:
        _rows(s, groups, given["folder"])
        return s.frame(f"SELECT DISTINCT o.person_id, {groups.columns} {flags} FROM value_rows o")


def _leaves(by: By = None, **_: Any) -> Cells:
    return Cells(
        by=names(by),
        numerators={"valued": (*_VALUED, "persons"), "decided": _DECIDED, "allowed": _ALLOWED},
        facts=_facts,
    )


@measure(heading="Value of services", leaves=_leaves, chart="value")
def value(
    claims: Claims,
    by: By = None,
    *,
    folder: str | None = None,
    min_lines: int = 30,
    confidence: float = 0.95,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per group: relative value units by kind, dollars per unit, and how ill the persons are.

    Needs Medicare's physician fee schedule, which you add: ``cx.reference.add("RVU25A.zip")``, a release for each year
    of the claims.

    Parameters
    ----------
    by: dimensions to group by, such as ``rendering_npi``, ``specialty`` or ``rbcs`` (``claims.dimensions()``). By
        diagnoses a line stands in the group of each that it points to, its units of value and dollars shared out.
    folder: of the reference tables, where it is not your own.
    min_lines: groups with fewer lines that have a value are left out, and counted in the contract.
    confidence: of the intervals.
    quiet: do not print how many lines have no value, and why.

    Columns
    -------
    the dimensions; lines (services that stand), valued_lines (with a relative value) and valued_share; persons of
    these; units; work_rvu, practice_rvu, malpractice_rvu, total_rvu, work_share (of the total); rvu_per_line with its
    interval rvu_per_line_low, rvu_per_line_high; rvu_per_person; allowed_amount and allowed_per_rvu of lines that were
    allowed (the price); paid_amount and paid_per_rvu of all that were decided, denied ones with nothing (the yield), in
    US dollars, with their intervals; charlson, the mean of Charlson's index of the persons by all diagnoses of these
    claims (weights of 1987), with charlson_low and charlson_high.

    A line has the value of its code and component (26, TC, 53) in the release of its day of service, of its setting by
    place of service, times its units and what its modifiers take of it (``reference.table("modifier_values")``: both
    sides, two surgeons, assistants). Multiple-procedure reductions lower the payment and not the value. Lines without
    one: institutional bills, codes that the schedule does not have or does not value (laboratory, drugs, anesthesia),
    modifiers whose part is not fixed, days that no release reaches. Dollars are those of all payers. Intervals are
    linearised ratios, clustered by claim or person, whichever is wider. Values have no geographic adjustment. Largest
    total first. Raises ArgumentError where no schedule was added.

    >>> import cpticd as cx, pathlib, tempfile
    >>> home = tempfile.mkdtemp()
    >>> file = pathlib.Path(home, "PPRRVU2025_Jan.csv")
    >>> above = ["STATUS", "WORK", "NON-FAC PE", "FACILITY PE", "MP", "NON-FACILITY", "FACILITY", "PCTC"]
    >>> below = ["CODE", "RVU", "RVU", "RVU", "RVU", "TOTAL", "TOTAL", "IND"]
    >>> days = ["GLOB", "MULT", "BILAT", "ASST"], ["DAYS", "PROC", "SURG", "SURG"]
    >>> rows = [["", "", *above, *days[0]], ["HCPCS", "MOD", *below, *days[1]]]
    >>> rows += [["99213", "", "A", "1.30", "1.20", "0.55", "0.10", "2.60", "1.95", "0", "XXX", "0", "0", "0"]]
    >>> _ = file.write_text("\\n".join(map(",".join, rows)))
    >>> _ = cx.reference.add("fee_schedule", file, folder=home, quiet=True)
    >>> found = cx.patterns.value(cx.simulate(persons=100, seed=1).claims, folder=home, quiet=True)
    >>> bool((found["total_rvu"] > found["work_rvu"]).all())
    True
    """
    whole("min_lines", min_lines)
    groups = claims.grouping(by)
    place = None if folder is None else str(folder)
    with claims.session() as s:
        releases = _rows(s, groups, place)
        days = s.rows("SELECT min(claim_start_date) AS first, max(claim_start_date) AS last FROM claims")[0]
        counted(s, claims, days["first"] or date.min, days["last"] or date.max)
        same = " AND ".join(f"i.{name} IS NOT DISTINCT FROM s.{name}" for name in groups.names) or "TRUE"
        found = s.frame(sql.text("patterns/value"), columns=groups.columns, group=groups.group, same=same)
        ratios = {name: _ratio(s, groups, parts, confidence) for name, parts in _RATIOS.items()}
        terms = _terms(s, releases)
    result, small = _shaped(found, ratios, groups.names, min_lines, confidence)
    if not quiet:
        _say(terms)
    return attach(
        result,
        measure="relative value of services, dollars per unit of value, and comorbidity of their persons",
        numerator="relative value units of the fee schedule × units × modifiers; allowed and paid US dollars",
        denominator="lines with a relative value; per unit: total units of value of lines allowed, of lines decided",
        clock="date of service",
        exclusions=f"services that were voided; groups under {min_lines} lines with a value",
        rows_left_out=terms["lines"] - terms["valued_lines"],
        small_groups_left_out=small,
        interval=f"{confidence:.0%} linearised ratio, design effect by claim or person, the larger; Charlson: normal, "
        "units are persons",
        source_conditions=SOURCES["conditions"],
        source_charlson=SOURCES["charlson"],
        **terms,
    )


def _rows(s: Session, groups: Grouping, folder: str | Path | None) -> list[str]:
    """Make ``value_services`` and ``value_rows`` in a session; returns the releases of the schedule that were read."""
    schedule = reference.release("fee_schedule", folder=folder)
    open_ = {"effective_from": date.min, "effective_to": date.max}
    ends = {name: pc.fill_null(schedule[name], pa.scalar(day, pa.date32())) for name, day in open_.items()}
    kept = {name: schedule[name] for name in schedule.column_names if name not in open_}
    s.load("value_schedule", pa.table(kept | ends))
    s.load("value_places", reference.table("place_of_service").select(["code", "setting"]))
    s.load("value_modifiers", reference.table("modifier_values").select(["modifier", "bilateral", "factor"]))
    s.create("value_services", sql.text("patterns/value_services"))
    shared = groups.level == "diagnosis"
    plain = (
        "o.claim_id, o.claim_line_number, o.person_id, o.reason, o.valued, o.decided, o.units, o.work_rvu, "
    )
    plain += "o.practice_rvu, o.malpractice_rvu, o.total_rvu, o.paid_amount, o.allowed_amount"
    keys = "".join(f"{each.sql}, " for each in groups.dimensions)
    s.create("value_rows", sql.text("patterns/value_rows"), select=groups.select, joins=groups.joins,
             share="sum(coalesce(p.share, 1))" if shared else "CAST(1 AS DOUBLE)",
             group=f"GROUP BY {keys} {plain}" if shared else "")  # fmt: skip
    return sorted({str(name) for name in schedule["release"].unique().to_pylist()})


def _ratio(s: Session, groups: Grouping, parts: tuple[str, str, str], confidence: float) -> pd.DataFrame:
    """One row per group: a ratio of sums over lines with its interval."""
    part, per, flag = parts
    columns = f"{groups.columns} claim_id, 0 AS hit, {part} AS part, {per} AS whole"
    rows = f"(SELECT {columns} FROM value_rows WHERE {flag} = 1)"
    found = sums(s, rows, groups.columns)
    lines = Products(*(found[pair] for pair in ("part_part", "part_whole", "whole_whole")))
    made = stats.ratio_of_lines(
        found["n"],
        found["part"],
        found["whole"],
        lines,
        clusters(found, "part", "whole"),
        confidence=confidence,
        highest=np.inf,
    )
    return found[groups.names].assign(rate=made.rate, low=made.low, high=made.high)


def _shaped(
    found: pd.DataFrame, ratios: dict[str, pd.DataFrame], wanted: list[str], min_lines: int, confidence: float
) -> tuple[pd.DataFrame, int]:
    """The columns of the result, of groups with enough lines; and how many groups have too few."""
    for name, made in ratios.items():
        own = made.rename(columns={"rate": name, "low": f"{name}_low", "high": f"{name}_high"})
        found = found.merge(own, on=wanted, how="left") if wanted else pd.concat([found, own], axis=1)
    half: Any = stats.normal_quantile(confidence) * found["charlson_deviation"] / np.sqrt(found["persons"])
    valued, total, persons = (
        found[name].where(found[name] > 0) for name in ("valued_lines", "total_rvu", "persons")
    )
    found = found.assign(
        valued_share=found["valued_lines"] / found["lines"],
        work_share=found["work_rvu"] / total,
        rvu_per_person=found["total_rvu"] / persons,
        charlson_low=(found["charlson"] - half).clip(lower=0),
        charlson_high=found["charlson"] + half,
        paid_amount=found["paid_amount"].where(found["decided_lines"] > 0).round(2),
        allowed_amount=found["allowed_amount"].where(found["allowed_lines"] > 0).round(2),
        **{name: found[name].round(6) for name in _RVUS},
    )
    enough = valued.fillna(0) >= min_lines
    kept = found[enough].sort_values(
        ["total_rvu", *wanted], ascending=[False, *[True] * len(wanted)], ignore_index=True
    )
    counts = dict.fromkeys(("lines", "valued_lines", "persons"), "int64")
    return kept.astype(counts)[[*wanted, *COLUMNS]], int((~enough).sum())


def _terms(s: Session, releases: list[str]) -> dict[str, Any]:
    """How many lines have a value, why the others have none, and what was assumed."""
    rows = s.rows(
        "SELECT reason, count(*) AS n, sum(unit_assumed) AS units, "
        "count(CASE WHEN place_setting IS NULL THEN 1 END) AS places FROM value_services GROUP BY reason"
    )
    without = {row["reason"]: int(row["n"]) for row in rows if row["reason"] is not None}
    valued = next((row for row in rows if row["reason"] is None), {"n": 0, "units": 0, "places": 0})
    return {
        "lines": sum(int(row["n"]) for row in rows),
        "valued_lines": int(valued["n"]),
        "lines_without_value": dict(sorted(without.items(), key=lambda item: (-item[1], item[0]))),
        "units_assumed": f"{int(valued['units'] or 0)} lines without a quantity count as one unit",
        "setting_assumed": f"{int(valued['places'] or 0)} lines without a known place of service have the value of an "
        "office",
        "fee_schedule": releases,
    }


def _say(terms: dict[str, Any]) -> None:
    """Prints the share of lines that have a value, and why the others have none."""
    lines, valued = terms["lines"], terms["valued_lines"]
    share = f" ({valued / lines:.0%})" if lines else ""
    print(f"{valued:,} of {lines:,} service lines have a relative value{share}")
    for reason, number in terms["lines_without_value"].items():
        print(f"  {number:,}: {reason}")
