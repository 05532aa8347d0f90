"""The payment error of a contract, estimated from a reviewed sample: point, interval, and the bound that is recovered.

A person's payment error is his payment with the HCCs as coded less that with the HCCs that the records bear out, scored
whole (:mod:`cpticd.risk.radv_reviews`); under-payments offset. The estimate is the stratified expansion of the sample's
errors, its variance that of a stratified sample drawn without replacement (W. Cochran, Sampling Techniques, chapter 5):

    estimate = sum over strata of N x mean error;  variance = sum of N^2 x (1 - n / N) x s^2 / n

CMS's notice of February 24, 2012 recovers at the lower limit of a 99 % interval, less a fee-for-service adjuster; the
OIG at that of a two-sided 90 % interval. The notice itself was not at hand: its 99 % are as known to the maintainers,
and the contract says so where they are asked for. The final rule of 2023 adopts no interval. No adjuster is applied
here. See cpticd/risk/radv.py for the state of the law.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.measure import Records, measure
from cpticd.risk.labels import hcc_label
from cpticd.risk.money import Months, Rates
from cpticd.risk.payments import payments
from cpticd.risk.radv import main_model
from cpticd.risk.radv_reviews import rate_of, reviews, valued
from cpticd.stats import normal_quantile, quantile

Unreviewed = Literal["error", "not validated", "validated"]
Grain = Literal["stratum", "person", "hcc"]
ALL: Final = "all"
_NOTICE: Final = (
    "that CMS recovers at the lower limit of a 99 % interval (notice of February 24, 2012, not at hand)"
)
_KEY: Final = ["person_id", "model", "hcc"]
_NEEDED: Final = ("person_id", "stratum", "stratum_persons", "stratum_sampled", "hcc")


@measure(heading="Extrapolation of a review", leaves=Records())
def extrapolate(
    claims: Claims,
    sample: pd.DataFrame,
    reviewed: pd.DataFrame,
    *,
    payment_year: int,
    base_rate: Rates = None,
    member_months: Months = None,
    confidence: float = 0.90,
    interval: Literal["normal", "student"] = "normal",
    unreviewed: Unreviewed = "error",
    grain: Grain = "stratum",
    factors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per stratum, and one for all: the payment error of its persons, estimated from the review of a sample.

    Parameters
    ----------
    sample: what :func:`radv_sample` returned, or the same columns read back: person_id, stratum, stratum_persons,
        stratum_sampled, hcc, and model where the year blends two.
    reviewed: person_id, hcc, validated (yes or no), model where two are blended. An HCC that is not in the sample and
        validated is added: it offsets.
    payment_year, base_rate, member_months, factors: as in :func:`impact`. Without a base rate the error is in points of
        payment score.
    confidence: of the two-sided interval (CMS's notice of 2012: 0.99; OIG: 0.90).
    interval: normal, or student with as many degrees of freedom as persons sampled less strata.
    unreviewed: what sampled HCCs without a review are: an error, not validated (as where no record was submitted), or
        validated.
    grain: stratum; or person (one row per sampled person) or hcc (one row per model and HCC).

    Columns
    -------
    stratum: stratum, persons (in it), sampled, with_error, error (sum over the sample), mean_error, estimate,
    standard_error, low, high. Positive is overpaid. The row "all" adds up; its low, at least 0, stands in the contract
    as ``lower_bound``. person: person_id, stratum, weight, payment_coded, payment_validated, error, removed and added
    (lists). hcc: model, hcc, label, reviewed, not_validated, added, error (its shares by Shapley's rule over the
    sample), estimate, standard_error, low, high.

    Raises ArgumentError for sampled HCCs without a review (unless ``unreviewed`` says what they are), for a sample that
    lacks persons, and for a stratum of one person of several; SchemaError for columns that are missing.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=120, seed=1).claims
    >>> sample = cx.risk.radv_sample(claims, payment_year=2026, size=9, seed=7)
    >>> review = sample[["person_id", "model", "hcc"]].assign(validated=True)
    >>> found = cx.risk.extrapolate(claims, sample, review, payment_year=2026, base_rate=1000)
    >>> found[["stratum", "estimate"]].values.tolist()
    [['low', 0.0], ['medium', 0.0], ['high', 0.0], ['all', 0.0]]
    """
    if grain not in ("stratum", "person", "hcc"):
        raise ArgumentError(f"grain: found {grain!r}; choose stratum, person or hcc")
    if not 0 < confidence < 1:
        raise ArgumentError(f"confidence: found {confidence!r}; it lies between 0 and 1, such as 0.90")
    people = _sampled(sample)
    known = _complete(
        sample, reviews(reviewed, payment_year, factors), unreviewed, main_model(payment_year, factors)
    )
    outside = known[~known["person_id"].isin(people["person_id"])]
    known = known[known["person_id"].isin(people["person_id"])]
    chosen = claims.where(persons=people["person_id"].tolist())
    with payments(chosen, payment_year, main_model(payment_year, factors), factors) as paid:
        changes, lost = valued(paid, known)
        scored = paid.people.set_index("person_id")
        rejects, shares = paid.scorer.rejects.records + lost, paid.shares
    if len(strangers := people[~people["person_id"].isin(scored.index)]):
        raise ArgumentError(
            f"sample: person {strangers['person_id'].iloc[0]!r} is not scored in {payment_year}"
        )
    rate = rate_of(claims, base_rate, member_months, people["person_id"])
    changes["error"] = (
        -changes["score"] * changes["payment_factor"] * changes["person_id"].map(rate).astype(float)
    )
    made = _Estimates(people, _z(confidence, interval, people))
    errors = changes.groupby("person_id")["error"].sum().reindex(people["person_id"]).fillna(0.0)
    strata = made.by_stratum(errors)
    by = {"stratum": lambda: strata, "person": lambda: _persons(people, scored, changes, errors, rate),
          "hcc": lambda: _hccs(known, changes, made)}  # fmt: skip
    rejects += [
        {"source": "reviewed", "location": f"person {row['person_id']}", "reason": "not in the sample",
         "content": f"{row['model']} HCC {row['hcc']}"}
        for row in outside.to_dict("records")
    ]  # fmt: skip
    whole = strata.iloc[-1]
    return attach(
        by[grain]().reset_index(drop=True),
        measure=f"extrapolated payment error, payment year {payment_year}",
        numerator="payment as coded - payment with the HCCs that records bear out, re-scored; under-payments offset",
        denominator=f"{int(whole['persons'])} persons from whom {int(whole['sampled'])} were drawn",
        clock=f"payment year {payment_year}, diagnoses of service year {payment_year - 1}",
        exclusions="reviewed HCCs of persons who are not in the sample",
        rows_left_out=len(outside),
        payment_year=payment_year,
        shares=shares,
        unit="points of payment score" if base_rate is None else "US dollars",
        confidence=confidence,
        **({"not_verified": _NOTICE} if confidence == 0.99 else {}),
        interval=f"two-sided, {interval}, stratified, with the finite population correction",
        unreviewed=unreviewed,
        estimate=float(whole["estimate"]),
        lower_bound=max(0.0, float(whole["low"])),
        method="CMS's RADV design, as a method and not as law: see cpticd/risk/radv.py",
        records={"rejects": rejects, "strata": strata.to_dict("records")},
    )


