"""What a service needs beside it, or may not have: waste of drugs, visits, vaccines, screenings that became treatment.

Single-dose drugs, vaccines and those who give them, the add-on for the complexity of a visit, and the services into
which a screening turns are rows of reference tables with their sources.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.clinician import same
from cpticd.rules.ncci import services
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import in_force, within


def single_dose_without_waste_modifier(run: Run) -> str:
    """A single-dose drug with neither JW (some was thrown away) nor JZ (none was)."""
    run.table("single_dose_drugs")
    return sql.text("rules/without_waste_modifier").format(in_force=in_force("t", "l.service_date"))


def complexity_beside_modifier_25(run: Run) -> str:
    """The add-on for complexity (G2211) beside a visit with modifier 25."""
    services(run)
    run.table("visit_complexity")
    return sql.text("rules/complexity_with_25").format(
        within=within("c.hcpcs_code", "t"), in_force=in_force("t", "s.service_date"), same=same("v", "a")
    )


def screening_without_modifier(run: Run) -> str:
    """A screening that turned into treatment, by its first diagnosis, without PT or 33."""
    run.table("screening_turned")
    run.once("billed_codes")
    return sql.text("rules/screening_turned").format(
        within=within("c.hcpcs_code", "t"), in_force=in_force("t", "l.service_date")
    )


def _alone(name: str, role: str, other: str, says: str) -> Rule:
    def find(run: Run) -> str:
        services(run)
        run.table("vaccine_codes")
        run.once("billed_codes")
        run.once("vaccinations", within=within("c.hcpcs_code", "t"))
        return sql.text("rules/vaccine_alone").format(role=role, other=other, says=says)

    return Rule(name, find)


RULES: Final[tuple[Rule, ...]] = (
    Rule("single_dose_without_waste_modifier", single_dose_without_waste_modifier),
    Rule("complexity_beside_modifier_25", complexity_beside_modifier_25, doubtful=True),
    Rule("screening_without_modifier", screening_without_modifier),
    _alone(
        "vaccine_without_administration",
        "product",
        "administration",
        "is a vaccine that no code of the day says was given",
    ),
    _alone(
        "administration_without_vaccine",
        "administration",
        "product",
        "gives a vaccine, and no code of the day says which",
    ),
)
