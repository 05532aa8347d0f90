"""Numbered families of columns (diagnosis_code_1, _2, …) out of the rows that hold them, as pieces of a SELECT."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cpticd.core.conform import quote
from cpticd.core.session import Session

#: Most columns of a family that the flat form and Tuva read, and most diagnoses that a letter points to.
LIMIT: Final = 25


@dataclass(frozen=True)
class Piece:
    """Columns of a SELECT, each followed by a comma, and the join that they need."""

    columns: str
    join: str


def diagnoses(s: Session, least: int = 0) -> Piece:
    """Codes of a claim by position, whether they were there on admission, and what lines point to."""
    n = max(_most(s, "diagnoses", "diagnosis_position"), least)
    codes = _pivot([("diagnosis_code", "diagnosis_code"), ("diagnosis_poa", "present_on_admission_code")],
                   "diagnosis_position", n)  # fmt: skip
    return Piece(
        "g.diagnosis_code_type, "
        + _columns("g", [f"diagnosis_code_{i}" for i in _upto(n)])
        + _columns("g", [f"diagnosis_poa_{i}" for i in _upto(n)]),
        f"LEFT JOIN (SELECT claim_id, {codes}min(diagnosis_code_type) AS diagnosis_code_type FROM diagnoses "
        "GROUP BY claim_id) g ON g.claim_id = s.claim_id "
        "LEFT JOIN (SELECT claim_id, claim_line_number, string_agg(chr(64 + diagnosis_position), ',' "
        "ORDER BY pointer_position) AS diagnosis_pointers FROM pointers "
        f"WHERE diagnosis_position BETWEEN 1 AND {LIMIT} "
        "GROUP BY claim_id, claim_line_number) q ON q.claim_id = s.claim_id AND q.claim_line_number = s.line ",
    )


def procedures(s: Session, least: int = 0) -> Piece:
    """ICD procedures of a claim by position, with their days."""
    n = max(_most(s, "procedures", "procedure_position"), least)
    codes = _pivot(
        [("procedure_code", "procedure_code"), ("procedure_date", "procedure_date")], "procedure_position", n
    )
    return Piece(
        ("i.procedure_code_type, " if n else "")
        + _columns("i", [f"procedure_code_{k}" for k in _upto(n)])
        + _columns("i", [f"procedure_date_{k}" for k in _upto(n)]),
        f"LEFT JOIN (SELECT claim_id, {codes}min(procedure_code_type) AS procedure_code_type FROM procedures "
        "GROUP BY claim_id) i ON i.claim_id = s.claim_id ",
    )


def reasons(s: Session, decision: str, prefix: str = "", where: str = "") -> Piece:
    """Adjustments of a decision on a line; ``decision`` is the alias that has its adjudication_number."""
    n = _most(s, "reasons", "n")
    given = [("group_code", "group_code"), ("carc", "carc"), ("adjustment_amount", "amount")]
    shares = "".join(
        f"sum(CASE WHEN group_code = 'PR' AND carc = '{carc}' THEN amount END) AS {name}, "
        for carc, name in (("1", "deductible_amount"), ("2", "coinsurance_amount"), ("3", "copayment_amount"))
    )
    return Piece(
        "".join(f"e.{name}_{i} AS {prefix}{name}_{i}, " for i in _upto(n) for name, _ in given),
        f"LEFT JOIN (SELECT {_pivot(given, 'n', n)}{shares}claim_id, adjudication_number, line FROM reasons "
        "GROUP BY claim_id, adjudication_number, line) e ON e.claim_id = s.claim_id "
        f"AND e.adjudication_number = {decision}.adjudication_number AND e.line = s.line {where}",
    )


def remarks(s: Session, given: str, prefix: str = "") -> str:
    """Columns of the remarks of a list; ``given`` is SQL of the list."""
    most = int(s.value("SELECT max(len(string_split(rarcs, ' '))) AS n FROM ledger") or 0)
    return "".join(f"nullif(({given})[{n}], '') AS {prefix}rarc_{n}, " for n in _upto(min(most, LIMIT)))


def attributes(s: Session, prefix: str = "", taken: Collection[str] = ()) -> Piece:
    """Columns of the user's own, under their names; one that is ``taken`` begins with ``own_``."""
    names = s.fetch("SELECT DISTINCT name FROM attributes ORDER BY name").column(0).to_pylist()
    own = joins = ""
    for number, name in enumerate(names):
        s.load(f"own_{number}", {"name": [name]})
        one = f"SELECT x.claim_id, x.claim_line_number, x.value FROM attributes x JOIN own_{number} USING (name)"
        joins += (
            f"LEFT JOIN ({one}) x{number} ON x{number}.claim_id = s.claim_id AND x{number}.claim_line_number = s.line "
            f"LEFT JOIN ({one} WHERE claim_line_number IS NULL) y{number} ON y{number}.claim_id = s.claim_id "
        )
        shown = f"own_{name}" if name in taken or name.rpartition("_")[2].isdigit() else name
        own += f", coalesce(x{number}.value, y{number}.value) AS {quote(prefix + shown)}"
    return Piece(own, joins)


def _most(s: Session, relation: str, position: str) -> int:
    """How many columns a family needs, as far as there may be."""
    return min(int(s.value(f"SELECT max({position}) AS n FROM {relation}") or 0), LIMIT)


def _upto(n: int) -> range:
    return range(1, n + 1)


def _columns(alias: str, names: Iterable[str]) -> str:
    return "".join(f"{alias}.{name}, " for name in names)


def _pivot(families: Sequence[tuple[str, str]], position: str, most: int) -> str:
    """SQL of a family's columns, the value at each position."""
    return "".join(
        f"max(CASE WHEN {position} = {n} THEN {value} END) AS {name}_{n}, "
        for name, value in families
        for n in _upto(most)
    )
