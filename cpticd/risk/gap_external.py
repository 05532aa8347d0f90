"""External: suspicions of others (a vendor's list, a chart reviewer's notes), beside those that claims bear out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.codes import dotted
from cpticd.core.code_form import normal
from cpticd.core.errors import SchemaError
from cpticd.core.session import Session
from cpticd.risk import calibration, hcc_tables
from cpticd.risk.beneficiaries import Rejects
from cpticd.risk.current_codes import current
from cpticd.risk.gap_found import Found, nothing
from cpticd.risk.gap_inputs import Scope
from cpticd.risk.hcc_numbers import hcc_numbers

SOURCE: Final = "suspects"
#: Stratum of suspicions that come with a confidence of their own.
GIVEN: Final = "confidence given"
_COLUMNS: Final = ("person_id", "hcc", "diagnosis_code", "source", "confidence", "date")


def external(
    s: Session, asked: Scope, suspects: pd.DataFrame, found: Rejects, caps: pd.DataFrame | None = None
) -> Found:
    """One row per person and HCC of ``suspects``, open or closed by what is coded in the year.

    ``suspects``: person_id; hcc or diagnosis_code (of either the other follows); source, confidence and date where they
    are known. Rows that cannot be taken are in ``found``, each with its reason: no such person, one who is not to be
    scored in the year, a code or an HCC that the model does not have. SchemaError where a column is missing.
    """
    rows = _checked(suspects)
    rows["coded"] = rows["diagnosis_code"] != ""
    rows["diagnosis_code"] = current(rows["diagnosis_code"], asked.year).fillna("")
    rows = _of_the_model(s, asked, rows, found)
    rows = _of_persons(s, rows, found)
    if rows.empty:
        return nothing()
    states = s.frame("SELECT person_id, hcc, place FROM gap_states")
    rows = rows.merge(states, on=["person_id", "hcc"], how="left")
    # A lower code of the hierarchy is no answer to a suspicion of a higher one.
    rows["place"] = rows["place"].where(rows["place"] != 3).fillna(0).astype(int)
    rows = rows.sort_values(
        ["person_id", "hcc", "confidence", "diagnosis_code", "source"],
        ascending=[True, True, False, False, True], na_position="last",
    )  # fmt: skip
    evidence = rows.rename(columns={"diagnosis_code": "code", "date": "claim_date"})
    evidence = evidence[["person_id", "hcc", "claim_date", "code"]].assign(
        kind="external", claim_id=None, code=lambda frame: frame["code"].replace("", None)
    )
    by = rows.groupby(["person_id", "hcc"])
    rows["sentence"] = "suspected by " + by["said"].transform(lambda texts: "; ".join(dict.fromkeys(texts)))
    once = rows.drop_duplicates(["person_id", "hcc"]).reset_index(drop=True)
    given = once["confidence"].notna()
    candidates = once.assign(
        kind="external",
        rule="external",
        stratum=given.map({True: GIVEN, False: ""}),
        share=np.where(
            given, once["confidence"].clip(upper=calibration.caps_of(caps)["external"]) / _base(caps), 1.0
        ),
        support=pd.array([pd.NA] * len(once), dtype="Int64"),
    )
    return Found(candidates, evidence, {})


def _base(caps: pd.DataFrame | None) -> float:
    """The confidence of the stratum of suspicions with their own, to which these are relative."""
    table = calibration.default(caps)
    row = table[(table["kind"] == "external") & (table["stratum"] == GIVEN)]
    return float(row["confidence"].iloc[0])


def _checked(suspects: pd.DataFrame) -> pd.DataFrame:
    """The rows as text, each with its place; SchemaError where what is needed is missing."""
    if not isinstance(suspects, pd.DataFrame):
        raise SchemaError(
            f"suspects: found {type(suspects).__name__}; give a DataFrame with person_id and hcc"
        )
    columns = list(suspects.columns)
    if "person_id" not in columns or not {"hcc", "diagnosis_code"} & {*columns}:
        raise SchemaError(
            f"suspects: found columns {columns}; needs person_id, and hcc or diagnosis_code; source, confidence and "
            "date where they are known"
        )
    rows = suspects.reset_index(drop=True).reindex(columns=list(_COLUMNS))
    for name in ("person_id", "hcc", "diagnosis_code", "source"):
        rows[name] = _text(rows[name])
    rows["hcc"] = hcc_numbers(rows["hcc"])
    rows["diagnosis_code"] = normal(rows["diagnosis_code"]).fillna("")
    rows["source"] = rows["source"].mask(rows["source"] == "", "an external list")
    rows["location"] = [f"row {number + 1}" for number in range(len(rows))]
    rows["content"] = (
        rows["person_id"] + ", " + rows["hcc"] + ", " + rows["diagnosis_code"] + ", " + rows["source"]
    )
    given = _text(rows["confidence"])
    rows["confidence"] = pd.to_numeric(given.where(given != ""), errors="coerce")
    rows["bad_confidence"] = (given != "") & ~rows["confidence"].between(0, 1)
    days = _text(rows["date"])
    rows["date"] = pd.to_datetime(days.where(days != ""), errors="coerce", format="mixed").dt.as_unit("s")
    rows["bad_date"] = (days != "") & rows["date"].isna()
    day = rows["date"].dt.strftime(" on %Y-%m-%d").fillna("")
    code = dotted(rows["diagnosis_code"]).where(rows["diagnosis_code"] != "", "HCC " + rows["hcc"])
    rows["said"] = rows["source"] + day + " (" + code + ")"
    return rows


def _text(column: pd.Series) -> pd.Series:
    """Cells as trimmed text, absent ones empty; whole numbers without decimals."""
    texts = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return texts.str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def _of_the_model(s: Session, asked: Scope, rows: pd.DataFrame, found: Rejects) -> pd.DataFrame:
    """Rows with an HCC of the model, from it or from the code; the others are rejected."""
    labels = {row["hcc"] for row in hcc_tables.labels(asked.model).to_pylist()}
    mapping = hcc_tables.remembered(asked.model, asked.payment_year).to_pandas()
    mapping = mapping[["diagnosis_code", "hcc"]].drop_duplicates().rename(columns={"hcc": "of_code"})
    given = rows["hcc"] != ""
    coded, billable = rows["coded"], rows["diagnosis_code"] != ""
    known = rows["diagnosis_code"].isin({*mapping["diagnosis_code"]})
    year = f"{asked.model} of payment year {asked.payment_year}"
    reasons = [
        (rows["person_id"] == "", "no person"),
        (~given & ~coded, "neither an HCC nor a diagnosis code"),
        (given & ~rows["hcc"].isin(labels), f"no HCC of {year}"),
        (coded & ~billable, f"no ICD-10-CM code that can be billed in {asked.year}"),
        (coded & ~known, f"a code without an HCC in {year}"),
        (rows["bad_confidence"], "confidence: a number from 0 to 1 is needed"),
        (rows["bad_date"], "date: not a date"),
    ]
    why = pd.Series("", index=rows.index)
    for wrong, reason in reversed(reasons):
        why = why.mask(wrong, reason)
    both = rows[why == ""].merge(mapping, on="diagnosis_code", how="left")
    both["hcc"] = both["hcc"].where(both["hcc"] != "", both["of_code"])
    fits = both["of_code"].isna() | (both["of_code"] == both["hcc"])
    apart = ~fits.groupby(both["location"]).transform("any").astype(bool)
    _reject(rows.assign(why=why)[why != ""], found)
    _reject(both[apart].drop_duplicates("location").assign(why="the code is of another HCC"), found)
    return both[fits & ~apart]


def _of_persons(s: Session, rows: pd.DataFrame, found: Rejects) -> pd.DataFrame:
    """Rows of persons who are looked at in the year; the others are rejected."""
    s.load("suspect_persons", {"person_id": pa.array(rows["person_id"].unique().tolist(), pa.string())})
    known = s.frame(
        "SELECT w.person_id, p.person_id IS NOT NULL AS is_asked, "
        "EXISTS (SELECT 1 FROM members m WHERE m.person_id = w.person_id) "
        "OR EXISTS (SELECT 1 FROM claims c WHERE c.person_id = w.person_id) AS is_known, "
        "(SELECT min(u.reason) FROM unpaid u WHERE u.person_id = w.person_id) AS not_paid "
        "FROM suspect_persons w LEFT JOIN gap_persons p ON p.person_id = w.person_id"
    )
    both = rows.merge(known, on="person_id", how="left")
    why = both["is_known"].map(
        {
            True: "a person who is not enrolled in the year, or whom the model does not pay",
            False: "no such person",
        }
    )
    why = both["not_paid"].where(both["not_paid"].notna(), why)
    asked = both["is_asked"].astype(bool)
    _reject(both.assign(why=why)[~asked].drop_duplicates("location"), found)
    return both[asked].reset_index(drop=True)


def _reject(rows: pd.DataFrame, found: Rejects) -> None:
    for row in rows.to_dict("records"):
        found.add(SOURCE, str(row["location"]), str(row["why"]), str(row["content"]))


def totals(found: Rejects) -> dict[str, Any]:
    """How many suspicions were not taken, by reason."""
    reasons = pd.Series([record["reason"] for record in found.records], dtype="str")
    return {str(reason): int(n) for reason, n in reasons.value_counts().items()}
