"""Does the diagnosis, or the procedure of a stay, go with the patient's age and sex?

By the lists of the Medicare Code Editor (CMS), with the ages of their time: newborn 0, pediatric 0 to 17, maternity 9
to 64 (12 to 55 for discharges before October 1, 2019), adult 15 to 124 completed years. CMS retired the sex conflict
for services from October 1, 2024 on. A patient whose age or sex is not known is not judged.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.mce import ages, definitions
from cpticd.rules.placing import placed
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import within


def age_conflict(run: Run) -> str:
    """A diagnosis of newborns, children, mothers or adults at another age."""
    placed(run)
    definitions(run)
    ages(run)
    return sql.text("rules/age_conflict")


def sex_conflict(run: Run) -> str:
    """A diagnosis, or an ICD-10-PCS procedure, of one sex for a patient of the other."""
    placed(run)
    definitions(run)
    return sql.text("rules/sex_conflict")


def service_of_another_age(run: Run) -> str:
    """A preventive visit, a vaccine or another service whose code is for another age (``service_ages.csv``)."""
    run.table("service_ages")
    run.once("billed_codes")
    return sql.text("rules/another_age").format(within=within("c.hcpcs_code", "t"))


def service_before_birth(run: Run) -> str:
    """A service of a day before the patient was born."""
    return sql.text("rules/before_birth")


def service_after_death(run: Run) -> str:
    """A service of a day after the patient died."""
    return sql.text("rules/after_death")


RULES: Final[tuple[Rule, ...]] = (
    Rule("age_conflict", age_conflict),
    Rule("sex_conflict", sex_conflict),
    Rule("service_of_another_age", service_of_another_age, doubtful=True),
    Rule("service_before_birth", service_before_birth),
    Rule("service_after_death", service_after_death),
)
