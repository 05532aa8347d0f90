"""Denials without a denial: a code changed by the payer, a payment taken back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.contract import attach
from cpticd.core.frames import to_frame

_RECODED = """
    WITH usual AS (  -- what a payer allows for a code that it leaves as submitted
        SELECT o.payer, p.hcpcs_code,
            median(CAST(p.allowed_amount AS DOUBLE) / greatest(coalesce(p.service_unit_quantity, 1), 1)) AS allowed
        FROM line_payments p
        JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
        WHERE p.allowed_amount > 0 AND p.hcpcs_code = coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
        GROUP BY o.payer, p.hcpcs_code
    )
    SELECT p.claim_id, p.claim_line_number, p.adjudication_number, o.payer, p.hcpcs_code,
        coalesce(p.submitted_hcpcs_code, o.hcpcs_code) AS submitted_hcpcs_code,
        u.allowed * greatest(CAST(coalesce(p.service_unit_quantity, 1) AS DOUBLE), 1)
            - CAST(coalesce(p.allowed_amount, p.paid_amount) AS DOUBLE) AS amount
    FROM line_payments p
    JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
    JOIN adjudications a ON a.claim_id = p.claim_id AND a.adjudication_number = p.adjudication_number
    LEFT JOIN usual u ON u.payer = o.payer AND u.hcpcs_code = coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
    WHERE p.hcpcs_code <> coalesce(p.submitted_hcpcs_code, o.hcpcs_code)
        AND coalesce(a.claim_status_code, '') <> '22'
"""
_TAKEN_BACK = """
    WITH reversals AS (
        SELECT claim_id, max(adjudication_number) AS adjudication_number
        FROM adjudications WHERE claim_status_code = '22' GROUP BY claim_id
    ),
    before AS (
        SELECT d.claim_id, d.claim_line_number, max(d.paid_amount) AS paid_amount
        FROM adjudicated_lines d
        JOIN reversals r ON r.claim_id = d.claim_id AND d.adjudication_number < r.adjudication_number
        GROUP BY d.claim_id, d.claim_line_number
    )
    SELECT b.claim_id, b.claim_line_number, r.adjudication_number, o.payer, o.hcpcs_code,
        o.hcpcs_code AS submitted_hcpcs_code,
        CAST(b.paid_amount AS DOUBLE) - CAST(coalesce(o.paid_amount, 0) AS DOUBLE) AS amount
    FROM before b
    JOIN reversals r ON r.claim_id = b.claim_id
    JOIN line_outcomes o ON o.claim_id = b.claim_id AND o.claim_line_number = b.claim_line_number
    WHERE b.paid_amount > coalesce(o.paid_amount, 0)
"""
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


def silent(claims: Claims) -> pd.DataFrame:
    """One row per line and adjudication that lost dollars, or its code, without a denial.

    kind is ``downcode`` or ``upcode`` (the adjudicated code, SVC01, is a lower or higher one of the same
    family of codes than the submitted one, SVC06), ``recode`` (another code) or ``takeback`` (a reversal,
    after which less is paid than before). amount, US dollars: for a takeback, what was paid before less what is paid
    now; for a changed code, the payer's median allowed amount for the submitted code, where it leaves it
    unchanged, less what it allowed here (null where there is no such line to compare with; negative
    where the payer allowed more).

    Family of codes: the same first four characters (99213 and 99214).
    """
    changed = to_frame(claims.engine.fetch(_RECODED))
    changed["kind"] = _kind(changed["hcpcs_code"], changed["submitted_hcpcs_code"])
    taken = to_frame(claims.engine.fetch(_TAKEN_BACK)).assign(kind="takeback")
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
