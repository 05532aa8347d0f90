"""What gaps and unsupported conditions do to persons' scores, in score and in dollars, by re-scoring."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.contract import amend, terms_of
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Linked, Part, measure
from cpticd.risk import hcc_tables, protection
from cpticd.risk.hcc_numbers import hcc_numbers
from cpticd.risk.kinds import CODED, GAPS, KINDS, OPEN, REVIEWED, UNSUPPORTED
from cpticd.risk.labels import hcc_label
from cpticd.risk.money import Months, Rates, base_rates, member_months
from cpticd.risk.payments import Payments, payments
from cpticd.risk.score import described
from cpticd.risk.shapley import EXACT, ORDERS, Floats, alone, play
from cpticd.stats import normal_quantile

#: Share of the outcomes that the interval of a total covers.
_CONFIDENCE: Final = 0.95
_SCORES: Final = ("marginal_score", "shapley_score", "expected_score")
#: Columns that are not shown.
_INNER: Final = ("person", "code", "remove", "variance", "both", "both_variance", "side", "rate")


@measure(
    heading="Impact on the score",
    leaves=Linked(protection.impact_tables, protection.impact_as_shown),
    chart="impact",
    report=[
        Part(
            "risk_impact", "risk", "Impact on the score",
            lambda given: {
                "gaps": given.part("risk_gaps"), "unsupported": given.part("risk_unsupported"),
                "payment_year": given["payment_year"], "model": given["model"], "base_rate": given["base_rate"],
            },
        )
    ],
)  # fmt: skip
def impact(
    claims: Claims,
    gaps: pd.DataFrame,
    unsupported: pd.DataFrame | None = None,
    *,
    payment_year: int,
    model: str = "V28",
    base_rate: Rates = None,
    member_months: Months = None,
    factors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per person and HCC that is a gap, or coded with thin support: what it is worth.

    Parameters
    ----------
    gaps: person_id, hcc, and kind, confidence, status, diagnosis_code where known (:func:`cpticd.risk.gaps`).
    unsupported: person_id, hcc, confidence (:func:`cpticd.risk.unsupported`).
    payment_year: CMS's payment year, whose tables score the diagnoses of the service year before it; of HHS's models
        the benefit year, which is scored on its own.
    model: whose HCCs these are: V24, V28, V22, ESRD V24, RxHCC V08, HHS V07 or HHS V08.
    base_rate: US dollars per member and month at score 1, one for all, by person_id (a mapping), or a frame with
        person_id or county_code; without it there are no dollars.
    member_months: 12 unless given (of HHS's models the months of enrolment), or months by person_id.
    factors: as in :func:`cpticd.risk.score`.

    Columns
    -------
    person_id, hcc, label, kind (of the gap, or unsupported), status, confidence, marginal_score (score with
    this one alone - score now), shapley_score (its share: a person's open gaps add up to score with all of them -
    score now, whatever hierarchies, interactions and counts do), expected_score (its share of the expected change,
    each coming true with its confidence, independently), payment_factor ((1 - coding adjustment) / normalization),
    method (exact, or sampled beyond 12 of a person), and with ``base_rate`` shapley_dollars and expected_dollars =
    score x payment_factor x base rate x member months. Scores are raw; unsupported conditions are negative: the
    score without them - the score now.

    In payment years that blend V24 and V28 (2024, 2025) scores are blended payment scores and payment_factor is 1:
    each condition is valued in both models, a gap by its diagnosis_code (where it has none, by the one that the claims
    at hand use most for its HCC; the contract counts them), an unsupported HCC by all codes that the person has for
    it. ``factors`` with other shares value another blend.

    Only gaps with status open are shared out; a closed one keeps its marginal value, for information. A person's
    gaps are shared out among themselves, his unsupported conditions among themselves. The contract's
    ``records["totals"]`` has a record for everybody as coded, per kind of gap, for all gaps, for what is unsupported,
    and for everybody as reviewed (both changes scored together): gaps, persons, score, expected_score with low and
    high (95 %, from the confidences alone: they are taken as true and independent), and dollars.
    ``cx.contract(frame)["not_listed"]``: what the suspicions that gaps found too weak to list would add (expected
    conditions, score, dollars): an estimate of the whole is the total of gaps and this.

    Raises ArgumentError for a year without tables, or without a known normalization where dollars are asked for;
    SchemaError for missing columns. What cannot be valued stands in ``cx.risk.rejects(frame)``.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True)
    >>> worth = cx.risk.impact(claims, gaps, payment_year=2026)
    >>> bool((worth.loc[worth["status"] != "open", "expected_score"] == 0).all())
    True
    """
    rates = hcc_tables.factors(model, payment_year, factors)
    if base_rate is not None and rates["normalization"].isna().any():
        raise ArgumentError(
            f"base_rate: no normalization of {model} is known for payment_year={payment_year}; pass factors= with one"
        )
    both = _conditions(gaps, unsupported, model)
    with payments(claims, payment_year, model, factors, pace=True) as paid:
        frame = _placed(paid, both)
        now = paid.people
        _value(paid, frame)
        months = paid.scorer.months() if member_months is None else member_months
        rate = _dollars(claims, frame, now, base_rate, months)
        totals = _totals(frame, now)
        blend = _blend(paid, frame)
        frame = frame.drop(columns=list(_INNER))
        frame = frame.sort_values(["person_id", "kind", "hcc"], kind="stable").reset_index(drop=True)
        done = described(frame, paid.scorer, measure="impact of gaps and unsupported conditions")
        return amend(
            done,
            {"totals": totals},
            numerator="score with the condition - score without it, re-scored; shares by Shapley's rule",
            sampling=f"persons with more than {EXACT} open gaps: {ORDERS} random orders, seed 0",
            review="a gap, and an unsupported condition, is for a clinician and a coder to review",
            base_rate=rate,
            base_rate_of="each person; the mean"
            if isinstance(base_rate, Mapping | pd.Series | pd.DataFrame)
            else "all",
            not_listed=_not_listed(gaps, done, rate),
            **blend,
        )


