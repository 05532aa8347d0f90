"""Gaps and recapture by the clinicians who see the persons: how many, what they are worth, how many come back."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import attach
from cpticd.core.measure import Part, Protected, measure
from cpticd.risk import chronic_codes, hcc_tables
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.care_team import check_columns, usual, visits_of
from cpticd.risk.conditions import list_years
from cpticd.risk.kinds import OPEN
from cpticd.risk.protection import rows_of_enough
from cpticd.risk.recapture import load_coded
from cpticd.stats import normal_quantile, wilson

By = Literal["rendering_npi", "taxonomy"]
#: Of persons whom no clinician saw, and of clinicians without a taxonomy.
NOBODY: Final = "(unknown)"
_WORTH: Final = ("expected_score", "expected_dollars")


@measure(
    heading="Gaps and recapture by clinician",
    leaves=Protected(rows_of_enough(("gap_persons", "persons"), ("recaptured", "due"))),
    chart="provider_gaps",
    report=[
        Part(
            "risk_clinicians", "risk", "Conditions to review and recapture by specialty",
            lambda given: {
                "worklist": given.part("risk_worklist"), "year": given["year"], "by": "taxonomy",
                "payment_year": given["payment_year"], "model": given["model"],
            },
            detail="full",
        )
    ],
)  # fmt: skip
def provider_gaps(
    claims: Claims,
    worklist: pd.DataFrame,
    *,
    year: int,
    payment_year: int | None = None,
    model: str = "V28",
    by: By = "rendering_npi",
    chronic: pd.DataFrame | list[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per clinician (or specialty): conditions to review of those whom he sees, and how many came back.

    Parameters
    ----------
    worklist: as :func:`cpticd.risk.worklist` returns it; rows that are not open are left out.
    year: service year of the worklist; recapture is from the year before to it.
    payment_year, model: whose mapping and hierarchies are used; unless given ``year + 1``.
    by: rendering_npi, or taxonomy (his specialty).
    chronic: HCCs or codes that should come back every year, as in :func:`cpticd.risk.recapture`.
    confidence: of the intervals: of the expected number (each suspicion a coin of its own confidence) and Wilson's.

    Columns
    -------
    ``by``, taxonomy (by clinician), persons (with a row to review or a condition due), gap_persons, gaps (open),
    expected_gaps (the sum of their confidences), fewest_gaps, most_gaps, where the worklist has them expected_score and
    expected_dollars, booked (rows with an appointment or a visit to be expected), overdue, due (lasting HCCs coded in
    the year before, of persons in members of both years), recaptured (coded again, or one above), recapture_rate, low,
    high. A condition belongs to the clinician who sees the person for it, most days; (unknown): nobody did.

    Raises SchemaError where the worklist lacks columns, ArgumentError for a model or year without tables.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> gaps = cx.risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True)
    >>> todo = cx.risk.worklist(claims, gaps, year=2025, as_of="2025-12-31", quiet=True)
    >>> found = cx.risk.provider_gaps(claims, todo, year=2025)
    >>> int(found["gaps"].sum()) == int((todo["status"] == "open").sum())
    True
    """
    one_of("by", by, ("rendering_npi", "taxonomy"))
    check_columns(worklist, ["person_id", "hcc", "rendering_npi", "taxonomy", "next_visit_by"], "worklist")
    paid = hcc_tables.paid_year(model, year, payment_year)
    refused = Rejects()
    due, taxonomy = _due(claims, year, model, paid, chronic_codes.codes(model, paid, chronic, refused))
    todo = worklist[worklist["status"] == OPEN] if "status" in worklist else worklist
    rows = pd.concat(
        [_asked(todo, taxonomy, is_due=False), _asked(due, taxonomy, is_due=True)], ignore_index=True
    )
    frame = _counted(rows, by, confidence, [name for name in _WORTH if name in worklist])
    return attach(
        frame,
        measure=f"conditions to review and recapture by {by}, {model}",
        numerator="recapture: conditions coded again, or one above them; expected: the sum of confidences",
        denominator="recapture: lasting HCCs of the year before, of persons in members of both years",
        clock=f"service years {year - 1} and {year}, mapping of payment year {paid}",
        exclusions="rows of the worklist that are not open; persons whom the model does not pay",
        model=model,
        payment_year=paid,
        interval=f"{100 * confidence:g} %: Wilson for recapture, Poisson-binomial for expected",
        records={"rejects": refused.records},
    )