def _sampled(sample: pd.DataFrame) -> pd.DataFrame:
    """One row per sampled person: person_id, stratum, stratum_persons, stratum_sampled; in the order of the strata."""
    if not isinstance(sample, pd.DataFrame) or (
        missing := [name for name in _NEEDED if name not in sample.columns]
    ):
        found = list(sample.columns) if isinstance(sample, pd.DataFrame) else type(sample).__name__
        raise SchemaError(
            f"sample: no column {missing if isinstance(sample, pd.DataFrame) else _NEEDED}; found {found}"
        )
    people = sample[["person_id", "stratum", "stratum_persons", "stratum_sampled"]].astype(
        {"person_id": "str", "stratum": "str", "stratum_persons": "int64", "stratum_sampled": "int64"}
    )
    people = people.drop_duplicates("person_id").reset_index(drop=True)
    order = {name: place for place, name in enumerate(("low", "medium", "high"))}
    people["order"] = people["stratum"].map(lambda name: (order.get(name, 3), len(name), name))
    people = (
        people.sort_values(["order", "person_id"], kind="stable").drop(columns="order").reset_index(drop=True)
    )
    for name, part in people.groupby("stratum", sort=False):
        wanted, there = int(part["stratum_sampled"].iloc[0]), int(part["stratum_persons"].iloc[0])
        if len(part) != wanted:
            raise ArgumentError(
                f"sample: stratum {name} has {len(part)} of {wanted} sampled persons; pass it whole"
            )
        if wanted == 1 < there:
            raise ArgumentError(
                f"sample: one person of {there} in stratum {name} has no variance; draw two or more"
            )
    return people


