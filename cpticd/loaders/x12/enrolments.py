"""What enrolment sets (834) come to: members by year, of full files and of the changes that follow them.

Sets are applied in the order of the days and times on which they were made. Each says of a member's coverage how it
stands from some day on, and a later set overrules what was said before of the days from then on:

- a full file speaks from its own day on, or from an earlier first day that it names, of all members of its sponsor and
  payer; who is not in it any more is covered until the day before;
- an addition, a change or a reinstatement from the first day that it names;
- a termination from the day after the last one; one that ends on the day on which it began is a cancellation.

A month in which a member is covered on some day counts. Coverage without an end lasts until the last day that sets
and claims name. Dental and vision plans and the like are no coverage here. Members are named by the number that claims
have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cpticd import reference
from cpticd.loaders.intake import Intake
from cpticd.sql import text

#: What accounting calls a member's entry in a set.
UNIT: Final = "enrolments"
#: Relations in the order in which they are made, each by the statement ``x12/enrolment_<name>``.
_RELATIONS: Final = (
    "turns", "entries", "coverages", "medicare", "assertions", "spans", "numbers", "months",
)  # fmt: skip


def fill(intake: Intake, sources: Mapping[int, str]) -> None:
    """Fill ``members`` of the staged sets, which are relations ``x12_<table>``, and say what was assumed."""
    intake.engine.load("x12_enrolment_codes", reference.table("enrolment_codes"))
    try:
        for name in _RELATIONS:
            intake.execute(text(f"x12/enrolment_{name}").replace("{claims}", intake.every("claims")))
        intake.insert("members", text("x12/enrolled_members"))
        _account(intake, sources)
        found = intake.query(text("x12/enrolment_notes"))
        if found.num_rows:
            intake.reject_many(found)
    finally:
        intake.engine.drop("x12_enrolment_codes")


def _account(intake: Intake, sources: Mapping[int, str]) -> None:
    """Count the entries of each source: those of persons who are in ``members``, and the others."""
    for row in intake.records(text("x12/enrolment_counts")):
        intake.count(
            sources[row["number"]],
            UNIT,
            read=row["read"],
            loaded=row["loaded"],
            left_out=row["read"] - row["loaded"],
        )