def _due(
    claims: Claims, year: int, model: str, payment_year: int, chronic: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series]:
    """Conditions that are due in ``year``, with the clinician who sees the person for each; taxonomies by clinician."""
    years = [one for one in (year - 1, year) if one >= list_years()[0]]
    with claims.session() as s:
        load_coded(s, years, model, payment_year, chronic)
        due = s.frame(sql.text("risk/care_due"), {"year": year})
        visits = visits_of(
            s, due, model=model, payment_year=payment_year, as_of=pd.Timestamp(year=year, month=12, day=31)
        )
    seen = usual(visits.conditions, ["person_id", "hcc"]).rename(columns={"provider": "rendering_npi"})
    rows = due.merge(seen[["person_id", "hcc", "rendering_npi"]], on=["person_id", "hcc"], how="left")
    return rows, visits.taxonomy


def _asked(rows: pd.DataFrame, taxonomy: pd.Series, *, is_due: bool) -> pd.DataFrame:
    """Rows of either list with what is counted of them."""
    npi = rows["rendering_npi"].astype(object).where(rows["rendering_npi"].notna(), NOBODY)
    found = pd.DataFrame({"person_id": rows["person_id"].astype("str"), "rendering_npi": npi.astype("str")})
    own = rows["taxonomy"] if "taxonomy" in rows else pd.Series(pd.NA, index=rows.index)
    known = npi.map(taxonomy.to_dict())
    found["taxonomy"] = own.astype(object).where(own.notna(), known).fillna(NOBODY).astype("str")
    found["gaps"] = 0 if is_due else 1
    chance = pd.to_numeric(rows["confidence"]) if "confidence" in rows else pd.Series(1.0, index=rows.index)
    found["expected_gaps"] = 0.0 if is_due else chance.to_numpy(float)
    found["spread"] = found["expected_gaps"] * (1 - found["expected_gaps"])
    for name in _WORTH:
        found[name] = pd.to_numeric(rows[name]).to_numpy(float) if name in rows and not is_due else 0.0
    when = rows["next_visit_by"] if "next_visit_by" in rows else pd.Series("", index=rows.index)
    found["booked"] = when.isin(["appointment", "usual interval"]).astype(int)
    found["overdue"] = when.eq("overdue").astype(int)
    found["due"] = 1 if is_due else 0
    found["recaptured"] = rows["recaptured"].astype(int) if is_due else 0
    return found


def _counted(rows: pd.DataFrame, by: By, confidence: float, worth: list[str]) -> pd.DataFrame:
    groups = rows.groupby(by)
    counts = ["gaps", "expected_gaps", "spread", *worth, "booked", "overdue", "due", "recaptured"]
    frame = groups[counts].sum()
    frame.insert(0, "persons", groups["person_id"].nunique())
    with_gaps = rows[rows["gaps"] == 1].groupby(by)["person_id"].nunique()
    frame.insert(1, "gap_persons", with_gaps.reindex(frame.index, fill_value=0))
    if by == "rendering_npi":
        frame.insert(0, "taxonomy", groups["taxonomy"].first())
    half = normal_quantile(confidence) * np.sqrt(frame.pop("spread"))
    place = [*frame.columns].index("expected_gaps") + 1
    frame.insert(place, "fewest_gaps", (frame["expected_gaps"] - half).clip(lower=0))
    frame.insert(place + 1, "most_gaps", np.minimum(frame["expected_gaps"] + half, frame["gaps"]))
    due = frame["due"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        frame["recapture_rate"] = np.where(due > 0, frame["recaptured"] / due, np.nan)
    frame["low"], frame["high"] = wilson(frame["recaptured"], frame["due"], confidence)
    order = "expected_dollars" if "expected_dollars" in worth else "expected_gaps"
    frame = frame.reset_index().sort_values(
        [order, by], ascending=[False, True], key=lambda c: c.abs() if c.name == order else c
    )
    return frame.reset_index(drop=True)
