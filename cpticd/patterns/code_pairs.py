"""The pairs of procedure and diagnosis on lines that stand, numbered and divided into strata."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa

from cpticd import codes, model, sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.core.measure import Cells
from cpticd.core.selection import By, Dimension, Grouping, grouping
from cpticd.core.session import Session

Pointer = Literal["all", "primary"]
POINTERS: Final = ("all", "primary")
#: What a contract says of the clock where nothing waits for the payer.
SERVICE_CLOCK: Final = "date of service of the line (its own first day, else the claim's)"
EXCLUSIONS: Final = (
    "lines of claims that a later claim replaced or voided; lines without a procedure or a diagnosis"
)
#: Rounding of sums over rows in any order, whose last digits differ from run to run.
DIGITS: Final = 9
#: Lines that point to one, two or three diagnoses, or more.
POINTED: Final = "diagnoses_on_line"


def strata(claims: Claims, stratify: By) -> Grouping:
    """The dimensions within which chance is reckoned; ArgumentError for those that are a pair's own, or not there."""
    known = claims.known_dimensions() | {POINTED: Dimension(POINTED, POINTED, "diagnoses on the line")}
    found = grouping(stratify, known, argument="stratify")
    if own := [
        each.name for each in found.dimensions if each.level == "diagnosis" or each.name == "hcpcs_code"
    ]:
        raise ArgumentError(
            f"stratify={stratify!r}: a pair has its procedure and its diagnosis itself; leave out {own}"
        )
    return found


def pairs_of(s: Session, groups: Grouping, pointer: Pointer, *, superseded: bool = False) -> dict[str, Any]:
    """Make the relation ``code_pairs`` in a session; returns what a contract says of its lines.

    One row per line that stands (``model.standing_lines``) and diagnosis: procedure, diagnosis, person (numbers of
    what ``with_codes`` names, and of the person, else of the claim), known (the person is), is_primary, share,
    service_date, month, charge_amount, denied_amount, initial_outcome, is_superseded, claim_id, claim_line_number, and
    stratum, one number per combination of ``groups``.
    """
    one_of("pointer", pointer, POINTERS)
    of_lines = Grouping(tuple(each for each in groups.dimensions if each.name != POINTED))
    terms = model.standing_lines(s, of_lines, superseded=superseded)
    s.create("pointed", sql.text("patterns/pointed"))
    for relation, code, source in (
        ("procedures_used", "hcpcs_code", "standing_lines"),
        ("diagnoses_used", "diagnosis_code", "pointed"),
        ("people", "coalesce(person_id, claim_id)", "standing_lines"),
    ):
        s.create(relation, sql.text("patterns/numbered"), code=code, source=source)
    s.create("numbered_lines", sql.text("patterns/numbered_lines"), lazy=True, pointed=POINTED)
    stratified(s, "numbered_lines", [*(f"by_{name}" for name in of_lines.names),
                                     *([POINTED] if POINTED in groups.names else [])])  # fmt: skip
    primary = pointer == "primary"
    s.create(
        "code_pairs",
        sql.text("patterns/code_pairs"),
        share="CAST(1 AS DOUBLE)" if primary else "t.share",
        kept="t.is_primary" if primary else "TRUE",
    )
    return terms


def persons_of_pairs(claims: Claims, pointer: Pointer, *, superseded: bool = False) -> pd.DataFrame:
    """One row per person and pair of codes: facts for disclosure control (``stands``, ``adjudicated``, ``denied``)."""
    with claims.session() as s:
        model.standing_lines(s, Grouping(()), superseded=superseded)
        s.create("pointed", sql.text("patterns/pointed"))
        kept = "t.is_primary" if pointer == "primary" else "TRUE"
        return s.frame(sql.text("patterns/pair_persons"), kept=kept)


def cells(pointer: Pointer, withheld: tuple[str, ...], *, superseded: bool = False, **more: Any) -> Cells:
    """How a table of pairs leaves: counted over the persons of :func:`persons_of_pairs`."""
    return Cells(
        by=("hcpcs_code", "diagnosis_code"),
        persons="persons",
        labels=("hcpcs_family", "diagnosis_family"),
        facts=lambda claims, frame: persons_of_pairs(claims, pointer, superseded=superseded),
        withheld=withheld,
        anew=_in_order,
        **more,
    )


def _in_order(shown: pd.DataFrame) -> pd.DataFrame:
    """Pairs by lines, as far as these are shown: their order by what compares would tell of it."""
    order = ["lines", "hcpcs_code", "diagnosis_code"]
    return shown.sort_values(order, ascending=[False, True, True], na_position="last")


def stratified(s: Session, relation: str, columns: list[str]) -> str:
    """The relation ``stratified``: the one given with a column ``stratum``, one number per combination of columns."""
    if not columns:
        return s.create(
            "stratified", f"SELECT l.*, CAST(1 AS INTEGER) AS stratum FROM {relation} l", lazy=True
        )
    names = ", ".join(columns)
    s.create("strata_used", sql.text("patterns/strata"), names=names, source=relation)
    same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM l.{name}" for name in columns)
    return s.create(
        "stratified", f"SELECT l.*, s.stratum FROM {relation} l JOIN strata_used s ON {same}", lazy=True
    )


def with_codes(s: Session, found: pd.DataFrame) -> pd.DataFrame:
    """The frame with hcpcs_code and diagnosis_code, in front, instead of the numbers of ``pairs_of``."""
    named = {}
    for column, number, relation in (
        ("hcpcs_code", "procedure", "procedures_used"),
        ("diagnosis_code", "diagnosis", "diagnoses_used"),
    ):
        there = s.fetch(f"SELECT code FROM {relation} ORDER BY number").column(0).combine_chunks()
        named[column] = there.cast(pa.string()).take(pa.array(found[number].to_numpy(int)))
    rest = found.drop(columns=["procedure", "diagnosis"]).reset_index(drop=True)
    return pd.concat([to_frame(pa.table(named)), rest], axis=1)


def lines_left_out(s: Session) -> int:
    """Lines that stand without a procedure, or without a diagnosis; after ``pairs_of``."""
    # Every line with both has one primary diagnosis.
    return int(
        s.value(
            "SELECT (SELECT count(*) FROM standing_lines) - (SELECT count(*) FROM pointed WHERE is_primary) AS n"
        )
    )


def with_families(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with hcpcs_family and diagnosis_family behind its codes."""
    place = list(frame.columns).index("diagnosis_code") + 1
    frame = frame.copy()
    frame.insert(place, "hcpcs_family", codes.procedure_family(frame["hcpcs_code"]).to_numpy())
    frame.insert(place + 1, "diagnosis_family", codes.diagnosis_family(frame["diagnosis_code"]).to_numpy())
    return frame
