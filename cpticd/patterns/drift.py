"""Since when a diagnosis stands with a procedure more, less, for the first time or no more."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By
from cpticd.core.session import Session
from cpticd.patterns import code_pairs
from cpticd.patterns.change_point import likeliest
from cpticd.patterns.code_pairs import Pointer

Against = Literal["procedure", "independence"]
AGAINST: Final = {
    "procedure": "each month's lines of the procedure, by stratum, at the stratum's share of lines with the diagnosis",
    "independence": "each month's lines of the procedure × lines with the diagnosis / lines, by stratum",
}
COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "kind", "change_date", "change_from",
    "change_to", "lines", "persons", "lines_before", "lines_after", "share_before", "share_after", "ratio",
    "changed_lines", "variance_factor", "statistic", "p_value", "q_value", "first_date", "last_date", "month_lines",
    "month_expected", "month_procedure_lines",
)  # fmt: skip
#: What compares, counts of months, of which nobody knows the persons, and days of a single person.
_WITHHELD: Final = COLUMNS[COLUMNS.index("lines_before") :]


def _leaves(pointer: Pointer = "all", **_: Any) -> Cells:
    return code_pairs.cells(pointer, _WITHHELD)


@measure(heading="Changes of pairs over time", leaves=_leaves, chart="drift")
def drift(
    claims: Claims,
    *,
    stratify: By = ("payer", "place"),
    against: Against = "procedure",
    pointer: Pointer = "all",
    min_lines: int = 30,
    min_months: int = 2,
) -> pd.DataFrame:
    """One row per procedure and diagnosis with ``min_lines`` lines: where in time its share changes most.

    Parameters
    ----------
    stratify: dimensions (``claims.dimensions()``, but for those of diagnoses and the procedure itself) of which a
        change of mix is not taken for a change of the pair.
    against: what the pair is held against, month by month: ``procedure``, the procedure's lines (the share that
        points to the diagnosis); ``independence``, what procedure and diagnosis, each as frequent as in that month,
        let expect (a change beyond seasons and new codes that concern other procedures alike).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: pairs with fewer lines are left out, and counted in the contract.
    min_months: at least so many months in which the procedure is billed lie on either side of a change.

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; kind: appears (no line before), vanishes (none after),
    rises, falls, not tested; change_date, first day of the first month after the likeliest change, and change_from,
    change_to, between which it lies with about 95 % (likelihood ratio); lines, persons; lines_before, lines_after;
    share_before, share_after, of the procedure's lines; ratio of lines over expected, after to before (infinite where
    it appears); changed_lines, lines after less those that the rate before lets expect; variance_factor; statistic,
    twice the log likelihood ratio; p_value (Worsley 1982, 1983), q_value (Benjamini–Hochberg over the rows);
    first_date, last_date of service; month_lines, month_expected, month_procedure_lines: a list each, by the
    contract's ``months``.

    Lines of one person come together, so that counts vary more than independent ones do: all is judged with counts
    over variance_factor = sum of squares over sum of the persons' lines (Kish), times the share of the procedure's
    lines without the diagnosis (against ``procedure``), which is what a fixed number of lines can vary by. One change
    per pair: look at ``claims.where(dates=…)`` before or after it for another. Seasons are changes too. Lines of
    claims that a later claim replaced or voided are left out. Ordered by q_value, statistic and codes. Raises
    ArgumentError for arguments that are not known.

    >>> import cpticd as cx
    >>> found = cx.patterns.drift(cx.simulate(persons=100, seed=1).claims, min_lines=20)
    >>> len(found) > 0 and set(found["kind"]) <= {"appears", "vanishes", "rises", "falls", "not tested"}
    True
    """
    one_of("against", against, AGAINST)
    whole("min_lines", min_lines)
    whole("min_months", min_months)
    groups = code_pairs.strata(claims, stratify)
    with claims.session() as s:
        terms = code_pairs.pairs_of(s, groups, pointer)
        found, facts, counts = _counted(s, against, min_lines)
        left_out = code_pairs.lines_left_out(s)
    months = _months(found)
    result = _measured(found, facts, months, against, min_months)
    return attach(
        result,
        measure=f"change of procedure × diagnosis pairs over months ({pointer} pointers)",
        numerator="service lines of the procedure that point to the diagnosis, by month",
        denominator="expected if nothing changes: " + AGAINST[against],
        clock=code_pairs.SERVICE_CLOCK,
        exclusions=code_pairs.EXCLUSIONS + f"; lines without a date; pairs under {min_lines} lines",
        rows_left_out=left_out + counts["undated"],
        strata=groups.names or "none",
        test="largest binomial likelihood ratio of one change point; exact two-sided tail there, for all months looked "
        "at (improved Bonferroni, Worsley 1982, 1983), Benjamini–Hochberg over pairs",
        variance="counts over the variance factor: Kish's design effect of persons"
        + (" × share of the procedure's lines without the diagnosis" if against == "procedure" else ""),
        family_size=int(result["p_value"].notna().sum()),
        min_months=min_months,
        small_pairs_left_out=counts["pairs"] - len(result),
        months=[f"{month:%Y-%m-%d}" for month in months],
        **terms,
    )


def _counted(
    s: Session, against: Against, min_lines: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Lines and expectation by pair and month; facts of each pair; what was left out."""
    undated = s.value("SELECT count(*) AS n FROM code_pairs WHERE service_date IS NULL AND is_primary")
    s.create("dated_pairs", "SELECT * FROM code_pairs WHERE service_date IS NOT NULL", lazy=True)
    fewest = {"min_lines": min_lines}
    exposed = sql.text(f"patterns/drift_against_{against}")
    found = s.frame(sql.text("patterns/drift"), fewest, exposed=exposed)
    facts = s.frame(sql.text("patterns/drift_persons"), fewest)
    there = s.value("SELECT count(*) AS n FROM (SELECT DISTINCT procedure, diagnosis FROM dated_pairs) AS p")
    return (
        code_pairs.with_codes(s, found),
        code_pairs.with_codes(s, facts),
        {"undated": int(undated), "pairs": int(there)},
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
    e = e.round(code_pairs.DIGITS)
    total = k.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(total / n.sum(axis=1), 0, 1)
    factor = facts["clustering"].to_numpy(float).round(code_pairs.DIGITS)
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
    frame = code_pairs.with_families(facts.drop(columns="clustering")).assign(
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
