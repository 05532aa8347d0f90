"""A sample of enrollees for the validation of their HCCs against medical records, as in CMS's RADV audits.

The design is that of CMS's contract-level audits since payment year 2011 (Notice of Final Payment Error Calculation
Methodology, February 24, 2012): enrollees who were in the plan throughout the data collection year and in January of
the payment year, with Part B, without end-stage renal disease and hospice, and with at least one payment HCC; ordered
by risk score and cut into thirds; a random sample of each. It is given here as a method, not as law. The final rule of
February 1, 2023 (88 FR 6643), by which CMS would recover extrapolated amounts from payment year 2018 on and without a
fee-for-service adjuster, by any statistically valid method and none in particular, was vacated on September 25, 2025
(Humana v. Becerra, N.D. Texas, 4:23-cv-909); CMS gave notice of appeal on November 21, 2025.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of, whole
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.measure import Records, measure
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import join_encounters
from cpticd.risk.hierarchies import SEGMENT
from cpticd.risk.labels import hcc_label
from cpticd.risk.payments import Part, Payments, payments

Allocation = Literal["equal", "proportional"]
COLUMNS: Final = (
    "person_id", "stratum", "stratum_persons", "stratum_sampled", "probability", "weight", "payment_score", "model",
    "hcc", "label", "diagnosis_codes", "claim_ids", "claim_dates", "claim_providers", "claim_settings",
    "claims_available",
)  # fmt: skip
#: Lists of a sampled HCC's records, by the column of a record that they hold.
_RECORDS: Final = {
    "claim_ids": "claim_id", "claim_dates": "claim_date", "claim_providers": "provider", "claim_settings": "setting",
}  # fmt: skip
#: Names of three strata, from the lowest risk scores up; others are numbered.
_THIRDS: Final = ("low", "medium", "high")


def main_model(payment_year: int, factors: pd.DataFrame | None = None) -> str:
    """The Part C model of the payment year, the newest where two are blended; ArgumentError where there is none."""
    shares = hcc_tables.shares(payment_year, factors)
    if not shares:
        hcc_tables.check_model("V28", payment_year)
        raise ArgumentError(f"payment_year={payment_year}: no Part C model has a share of the payment")
    return sorted(shares)[-1]


@measure(heading="Sample for data validation", leaves=Records())
def radv_sample(
    claims: Claims,
    *,
    payment_year: int,
    size: int,
    seed: int,
    strata: int = 3,
    allocation: Allocation = "equal",
    best: int = 5,
    factors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per sampled person and payment HCC to validate, with the records that support it best.

    Parameters
    ----------
    payment_year: CMS's payment year, whose Part C models (one, or two that are blended) pay the HCCs.
    size: persons to sample (CMS: up to 201 of a contract); all who are eligible where there are no more.
    seed: of the random numbers: the same seed and the same claims give the same sample.
    strata: equal parts of the eligible persons by payment score (ties by person_id): 3 are low, medium and high.
    allocation: equal, the same number of each stratum; or proportional to its persons.
    best: records listed of each HCC (CMS: up to five).
    factors: as in :func:`score`.

    Columns
    -------
    person_id, stratum, stratum_persons, stratum_sampled, probability (of being sampled), weight (1 / probability),
    payment_score, model, hcc, label, diagnosis_codes (list), claim_ids, claim_dates, claim_providers,
    claim_settings (lists in the same order: stays first, then visits at which the patient was seen, the latest
    first), claims_available (claims that count with a diagnosis of the HCC).

    Not eligible, with the reason in ``cx.contract(frame).records["not_eligible"]``: who is not scored by the models
    (end-stage renal disease, no Part B), a new enrollee, without a payment HCC, with a hospice month, with fewer than
    12 months of Part B or in the plan in the service year, or not in it in January of the payment year. What members
    do not report is taken to be fulfilled, and counted in the contract (``assumed``). Raises ArgumentError for a size
    or a number of strata that is too small, InputError where too few are eligible. Source: see cpticd/risk/radv.py.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=120, seed=1).claims
    >>> sample = cx.risk.radv_sample(claims, payment_year=2026, size=9, seed=7)
    >>> sample.groupby("stratum")["person_id"].nunique().to_dict()
    {'high': 3, 'low': 3, 'medium': 3}
    """
    for name, value in (("size", size), ("strata", strata), ("best", best)):
        whole(name, value)
    one_of("allocation", allocation, ("equal", "proportional"))
    if size < strata:
        raise ArgumentError(
            f"size={size} is below strata={strata}: at least one person of each stratum is needed"
        )
    with payments(claims, payment_year, main_model(payment_year, factors), factors) as paid:
        hccs = paid_hccs(paid)
        people, out, assumed = _eligible(claims, paid, payment_year, set(hccs["person"]))
        if len(people) < strata:
            raise InputError(
                f"radv_sample: {len(people)} persons are eligible, fewer than strata={strata}; {_why(out)}"
            )
        chosen, table = _drawn(people, size, strata, allocation, seed)
        rows = _validated(paid, hccs, chosen, best)
    frame = chosen.merge(rows, on="person").sort_values(["person_id", "model", "number"], kind="stable")
    frame = frame[list(COLUMNS)].reset_index(drop=True)
    return attach(
        frame,
        measure=f"stratified sample for data validation, payment year {payment_year}",
        numerator="persons drawn at random within strata of payment score, with their payment HCCs",
        denominator="persons who are eligible: in the plan throughout, with a payment HCC, no ESRD, no hospice",
        clock=f"payment year {payment_year}, diagnoses of service year {payment_year - 1}",
        exclusions="persons of records['not_eligible']",
        rows_left_out=len(out),
        code_set_release=f"CMS mapping of payment year {payment_year}",
        payment_year=payment_year,
        shares=paid.shares,
        seed=seed,
        allocation=allocation,
        eligible=len(people),
        sampled=len(chosen),
        assumed=assumed,
        method="CMS's RADV design, as a method and not as law: see cpticd/risk/radv.py",
        records={"strata": table, "not_eligible": out, "rejects": paid.scorer.rejects.records},
    )