def _blend(paid: Payments, frame: pd.DataFrame) -> dict[str, Any]:
    """Terms of the contract where two models are blended."""
    if not paid.blended:
        return {}
    unnamed = int((~frame["remove"] & frame["code"].eq("")).sum())
    return {
        "shares": paid.shares,
        **({"shares_of_pace": paid.shares_of_pace} if paid.shares_of_pace else {}),
        "scores": "blended payment scores: each model normalized and adjusted first, then blended",
        "gaps_valued_by_the_usual_code": unnamed,
    }


def _conditions(gaps: pd.DataFrame, unsupported: pd.DataFrame | None, model: str) -> pd.DataFrame:
    """Both lists as one: person_id, hcc, label, kind, status, confidence, remove; each person's HCC once."""
    parts = [_listed(gaps, "gaps", model, remove=False)]
    if unsupported is not None:
        parts.append(_listed(unsupported, "unsupported", model, remove=True))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _listed(given: pd.DataFrame, name: str, model: str, *, remove: bool) -> pd.DataFrame:
    missing = [column for column in ("person_id", "hcc") if column not in given.columns]
    if missing:
        raise SchemaError(f"{name}: no column {missing}; found {list(given.columns)}")
    frame = pd.DataFrame({"person_id": given["person_id"].astype("str"), "hcc": hcc_numbers(given["hcc"])})
    frame["kind"] = UNSUPPORTED if remove else (given["kind"].astype("str") if "kind" in given else "gap")
    frame["status"] = given["status"].astype("str") if "status" in given and not remove else OPEN
    confidence = (
        pd.to_numeric(given["confidence"]) if "confidence" in given else pd.Series(1.0, index=given.index)
    )
    wrong = ~confidence.between(0, 1)
    if wrong.any():
        bad = given.loc[wrong, ["person_id", "hcc"]].iloc[0].tolist()
        raise SchemaError(f"{name}: confidence must be from 0 to 1; it is not for person and HCC {bad}")
    frame["confidence"] = confidence.astype(float)
    code = given["diagnosis_code"] if "diagnosis_code" in given and not remove else pd.Series("", given.index)
    frame["code"] = (
        code.astype("object").fillna("").astype("str").str.upper().str.replace(r"[\s.]", "", regex=True)
    )
    frame["remove"] = remove
    frame["open"] = frame["status"].eq(OPEN)
    # The same gap twice is one gap: the open one, then the surest.
    frame = frame.sort_values(
        ["person_id", "hcc", "open", "confidence", "kind"],
        ascending=[True, True, False, False, True],
        kind="stable",
    )
    frame = frame.drop_duplicates(["person_id", "hcc"]).drop(columns="open")
    frame.insert(2, "label", [hcc_label(model, hcc) for hcc in frame["hcc"]])
    return frame


