"""Members and diagnoses as the scorer takes them, and why some are not taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import reference
from cpticd.conform import as_arrow, conform
from cpticd.engine import Engine
from cpticd.errors import SchemaError
from cpticd.schema import Table, declare

#: What the models ask of a person. Columns that are absent are taken as said here.
MEMBERS: Final[Table] = declare(
    "members",
    "One row per person.",
    "person_id",
    """
    person_id               text!
    age                     number  in years on February 1 of the payment year; else birth_date
    birth_date              date
    sex                     text    female or male (F, M, 2, 1)
    dual_status_code        code    00-10, 99 or NA; absent: NA
    original_reason_entitlement_code code 0-3; absent: 0 from age 65, else 1
    long_term_institutional flag    absent: no
    new_enrollee            flag    absent: no
    special_needs_plan      flag    absent: no
    esrd                    flag    RxHCC new enrollees; absent: no
    esrd_status             text    ESRD models: dialysis, transplant or graft; absent: by graft_months
    graft_months            number  ESRD models: months since the transplant; absent: dialysis
    low_income_subsidy      flag    RxHCC; absent: no
    part_d_channel          text    RxHCC: MA-PD or PDP (normalization); absent: MA-PD
    """,
)
DIAGNOSES: Final[Table] = declare(
    "diagnoses",
    "One row per diagnosis of a person.",
    "person_id diagnosis_code",
    """
    person_id       text!
    diagnosis_code  text!
    """,
)
REJECTS: Final = ("source", "location", "reason", "content")


class Rejects:
    """What was not taken, with its place and reason: ``attrs["rejects"]`` of every result."""

    def __init__(self) -> None:
        self.records: list[dict[str, str]] = []

    def add(self, source: str, location: str, reason: str, content: str = "") -> None:
        self.records.append({"source": source, "location": location, "reason": reason, "content": content})

    def extend(self, source: str, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.add(source, str(row["location"]), str(row["reason"]), str(row.get("content") or ""))


def rejects(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per member or diagnosis that an analysis of risk could not take: source, location, reason, content."""
    return pd.DataFrame(frame.attrs.get("rejects", []), columns=list(REJECTS), dtype=str)


def take_members(engine: Engine, data: pd.DataFrame | pa.Table, found: Rejects) -> None:
    """Load ``risk_members_in`` from a frame of the user's, with columns of :data:`MEMBERS` and any others."""
    _take(engine, MEMBERS, data, found, "risk_members_in")
    codes = reference.table("dual_status_codes")
    engine.load("risk_dual_codes", codes)


def take_diagnoses(engine: Engine, data: pd.DataFrame | pa.Table, found: Rejects) -> None:
    """Load ``risk_diagnoses_in`` from a frame of the user's with person_id and diagnosis_code."""
    _take(engine, DIAGNOSES, data, found, "risk_diagnoses_in")


def _take(engine: Engine, table: Table, data: pd.DataFrame | pa.Table, found: Rejects, name: str) -> None:
    arrow = as_arrow(data)
    known = [column for column in arrow.column_names if column in table.names]
    if table is MEMBERS and not {"age", "birth_date"} & set(known):
        raise SchemaError(
            f"members: no column 'age' (years on February 1 of the payment year) nor 'birth_date'; "
            f"found {arrow.column_names}; rename the one that says it"
        )
    if table is MEMBERS and "sex" not in known:
        raise SchemaError(
            f"members: no column 'sex'; found {arrow.column_names}; rename the one that says it"
        )
    plain = arrow.select(known)
    if table is DIAGNOSES and _is_text(plain) and set(table.names) == set(known):
        # Millions of rows of text need no cast; empty cells are counted where they are joined.
        engine.load(name, plain)
        return
    done = conform(table, plain)
    engine.load(name, done.rows)
    for row in done.failed.to_pylist():
        found.add(table.name, f"row {row['index'] + 1}", row["reason"], row["content"])


def _is_text(arrow: pa.Table) -> bool:
    return all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in arrow.schema.types)
