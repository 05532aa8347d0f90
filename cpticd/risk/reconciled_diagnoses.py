"""Persons' diagnoses in CMS's MAO-004 report beside those of our claims: which count on one side alone, and why.

A record adds diagnoses under its own number (ICN). A deletion takes a diagnosis from the record that it is linked to
and from no other; a void takes back the whole record that it is linked to. A record that is reported again stands as
it was reported last.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd import reference
from cpticd.claims import Claims
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import conditions

COLUMNS: Final = (
    "person_id", "diagnosis_code", "hccs", "in_mao004", "in_ours", "status", "reason", "encounter_types", "icns",
    "cms_first_date", "cms_last_date", "first_date", "last_date",
)  # fmt: skip
BOTH, CMS_ONLY, OURS_ONLY, NEITHER = "both", "CMS only", "ours only", "neither"
_KEY: Final = ["person_id", "diagnosis_code"]


def states_of(report: pd.DataFrame, payment_year: int) -> tuple[pd.DataFrame, int]:
    """One row per person and diagnosis of the service year: whether CMS counts it (state), and in which words.

    Columns: person_id, diagnosis_code, state (allowed, disallowed, deleted), words, encounter_types, icns,
    cms_first_date, cms_last_date; and how many rows were of other service years.
    """
    rows = report.copy()
    rows["through_date"] = rows["through_date"].fillna(rows["from_date"])
    codes = reference.table("plan_report_codes").to_pandas()
    types = codes[codes["field"] == "encounter_type"]
    meaning = types.set_index(["phase", "code"])["meaning"].to_dict()
    phase = np.where(rows["phase"].astype("object").fillna("").astype(str) == "3", "3", "4")
    kind = rows["encounter_type"].astype("object").fillna("").astype(str)
    rows["kind"] = pd.Series(
        [meaning.get(key, "encounter") for key in zip(phase, kind, strict=True)], rows.index, dtype="str"
    )
    rows["icn"] = rows["icn"].astype("object").fillna("").astype(str)
    taken = rows["flag"].eq("D") | rows["kind"].str.startswith("void")
    voided = set(rows.loc[rows["kind"].str.startswith("void"), "linked_icn"].dropna())
    deleted = rows[taken & rows["flag"].eq("D")].dropna(subset="linked_icn")
    gone = set(zip(deleted["person_id"], deleted["linked_icn"], deleted["diagnosis_code"], strict=True))
    stands = rows[~taken].sort_values(["report_date", "submission_date"], na_position="first", kind="stable")
    stands = stands.drop_duplicates([*_KEY, "icn"], keep="last")
    within = stands["through_date"].dt.year.eq(payment_year - 1) | stands["through_date"].isna()
    outside, stands = int((~within).sum()), stands[within].copy()
    keys = zip(stands["person_id"], stands["icn"], stands["diagnosis_code"], strict=True)
    lost = [key in gone or key[1] in voided for key in keys]
    stands["state"] = np.where(lost, "deleted", np.where(stands["allowed"].eq("A"), "allowed", "disallowed"))
    reasons = codes[codes["field"] == "reason_code"].set_index("code")["meaning"]
    why = stands["reason_code"].map(reasons).fillna("no reason is given").astype(str)
    void = np.array([key in voided for key in stands["icn"]], dtype=bool)
    stands["words"] = np.select(
        [stands["state"] == "allowed", stands["state"] == "disallowed", void],
        ["allowed in MAO-004: after the deadline of CMS's run, or not in its model", "disallowed in MAO-004: " + why,
         "voided"],
        "deleted by a later record",
    )  # fmt: skip
    rank = stands["state"].map({"allowed": 0, "disallowed": 1, "deleted": 2})
    stands = stands.assign(rank=rank).sort_values([*_KEY, "rank", "icn"], kind="stable")
    groups = stands.groupby(_KEY, sort=True)
    found = groups[["state", "words"]].first()
    found["encounter_types"] = groups["kind"].agg(lambda kinds: sorted(set(kinds)))
    found["icns"] = groups["icn"].agg(lambda icns: sorted(set(icns) - {""}))
    found["cms_first_date"], found["cms_last_date"] = groups["from_date"].min(), groups["through_date"].max()
    return found.reset_index(), outside


def compared(claims: Claims, states: pd.DataFrame, payment_year: int) -> pd.DataFrame:
    """One row per person and diagnosis code of either side, with the HCCs that it maps to in the year's models."""
    mine = conditions(claims, year=payment_year - 1)
    mine = mine[[*_KEY, "counted", "not_counted_reasons", "first_date", "last_date"]]
    frame = states.merge(mine, on=_KEY, how="outer")
    frame["in_mao004"] = frame["state"].eq("allowed")
    frame["in_ours"] = frame["counted"].eq(True)
    frame["status"] = np.select(
        [frame["in_mao004"] & frame["in_ours"], frame["in_mao004"], frame["in_ours"]],
        [BOTH, CMS_ONLY, OURS_ONLY],
        NEITHER,
    )
    frame["reason"] = [_reason(row) for row in frame.itertuples(index=False)]
    frame["hccs"] = frame["diagnosis_code"].map(_hccs(payment_year))
    for column in ("hccs", "encounter_types", "icns"):
        frame[column] = [value if isinstance(value, list) else [] for value in frame[column]]
    return frame.sort_values(_KEY, kind="stable").reset_index(drop=True)[list(COLUMNS)]


def _reason(row: object) -> str:
    status, state, words = (getattr(row, name) for name in ("status", "state", "words"))
    absent = not isinstance(state, str)
    reasons = getattr(row, "not_counted_reasons", None)
    ours = "not on our claims" if reasons is None or isinstance(reasons, float) else (
        "on claims that do not count here: " + ", ".join(reasons))  # fmt: skip
    if status == BOTH:
        return "same"
    if status == CMS_ONLY:
        return ours
    theirs = "not in MAO-004: not submitted, or not reported yet" if absent else str(words)
    return theirs if status == OURS_ONLY else f"{theirs}; {ours}"


def _hccs(payment_year: int) -> dict[str, list[str]]:
    """HCCs of each code in the models of the payment, such as "V28 37"."""
    found: dict[str, set[str]] = {}
    for model in hcc_tables.shares(payment_year) or {"V28": 1.0}:
        for row in hcc_tables.mapping(model, payment_year).to_pylist():
            found.setdefault(row["diagnosis_code"], set()).add(f"{model} {row['hcc']}")
    return {code: sorted(hccs) for code, hccs in found.items()}
