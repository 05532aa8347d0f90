"""Places of service against codes, and services at a distance.

Visits are defined by where they take place (``place_services.csv``); some services need hands on the patient and are
not given by telehealth (``hands_on_services.csv``): places 02 and 10, modifiers 95, 93, GT, GQ, FQ, G0. On outpatient
bills some revenue codes need a procedure code.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import within


def _at_distance(run: Run) -> None:
    run.table("telehealth_modifiers")
    run.once("billed_codes")
    run.once("at_distance")


def service_in_wrong_place(run: Run) -> str:
    """A service whose code is for other places than the one on the line."""
    run.table("place_services")
    run.table("place_of_service")
    run.once("billed_codes")
    return sql.text("rules/wrong_place").format(within=within("c.hcpcs_code", "t"))


def unknown_place_of_service(run: Run) -> str:
    """A place of service that is on no list."""
    run.table("place_of_service")
    return sql.text("rules/unknown_place")


def hands_on_service_by_telehealth(run: Run) -> str:
    """A service that needs the patient at hand, billed as one at a distance."""
    _at_distance(run)
    run.table("hands_on_services")
    return sql.text("rules/hands_on_by_telehealth").format(within=within("c.hcpcs_code", "t"))


def telehealth_modifier_without_place(run: Run) -> str:
    """A modifier of telehealth on a line whose place is none (neither 02 nor 10)."""
    _at_distance(run)
    return sql.text("rules/telehealth_without_place")


def telehealth_place_without_modifier(run: Run) -> str:
    """Place 02 or 10 without a modifier that says how the service was given."""
    _at_distance(run)
    run.table("remote_services")
    return sql.text("rules/telehealth_without_modifier").format(within=within("d.hcpcs_code", "t"))


def revenue_code_without_procedure(run: Run) -> str:
    """An outpatient hospital line whose revenue code needs a procedure code."""
    run.table("revenue_codes_with_procedure")
    return sql.text("rules/revenue_without_procedure")


RULES: Final[tuple[Rule, ...]] = (
    Rule("service_in_wrong_place", service_in_wrong_place),
    Rule("unknown_place_of_service", unknown_place_of_service),
    Rule("hands_on_service_by_telehealth", hands_on_service_by_telehealth),
    Rule("telehealth_modifier_without_place", telehealth_modifier_without_place),
    Rule("telehealth_place_without_modifier", telehealth_place_without_modifier),
    Rule("revenue_code_without_procedure", revenue_code_without_procedure),
)
