"""Our scores, HCCs and diagnoses beside what CMS reports of them, with the reason of every difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import pandas as pd

from cpticd import reference
from cpticd.claims import Claims
from cpticd.core.contract import attach, terms_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Records, measure
from cpticd.risk import hcc_tables, plan_reports, reconciled_diagnoses, reconciled_hccs, reconciled_months
from cpticd.risk.money import Rates, base_rates
from cpticd.risk.plan_reports import Given, Report

Grain = Literal["month", "hcc", "diagnosis"]
#: Which report each grain is of.
_NEEDS: Final = {"month": "mmr", "hcc": "mor", "diagnosis": "mao004"}
_WORDS: Final = {
    "month": "persons and months of CMS's membership report (MMR)",
    "hcc": "persons and HCCs of CMS's model output report (MOR), or ours",
    "diagnosis": "persons and diagnoses of CMS's MAO-004 report, or ours",
}


@measure(heading="Reconciliation with CMS's reports", leaves=Records())
def reconcile(
    claims: Claims,
    *,
    payment_year: int,
    mmr: Given = None,
    mor: Given = None,
    mao004: Given = None,
    grain: Grain | None = None,
    persons: Mapping[str, str] | pd.DataFrame | None = None,
    base_rate: Rates = None,
    factors: pd.DataFrame | None = None,
    layouts: pd.DataFrame | None = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per person and month, or HCC, or diagnosis: CMS's value, ours, and why they differ.

    Parameters
    ----------
    payment_year: CMS's payment year; diagnoses are those of the service year before it.
    mmr, mor, mao004: CMS's Monthly Membership Detail Data File, Model Output Report and MAO-004 report: a file, a list
        of files, a folder (all its files), or a frame with the columns of :mod:`cpticd.risk.plan_reports`.
    grain: month (needs mmr), hcc (needs mor) or diagnosis (needs mao004); unless given, the first that is possible.
        The other reports, where given, explain its differences.
    persons: our person_id by CMS's Medicare Beneficiary Identifier, as a mapping or a frame (mbi, person_id).
    base_rate: US dollars per member and month at score 1, as in :func:`impact`; else what the MMR paid per point.
    factors: as in :func:`score`. layouts: rows in place of the reference table ``plan_report_layouts``.
    quiet: do not print what was read and what was assumed.

    Columns
    -------
    month: person_id, month, contract_id, factor_type, cms_segment, segment, cms_score, score (ours, rounded step by
    step as CMS does, blended), difference (ours - CMS's), reason, detail, paid (risk-adjusted payment, US dollars,
    adjustments added up), dollars (difference x rate). The reason is the first that holds of: not in MMR, payment taken
    back, not in our members, hospice month, ESRD month, not scored by us, no score in MMR, same, default factor,
    institutional month, different segment, frailty, different facts (the column of members is named), different HCCs
    (by the MOR), rounding only, unexplained. Months of other years are counted in the contract.

    hcc: person_id, model, hcc, label, payment_month (the last that the MOR has of him), in_cms, in_ours, status (both,
    CMS only, ours only), reason, diagnosis_codes and claim_ids (lists, of ours).

    diagnosis: person_id, diagnosis_code, hccs, in_mao004 (allowed, and neither deleted nor voided), in_ours (counts),
    status, reason, encounter_types, icns, cms_first_date, cms_last_date, first_date, last_date.

    Lines that cannot be read stand in ``cx.risk.rejects(result)`` with file and line; ``cx.contract(result)["read"]``
    accounts for the rest. Positions of records of V28 and RxHCC are assumed, not verified (``layouts_not_verified``):
    compare one record by eye, or pass ``layouts``. Raises ArgumentError for a grain without its report, InputError for
    a file without records, SchemaError for a frame without columns. Source: CMS, Plan Communications User Guide,
    appendices; positions as the table ``plan_report_layouts`` names.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=60, seed=1).claims
    >>> who = cx.risk.score(claims, payment_year=2026, quiet=True)["person_id"][0]
    >>> mmr = pd.DataFrame({"person_id": [who], "start_date": ["2026-01-01"], "risk_factor_a": [9.0], "hospice": ["Y"]})
    >>> found = cx.risk.reconcile(claims, payment_year=2026, mmr=mmr, quiet=True)
    >>> found.loc[found["person_id"] == who, "reason"].tolist()
    ['hospice month']
    """
    given = {"mmr": mmr, "mor": mor, "mao004": mao004}
    chosen = _grain(grain, given)
    reports = {name: plan_reports.read(name, report, layouts) for name, report in given.items()}
    translate = _translation(persons)
    for report in reports.values():
        if report is not None and translate is not None:
            report.rows["person_id"] = (
                report.rows["person_id"].map(translate).fillna(report.rows["person_id"])
            )
    frame, left_out = _compared(claims, reports, chosen, payment_year, base_rate=base_rate, factors=factors)
    done = _described(frame, reports, chosen, payment_year, left_out)
    if not quiet:
        print(_said(done, reports, chosen))
    return done


