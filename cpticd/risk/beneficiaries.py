"""Members and diagnoses as the scorer takes them, from frames or from claims, and why some are not taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.core.conform import as_arrow, check_once, conform
from cpticd.core.contract import records_of
from cpticd.core.errors import InputError, SchemaError
from cpticd.core.session import Session
from cpticd.core.tables import Table, declare
from cpticd.risk.conditions import load_counted
from cpticd.risk.numbering import Ints

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
    pace                    flag    of a Program of All-Inclusive Care for the Elderly; absent: no, and yes for V22
    esrd                    flag    end-stage renal disease: scored by ESRD V24 and RxHCC alone; absent: no
    esrd_status             text    ESRD models: dialysis, transplant or (functioning) graft; absent: by graft_months
    graft_months            number  ESRD models: months since the transplant; absent: dialysis
    low_income_subsidy      flag    RxHCC; absent: no
    part_d_channel          text    RxHCC: MA-PD or PDP (normalization); absent: MA-PD
    part_b_months           number  of the service year; absent: 12. None: not scored, fewer than 12: new enrollee
    part_d_months           number  of the service year, RxHCC; absent: 12
    death_date              date    before the payment year: not scored
    later_hospice_months    number  of the payment year; 12: not scored but by RxHCC; absent: none
    later_part_b_months     number  of the payment year; absent: not known
    later_part_d_months     number  of the payment year; absent: not known
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
#: Beyond this product of column sizes the numbers of facts are packed anew.
_ROOM: Final = 1 << 40
#: Up to this many codes it is cheaper to count than to sort.
_SMALL: Final = 1 << 22


class Rejects:
    """What was not taken, with its place and reason: ``contract(frame).records["rejects"]`` of every result."""

    def __init__(self) -> None:
        self.records: list[dict[str, str]] = []

    def add(self, source: str, location: str, reason: str, content: str = "") -> None:
        self.records.append({"source": source, "location": location, "reason": reason, "content": content})

    def extend(self, source: str, rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            self.add(source, str(row["location"]), str(row["reason"]), str(row.get("content") or ""))


def rejects(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per member, diagnosis or entry of a list that an analysis of risk could not take.

    Columns: source, location, reason, content.

    ``frame`` is what :func:`score`, :func:`blended`, :func:`explain`, :func:`impact`, :func:`gaps` or :func:`recapture`
    returned.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A", "B"], "age": [70, 71], "sex": ["F", None]})
    >>> codes = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["E11.22"]})
    >>> cx.risk.rejects(cx.risk.score(members, codes, payment_year=2026))["location"].tolist()
    ['person B']
    """
    return pd.DataFrame(records_of(frame).get("rejects", []), columns=list(REJECTS), dtype=str)


@dataclass(frozen=True)
class Members:
    """Members in the order given: who they are, and which of the distinct sets of facts is theirs."""

    person_id: pa.Array
    fact: Ints
    facts: pa.Table  # of MEMBERS; person_id is the number of the set of facts
    failed: dict[int, str]  # set of facts that cannot be read -> reason


def take_members(
    data: pd.DataFrame | pa.Table, table: Table = MEMBERS, *, clock: str = "on February 1"
) -> Members:
    """Members from a frame with columns of ``table`` and any others; ``clock`` is the day on which age is meant.

    A million persons share some ten thousand sets of facts: only these are read, checked and given a segment.
    Raises SchemaError where person_id, sex, or both age and birth_date are missing.
    """
    arrow = _whole("members", data)
    known = [name for name in arrow.column_names if name in table.names]
    for wanted, example in (
        (("person_id",), ""),
        (("age", "birth_date"), f"age is in years {clock}; "),
        (("sex",), ""),
    ):
        if not set(wanted) & set(known):
            raise SchemaError(
                f"members: no column {' nor '.join(map(repr, wanted))}; found {arrow.column_names}; "
                f"{example}rename the one that says it"
            )
    ids = _ids(arrow.column("person_id"))
    columns = [name for name in known if name != "person_id"]
    first, fact = _distinct(arrow.select(columns))
    facts = arrow.select(columns).take(pa.array(first))
    facts = facts.append_column(
        "person_id", pa.array([str(number) for number in range(len(first))], pa.string())
    )
    done = conform(table, facts)
    failed = {row["index"]: row["reason"] for row in done.failed.to_pylist()}
    return Members(ids, fact, done.rows, failed)