def _why(out: list[dict[str, str]]) -> str:
    reasons = pd.Series([row["reason"] for row in out], dtype="str").value_counts().head(3)
    return (
        "not eligible: " + ", ".join(f"{reason} ({n})" for reason, n in reasons.items())
        if len(reasons)
        else "no members"
    )


def _eligible(
    claims: Claims, paid: Payments, payment_year: int, with_hcc: set[int]
) -> tuple[pd.DataFrame, list[dict[str, str]], dict[str, int]]:
    """Those who may be drawn, by person_id; who may not and why; and of how many what was assumed."""
    with claims.session() as s:
        facts = s.frame(sql.text("risk/radv_enrolled"), {"payment_year": payment_year})
    facts = facts.merge(paid.people, on="person_id", how="left")
    unscored = {
        row["location"].removeprefix("person "): row["reason"]
        for part in paid.parts
        for row in part.scorer.rejects.records
    }
    number = {name: pd.to_numeric(facts[name], errors="coerce") for name in
              ("part_b_months", "months", "hospice_months", "later_months", "later_hospice_months")}  # fmt: skip
    new = facts["person"].isin(_new_enrollees(paid)) | facts["new_enrollee"].eq(True)
    left = number["later_months"].eq(0)
    whole_hospice = (number["later_hospice_months"] > 0) & (
        number["later_hospice_months"] >= number["later_months"].fillna(12)
    )
    cases = [
        ("not scored", facts["person"].isna()),
        ("a member of PACE, whose plans are audited apart", facts["population"] == hcc_tables.PACE),
        ("new enrollee", new),
        ("no payment HCC", ~facts["person"].isin(with_hcc)),
        ("a hospice month", (number["hospice_months"] > 0) | whole_hospice),
        ("fewer than 12 months of Part B in the service year", number["part_b_months"] < 12),
        (
            "fewer than 12 months in the plan in the service year",
            (number["months"] < 12) | ~facts["in_service_year"],
        ),
        ("not in the plan in January of the payment year", left),
    ]
    reason = pd.Series("", facts.index)
    for name, holds in cases:
        reason = reason.mask((reason == "") & holds.fillna(False).astype(bool), name)
    why = facts["person_id"].map(unscored).astype("object")
    why = "not scored: " + why.where(why.notna(), "not a member of these years").astype("str")
    reason = reason.where(reason != "not scored", why)
    out = [
        {"person_id": str(person), "reason": str(why)}
        for person, why in zip(facts.loc[reason != "", "person_id"], reason[reason != ""], strict=True)
    ]
    people = facts[reason == ""].sort_values("person_id", kind="stable").reset_index(drop=True)
    people["payment_score"] = people["score"] * people["payment_factor"]
    absent = {name: int(values[reason == ""].isna().sum()) for name, values in number.items()}
    words = {
        "part_b_months": "Part B in all months of the service year",
        "months": "in the plan in all months of the service year",
        "hospice_months": "no hospice month in the service year",
        "later_months": "in the plan in January of the payment year",
    }
    assumed = {words[name]: n for name, n in absent.items() if n and name in words}
    return people.astype({"person": "int64"}), out, assumed


def _new_enrollees(paid: Payments) -> set[int]:
    """Persons (numbers) whose HCCs do not count."""
    part = paid.parts[0]
    flags = np.asarray(part.scorer.scored.column("without_hccs").to_pylist(), dtype=bool)
    return set((np.flatnonzero(flags[part.number - 1]) + 1).tolist())


