"""Persons' HCCs in CMS's model output report beside ours: which are in one alone, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from cpticd.claims import Claims
from cpticd.risk import hcc_tables
from cpticd.risk.conditions import conditions
from cpticd.risk.explain import explain
from cpticd.risk.labels import hcc_label

COLUMNS: Final = (
    "person_id", "model", "hcc", "label", "payment_month", "in_cms", "in_ours", "status", "reason", "diagnosis_codes",
    "claim_ids",
)  # fmt: skip
BOTH, CMS_ONLY, OURS_ONLY = "both", "CMS only", "ours only"
_KEY: Final = ["person_id", "hcc"]


def latest(mor: pd.DataFrame) -> pd.DataFrame:
    """The rows of each person and model of the last month that the report has of him."""
    month = mor["payment_month"].astype("object").fillna("").astype(str)
    newest = month.groupby([mor["person_id"], mor["model"]]).transform("max")
    return mor[month == newest]


@dataclass(frozen=True)
class Known:
    """What bears on a difference: who is not scored and why, what MAO-004 says of diagnoses, whom CMS scored how."""

    unscored: Mapping[str, str]
    states: pd.DataFrame | None  # of cpticd.risk.reconciled_diagnoses; None: MAO-004 was not given
    lagged: set[str]  # persons whom CMS scored on diagnoses of July to June


def compared(claims: Claims, mor: pd.DataFrame, payment_year: int, known: Known) -> pd.DataFrame:
    """One row per person, model and HCC of either side."""
    mor = latest(mor)
    codes = conditions(claims, year=payment_year - 1)
    parts = []
    for model in sorted(set(mor["model"])):
        hcc_tables.check_model(model, payment_year)
        part = _of_model(claims, mor[mor["model"] == model], model, payment_year)
        why = _Reasons(part, model, payment_year, codes, known)
        part["reason"] = [why(row) for row in part.itertuples(index=False)]
        parts.append(part.assign(model=model, label=[hcc_label(model, hcc) for hcc in part["hcc"]]))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    number = pd.to_numeric(frame["hcc"], errors="coerce")
    frame = frame.assign(number=number).sort_values(["person_id", "model", "number"], kind="stable")
    return frame[list(COLUMNS)].reset_index(drop=True)


def _of_model(claims: Claims, mor: pd.DataFrame, model: str, payment_year: int) -> pd.DataFrame:
    """Both sides of one model, with what our score says of the HCC (kind: disease or removed)."""
    theirs = mor[mor["hcc"].notna()][[*_KEY, "payment_month"]].drop_duplicates(_KEY)
    terms = explain(claims, payment_year=payment_year, model=model)
    terms = terms[terms["hcc"].ne("") & terms["kind"].isin(["disease", "removed"])]
    mine = terms[[*_KEY, "kind", "removed_by", "reason", "diagnosis_codes", "claims"]]
    mine = mine.rename(columns={"claims": "claim_ids"})
    both = theirs.assign(in_cms=True).merge(mine, on=_KEY, how="outer")
    both["in_cms"] = both["in_cms"].eq(True)
    both["in_ours"] = both["kind"].eq("disease")
    both = both[both["in_cms"] | both["in_ours"]].reset_index(drop=True)
    both["status"] = BOTH
    both.loc[~both["in_ours"], "status"] = CMS_ONLY
    both.loc[~both["in_cms"], "status"] = OURS_ONLY
    both["in_report"] = both["person_id"].isin(set(mor["person_id"]))
    for column in ("diagnosis_codes", "claim_ids"):
        both[column] = [value if isinstance(value, list) else [] for value in both[column]]
    return both.drop(columns="reason").assign(removed_reason=both["reason"])


class _Reasons:
    """Why an HCC is on one side alone; "same" where it is on both."""

    def __init__(
        self, part: pd.DataFrame, model: str, payment_year: int, codes: pd.DataFrame, known: Known
    ) -> None:  # fmt: skip
        mapping = (
            hcc_tables.mapping(model, payment_year).to_pandas()[["diagnosis_code", "hcc"]].drop_duplicates()
        )
        uncounted = codes[~codes["counted"]].merge(mapping, on="diagnosis_code")
        self.known, self.above, self.late = known, _above(part, model), _late(codes, payment_year)
        self.not_counted = {
            key: ", ".join(sorted({reason for one in lists for reason in one}))
            for key, lists in uncounted.groupby(_KEY)["not_counted_reasons"]
        }
        self.standing: dict[Any, str] = {}
        self.of_code: dict[Any, str] = {}
        if known.states is not None:
            allowed = known.states[known.states["state"] == "allowed"].merge(mapping, on="diagnosis_code")
            named = allowed.groupby(_KEY)["diagnosis_code"].agg(lambda found: ", ".join(sorted(set(found))))
            self.standing = named.to_dict()
            self.of_code = known.states.set_index(["person_id", "diagnosis_code"])["words"].to_dict()

    def __call__(self, row: Any) -> str:
        if row.status == BOTH:
            return "same"
        return self._cms_only(row) if row.status == CMS_ONLY else self._ours_only(row)

    def _cms_only(self, row: Any) -> str:
        key = (row.person_id, row.hcc)
        if row.person_id in self.known.unscored:
            return f"person is not scored by us: {self.known.unscored[row.person_id]}"
        if row.kind == "removed":
            return f"ours does not count: {row.removed_reason}"
        if key in self.not_counted:
            return f"coded on claims that do not count: {self.not_counted[key]}"
        if key in self.standing:
            return f"in MAO-004 and not on our claims: {self.standing[key]}"
        return "no diagnosis of it on our claims of the service year"

    def _ours_only(self, row: Any) -> str:
        key = (row.person_id, row.hcc)
        if not row.in_report:
            return "person is not in the MOR"
        if key in self.above:
            return f"CMS has HCC {self.above[key]} above it"
        if self.known.states is not None:
            return self._in_mao004(row.person_id, row.diagnosis_codes)
        if row.person_id in self.known.lagged and all(
            (row.person_id, code) in self.late for code in row.diagnosis_codes
        ):
            return "coded only after June: CMS scored diagnoses of July to June"
        return "not in CMS's run; MAO-004 was not given"

    def _in_mao004(self, person: str, codes: list[str]) -> str:
        """What CMS's report says of the diagnoses behind an HCC that CMS did not pay."""
        absent = "not in MAO-004: not submitted, or not reported yet"
        return "; ".join(sorted({f"{code}: {self.of_code.get((person, code), absent)}" for code in codes}))


def _late(codes: pd.DataFrame, payment_year: int) -> set[tuple[str, str]]:
    """Persons and codes whose first counted claim is of July or later."""
    first = codes["first_date"] >= pd.Timestamp(payment_year - 1, 7, 1)
    return set(zip(codes.loc[first, "person_id"], codes.loc[first, "diagnosis_code"], strict=True))


def _above(part: pd.DataFrame, model: str) -> dict[Any, str]:
    """HCCs of ours above which CMS has another one."""
    edges = hcc_tables.hierarchy(model).to_pandas()
    mine = part.loc[part["status"] == OURS_ONLY, _KEY].merge(edges, left_on="hcc", right_on="child")
    theirs = part.loc[part["in_cms"], _KEY].rename(columns={"hcc": "parent"})
    both = mine.merge(theirs, on=["person_id", "parent"])
    return both.groupby(_KEY)["parent"].agg(lambda found: ", ".join(sorted(set(found), key=int))).to_dict()