def _placed(paid: Payments, both: pd.DataFrame) -> pd.DataFrame:
    """The conditions with the number of the person; those of nobody who is scored are rejected."""
    scorer = paid.scorer
    frame = both.merge(paid.people[["person_id", "person"]], on="person_id", how="left")
    known = frame["hcc"].isin(scorer.blocks.bits.column("hcc").to_pylist())
    for mask, why in (
        (frame["person"].isna(), "person is not scored"),
        (frame["person"].notna() & ~known, f"{scorer.model} has no such HCC"),
    ):
        for row in frame[mask].itertuples(index=False):
            scorer.rejects.add("gaps", f"person {row.person_id}", why, f"HCC {row.hcc}")
    frame = frame[frame["person"].notna() & known].astype({"person": "int64"})
    frame["side"] = np.where(frame["status"] == OPEN, np.where(frame["remove"], UNSUPPORTED, "gap"), "closed")
    return frame.sort_values(["person", "remove", "hcc"], kind="stable").reset_index(drop=True)


def _value(paid: Payments, frame: pd.DataFrame) -> None:
    """Add the score columns: gaps among themselves, unsupported conditions among themselves; what is closed alone."""
    for column in (*_SCORES, "variance", "both", "both_variance"):
        frame[column] = 0.0
    frame["method"] = "exact"
    closed = frame["side"] == "closed"
    if closed.any():
        mine = frame[closed]
        frame.loc[closed, "marginal_score"] = alone(paid.worth(mine), mine["person"].to_numpy())
    for side in ("gap", UNSUPPORTED):
        of_side = frame["side"] == side
        if of_side.any():
            shares = play(paid.worth(frame[of_side]), frame[of_side])
            frame.loc[of_side, "marginal_score"] = shares.marginal
            frame.loc[of_side, "shapley_score"] = shares.shapley
            frame.loc[of_side, "expected_score"] = shares.expected
            frame.loc[of_side, "variance"] = shares.variance
            many = frame[of_side].groupby("person")["hcc"].transform("size") > EXACT
            frame.loc[of_side, "method"] = np.where(many, "sampled", "exact")
    # Gaps and unsupported conditions of one person bear on each other: their common change is scored as well.
    frame["both"], frame["both_variance"] = frame["expected_score"], frame["variance"]
    played = frame[~closed]
    mixed = ~closed & frame["person"].isin(
        played.groupby("person")["side"].nunique().loc[lambda n: n > 1].index
    )
    if mixed.any():
        shares = play(paid.worth(frame[mixed]), frame[mixed])
        frame.loc[mixed, "both"], frame.loc[mixed, "both_variance"] = shares.expected, shares.variance


def _dollars(
    claims: Claims, frame: pd.DataFrame, now: pd.DataFrame, base_rate: Rates, months: Months
) -> float | None:
    """Add payment_factor and, with a base rate, dollars; ``now`` gets the dollars per point of raw score as rate.

    Returns the base rate, the mean of all persons where each has his own.
    """
    frame["payment_factor"] = now["payment_factor"].to_numpy()[frame["person"].to_numpy() - 1]
    now["rate"] = float("nan")
    frame["rate"] = float("nan")
    if base_rate is None:
        return None
    paid = base_rates(claims, base_rate, now["person_id"])
    given = {"base_rate": paid, "member_months": member_months(months, now["person_id"])}
    now["rate"] = now["payment_factor"] * given["base_rate"] * given["member_months"]
    row = frame["person"].to_numpy() - 1
    frame["rate"] = now["rate"].to_numpy()[row]
    for name, values in given.items():
        if (absent := np.isnan(values.to_numpy()[row])).any():
            who = frame["person_id"].iloc[int(absent.argmax())]
            raise ArgumentError(f"{name}: none for person {who!r}; give one for everyone with a gap")
    frame["shapley_dollars"] = frame["shapley_score"] * frame["rate"]
    frame["expected_dollars"] = frame["expected_score"] * frame["rate"]
    return float(paid.mean())


