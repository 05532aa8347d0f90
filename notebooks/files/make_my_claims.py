"""Writes my_claims.csv, the invented file of notebook 0: lines of simulated persons, as a billing system exports them.

python notebooks/files/make_my_claims.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import cpticd as cx

HEADINGS = {
    "claim_id": "Claim No", "person_id": "MRN", "payer": "Ins Plan", "service_date": "DOS", "hcpcs_code": "Procedure",
    "diagnosis_code": "Dx1", "charge_amount": "Billed", "allowed_amount": "Allowed", "paid_amount": "Ins Paid",
    "paid_date": "Check Date", "denial_carc": "Denial Code",
}  # fmt: skip
MONEY = ["charge_amount", "allowed_amount", "paid_amount"]


def write(path: Path, seed: int = 2, lines: int = 2600) -> None:
    """The first answered professional lines, each with the diagnosis that it points to first."""
    claims = cx.simulate(persons=420, seed=seed).claims
    key = ["claim_id", "claim_line_number"]
    found = claims.table("line_outcomes").query(
        "claim_type == 'professional' and initial_outcome != 'not adjudicated'"
    )
    first = cx.pairs(claims).query("is_primary")[[*key, "diagnosis_code"]]
    answered = claims.table("adjudications").groupby("claim_id")["paid_date"].min()
    rows = (
        found.merge(first, on=key).head(lines).assign(paid_date=lambda rows: rows["claim_id"].map(answered))
    )
    rows.loc[rows["denial_carc"].notna() & (rows["paid_amount"] == 0), "allowed_amount"] = 0
    rows["claim_id"], rows["person_id"] = rows["claim_id"].str[-5:], rows["person_id"].str[-4:]
    rows[MONEY] = rows[MONEY].map("{:.2f}".format)
    rows[[*HEADINGS]].rename(columns=HEADINGS).to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("my_claims.csv"))
