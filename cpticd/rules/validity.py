"""Is the diagnosis a code that may be billed on the day of service, and does it say what its siblings say?

ICD-10-CM changes on October 1 and on April 1: a code is judged by the days between which it was one
(``reference.icd10cm.periods``). What an unspecified code is, ``reference.traits`` defines; the unspecified codes that
Medicare returns on stays are those of the Medicare Code Editor's edit 20.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.reference import icd10cm
from cpticd.rules.mce import definitions
from cpticd.rules.placing import placed, traits
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def _code_days(run: Run) -> str:
    """Relation with one row per code and day on which it was not billable: reason, release, first_day, last_day."""
    placed(run)
    run.load("rule_code_periods", lambda: icd10cm.periods(folder=run.folder), copy=False)
    run.load("rule_code_sevenths", _sevenths)
    return run.once("code_days")


def _sevenths() -> pa.Table:
    """Codes that are billable only with a seventh character, and the same filled up with placeholders (S16.1XX)."""
    found = reference.table("icd10cm")
    codes = found.filter(pc.not_equal(found["seventh_characters"], ""))["code"]
    filled = [pc.utf8_rpad(codes, width, "X") for width in (5, 6)]
    return pa.table({"code": pa.chunked_array([c for one in (codes, *filled) for c in one.chunks]).unique()})


def _not_billable(run: Run, **parts: str) -> str:
    """SQL of the places of a code on days on which it was not billable; ``parts``: SQL over p and f."""
    _code_days(run)
    return sql.text("rules/not_billable").format(**parts)


unknown = partial(
    _not_billable,
    where="f.reason = 'unknown'",
    message="concat(p.diagnosis_code, ' is in no release of ICD-10-CM')",
    evidence="''",
    effective_date="CAST(NULL AS DATE)",
)
retired = partial(
    _not_billable,
    where="f.reason = 'retired'",
    message="concat(p.diagnosis_code, ' was retired: its last day was ', CAST(f.last_day AS VARCHAR), "
    "CASE WHEN f.is_header THEN '; it is divided into the codes below it' ELSE '' END)",
    evidence="'; last day of the code ', CAST(f.last_day AS VARCHAR)",
    effective_date="f.effective_from",
)
early = partial(
    _not_billable,
    where="f.reason = 'not yet effective'",
    message="concat(p.diagnosis_code, ' was not yet in effect on the date of service')",
    evidence="'; first day of the code ', coalesce(CAST(f.first_day AS VARCHAR), 'none')",
    effective_date="f.first_day",
)
header = partial(
    _not_billable,
    where="f.reason = 'header, not billable' AND NOT f.lacks_seventh",
    message="concat(p.diagnosis_code, ' is a header: only the codes below it may be billed')",
    evidence="'; a header from ', CAST(f.effective_from AS VARCHAR)",
    effective_date="f.effective_from",
)
seventh = partial(
    _not_billable,
    where="f.reason = 'header, not billable' AND f.lacks_seventh",
    message="concat(p.diagnosis_code, ' lacks its 7th character, without which it may not be billed')",
    evidence="'; characters ', CAST(length(p.diagnosis_code) AS VARCHAR)",
    effective_date="f.effective_from",
)


def wrong_code_set(run: Run) -> str:
    """ICD-9-CM from October 1, 2015 (45 CFR 162.1002) on, or ICD-10-CM before."""
    return sql.text("rules/wrong_code_set")


def invalid_inpatient_procedure(run: Run) -> str:
    """Medicare Code Editor, edit 1: an ICD-10-PCS code that was none on the day of discharge."""
    run.table("icd10pcs")
    return sql.text("rules/invalid_inpatient_procedure")


def unspecified_diagnosis(run: Run) -> str:
    """The official title says unspecified, and the list offers specific codes beside it."""
    placed(run)
    traits(run)
    return sql.text("rules/unspecified_diagnosis")


def unspecified_laterality(run: Run) -> str:
    """The side is left open where the list has codes with a side."""
    placed(run)
    traits(run)
    return sql.text("rules/unspecified_laterality")


def unspecified_inpatient(run: Run) -> str:
    """Medicare Code Editor, edit 20: a code that leaves the side open, on a stay, in any position."""
    placed(run)
    definitions(run)
    return sql.text("rules/unspecified_inpatient")


RULES: Final[tuple[Rule, ...]] = (
    Rule("unknown_diagnosis_code", unknown),
    Rule("retired_diagnosis_code", retired),
    Rule("early_diagnosis_code", early),
    Rule("header_diagnosis_code", header),
    Rule("missing_seventh_character", seventh),
    Rule("wrong_code_set", wrong_code_set),
    Rule("invalid_inpatient_procedure", invalid_inpatient_procedure),
    Rule("unspecified_diagnosis", unspecified_diagnosis),
    Rule("unspecified_laterality", unspecified_laterality),
    Rule("unspecified_inpatient", unspecified_inpatient),
)
