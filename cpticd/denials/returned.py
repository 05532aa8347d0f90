"""Claims returned as unprocessable (RARC MA130): a state before adjudication, to be corrected and sent again."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.measure import Cells, Chart, Part, Records, measure

_COLUMNS: Final = (
    "claim_id", "adjudication_number", "payer", "returned_date", "lines", "charge_amount", "rarcs",
    "resubmitted_date", "is_decided",
)  # fmt: skip


def _list(claims: Claims) -> pd.DataFrame:
    """The list with its persons, the latest first."""
    with claims.session() as s:
        found = s.frame(sql.text("denials/returned"))
        marks = set(s.frame("SELECT rarc FROM carc_rarc_overrides WHERE marker = 'unprocessable'")["rarc"])
    found["rarcs"] = [_other(text, marks) for text in found["rarcs"]]
    return found.sort_values(
        ["returned_date", "claim_id", "adjudication_number"], ascending=[False, True, True], ignore_index=True
    )


def _other(text: object, marks: set[str]) -> str:
    """The remarks beside the one that returns the claim."""
    return " ".join(code for code in str(text or "").split() if code not in marks)


@measure(heading="Returned as unprocessable", leaves=Records())
def returned(claims: Claims) -> pd.DataFrame:
    """One row per adjudication that returned a claim, or lines of it, as unprocessable; the latest first.

    Columns: claim_id, adjudication_number, payer, returned_date, lines, charge_amount (US dollars), rarcs (the remarks
    beside MA130, which say what to correct), resubmitted_date (of the next claim of its chain; missing: none yet),
    is_decided (whether a payer has decided on the claim since). Such claims are outside of all rates, have no appeal,
    and wait for a corrected claim.

    >>> import cpticd as cx
    >>> cx.denials.returned(cx.simulate(persons=200, seed=1).claims).columns[:3].tolist()
    ['claim_id', 'adjudication_number', 'payer']
    """
    return attach(
        _list(claims)[list(_COLUMNS)],
        measure="claims returned as unprocessable",
        numerator="adjudications with the remark MA130, of a claim or of lines of it",
        denominator="none: a list, not a rate",
        clock="the day of the remittance",
        exclusions="none; no rate counts them",
    )


def _persons(claims: Claims, _: pd.DataFrame) -> pd.DataFrame:
    """One row per person, payer and remark."""
    found = _by_remark(_list(claims))
    return found[["person_id", "payer", "rarc"]].drop_duplicates()


def _by_remark(found: pd.DataFrame) -> pd.DataFrame:
    remarks = [text.split() or ["(none)"] for text in found["rarcs"].tolist()]
    return found.assign(rarc=pd.Series(remarks, index=found.index, dtype=object)).explode("rarc")


def _chart(frame: pd.DataFrame) -> dict[str, object]:
    return {"label": "rarc", "x": "claims", "by": "payer", "title": "Returned as unprocessable, by remark"}


@measure(
    heading="Returned as unprocessable, by remark",
    leaves=Cells(by=("payer", "rarc"), facts=_persons),
    chart=Chart("bars", _chart),
    report=[Part("returned", "from_denial_to_payment", "Returned as unprocessable")],
)
def returned_by_remark(claims: Claims) -> pd.DataFrame:
    """One row per payer and remark of claims returned as unprocessable: claims, charge_amount; the most claims first.

    A claim with several remarks counts under each. Remarks and dollars are those of :func:`returned`; ``(none)``: the
    payer gives no remark beside MA130.

    >>> import cpticd as cx
    >>> cx.denials.returned_by_remark(cx.simulate(persons=100, seed=1).claims).columns.tolist()
    ['payer', 'rarc', 'claims', 'charge_amount', 'not_sent_again']
    """
    found = _by_remark(_list(claims))
    waiting = found["resubmitted_date"].isna() & ~found["is_decided"].astype(bool)
    counted = found.assign(waiting=waiting.where(waiting)).groupby(
        ["payer", "rarc"], dropna=False, observed=True
    )
    result = counted.agg(
        claims=("claim_id", "nunique"),
        charge_amount=("charge_amount", "sum"),
        not_sent_again=("waiting", "count"),
    ).reset_index()
    result["charge_amount"] = result["charge_amount"].round(2)
    order = result.sort_values(["claims", "payer", "rarc"], ascending=[False, True, True], ignore_index=True)
    return carry(returned(claims), order)
