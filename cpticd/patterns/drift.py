"""Since when a diagnosis stands with a procedure more, less, for the first time or no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Unpack

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.cohort import Cohort, Filters, dimensions, lines
from cpticd.core.contract import attach
from cpticd.core.frames import to_frame
from cpticd.patterns import inputs
from cpticd.patterns.changes import likeliest
from cpticd.patterns.inputs import Pointer

Against = Literal["procedure", "independence"]
AGAINST: Final = {
    "procedure": "each month's lines of the procedure, by stratum, at the stratum's share of lines with the diagnosis",
    "independence": "each month's lines of the procedure × lines with the diagnosis / lines, by stratum",
}
_EXPOSED: Final = {
    "procedure": """
        SELECT w.procedure, w.diagnosis, b.month, sum(b.n * w.k / w.n) AS expected
        FROM (
            SELECT c.procedure, c.diagnosis, c.stratum, sum(c.k) AS k, max(t.n) AS n
            FROM cells c
            JOIN (SELECT procedure, stratum, sum(n) AS n FROM billed GROUP BY procedure, stratum) t
                ON t.procedure = c.procedure AND t.stratum = c.stratum
            GROUP BY c.procedure, c.diagnosis, c.stratum
        ) w
        JOIN billed b ON b.procedure = w.procedure AND b.stratum = w.stratum
        GROUP BY w.procedure, w.diagnosis, b.month""",
    "independence": """
        SELECT e.procedure, e.diagnosis, b.month, sum(b.n * d.n / t.n) AS expected
        FROM enough e
        JOIN billed b ON b.procedure = e.procedure
        JOIN (
            SELECT diagnosis, stratum, month, CAST(count(*) AS DOUBLE) AS n
            FROM {pairs} GROUP BY diagnosis, stratum, month
        ) d ON d.diagnosis = e.diagnosis AND d.stratum = b.stratum AND d.month = b.month
        JOIN (SELECT stratum, month, sum(n) AS n FROM billed GROUP BY stratum, month) t
            ON t.stratum = b.stratum AND t.month = b.month
        GROUP BY e.procedure, e.diagnosis, b.month""",
}
COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "kind", "change_date", "change_from",
    "change_to", "lines", "persons", "lines_before", "lines_after", "share_before", "share_after", "ratio",
    "changed_lines", "variance_factor", "statistic", "p_value", "q_value", "first_date", "last_date", "month_lines",
    "month_expected", "month_procedure_lines",
)  # fmt: skip


def drift(
    claims: Claims,
    *,
    stratify: Sequence[str] | str | None = ("payer", "place_of_service_code"),
    against: Against = "procedure",
    pointer: Pointer = "all",
    min_lines: int = 30,
    min_months: int = 2,
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """One row per procedure and diagnosis with ``min_lines`` lines: where in time its share changes most.

    Parameters
    ----------
    stratify: a change of mix over these (``cpticd.cohort.DIMENSIONS``) is not taken for a change of the pair.
    against: what the pair is held against, month by month: ``procedure``, the procedure's lines (the share that
        points to the diagnosis); ``independence``, what procedure and diagnosis, each as frequent as in that month,
        let expect (a change beyond seasons and new codes that concern other procedures alike).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: pairs with fewer lines are left out, and counted in the contract.
    min_months: at least so many months in which the procedure is billed lie on either side of a change.
    filters: dates, payer, setting, place, claim_type, person_id (``cpticd.cohort.Filters``).

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; kind: appears (no line before), vanishes (none after),
    rises, falls; change_date, first day of the first month after the likeliest change, and change_from, change_to,
    between which it lies with about 95 % (likelihood ratio); lines, persons; lines_before, lines_after; share_before,
    share_after, of the procedure's lines; ratio of lines over expected, after to before (infinite where it appears);
    changed_lines, lines after less those that the rate before lets expect; variance_factor; statistic, twice the log
    likelihood ratio; p_value (``cpticd.patterns.changes``), q_value (Benjamini–Hochberg over the rows); first_date,
    last_date of service; month_lines, month_expected, month_procedure_lines: a list each, by ``contract["months"]``.

    Lines of one person come together, so that counts vary more than independent ones do: all is judged with counts
    over variance_factor = sum of squares over sum of the persons' lines (Kish), times the share of the procedure's
    lines without the diagnosis (against ``procedure``), which is what a fixed number of lines can vary by. One change
    per pair: look at the time before or after it, with ``dates``, for another. Seasons are changes too.
    Ordered by q_value, statistic and codes. Raises ArgumentError for arguments and filters that are unknown.
    """
    inputs.one_of("against", against, AGAINST)
    inputs.positive("min_lines", min_lines)
    inputs.positive("min_months", min_months)
    wanted = dimensions(stratify, "stratify")
    with lines(claims, filters) as cohort:
        found, facts, counts = _counted(cohort, wanted, against, pointer, min_lines)
        left_out = inputs.lines_left_out(cohort)
        told = cohort.contract
    months = _months(found)
    result = _measured(found, facts, months, against, min_months)
    return attach(
        result,
        measure=f"change of procedure × diagnosis pairs over months ({pointer} pointers)",
        numerator="service lines of the procedure that point to the diagnosis, by month",
        denominator="expected if nothing changes: " + AGAINST[against],
        clock=inputs.SERVICE_CLOCK,
        exclusions=inputs.EXCLUSIONS + f"; lines without a date; pairs under {min_lines} lines",
        rows_left_out=left_out + counts["undated"],
        strata=wanted or "none",
        test="largest binomial likelihood ratio of one change point; exact two-sided tail there, for all months looked "
        "at (improved Bonferroni, Worsley 1982, 1983), Benjamini–Hochberg over pairs",
        variance="counts over the variance factor: Kish's design effect of persons"
        + (" × share of the procedure's lines without the diagnosis" if against == "procedure" else ""),
        family_size=int(result["p_value"].notna().sum()),
        min_months=min_months,
        small_pairs_left_out=counts["pairs"] - len(result),
        months=[f"{month:%Y-%m-%d}" for month in months],
        **told,
    )


def _counted(
    cohort: Cohort, wanted: list[str], against: Against, pointer: Pointer, min_lines: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Lines and expectation by pair and month; facts of each pair; what was left out."""
    every = inputs.pairs_of(cohort, pointer, wanted)
    undated = cohort.rows(f"SELECT count(*) AS n FROM {every} WHERE service_date IS NULL AND is_primary")[0][
        "n"
    ]
    pairs = cohort.create("dated", f"SELECT * FROM {every} WHERE service_date IS NOT NULL", materialize=False)
    billed = cohort.create("billed", f"SELECT * FROM {pairs} WHERE is_primary", materialize=False)
    exposed = _EXPOSED[against].format(pairs=pairs)
    text = sql.text("drift").format(pairs=pairs, lines=billed, exposed=exposed)
    found = to_frame(cohort.engine.fetch(text, {"min_lines": min_lines}))
    facts = to_frame(
        cohort.engine.fetch(
            f"""
            WITH own AS (
                SELECT procedure, diagnosis, person, CAST(count(*) AS DOUBLE) AS n,
                    min(service_date) AS first_date, max(service_date) AS last_date
                FROM {pairs} GROUP BY procedure, diagnosis, person
            )
            SELECT procedure, diagnosis, sum(n) AS lines, count(*) AS persons, sum(n * n) / sum(n) AS clustering,
                min(first_date) AS first_date, max(last_date) AS last_date
            FROM own GROUP BY procedure, diagnosis HAVING sum(n) >= $min_lines
            ORDER BY procedure, diagnosis
            """,
            {"min_lines": min_lines},
        )
    )
    there = cohort.rows(
        f"SELECT count(*) AS n FROM (SELECT DISTINCT procedure, diagnosis FROM {pairs}) AS there"
    )
    names = inputs.code_names(cohort)
    return (
        inputs.with_codes(found, names),
        inputs.with_codes(facts, names),
        {"undated": int(undated), "pairs": int(there[0]["n"])},
    )


