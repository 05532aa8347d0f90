"""Coded conditions whose support is thin: the other direction, for a clinician and a coder to review.

A payment HCC is thin where it stands on no claim that counts, on no encounter that saw the patient, on one day
only, on a code of one of the OIG's high-risk groups against that group's rule, or beside no service that one would
expect. Most of these are true all the same, so each has a ``confidence``: the chance that no medical record bears
the code out, from a scorecard (reference table ``unsupported_weights``) over what the claims say for and against:

    confidence = 1 / (1 + exp(-(base + sum of the weights of the levels found + slope * excess)))

``excess`` is learned from the claims at hand. Where an HCC is established (coded in a year beside this one too), a
share of persons has it on one day only; among persons in whom it is new, as many one-day cases are expected, and
excess is the log of found over expected: a condition that is coded once and never again far more often than its
patients' habits explain. The weights are estimated on simulated persons with planted truth
(data/build_unsupported_weights.py); replace them by your own once reviewed charts tell better. On other simulated
persons with a year beside the one judged, about nine in ten listed at 0.5 are planted, and about nine in ten of
those planted are listed; with one year alone, seven and six in ten, and the confidences add up to too many.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import reference
from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Part, Records, measure
from cpticd.risk import entitlement, hcc_tables
from cpticd.risk.conditions import check_years, list_used
from cpticd.risk.rule_dates import COLUMNS as COLUMNS_OF_DAYS
from cpticd.risk.rule_dates import dated
from cpticd.risk.unsupported_facts import Asked, facts
from cpticd.risk.unsupported_reasons import REASONS, readable

Replacement: TypeAlias = str | Path | pd.DataFrame | pa.Table | None

#: Upper ends of the bands of days on which the person was seen and the condition not coded.
VISIT_BANDS: Final = ((0, "0"), (2, "1-2"), (5, "3-5"), (10, "6-10"), (10**9, "11 or more"))
#: Levels of each feature of the scorecard; the first has no weight: the others are measured against it.
LEVELS: Final = {
    "base": ("all",),
    "days": ("one day", "none", "two days", "more"),
    "again": ("no", "same HCC", "same category", "unknown"),
    "services": ("none", "follow-up", "treatment", "unknown"),
    "rule": ("no group", "acute care missing", "treatment missing", "met"),
    "acute care": ("no", "yes"),
    "lasting": ("yes", "no"),
    "other visits": ("3-5", "0", "1-2", "6-10", "11 or more"),
    "excess": ("slope",),
    "history": ("no", "yes", "before"),
    "assessed": ("no", "yes"),
    "measured": ("no", "against"),
}
#: Added to found and to expected persons before their ratio is taken, so that a handful says little.
EXCESS_PRIOR: Final = 1.0
EXCESS_BOUNDS: Final = (-2.0, 3.0)
COLUMNS: Final = (
    "person_id", "hcc", "label", "diagnosis_codes", "claims", "claims_not_counted", "service_days", "providers",
    "counted", "reasons", "reason", "audit_group", "confidence", "again", "services", "other_visit_days", "excess",
    "first_date", "last_date", "evidence_claims", "evidence_dates",
)  # fmt: skip


@measure(
    heading="Unsupported conditions",
    leaves=Records(),
    report=[
        Part(
            "risk_unsupported", "risk", "Unsupported conditions",
            lambda given: {
                "year": given["year"], "payment_year": given["payment_year"], "model": given["model"],
                "quiet": True,
            },
        )
    ],
)  # fmt: skip
def unsupported(
    claims: Claims,
    *,
    year: int,
    payment_year: int | None = None,
    model: str = "V28",
    min_confidence: float = 0.05,
    weights: Replacement = None,
    audit_groups: Replacement = None,
    expected_services: Replacement = None,
    contradicting_observations: Replacement = None,
    companion_codes: Replacement = None,
    quiet: bool = False,
) -> pd.DataFrame:
    """One row per person and coded HCC of service ``year`` whose support is thin, with why and how surely.

    Parameters
    ----------
    year: service year whose diagnoses are judged.
    payment_year: whose mapping of ``model`` is used; unless given, that which pays on ``year``: ``year + 1``.
    min_confidence: rows below it are counted in the contract and left out.
    weights, audit_groups, expected_services, contradicting_observations, companion_codes: tables that replace the
        reference tables ``unsupported_weights`` and those of these names.
    quiet: do not print how many persons were left out: who died before the payment year, or is in hospice all of it, of
        whom CMS pays no month by a score (``not_paid`` of the contract).

    Columns
    -------
    ``confidence`` in [0, 1]: that no record bears the code out, see the module. ``reasons`` (list): no claim that
    counts; no face-to-face encounter; one claim; one day; acute code outside a hospital; no service one would expect;
    a later code says that it is over; health risk assessments alone; a measurement contradicts it (table
    ``observations``: all results of the year lie where the condition is not); an earlier code says that it was over;
    the codes beside it do not go with it (a body mass index without a diagnosis of weight: ``companion_codes``).
    ``audit_group``: the high-risk group whose rule is not met, else empty. ``counted``: whether the HCC counts
    today; ``again``: whether it is borne out in the years beside (same HCC, same category of codes, no, unknown
    where there are no other years); ``services``: treatment, follow-up, none, or unknown where the table expects
    nothing; ``other_visit_days``: days of the year on which the person was seen without it.

    Raises ArgumentError for a year or model without tables, SchemaError for a replacement that does not fit.
    Sources: OIG toolkit A-07-23-01213 for the high-risk groups; CMS's encounter rules in ``risk.conditions``.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> sure = cx.risk.unsupported(claims, year=2025, min_confidence=0.5, quiet=True)
    >>> sure["hcc"].tolist(), sure["reasons"][1]
    (['267', '65'], ['no claim that counts', 'no service one would expect'])
    """
    check_years([year])
    paid = hcc_tables.paid_year(model, year, payment_year)
    if not 0 <= min_confidence <= 1:
        raise ArgumentError(f"min_confidence: found {min_confidence!r}; it lies between 0 and 1")
    groups = _dated("audit_groups", audit_groups)
    expected = _table("expected_services", expected_services)
    against = _dated("contradicting_observations", contradicting_observations)
    beside = _dated("companion_codes", companion_codes)
    card = scorecard(weights)
    with claims.session() as s:
        frame = facts(s, Asked(year, model, paid, groups, expected, against, beside))
        unpaid = entitlement.unpaid_of(s)
    if unpaid and not quiet:
        print(entitlement.sentence(unpaid, "unsupported conditions"))
    frame = judged(frame, groups)
    by_rule = np.fmax(_of_rule(frame["contradicted_by"], against), _of_rule(frame["companion"], beside))
    frame["confidence"] = np.fmax(confidence(frame, card), by_rule)
    frame["counted"] = frame["claims"] > 0
    known = bool(frame["again"].ne("unknown").any())
    kept = frame[(frame["confidence"] >= min_confidence) & (frame["reasons"].map(len) > 0)]
    left_out = frame.drop(kept.index)
    kept = kept.sort_values(["confidence", "person_id", "hcc"], ascending=[False, True, True])
    kept = kept.reset_index(drop=True)
    kept["reason"] = readable(kept, groups, against, beside, year)
    return attach(
        kept[list(COLUMNS)],
        measure="coded HCCs whose support on claims is thin",
        numerator="HCCs with a reason to doubt them, each with the chance that no record bears it out",
        denominator=f"persons and payment HCCs of {model} coded in {year}, on claims that count or not",
        clock=f"service year {year}, payment year {paid}; "
        + (
            "the years beside it bear out or not"
            if known
            else "no year beside it to compare: less sure by far"
        ),
        exclusions=f"confidence below {min_confidence}",
        rows_left_out=len(left_out),
        not_paid=unpaid,
        left_out_expected=round(float(left_out["confidence"].sum()), 2),
        confidence="scorecard unsupported_weights"
        + (", estimated on simulated persons" if weights is None else " of the caller's own"),
        eligible_procedures=list_used(year),
    )


def _table(name: str, replacement: Replacement) -> pa.Table:
    return reference.table(name) if replacement is None else reference.replacement(name, replacement)


def _dated(name: str, replacement: Replacement) -> pd.DataFrame:
    """The rules of a table with the days between which each holds; a frame without such days holds always."""
    if isinstance(replacement, pd.DataFrame):
        replacement = replacement.assign(
            **{column: "" for column in COLUMNS_OF_DAYS if column not in replacement}
        )
    return dated(name, _table(name, replacement).to_pandas())


def _of_rule(broken: pd.Series, rules: pd.DataFrame) -> np.ndarray[Any, np.dtype[Any]]:
    """How sure the rule that each row breaks is by itself; 0 where it breaks none."""
    sure = rules.set_index("rule")["confidence"].astype(float)
    return broken.map(sure).fillna(0.0).to_numpy(float)


def scorecard(weights: Replacement = None) -> dict[tuple[str, str], float]:
    """Weight of each feature and level; SchemaError for one that the score does not know."""
    rows = _table("unsupported_weights", weights).to_pylist()
    for row in rows:
        if row["level"] not in LEVELS.get(row["feature"], ()):
            raise SchemaError(
                f"unsupported_weights: no feature {row['feature']!r} with level {row['level']!r}; there are {LEVELS}"
            )
    return {(row["feature"], row["level"]): float(row["weight"]) for row in rows}


def judged(frame: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """``frame`` of facts with the levels of every feature of the scorecard, the excess and the reasons."""
    frame = frame.copy()
    # Diagnoses of health risk assessments alone count for payment, and are a kind of their own whatever else is known:
    # however many assessments there are, none of them treated anything. So they are judged first, as one day, and then
    # what history codes say of that day; else a second assessment would take away what speaks against the first.
    frame["assessed"] = np.where((frame["claims"] > 0) & (frame["claims_not_assessing"] == 0), "yes", "no")
    frame["days"] = frame["days"].mask(
        frame["assessed"].eq("yes") & frame["days"].isin(["two days", "more"]), "one day"
    )
    needs = groups.drop_duplicates("audit_group").set_index("audit_group")["needs"]
    need = frame["audit_group"].map(needs).fillna("")
    treated = frame["services"].eq("treatment")
    wants_care = need.str.contains("acute care")
    met = (wants_care & frame["acute_care"]) | (need.str.contains("treatment") & treated)
    frame["rule"] = np.select(
        [need.eq(""), met, wants_care], ["no group", "met", "acute care missing"], "treatment missing"
    )
    # That an acute event was coded last year bears out nothing: it is how a history of it gets coded.
    frame.loc[frame["rule"].eq("acute care missing") & frame["again"].str.startswith("same"), "again"] = "no"
    frame["audit_group"] = frame["audit_group"].where(frame["rule"].str.endswith("missing"), "").fillna("")
    frame["acute care"] = np.where(frame["acute_care"], "yes", "no")
    frame["lasting"] = np.where(frame["chronic"].astype(bool), "yes", "no")
    frame["other_visit_days"] = (frame["visit_days"] - frame["service_days"]).clip(lower=0)
    ends = [end for end, _ in VISIT_BANDS]
    band = np.searchsorted(ends, frame["other_visit_days"].to_numpy())
    frame["other visits"] = np.array([name for _, name in VISIT_BANDS], dtype=object)[band]
    frame["expected_one_day"], frame["excess"] = _excess(frame)
    # A code that says that the condition is over speaks against it, unless it is treated; one that came before does so
    # less, since what was over may come back: not where the condition stands on several days since.
    before = frame["over_before"] & ~treated & frame["days"].isin(["none", "one day"])
    frame["history"] = np.select([frame["over"] & ~treated, before], ["yes", "before"], "no")
    frame["measured"] = np.where(frame["contradicted_by"].notna(), "against", "no")
    frame["reasons"] = _reasons(frame)
    return frame


def _excess(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Persons in whom an HCC is new and expected on one day only, and log(found / expected) where that applies."""
    one, more = frame["established_one_day"] + 1.0, frame["established_more"] + 1.0
    expected = frame["new_more"] * one / more
    ratio = pd.Series(np.log((frame["new_one_day"] + EXCESS_PRIOR) / (expected + EXCESS_PRIOR)), frame.index)
    applies = frame["days"].eq("one day") & frame["again"].ne("same HCC")
    return expected, ratio.clip(*EXCESS_BOUNDS).where(applies, 0.0)


