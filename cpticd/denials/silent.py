"""Denials without a denial: a code changed, a payment taken back, nothing or too little paid, dollars unexplained."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry, records_of
from cpticd.core.measure import Cells, Part, Records, measure
from cpticd.core.session import Session
from cpticd.denials import expected

_COLUMNS = [
    "claim_id",
    "claim_line_number",
    "adjudication_number",
    "payer",
    "kind",
    "hcpcs_code",
    "submitted_hcpcs_code",
    "amount",
]


#: Dollars by which a payment may fall short of a contract without being listed: what rounding does.
TOLERANCE: Final = 0.01


@measure(heading="Silent denials", leaves=Records())
def silent(claims: Claims, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per line and adjudication that lost dollars, or its code, without a denial.

    kind is ``downcode`` or ``upcode`` (the adjudicated code, SVC01, is a lower or higher one of the same
    family of codes than the submitted one, SVC06), ``recode`` (another code), ``takeback`` (a reversal, after which
    less is paid than before), ``nothing paid`` (no denial, no patient share, and no payment: capitation, packaging, all
    of it contractual), ``underpaid`` (less allowed than a contract or fee schedule that was added says,
    ``reference.add("contract_rates", …)``; ``folder``: where it was added) or ``imbalance`` (charge less adjustments is
    not what was paid, and the claim's own adjustments do not explain it).

    amount, US dollars: for a takeback, what was paid before less what is paid now; for a changed code, the payer's
    median allowed amount for the submitted code, where it leaves it unchanged, less what it allowed here (null where
    there is no such line to compare with; negative where the payer allowed more); for nothing paid, what is expected
    to be allowed as in :func:`open`; for underpaid, the contract's amount less the allowed; for an imbalance, charge -
    adjustments - paid.

    Family of codes: the same first four characters (99213 and 99214).

    >>> import cpticd as cx
    >>> lost = cx.denials.silent(cx.simulate(persons=200, seed=1).claims)
    >>> set(lost["kind"]) <= {"downcode", "upcode", "recode", "takeback", "nothing paid", "underpaid", "imbalance"}
    True
    """
    with claims.session() as s:
        changed = s.frame(sql.text("denials/silent_recoded"))
        taken = s.frame(sql.text("denials/silent_taken_back")).assign(kind="takeback")
        s.create("every_service", "SELECT claim_id, claim_line_number FROM services")
        s.create(
            "unpaid", "SELECT claim_id, claim_line_number FROM services WHERE final_outcome = 'nothing paid'"
        )
        expected.prices(s, "unpaid", expected.literal(expected.last_day(s)), folder=folder)
        s.create("contract_amounts", expected.contract_amounts(s, "every_service", folder=folder))
        others = [_listed(s, "nothing_paid"), _listed(s, "imbalance"), _listed(s, "underpaid")]
        judged = s.value("SELECT count(*) AS n FROM contract_rates") > 0
    changed["kind"] = _kind(changed["hcpcs_code"], changed["submitted_hcpcs_code"])
    parts = [part[_COLUMNS] for part in (changed, taken, *others) if len(part)]
    result = pd.concat(parts, ignore_index=True) if parts else changed[_COLUMNS]
    result["amount"] = result["amount"].astype(float).round(2)
    result = result.sort_values(
        ["claim_id", "claim_line_number", "adjudication_number", "kind"], ignore_index=True
    )
    return attach(
        result,
        measure="silent denials: codes changed, payments taken back, nothing or too little paid, dollars unexplained",
        numerator="lines whose adjudicated code is not the submitted one; paid less after a reversal; without payment, "
        "patient share or denial; allowed less than by contract; whose adjustments do not explain the payment",
        denominator="none: a list, not a rate",
        clock="every adjudication; takebacks as of the latest",
        exclusions="lines that were not adjudicated line by line; imbalance: adjudications without any adjustment"
        + ("" if judged else "; underpaid: not judged, no contract rates were added"),
    )


def _listed(s: Session, kind: str) -> pd.DataFrame:
    """The rows of one of the later kinds."""
    return s.frame(sql.text(f"denials/silent_{kind}"), least=TOLERANCE).assign(kind=kind.replace("_", " "))


def _kind(adjudicated: pd.Series, submitted: pd.Series) -> np.ndarray:
    same_family = adjudicated.str[:4] == submitted.str[:4]
    lower = adjudicated < submitted
    return np.select([same_family & lower, same_family & ~lower], ["downcode", "upcode"], "recode")


def _persons(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per line and adjudication that lost dollars or its code, with its person."""
    found = silent(claims, folder=records_of(frame)["arguments"].get("folder"))
    with claims.session() as s:
        persons = s.frame("SELECT claim_id, person_id FROM claims")
    return found[["claim_id", "payer", "kind"]].merge(persons, on="claim_id", how="left")


@measure(
    heading="Silent denials by payer",
    leaves=Cells(by=("payer", "kind"), facts=_persons),
    report=[Part("takebacks", "silent", "Silent denials")],
)
def silent_by_payer(claims: Claims, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per payer and kind of silent denial: lines and amount, in US dollars; the most lines first.

    Kinds and dollars are those of :func:`silent`, and so is ``folder``.

    >>> import cpticd as cx
    >>> cx.denials.silent_by_payer(cx.simulate(persons=100, seed=1).claims).columns.tolist()
    ['payer', 'kind', 'lines', 'amount']
    """
    found = silent(claims, folder=folder)
    counted = found.groupby(["payer", "kind"], dropna=False, observed=True).agg(
        lines=("claim_id", "size"), amount=("amount", "sum")
    )
    counted = counted.reset_index().sort_values(["lines", "payer", "kind"], ascending=[False, True, True])
    return carry(found, counted.reset_index(drop=True))