def _months(found: pd.DataFrame) -> pd.DatetimeIndex:
    """Every month from the first to the last in which anything is expected."""
    if found.empty:
        return pd.DatetimeIndex([])
    return pd.date_range(found["month"].min(), found["month"].max(), freq="MS")


def _matrix(found: pd.DataFrame, facts: pd.DataFrame, months: pd.DatetimeIndex, column: str) -> np.ndarray:
    """One row per pair of ``facts``, one column per month."""
    codes = ["hcpcs_code", "diagnosis_code"]
    rows = facts[codes].assign(row=np.arange(len(facts)))
    placed = found[codes].merge(rows, on=codes, how="left")["row"].to_numpy(int)
    matrix = np.zeros((len(facts), len(months)))
    matrix[placed, months.get_indexer(pd.DatetimeIndex(found["month"]))] = found[column].to_numpy(float)
    return matrix


def _measured(
    found: pd.DataFrame, facts: pd.DataFrame, months: pd.DatetimeIndex, against: Against, min_months: int
) -> pd.DataFrame:
    """The likeliest change of every pair, with what it was before and after."""
    k, e, n = (_matrix(found, facts, months, name) for name in ("lines", "expected", "procedure_lines"))
    e = e.round(inputs.DIGITS)
    total = k.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(total / n.sum(axis=1), 0, 1)
    factor = facts["clustering"].to_numpy(float).round(inputs.DIGITS)
    if against == "procedure":
        # Where nearly every line has the diagnosis hardly anything is left to vary; the floor keeps it above nothing.
        factor = factor * np.maximum(1 - share, 1 / np.maximum(n.sum(axis=1), 1))
    change = likeliest(k, e, factor, min_months=min_months)
    before = np.arange(len(months))[None, :] < change.after[:, None]
    k_before, e_before, n_before = ((part * before).sum(axis=1) for part in (k, e, n))
    k_after, e_after, n_after = total - k_before, e.sum(axis=1) - e_before, n.sum(axis=1) - n_before
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (k_after / e_after) / (k_before / e_before)
        changed = k_after - e_after * k_before / e_before
        shares = [
            np.where(base > 0, part / base, np.nan)
            for part, base in ((k_before, n_before), (k_after, n_after))
        ]
    kind = np.select(
        [change.after < 0, k_before == 0, k_after == 0, ratio >= 1],
        ["not tested", "appears", "vanishes", "rises"],
        "falls",
    )
    days = [pd.Series(months[np.maximum(at, 0)] if len(months) else pd.DatetimeIndex([])).where(at >= 0)
            for at in (change.after, change.first, change.last)]  # fmt: skip
    frame = inputs.with_families(facts.drop(columns="clustering")).assign(
        kind=kind, change_date=days[0], change_from=days[1], change_to=days[2],
        lines=total.astype("int64"), persons=facts["persons"].astype("int64"), lines_before=k_before.astype("int64"),
        lines_after=k_after.astype("int64"), share_before=shares[0], share_after=shares[1], ratio=ratio.round(9),
        changed_lines=changed.round(6), variance_factor=factor, statistic=change.statistic, p_value=change.p_value,
        q_value=stats.benjamini_hochberg(change.p_value), month_lines=k.astype(int).tolist(),
        month_expected=e.round(6).tolist(), month_procedure_lines=n.astype(int).tolist(),
    )  # fmt: skip
    frame = frame.sort_values(
        ["q_value", "statistic", "hcpcs_code", "diagnosis_code"],
        ascending=[True, False, True, True],
        ignore_index=True,
    )
    return frame[list(COLUMNS)]