def _totals(frame: pd.DataFrame, now: pd.DataFrame) -> list[dict[str, Any]]:
    """Records: coded, each kind of gap, all gaps, unsupported, reviewed (coded, changed by both)."""
    open_gaps = frame[frame["side"] == "gap"]
    thin = frame[frame["side"] == UNSUPPORTED]
    raw = now["score"].to_numpy()
    coded = _record(CODED, CODED, 0, len(now), score=raw, expected=raw, variance=None, rate=now["rate"])
    found = [coded]
    kinds = [kind for kind in KINDS if (open_gaps["kind"] == kind).any()]
    for kind in [*kinds, *sorted(set(open_gaps["kind"]) - set(kinds))]:
        part = open_gaps[open_gaps["kind"] == kind]
        spread = part["confidence"] * (1 - part["confidence"]) * part["shapley_score"] ** 2
        found.append(_sum(GAPS, kind, part, spread))
    if len(open_gaps):
        found.append(_sum(GAPS, GAPS, open_gaps, open_gaps["variance"]))
    if len(thin):
        found.append(_sum(UNSUPPORTED, UNSUPPORTED, thin, thin["variance"]))
    both = frame[frame["side"] != "closed"]
    change = _record(
        REVIEWED,
        REVIEWED,
        len(both),
        int(both["person"].nunique()),
        score=both["shapley_score"].to_numpy(),
        expected=both["both"].to_numpy(),
        variance=both["both_variance"].to_numpy(),
        rate=both["rate"],
    )
    for name in coded:
        if name not in ("direction", "kind", "gaps", "persons"):
            change[name] += coded[name]
    return [*found, change]


def _sum(direction: str, kind: str, part: pd.DataFrame, variance: pd.Series) -> dict[str, Any]:
    return _record(
        direction,
        kind,
        len(part),
        int(part["person"].nunique()),
        score=part["shapley_score"].to_numpy(),
        expected=part["expected_score"].to_numpy(),
        variance=variance.to_numpy(),
        rate=part["rate"],
    )


def _record(
    direction: str,
    kind: str,
    gaps: int,
    persons: int,
    *,
    score: Floats,
    expected: Floats,
    variance: Floats | None,
    rate: pd.Series,
) -> dict[str, Any]:
    """One record: sums, and the interval that the confidences give, in score and where known in dollars."""
    spread = np.zeros(len(score)) if variance is None else variance
    z = normal_quantile(_CONFIDENCE)
    record: dict[str, Any] = {"direction": direction, "kind": kind, "gaps": gaps, "persons": persons}
    for unit, by in (("score", np.ones(len(score))), ("dollars", rate.to_numpy(dtype=float))):
        if unit == "dollars" and rate.isna().all() and len(rate):
            continue
        total, deviation = float(np.nansum(expected * by)), sqrt(float(np.nansum(spread * by**2)))
        low, high = ("low", "high") if unit == "score" else ("low_dollars", "high_dollars")
        record |= {unit: float(np.nansum(score * by)), f"expected_{unit}": total}
        record |= {low: total - z * deviation, high: total + z * deviation}
    return record


def _not_listed(gaps: pd.DataFrame, valued: pd.DataFrame, base_rate: float | None) -> dict[str, float]:
    """What the suspicions that :func:`cpticd.risk.gaps` found too weak to list would come to in sum.

    Each is taken to be worth what the listed ones of its HCC are on average; empty where ``gaps`` does not say.
    """
    left = terms_of(gaps).get("left_out", {})
    weak = left.get("learned", {}).get("by_hcc", []) if isinstance(left, dict) else []
    listed = valued[(valued["status"] == OPEN) & (valued["kind"] != UNSUPPORTED)]
    if not weak or listed["confidence"].sum() == 0:
        return {}
    found = {"conditions": float(sum(row["expected"] for row in weak))}
    for unit in ("score", "dollars") if base_rate is not None else ("score",):
        by = listed.groupby("hcc")[[f"expected_{unit}", "confidence"]].sum()
        worth = by[f"expected_{unit}"] / by["confidence"]
        mean = float(by[f"expected_{unit}"].sum() / by["confidence"].sum())
        found[f"expected_{unit}"] = float(sum(row["expected"] * worth.get(row["hcc"], mean) for row in weak))
    return {name: round(value, 6) for name, value in found.items()}