def _complete(
    sample: pd.DataFrame, reviewed: pd.DataFrame, unreviewed: Unreviewed, model: str
) -> pd.DataFrame:
    """The reviews, with a row for each sampled HCC that has none."""
    if unreviewed not in ("error", "not validated", "validated"):
        raise ArgumentError(f"unreviewed: found {unreviewed!r}; choose error, not validated or validated")
    asked = sample.assign(model=sample.get("model", model))[_KEY].astype("str")
    both = asked.merge(reviewed, on=_KEY, how="left")
    open_ = both["validated"].isna()
    if open_.any() and unreviewed == "error":
        first = both.loc[open_, _KEY].iloc[0].tolist()
        raise ArgumentError(
            f"reviewed: {int(open_.sum())} of {len(both)} sampled HCCs have no review, the first {first}; review them, "
            "or pass unreviewed='not validated' (as where no record was submitted) or 'validated'"
        )
    rest = both.loc[open_, _KEY].assign(validated=unreviewed == "validated")
    return pd.concat([reviewed, rest], ignore_index=True).astype({"validated": bool})


def _z(confidence: float, interval: str, people: pd.DataFrame) -> float:
    if interval == "normal":
        return normal_quantile(confidence)
    if interval != "student":
        raise ArgumentError(f"interval: found {interval!r}; choose normal or student")
    freedom = len(people) - people["stratum"].nunique()
    return float(np.asarray(quantile(confidence, np.array([max(freedom, 1)], dtype=float))).ravel()[0])


class _Estimates:
    """Stratified expansion of what is found in the sample."""

    def __init__(self, people: pd.DataFrame, z: float) -> None:
        self.people, self.z = people, z

    def by_stratum(self, errors: pd.Series) -> pd.DataFrame:
        """One row per stratum and one for all; ``errors`` by person_id of every sampled person."""
        rows: list[dict[str, Any]] = []
        for name, part in self.people.groupby("stratum", sort=False):
            values = errors.loc[part["person_id"]].to_numpy(dtype=float)
            persons, sampled = int(part["stratum_persons"].iloc[0]), len(part)
            spread = values.var(ddof=1) if sampled > 1 else 0.0
            variance = persons**2 * (1 - sampled / persons) * spread / sampled
            rows.append(
                {"stratum": str(name), "persons": persons, "sampled": sampled,
                 "with_error": int((np.abs(values) > 1e-9).sum()), "error": float(values.sum()),
                 "mean_error": float(values.mean()), "estimate": float(persons * values.mean()), "variance": variance}
            )  # fmt: skip
        frame = pd.DataFrame(rows)
        whole = frame[["persons", "sampled", "with_error", "error", "estimate", "variance"]].sum().to_dict()
        whole |= {"stratum": ALL, "mean_error": whole["estimate"] / whole["persons"]}
        frame = pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)
        frame["standard_error"] = np.sqrt(frame.pop("variance"))
        frame["low"] = frame["estimate"] - self.z * frame["standard_error"]
        frame["high"] = frame["estimate"] + self.z * frame["standard_error"]
        return frame.astype({"persons": "int64", "sampled": "int64", "with_error": "int64"})


def _persons(
    people: pd.DataFrame, scored: pd.DataFrame, changes: pd.DataFrame, errors: pd.Series, rate: pd.Series
) -> pd.DataFrame:
    """One row per sampled person: his payment as coded and as the records bear it out."""
    frame = people[["person_id", "stratum"]].assign(
        weight=people["stratum_persons"] / people["stratum_sampled"]
    )
    mine = scored.loc[people["person_id"]]
    payment = (mine["score"] * mine["payment_factor"]).to_numpy() * rate.loc[people["person_id"]].to_numpy()
    frame["payment_coded"] = payment
    frame["payment_validated"] = payment - errors.to_numpy()
    frame["error"] = errors.to_numpy()
    words = (
        (changes["model"] + " " + changes["hcc"]).groupby([changes["person_id"], changes["change"]]).agg(list)
    )
    for change in ("removed", "added"):
        frame[change] = [words.get((person, change), []) for person in frame["person_id"]]
    return frame


def _hccs(known: pd.DataFrame, changes: pd.DataFrame, made: _Estimates) -> pd.DataFrame:
    """One row per model and HCC that was reviewed: how many fell, and what they come to in all."""
    rows = []
    for (model, hcc), part in known.groupby(["model", "hcc"]):
        mine = changes[(changes["model"] == model) & (changes["hcc"] == hcc)]
        errors = mine.groupby("person_id")["error"].sum().reindex(made.people["person_id"]).fillna(0.0)
        whole = made.by_stratum(errors).iloc[-1]
        rows.append(
            {"model": model, "hcc": hcc, "label": hcc_label(str(model), str(hcc)), "reviewed": len(part),
             "not_validated": int((mine["change"] == "removed").sum()), "added": int((mine["change"] == "added").sum()),
             **whole[["error", "estimate", "standard_error", "low", "high"]].to_dict()}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    number = pd.to_numeric(frame["hcc"])
    return frame.assign(number=number).sort_values(["model", "number"], kind="stable").drop(columns="number")