def _reasons(frame: pd.DataFrame) -> list[list[str]]:
    flags = (
        frame["claims"].eq(0),
        frame["claims"].gt(0) & frame["claims_face_to_face"].eq(0),
        frame["claims"].eq(1),
        frame["claims"].gt(1) & frame["service_days"].eq(1),
        frame["rule"].eq("acute care missing"),
        frame["services"].eq("none") | frame["rule"].eq("treatment missing"),
        frame["history"].eq("yes"),
        frame["assessed"].eq("yes"),
        frame["measured"].eq("against"),
        frame["history"].eq("before"),
        frame["companion"].notna(),
    )
    columns = [np.where(flag.to_numpy(bool), name, "") for name, flag in zip(REASONS, flags, strict=True)]
    return [[str(name) for name in row if name] for row in zip(*columns, strict=True)]


def confidence(frame: pd.DataFrame, card: dict[tuple[str, str], float]) -> np.ndarray[Any, np.dtype[Any]]:
    """One chance per row of ``judged(…)`` that its code stands without support."""
    total = np.full(len(frame), card.get(("base", "all"), 0.0))
    for feature in LEVELS:
        if feature in ("base", "excess"):
            continue
        total += frame[feature].map(lambda level, f=feature: card.get((f, level), 0.0)).to_numpy(float)
    total += card.get(("excess", "slope"), 0.0) * frame["excess"].to_numpy(float)
    return np.round(1.0 / (1.0 + np.exp(-total)), 4)