def _whole(name: str, data: pd.DataFrame | pa.Table) -> pa.Table:
    arrow = as_arrow(data)
    check_once(name, arrow.column_names)
    return arrow


def _ids(column: pa.ChunkedArray) -> pa.Array:
    """Person ids as trimmed text; null where there is none."""
    ids = column.combine_chunks()
    if pa.types.is_floating(ids.type):
        ids = pc.if_else(pc.is_nan(ids), pa.scalar(None, ids.type), ids).cast(pa.int64())
    text = pc.utf8_trim_whitespace(ids.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _distinct(table: pa.Table) -> tuple[Ints, Ints]:
    """Index of the first row of every distinct row, and for each row which of these it is."""
    code = np.zeros(table.num_rows, dtype=np.int64)
    room = 1
    for column in table.columns:
        encoded = column.combine_chunks()
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode(null_encoding="encode")
        size = len(encoded.dictionary) + 1
        if room * size > _ROOM:
            _, code = np.unique(code, return_inverse=True)
            room = int(code.max(initial=0)) + 1
        index = pc.fill_null(encoded.indices, size - 1).to_numpy(zero_copy_only=False)
        code = code * size + index
        room *= size
    return _numbered(code, room)


def _numbered(code: Ints, room: int) -> tuple[Ints, Ints]:
    """Index of the first of every distinct code, and for each code which of these it is."""
    if room > _SMALL:
        _, first, number = np.unique(code, return_index=True, return_inverse=True)
        return first, number
    # Codes below a small bound are counted instead of sorted.
    present = np.bincount(code, minlength=room) > 0
    number = (np.cumsum(present) - 1)[code]
    first = np.zeros(int(present.sum()), dtype=np.int64)
    first[number[::-1]] = np.arange(len(code) - 1, -1, -1)
    return first, number


def take_diagnoses(data: pd.DataFrame | pa.Table, found: Rejects) -> pa.Table:
    """Diagnoses from a frame with person_id and diagnosis_code; rows that cannot be read are in ``found``.

    Raises SchemaError where one of the two columns is missing.
    """
    arrow = _whole("diagnoses", data)
    if missing := [name for name in DIAGNOSES.names if name not in arrow.column_names]:
        raise SchemaError(
            f"diagnoses: no column {missing}; found {arrow.column_names}; rename the ones that say it"
        )
    plain = arrow.select(DIAGNOSES.names)
    if _plain(plain):
        return plain  # millions of rows need no cast; empty cells are found where persons and codes meet
    done = conform(DIAGNOSES, plain)
    for row in done.failed.to_pylist():
        found.add("diagnoses", f"row {row['index'] + 1}", row["reason"], row["content"])
    return done.rows


def _plain(diagnoses: pa.Table) -> bool:
    """Whether persons are text or whole numbers, and codes text or numbers of texts (a pandas category)."""
    person, code = diagnoses.schema.types
    code = code.value_type if pa.types.is_dictionary(code) else code
    return (_is_text(person) or pa.types.is_integer(person)) and _is_text(code)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def take_claims(s: Session, payment_year: int) -> Members:
    """The members of a session's claims in the payment year; makes ``diagnoses_in`` of the service year before it.

    Raises InputError where the claims have no members of that year or the one before.
    """
    service_year = payment_year - 1
    members = s.fetch(sql.text("risk/members_of_year"), {"payment_year": payment_year})
    if members.num_rows == 0:
        years = s.fetch("SELECT DISTINCT year FROM members ORDER BY year").column(0).to_pylist()
        raise InputError(
            f"members: none of {service_year} or {payment_year} for payment_year={payment_year}; "
            f"found years {years}; load the table 'members' (cpticd.read_tables) or choose another payment_year"
        )
    load_counted(s, service_year)
    s.create("diagnoses_in", "SELECT DISTINCT person_id, diagnosis_code FROM counted_diagnoses", lazy=True)
    return take_members(members)
