"""Denials without a denial: a code changed by the payer, a payment taken back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.measure import Cells, Part, Records, measure

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


@measure(heading="Silent denials", leaves=Records())
def silent(claims: Claims) -> pd.DataFrame:
    """One row per line and adjudication that lost dollars, or its code, without a denial.

    kind is ``downcode`` or ``upcode`` (the adjudicated code, SVC01, is a lower or higher one of the same
    family of codes than the submitted one, SVC06), ``recode`` (another code) or ``takeback`` (a reversal,
    after which less is paid than before). amount, US dollars: for a takeback, what was paid before less what is paid
    now; for a changed code, the payer's median allowed amount for the submitted code, where it leaves it
    unchanged, less what it allowed here (null where there is no such line to compare with; negative
    where the payer allowed more).

    Family of codes: the same first four characters (99213 and 99214).

    >>> import cpticd as cx
    >>> lost = cx.denials.silent(cx.simulate(persons=200, seed=1).claims)
    >>> set(lost["kind"]) <= {"downcode", "upcode", "recode", "takeback"}
    True
    """
    with claims.session() as s:
        changed = s.frame(sql.text("denials/silent_recoded"))
        taken = s.frame(sql.text("denials/silent_taken_back")).assign(kind="takeback")
    changed["kind"] = _kind(changed["hcpcs_code"], changed["submitted_hcpcs_code"])
    parts = [part[_COLUMNS] for part in (changed, taken) if len(part)]
    result = pd.concat(parts, ignore_index=True) if parts else changed[_COLUMNS]
    result["amount"] = result["amount"].astype(float).round(2)
    result = result.sort_values(
        ["claim_id", "claim_line_number", "adjudication_number", "kind"], ignore_index=True
    )
    return attach(
        result,
        measure="silent denials: codes changed by the payer, payments taken back",
        numerator="lines whose adjudicated code is not the submitted one; lines paid less after a reversal",
        denominator="none: a list, not a rate",
        clock="every adjudication; takebacks as of the latest",
        exclusions="lines that were not adjudicated line by line",
    )


def _kind(adjudicated: pd.Series, submitted: pd.Series) -> np.ndarray:
    same_family = adjudicated.str[:4] == submitted.str[:4]
    lower = adjudicated < submitted
    return np.select([same_family & lower, same_family & ~lower], ["downcode", "upcode"], "recode")


def _persons(claims: Claims, _: pd.DataFrame) -> pd.DataFrame:
    """One row per line and adjudication that lost dollars or its code, with its person."""
    found = silent(claims)
    with claims.session() as s:
        persons = s.frame("SELECT claim_id, person_id FROM claims")
    return found[["claim_id", "payer", "kind"]].merge(persons, on="claim_id", how="left")


@measure(
    heading="Silent denials by payer",
    leaves=Cells(by=("payer", "kind"), facts=_persons),
    report=[Part("takebacks", "silent", "Silent denials")],
)
def silent_by_payer(claims: Claims) -> pd.DataFrame:
    """One row per payer and kind of silent denial: lines and amount, in US dollars; the most lines first.

    Kinds and dollars are those of :func:`silent`.

    >>> import cpticd as cx
    >>> cx.denials.silent_by_payer(cx.simulate(persons=100, seed=1).claims).columns.tolist()
    ['payer', 'kind', 'lines', 'amount']
    """
    found = silent(claims)
    counted = found.groupby(["payer", "kind"], dropna=False, observed=True).agg(
        lines=("claim_id", "size"), amount=("amount", "sum")
    )
    counted = counted.reset_index().sort_values(["lines", "payer", "kind"], ascending=[False, True, True])
    return carry(found, counted.reset_index(drop=True))