def _grain(grain: str | None, given: Mapping[str, Given]) -> str:
    possible = [name for name, report in _NEEDS.items() if given[report] is not None]
    if grain is not None and grain not in _NEEDS:
        raise ArgumentError(f"grain: found {grain!r}; choose from {list(_NEEDS)}")
    if grain is None and not possible:
        raise ArgumentError(
            "reconcile: none of mmr, mor and mao004 was given; pass at least one of CMS's reports"
        )
    if grain is not None and grain not in possible:
        raise ArgumentError(f"grain={grain!r} needs {_NEEDS[grain]}=, which was not given")
    return grain or possible[0]


def _translation(persons: Mapping[str, str] | pd.DataFrame | None) -> dict[str, str] | None:
    """Our person_id by CMS's identifier."""
    if persons is None:
        return None
    if isinstance(persons, pd.DataFrame):
        if missing := [name for name in ("mbi", "person_id") if name not in persons]:
            raise ArgumentError(
                f"persons: no column {missing}; found {list(persons.columns)}; needs mbi and person_id"
            )
        persons = dict(zip(persons["mbi"], persons["person_id"], strict=True))
    return {str(mbi).strip(): str(person) for mbi, person in persons.items()}


def _compared(
    claims: Claims,
    reports: Mapping[str, Report | None],
    grain: str,
    payment_year: int,
    *,
    base_rate: Rates,
    factors: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows of the chosen grain, and what of the reports belongs to other years."""
    left_out: dict[str, int] = {}
    mmr, mor, mao004 = (reports[name] for name in ("mmr", "mor", "mao004"))
    states = None
    if mao004 is not None:
        states, left_out["diagnoses_of_other_service_years"] = reconciled_diagnoses.states_of(
            mao004.rows, payment_year
        )
    if grain == "diagnosis" and states is not None:
        return reconciled_diagnoses.compared(claims, states, payment_year), left_out
    mine = reconciled_months.ours(claims, payment_year, factors)
    hccs = None
    if mor is not None:
        lagged = set() if mmr is None else set(mmr.rows.loc[mmr.rows["lag"].eq(True), "person_id"])
        strangers = set(mor.rows["person_id"]) - set(mine.members.index)
        unscored = mine.reasons | dict.fromkeys(strangers, "not in our members")
        known = reconciled_hccs.Known(unscored, states, lagged)
        hccs = reconciled_hccs.compared(claims, mor.rows, payment_year, known)
    if grain == "hcc" and hccs is not None:
        return hccs, left_out
    if mmr is None:
        raise ArgumentError("grain='month' needs mmr=, which was not given")
    rate = None
    if base_rate is not None:
        everybody = pd.Series(sorted({*mmr.rows["person_id"], *mine.scores.index}))
        rate = base_rates(claims, base_rate, everybody).set_axis(everybody)
    frame, left_out["months_of_other_years"] = reconciled_months.compared(
        mmr.rows, mine, payment_year, hccs, rate
    )
    return frame, left_out


def _described(
    frame: pd.DataFrame,
    reports: Mapping[str, Report | None],
    grain: str,
    payment_year: int,
    left_out: dict[str, int],
) -> pd.DataFrame:
    read = {name: report.account for name, report in reports.items() if report is not None}
    laid = reference.table("plan_report_layouts").to_pandas()
    unverified = {
        record: str(laid.loc[laid["record"] == record, "model"].max())
        for record in read.get("mor", {}).get("unverified", [])
    }
    what = "status" if "status" in frame else "reason"
    return attach(
        frame,
        measure=f"reconciliation with CMS's reports, payment year {payment_year}",
        numerator="our value - CMS's value, and why",
        denominator=_WORDS[grain],
        clock=f"payment year {payment_year}, diagnoses of service year {payment_year - 1}",
        exclusions="months and diagnoses of other years; lines that risk.rejects lists",
        rows_left_out=sum(left_out.values()),
        code_set_release=f"CMS mapping of payment year {payment_year}",
        grain=grain,
        payment_year=payment_year,
        models=hcc_tables.shares(payment_year),
        read=read,
        left_out=left_out,
        layouts_not_verified=unverified,
        counts={str(name): int(n) for name, n in frame[what].value_counts().sort_index().items()},
        records={
            "rejects": [row for report in reports.values() if report is not None for row in report.rejects]
        },
    )


def _said(done: pd.DataFrame, reports: Mapping[str, Report | None], grain: str) -> str:
    """What was read, how it compares, and what was assumed."""
    terms: dict[str, Any] = terms_of(done)
    parts = []
    for name, report in reports.items():
        if report is not None:
            lost = f", {len(report.rejects):,} rejects" if report.rejects else ""
            parts.append(f"{name}: {report.account['records']:,} records{lost}")
    text = "; ".join(parts) + f". {len(done):,} rows by {grain}: "
    text += ", ".join(f"{name} {n:,}" for name, n in terms["counts"].items())
    for record, model in terms["layouts_not_verified"].items():
        text += f". Record {record} ({model}): positions are assumed, not verified; compare one record by eye"
    return text