def paid_hccs(paid: Payments) -> pd.DataFrame:
    """One row per person (number), model and HCC that is paid, after hierarchies: person, model, hcc."""
    parts = []
    for part in paid.parts:
        part.scorer.s.load("set_members", part.scorer.blocks.members)
        keys = part.scorer.s.fetch(sql.text("risk/paid_hccs"), segment=SEGMENT).column(0).to_numpy()
        back = pd.Series(np.arange(1, len(part.number) + 1), index=part.number)
        person = back.reindex(keys // 1000).to_numpy()
        parts.append(pd.DataFrame({"person": person, "model": part.model, "hcc": (keys % 1000).astype(str)}))
    return pd.concat(parts, ignore_index=True).dropna(subset="person").astype({"person": "int64"})


def allocated(persons: list[int], size: int, allocation: str) -> list[int]:
    """How many of each stratum are drawn, none more than there are: what one cannot give the others do."""
    total = min(size, sum(persons))
    drawn = [0] * len(persons)
    while (missing := total - sum(drawn)) > 0:
        open_ = [h for h, n in enumerate(persons) if drawn[h] < n]
        weights = np.array([persons[h] if allocation == "proportional" else 1.0 for h in open_], dtype=float)
        share = missing * weights / weights.sum()
        whole = np.floor(share).astype(int)
        # What is left goes by the largest remainders; of the same, to the strata of higher scores.
        order = sorted(range(len(open_)), key=lambda i: (-(share[i] - whole[i]), -open_[i]))
        for i in order[: missing - int(whole.sum())]:
            whole[i] += 1
        for i, h in enumerate(open_):
            drawn[h] = min(persons[h], drawn[h] + int(whole[i]))
    return drawn


def _drawn(
    people: pd.DataFrame, size: int, strata: int, allocation: str, seed: int
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The sampled persons with their strata and weights, and one record per stratum."""
    ordered = people.sort_values(["payment_score", "person_id"], kind="stable").reset_index(drop=True)
    names = list(_THIRDS) if strata == len(_THIRDS) else [str(number) for number in range(1, strata + 1)]
    parts = np.array_split(np.arange(len(ordered)), strata)
    many = allocated([len(part) for part in parts], size, allocation)
    rng = np.random.default_rng(seed)
    chosen, table = [], []
    for name, part, n in zip(names, parts, many, strict=True):
        mine = ordered.iloc[part].sort_values("person_id", kind="stable")
        drawn = mine.iloc[np.sort(rng.choice(len(mine), size=n, replace=False))]
        chosen.append(drawn.assign(stratum=name, stratum_persons=len(mine), stratum_sampled=n))
        scores = mine["payment_score"]
        table.append({"stratum": name, "persons": len(mine), "sampled": n, "lowest_score": float(scores.min()),
                      "highest_score": float(scores.max())})  # fmt: skip
    found = pd.concat(chosen, ignore_index=True)
    found["probability"] = found["stratum_sampled"] / found["stratum_persons"]
    return found.assign(weight=1 / found["probability"]), table


def _validated(paid: Payments, hccs: pd.DataFrame, chosen: pd.DataFrame, best: int) -> pd.DataFrame:
    """One row per chosen person, model and payment HCC, with lists of its best records."""
    hccs = hccs[hccs["person"].isin(chosen["person"])]
    parts = []
    for part in paid.parts:
        records = _records(part, chosen["person"])
        groups = records.groupby(["person", "hcc"], sort=False)
        codes = groups["diagnosis_codes"].agg(lambda lists: sorted({code for one in lists for code in one}))
        found = pd.DataFrame({"diagnosis_codes": codes, "claims_available": groups.size()})
        top = records[records["place"] <= best].groupby(["person", "hcc"], sort=False)
        for column, source in _RECORDS.items():
            found[column] = top[source].agg(list)
        parts.append(
            hccs[hccs["model"] == part.model].merge(found.reset_index(), on=["person", "hcc"], how="left")
        )
    rows = pd.concat(parts, ignore_index=True)
    rows["label"] = [hcc_label(model, hcc) for model, hcc in zip(rows["model"], rows["hcc"], strict=True)]
    return rows.assign(number=rows["hcc"].astype(int))


def _records(part: Part, persons: pd.Series) -> pd.DataFrame:
    """Claims that support the HCCs of some persons, by number of the payment."""
    numbers = part.number[persons.to_numpy() - 1]
    part.scorer.s.load("asked_people", {"person": pa.array(numbers, pa.int32())})
    if not part.scorer.s.has("encounters"):
        join_encounters(part.scorer.s, lazy=True)
    found = part.scorer.s.frame(sql.text("risk/radv_records"))
    back = pd.Series(persons.to_numpy(), index=numbers)
    return found.assign(person=found["person"].map(back))
