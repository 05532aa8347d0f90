"""The end of loading: what was read in one line, what no column gave, and an error where nothing was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.claims import Claims
from cpticd.core.errors import InputError
from cpticd.core.partial import ONLY_DENIALS
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT

#: Lines from which on a file of which nothing was paid is a list of denials, though it has a column for payments.
_MANY: Final = 20


@dataclass(frozen=True)
class Fact:
    """Something that an analysis needs: which columns of the flat form give it, and what cannot be without it."""

    name: str
    columns: tuple[str, ...]  # ``_@``: a family of numbered ones
    without: str  # what is impossible
    count: str  # column of closing.sql that counts it
    is_main: bool = True  # stands in the closing line


#: In the order in which they are said.
FACTS: Final = (
    Fact("charge", ("charge_amount", "claim_charge_amount"),
         "dollars denied that no column states cannot be derived", "charged"),
    Fact("payment", ("paid_amount",), "what was paid, and what was paid in part, cannot be derived", "payments"),
    Fact("reason", ("carc_@", "adjustment_@", "rarc_@"), "why lines are denied cannot be derived", "reasons"),
    Fact("payer", ("payer",), "denials by payer cannot be distinguished", "payers"),
    Fact("person", ("person_id",), "persons cannot be counted, which counts that leave need", "persons"),
    Fact("date", ("claim_line_start_date", "claim_start_date"),
         "trends, deadlines and rules of a date cannot be derived", "dates"),
    Fact("procedure", ("hcpcs_code", "revenue_center_code"), "no pair of diagnosis and procedure can be derived",
         "procedures", is_main=False),
    Fact("diagnosis", ("diagnosis_code_@", "diagnosis_codes"), "no pair of diagnosis and procedure can be derived",
         "diagnoses", is_main=False),
)  # fmt: skip


def ended(intake: Intake, *, quiet: bool = True) -> Claims:
    """The claims of an intake; prints what was read, in one line, unless ``quiet``.

    InputError where no row was loaded, or where a column of charges holds none.
    """
    check_loaded(intake)
    _note_denials_alone(intake)
    claims = intake.claims()
    if not quiet:
        print(sentence(claims, intake.gave))
    return claims


def check_loaded(intake: Intake) -> None:
    """Raise InputError where no row was loaded, or where a column of charges has none that can be read."""
    if not intake.filled():
        raise InputError(nothing(intake))
    if not intake.gave & {*FACTS[0].columns}:
        return
    if not any(intake.holds(f"{table} WHERE charge_amount IS NOT NULL") for table in ("lines", "claims")):
        column = next(iter(intake.gave & {*FACTS[0].columns}))
        raise InputError(
            f"no row has an amount in what is read as {column}: {_blank(intake.rejects(), column)}; say which column "
            f"holds the charges with rename={{'<your column>': {column!r}}}, or that none does with "
            "rename={'<that column>': None}"
        )


def nothing(intake: Intake) -> str:
    """Why not one row was loaded, in words: the most frequent reasons."""
    rejects = intake.rejects()
    bad = rejects.filter(pc.equal(rejects["action"], "rejected"))
    where = ", ".join(sorted({*bad["source"].to_pylist()})[:5])
    reasons = Counter(bad["reason"].to_pylist()).most_common(3)
    words = "; ".join(f"{reason[:200]} ({count:,} times)" for reason, count in reasons)
    return (
        f"{where or 'the table'}: not one row was loaded: {words or 'it has no rows'}; cpticd.look(path) shows "
        "what the columns are read as; say with rename={'<your column>': …} what is read wrongly"
    )


def _blank(rejects: Any, column: str) -> str:
    """The user's names of what is read as a column, as the notes of the guess have them."""
    said = rejects.filter(pc.starts_with(rejects["reason"], f"read as {column}"))
    return ", ".join(map(repr, sorted({*said["content"].to_pylist()}))) or column


