"""Lines and claims divided by dimensions of any level, for every analysis of denials."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cpticd import sql
from cpticd.core.selection import Grouping
from cpticd.core.session import Session

#: Which payer groups by payer are of.
PAYER: Final = (
    "the one whose decision on the service came first, else the one billed; a second payer's decisions are counted by "
    "denials.decisions"
)


class Divided(NamedTuple):
    """A relation ``o`` with what its rows are divided by: the pieces of a query over it."""

    relation: str
    select: str
    joins: str
    columns: str
    group: str

    def parts(self) -> dict[str, Any]:
        """The pieces by the names that statements have for them."""
        return dict(self._asdict())


def lines(s: Session, by: Grouping) -> Divided:
    """Service lines; by diagnoses each line stands in every group of its own, its dollars shared out."""
    if by.level != "diagnosis":
        return Divided("line_outcomes", by.select, by.joins, by.columns, by.group)
    made = s.create(
        "divided_lines",
        sql.text("denials/divided_lines"),
        select=by.select,
        joins=by.joins,
        columns=_plain(by),
    )
    return Divided(made, _own(by), "", by.columns, by.group)


def services(s: Session, by: Grouping) -> Divided:
    """Services, those of claims without lines among them; by diagnoses as lines."""
    if by.level != "diagnosis":
        return Divided("services", by.select, by.joins, by.columns, by.group)
    made = s.once(
        "divided_services",
        sql.text("denials/divided_services"),
        select=by.select,
        joins=by.joins,
        plain=_plain(by),
        grouped="".join(f"g.{name}, " for name in by.names),
    )
    return Divided(made, _own(by), "", by.columns, by.group)


def claims(s: Session, by: Grouping) -> Divided:
    """Claims; by what belongs to lines or diagnoses a claim stands once in the group of each that it has."""
    if by.level == "claim":
        return Divided("claim_outcomes", by.select, by.joins, by.columns, by.group)
    made = s.once("divided_claims", sql.text("denials/divided_claims"), select=by.select, joins=by.joins)
    return Divided(made, _own(by), "", by.columns, by.group)


def _own(by: Grouping) -> str:
    return "".join(f"o.{name}, " for name in by.names)


def _plain(by: Grouping) -> str:
    return "".join(f"{each.sql}, " for each in by.dimensions)


def terms(by: Grouping, unit: str) -> dict[str, Any]:
    """What a contract says where groups overlap, and of whose decisions it speaks."""
    payer = {"payer": PAYER} if "payer" in by.names else {}
    return _overlap(by, unit) | payer


def _overlap(by: Grouping, unit: str) -> dict[str, Any]:
    if by.level == "diagnosis":
        return {
            "groups": f"overlap: {unit} count in the group of each diagnosis that a line points to; dollars are shared "
            "out over them"
        }
    if unit == "claims" and by.level == "line":
        return {"groups": "overlap: a claim counts in the group of each of its lines"}
    return {}
