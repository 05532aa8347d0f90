"""What a service supposes of its encounter: the stage of care, the purpose, the patient.

Which services treat a fresh injury and which follow it up, which are screenings and for which diagnoses, which are of
organs of one sex, and with what modifiers 33 and PT go, are rows of reference tables with their sources.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.placing import codes
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import in_force, judged, within


def _billed(run: Run) -> str:
    """Relation: one row per procedure code on the claims."""
    return run.once("billed_codes")


def _stages(run: Run) -> None:
    """Relations ``rule_staged_services`` (hcpcs_code, stage) and ``rule_staged_codes`` (diagnosis_code, written, role:
    injury, complication or aftercare; stage and not_with of an injury, by its seventh character)."""
    _billed(run)
    codes(run)
    run.table("encounter_codes")
    run.table("seventh_characters")
    run.once("staged_services", within=within("s.hcpcs_code", "e"))
    run.once("staged_codes", within=within("c.diagnosis_code", "e"))


def encounter_conflict(run: Run) -> str:
    """Treatment of a fresh injury with a diagnosis of its healing, or follow-up with one of active treatment; the same
    injury in two stages on a claim for one day.

    No conflict: another injury that the line points to has a stage that fits, or a complication of care stands beside
    it; delayed healing, nonunion and malunion, which may be treated anew; treatment with modifier 55 (care after the
    operation alone). Source: ICD-10-CM Official Guidelines I.C.19.a.
    """
    _stages(run)
    return sql.text("rules/encounter_conflict").format(
        release=judged("encounter_codes", "seventh_characters")
    )


def aftercare_with_injury(run: Run) -> str:
    """An aftercare code beside an injury or fracture whose seventh character says the stage of care already.

    It stands on the lines that point to both; on the claim where the source has no pointers. Source: ICD-10-CM
    Official Guidelines I.C.21.c.7.
    """
    _stages(run)
    return sql.text("rules/aftercare_with_injury").format(release=judged("encounter_codes"))


def screening_without_screening_diagnosis(run: Run) -> str:
    """A screening service that points to no diagnosis that makes it one.

    Source: each row of ``screening_services.csv`` (national coverage determinations, Medicare Claims Processing Manual
    chapter 18). A line that points to no diagnosis at all is found by the rules about pointers.
    """
    codes(run)
    run.table("screening_services")
    return sql.text("rules/screening_without_screening_diagnosis").format(
        on_line=in_force("s", "l.service_date"),
        on_wanted=in_force("s", "w.service_date"),
        release=judged("screening_services"),
    )


def screening_modifier_conflict(run: Run) -> str:
    """Modifier 33 or PT on a service that it does not go with, or without a diagnosis of screening or prevention.

    Source: each row of ``screening_modifiers.csv``.
    """
    _billed(run)
    codes(run)
    run.table("screening_modifiers")
    run.once("screening_services", within=within("s.hcpcs_code", "m"))
    run.once("screening_codes", within=within("c.diagnosis_code", "m"))
    return sql.text("rules/screening_modifier_conflict").format(release=judged("screening_modifiers"))


def procedure_sex_conflict(run: Run) -> str:
    """A procedure of the organs of one sex on a person of the other.

    Modifier KX says that there is no conflict (Medicare Claims Processing Manual chapter 32, 240); so does condition
    code 45 of institutional claims, which these tables do not have. A person whose sex is not known is not judged.
    Source: Integrated Outpatient Code Editor; retired for services from October 1, 2024 (``edit_rules.csv``).
    """
    _billed(run)
    run.table("procedure_sex")
    run.once("sexed_services", within=within("s.hcpcs_code", "p"))
    return sql.text("rules/procedure_sex_conflict").format(release=judged("procedure_sex"))


RULES: Final = (
    Rule("encounter_conflict", encounter_conflict),
    Rule("aftercare_with_injury", aftercare_with_injury),
    Rule("screening_without_screening_diagnosis", screening_without_screening_diagnosis),
    Rule("screening_modifier_conflict", screening_modifier_conflict),
    Rule("procedure_sex_conflict", procedure_sex_conflict),
)