def _note_denials_alone(intake: Intake) -> None:
    """Enter in rejects that every line is denied, where the file is a list of denials."""
    if not intake.gave or intake.holds("line_payments WHERE paid_amount > 0 OR allowed_amount > 0"):
        return
    intake.engine.load("loading_carcs", reference.table("carc_categories"))
    found = intake.records(sql.text("loading/all_denied"))[0]
    intake.execute("DROP TABLE loading_carcs")
    has_payments = intake.gave & {"paid_amount", "allowed_amount"}
    if found["lines"] and found["denied"] == found["lines"] and not found["paid"]:
        if has_payments and found["lines"] < _MANY:
            return
        intake.reject(
            source=intake.accounting().column("source")[0].as_py(), location="", table_name=None, action="noted",
            severity="warning",
            reason=f"{ONLY_DENIALS}: every one of {found['lines']:,} lines is denied and none was paid: a list of "
            "denials, of which rates cannot be derived; their causes and what is open can",
        )  # fmt: skip


def figures(claims: Claims) -> dict[str, Any]:
    """What a data set holds: counts and dollars, by the names of closing.sql."""
    with claims.session() as s:
        return s.rows(sql.text("loading/closing"))[0]


def missing(found: Mapping[str, Any], gave: frozenset[str] | set[str]) -> list[Fact]:
    """The facts that nothing gives. ``gave``: what columns of flat files were read as; empty where there are none."""
    return [fact for fact in FACTS if not found[fact.count] or (gave and not is_given(fact, gave))]


def is_given(fact: Fact, gave: frozenset[str] | set[str]) -> bool:
    """Whether one of the columns that flat files were read as gives a fact."""
    families = {name.rpartition("_")[0] + "_@" for name in gave if name.rpartition("_")[2].isdigit()}
    return bool({*fact.columns} & ({*gave} | families))


def sentence(claims: Claims, gave: frozenset[str] | set[str]) -> str:
    """Rows loaded of read; charge, paid and denied dollars; which facts no column gave, and what that forbids."""
    found = figures(claims)
    read, loaded, rejected = _rows(claims)
    lost = f", {rejected:,} rejected (claims.rejects says why)" if rejected else ""
    none = missing(found, gave)
    absent = {fact.name for fact in none}
    dollars = [
        f"{word} {'unknown' if name in absent or found[column] is None else _dollars(found[column])}"
        for word, column, name in (("charged", "charge", "charge"), ("paid", "paid", "payment"))
    ]
    dollars.append(f"denied {_denied(claims)}")
    held = ", ".join(
        f"{found[name]:,} {name if found[name] != 1 else name[:-1]}" for name in ("claims", "lines")
    )
    text = f"Loaded {loaded:,} of {read:,} rows{lost}: {held}; "
    text += ", ".join(dollars) + "."
    for fact in none:
        if fact.is_main:
            text += f" No {fact.name}: {fact.without}."
    return text


def _denied(claims: Claims) -> str:
    """The dollars denied at first, as every analysis derives them; the model is derived for it, and kept."""
    with claims.session() as s:
        found = s.rows(
            "SELECT count(*) FILTER (WHERE initial_outcome = 'denied') AS n, sum(denied_amount) AS amount "
            "FROM line_outcomes"
        )[0]
    return "unknown" if found["n"] and not found["amount"] else _dollars(found["amount"] or 0)


def _rows(claims: Claims) -> tuple[int, int, int]:
    """Rows read, loaded and rejected: of flat files as they are, of tables those of the schema."""
    accounts = claims.accounting()
    flat = accounts[accounts["table_name"] == UNIT]
    other = accounts[~accounts["source"].isin(flat["source"]) & (accounts["table_name"] != "attributes")]
    return (
        int(flat["read"].sum() + other["read"].sum()),
        int(flat["loaded"].sum() + other["loaded"].sum()),
        int(flat["rejected"].sum() + other["rejected"].sum()),
    )


def _dollars(amount: Any) -> str:
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
