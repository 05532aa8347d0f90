"""What a review of medical records is worth: HCCs that fall and HCCs that are added, each person scored anew.

Hierarchies, interactions and counts are made anew, so that a lower HCC that other diagnoses code comes to count where a
higher one falls; what the records show beyond the coding offsets.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.conform import as_arrow, conform
from cpticd.core.contract import attach
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.core.frames import to_frame
from cpticd.core.measure import Records, measure
from cpticd.core.tables import Table, declare
from cpticd.risk import hcc_tables
from cpticd.risk.hcc_numbers import hcc_numbers
from cpticd.risk.hierarchies import BLOCK, SEGMENT
from cpticd.risk.labels import hcc_label
from cpticd.risk.money import Months, Rates, base_rates, member_months
from cpticd.risk.payments import Payments, payments
from cpticd.risk.radv import main_model
from cpticd.risk.shapley import play

REVIEWED: Final[Table] = declare(
    "reviewed",
    "One row per person and HCC that was reviewed.",
    "",
    """
    person_id       text!
    hcc             text!   37, HCC37, 037
    model           text    V24 or V28; needed where two are blended
    validated       flag!   a medical record bears it out
    """,
)
DELETES: Final = (
    "person_id",
    "model",
    "hcc",
    "label",
    "change",
    "marginal_score",
    "score",
    "payment_factor",
    "dollars",
)
_KEY: Final = ["person_id", "model", "hcc"]


def reviews(reviewed: pd.DataFrame, payment_year: int, factors: pd.DataFrame | None) -> pd.DataFrame:
    """One row per person, model and HCC reviewed, validated or not; SchemaError for what cannot be read or repeats."""
    if not isinstance(reviewed, pd.DataFrame):
        raise SchemaError(f"reviewed: expected a DataFrame, found {type(reviewed).__name__}")
    known = [name for name in reviewed.columns if name in REVIEWED.names]
    done = conform(REVIEWED, as_arrow(reviewed[known]))
    if done.failed.num_rows:
        bad = done.failed.to_pylist()[0]
        raise SchemaError(
            f"reviewed: row {bad['index'] + 1}: {bad['reason']} ({bad['content']}); say yes or no for each"
        )
    frame = to_frame(done.rows)
    frame["hcc"] = hcc_numbers(frame["hcc"])
    shares = list(hcc_tables.shares(payment_year, factors)) or [main_model(payment_year, factors)]
    if frame["model"].isna().any() and len(shares) > 1:
        raise SchemaError(
            f"reviewed: payment year {payment_year} blends {shares}: a column model is needed in every row"
        )
    frame["model"] = frame["model"].astype("object").where(frame["model"].notna(), shares[0]).astype("str")
    if len(wrong := sorted(set(frame["model"]) - set(shares))):
        raise SchemaError(f"reviewed: model {wrong[0]!r} is not paid in {payment_year}; there are {shares}")
    if (again := frame.duplicated(_KEY)).any():
        raise SchemaError(
            f"reviewed: {frame.loc[again, _KEY].iloc[0].tolist()} stands twice; keep one row of each"
        )
    return frame[[*_KEY, "validated"]].astype({"validated": bool})


def valued(paid: Payments, reviewed: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """The HCCs that a review takes away or adds, with their shares of the change; and rows that concern nobody.

    Columns of DELETES but dollars, and person (number). score: the share of the person's change of raw or, of a blend,
    payment score (Shapley), negative where an HCC is taken away; a person's shares add up to his whole change.
    """
    frame = reviewed.merge(paid.people[["person_id", "person", "payment_factor"]], on="person_id", how="left")
    known = {part.model: set(part.scorer.blocks.bits.column("hcc").to_pylist()) for part in paid.parts}
    is_hcc = np.array(
        [hcc in known[model] for hcc, model in zip(frame["hcc"], frame["model"], strict=True)], dtype=bool
    )
    lost = [
        {"source": "reviewed", "location": f"person {row['person_id']}", "content": f"{row['model']} HCC {row['hcc']}",
         "reason": "person is not scored" if pd.isna(row["person"]) else "the model has no such HCC"}
        for row in frame[frame["person"].isna() | ~is_hcc].to_dict("records")
    ]  # fmt: skip
    frame = frame[frame["person"].notna() & is_hcc].astype({"person": "int64"})
    frame = frame.merge(_held(paid, frame["person"]), on=["person", "model", "hcc"], how="left")
    coded = frame["coded"].eq(True)
    # An HCC that is coded and validated stands, and one that is neither was never there.
    frame = frame.assign(remove=~frame["validated"])[coded != frame["validated"]]
    frame = frame.assign(number=frame["hcc"].astype(int), confidence=1.0)
    frame = frame.sort_values(["person", "model", "number"], kind="stable").reset_index(drop=True)
    frame["marginal_score"], frame["score"] = 0.0, 0.0
    if len(frame):
        shares = play(paid.worth_by_model(frame), frame)
        frame["marginal_score"], frame["score"] = shares.marginal, shares.shapley
    frame["change"] = np.where(frame["remove"], "removed", "added")
    frame["label"] = [hcc_label(model, hcc) for model, hcc in zip(frame["model"], frame["hcc"], strict=True)]
    return frame, lost


def _held(paid: Payments, persons: pd.Series) -> pd.DataFrame:
    """One row per person, model and HCC that he has, those below others too: coded is True."""
    parts = []
    for part in paid.parts:
        text = "SELECT person, base, mask FROM held"
        rows = part.scorer.s.fetch(text).to_pandas()
        back = pd.Series(np.arange(1, len(part.number) + 1), index=part.number)
        rows["person"] = rows["person"].map(back)
        rows = rows[rows["person"].isin(set(persons))]
        bits = part.scorer.blocks.bits.to_pandas()
        rows["block"] = _blocks(rows["base"].to_numpy())
        both = rows.merge(bits, on="block")
        both = both[(both["mask"] & both["bit"]) > 0]
        parts.append(both[["person", "hcc"]].assign(model=part.model, coded=True))
    return pd.concat(parts, ignore_index=True).astype({"person": "int64"}).drop_duplicates()


def _blocks(base: Any) -> Any:
    return (base % SEGMENT) // BLOCK


def rate_of(claims: Claims, base_rate: Rates, months: Months, persons: pd.Series) -> pd.Series:
    """US dollars, or where no base rate is given points, per point of payment score of each of ``persons`` (ids)."""
    if base_rate is None:
        return pd.Series(1.0, index=persons.to_numpy())
    rate = base_rates(claims, base_rate, persons) * member_months(months, persons)
    if rate.isna().any():
        raise ArgumentError(f"base_rate, member_months: none for person {persons[rate.isna()].iloc[0]!r}")
    return pd.Series(rate.to_numpy(), index=persons.to_numpy())


@measure(heading="Deletes of a review", leaves=Records())
def deletes(
    claims: Claims,
    reviewed: pd.DataFrame,
    *,
    payment_year: int,
    base_rate: Rates = None,
    member_months: Months = None,
    factors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per person and HCC that a review takes away, or adds: what it does to his payment.

    Parameters
    ----------
    reviewed: person_id, hcc, validated (yes or no), and model where the payment year blends two. An HCC that is coded
        and not validated is taken away; one that is validated and not coded is added. Others change nothing.
    payment_year: CMS's payment year. base_rate, member_months, factors: as in :func:`impact`.

    Columns
    -------
    person_id, model, hcc, label, change (removed, added), marginal_score (score with this change alone - score now),
    score (its share: a person's add up to his whole change, by Shapley's rule), payment_factor, and with ``base_rate``
    dollars = score x payment_factor x base rate x member months: negative is paid back. Scores are raw, or blended
    payment scores where two models are blended. ``cx.contract(frame).records["totals"]`` has a record for what is
    removed, what is added, and the net. Raises SchemaError for a review that cannot be read. Rows of persons who are
    not scored stand in ``cx.risk.rejects(frame)``.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=60, seed=1).claims
    >>> sample = cx.risk.radv_sample(claims, payment_year=2026, size=3, seed=1)
    >>> review = sample[["person_id", "model", "hcc"]].assign(validated=False)
    >>> bool((cx.risk.deletes(claims, review, payment_year=2026)["score"] <= 0).all())
    True
    """
    known = reviews(reviewed, payment_year, factors)
    with payments(claims, payment_year, main_model(payment_year, factors), factors) as paid:
        frame, lost = valued(paid, known)
        rate = rate_of(claims, base_rate, member_months, frame["person_id"].drop_duplicates())
        frame["dollars"] = (
            frame["score"] * frame["payment_factor"] * frame["person_id"].map(rate).astype(float)
        )
        rejects = paid.scorer.rejects.records + lost
        shares = paid.shares
    totals = []
    for change, part in (
        ("removed", frame[frame["remove"]]),
        ("added", frame[~frame["remove"]]),
        ("net", frame),
    ):
        total: dict[str, Any] = {
            "change": change,
            "hccs": len(part),
            "persons": int(part["person_id"].nunique()),
        }
        total["payment_score"] = float((part["score"] * part["payment_factor"]).sum())
        totals.append(total | ({} if base_rate is None else {"dollars": float(part["dollars"].sum())}))
    shown = [name for name in DELETES if name != "dollars" or base_rate is not None]
    return attach(
        frame.sort_values(["person_id", "model", "number"], kind="stable")[shown].reset_index(drop=True),
        measure=f"deletes and additions of a review, payment year {payment_year}",
        numerator="payment with the HCCs that records bear out - payment as coded, re-scored; shares by Shapley's rule",
        denominator="persons with reviewed HCCs",
        clock=f"payment year {payment_year}, diagnoses of service year {payment_year - 1}",
        exclusions="rows that change nothing; persons who are not scored",
        payment_year=payment_year,
        shares=shares,
        records={"totals": totals, "rejects": rejects},
    )
