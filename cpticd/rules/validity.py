"""Is the diagnosis a code that may be billed on the day of service, and does it say what its siblings say?

ICD-10-CM changes on October 1 and on April 1: a code is judged by the days between which it was one
(``reference.icd10cm.periods``). What an unspecified code is, ``reference.traits`` defines; the unspecified codes that
Medicare returns on stays are those of the Medicare Code Editor's edit 20.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.reference import icd10cm, traits
from cpticd.rules.mce import definitions
from cpticd.rules.placing import placed
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run

#: The first day of ICD-10-CM (45 CFR 162.1002).
_ICD10_START: Final = "DATE '2015-10-01'"


def _code_days(run: Run) -> str:
    """Relation with one row per code and day on which it was not billable: reason, release, first_day, last_day."""
    placed(run)
    run.load("rule_code_periods", lambda: icd10cm.periods(folder=run.folder), copy=False)
    run.load("rule_code_sevenths", _sevenths)
    return run.scratch("rule_code_days", sql.text("rules/code_days"))


def _sevenths() -> pa.Table:
    """Codes that are billable only with a seventh character, and the same filled up with placeholders (S16.1XX)."""
    found = reference.table("icd10cm")
    codes = found.filter(pc.not_equal(found["seventh_characters"], ""))["code"]
    filled = [pc.utf8_rpad(codes, width, "X") for width in (5, 6)]
    return pa.table({"code": pa.chunked_array([c for one in (codes, *filled) for c in one.chunks]).unique()})


def _not_billable(run: Run, *, where: str, message: str, evidence: str, effective_date: str) -> str:
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            {message} AS message,
            concat('service date ', CAST(p.service_date AS VARCHAR), {evidence}) AS evidence,
            concat('icd10cm_periods ', f.release) AS release,
            {effective_date} AS effective_date
        FROM {_code_days(run)} f
        JOIN rule_placed p ON p.diagnosis_code = f.diagnosis_code AND p.service_date = f.service_date
        WHERE {where}
    """


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
    """ICD-9-CM from October 1, 2015 on, or ICD-10-CM before; a code that begins with a digit is none of ICD-10-CM."""
    return f"""
        WITH coded AS (
            SELECT d.claim_id, d.diagnosis_position, d.diagnosis_code, c.service_date, c.has_pointers,
                CASE WHEN d.diagnosis_code < 'A' THEN 'icd-9-cm' ELSE d.diagnosis_code_type END AS code_set
            FROM diagnoses d
            JOIN rule_claims c ON c.claim_id = d.claim_id
        ),
        pointed AS (
            SELECT d.claim_id, p.claim_line_number, d.diagnosis_position, min(l.service_date) AS service_date
            FROM coded d
            JOIN pointers p ON p.claim_id = d.claim_id AND p.diagnosis_position = d.diagnosis_position
            JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
            GROUP BY d.claim_id, p.claim_line_number, d.diagnosis_position
        ),
        judged AS (
            SELECT d.claim_id, p.claim_line_number, d.diagnosis_code, d.code_set,
                coalesce(p.service_date, d.service_date) AS service_date
            FROM coded d
            LEFT JOIN pointed p ON p.claim_id = d.claim_id AND p.diagnosis_position = d.diagnosis_position
        )
        SELECT claim_id, claim_line_number, diagnosis_code AS codes,
            CASE WHEN code_set = 'icd-9-cm'
                 THEN concat(diagnosis_code, ' is sent as ICD-9-CM, which ended with September 30, 2015')
                 ELSE concat(diagnosis_code, ' is sent as ICD-10-CM, which began on October 1, 2015') END AS message,
            concat('service date ', CAST(service_date AS VARCHAR), '; code set ', code_set) AS evidence,
            '' AS release, {_ICD10_START} AS effective_date
        FROM judged
        WHERE (code_set = 'icd-9-cm' AND service_date >= {_ICD10_START})
            OR (code_set = 'icd-10-cm' AND service_date < {_ICD10_START})
    """


def invalid_inpatient_procedure(run: Run) -> str:
    """Medicare Code Editor, edit 1: an ICD-10-PCS code that was none on the day of discharge."""
    return f"""
        WITH held AS (
            SELECT code, min(effective_from) AS first_day, max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
            FROM {run.table("icd10pcs")}
            GROUP BY code
        )
        SELECT o.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, o.procedure_code AS codes,
            CASE WHEN h.code IS NULL THEN concat(o.procedure_code, ' is in no release of ICD-10-PCS')
                 WHEN c.service_date > h.last_day
                 THEN concat(o.procedure_code, ' was retired: its last day was ', CAST(h.last_day AS VARCHAR))
                 ELSE concat(o.procedure_code, ' was not yet in effect at discharge') END AS message,
            concat('discharge ', CAST(c.service_date AS VARCHAR), '; first day of the code ',
                coalesce(CAST(h.first_day AS VARCHAR), 'none')) AS evidence,
            'icd10pcs FY2016 to FY2027' AS release,
            CASE WHEN c.service_date > h.last_day THEN h.last_day + 1 ELSE h.first_day END AS effective_date
        FROM procedures o
        JOIN rule_claims c ON c.claim_id = o.claim_id
        LEFT JOIN {run.table("icd10pcs")} p ON p.code = o.procedure_code AND c.service_date >= p.effective_from
            AND c.service_date <= coalesce(p.effective_to, DATE '9999-12-31')
        LEFT JOIN held h ON h.code = o.procedure_code
        WHERE coalesce(o.procedure_code_type, 'icd-10-pcs') = 'icd-10-pcs' AND p.code IS NULL
            AND c.service_date >= {_ICD10_START}
    """


def _traits(run: Run) -> str:
    return run.load("rule_traits", traits.diagnosis)


def unspecified(run: Run) -> str:
    """The official title says unspecified, and the list offers specific codes beside it."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' says unspecified; the list has more specific codes under ', t.specific_parent,
                ': for a coder to review against the record') AS message,
            concat('specific codes ', CAST(t.specific_codes AS VARCHAR), '; under ', t.specific_parent) AS evidence,
            'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
        FROM {placed(run)} p
        JOIN {_traits(run)} t ON t.diagnosis_code = p.diagnosis_code
        WHERE t.unspecified AND t.specific_sibling AND NOT t.alternative
    """


def unspecified_laterality(run: Run) -> str:
    """The side is left open where the list has codes with a side."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' leaves the side open where the list has codes with a side') AS message,
            'side unspecified' AS evidence, 'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
        FROM {placed(run)} p
        JOIN {_traits(run)} t ON t.diagnosis_code = p.diagnosis_code
        WHERE t.laterality_missing
    """


def unspecified_inpatient(run: Run) -> str:
    """Medicare Code Editor, edit 20: a code that leaves the side open, on a stay, in any position."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' leaves the side open; Medicare returns such codes on stays unless the record ',
                'cannot tell the side') AS message,
            concat('discharge ', CAST(p.service_date AS VARCHAR)) AS evidence,
            m.release, m.effective_from AS effective_date
        FROM {placed(run)} p
        JOIN {definitions(run)} m ON m.code = p.diagnosis_code AND m.edit = 'Unspecified'
            AND m.code_type = 'diagnosis' AND p.service_date >= m.effective_from
            AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
    """


RULES: Final[tuple[Rule, ...]] = (
    Rule("unknown_diagnosis_code", unknown),
    Rule("retired_diagnosis_code", retired),
    Rule("early_diagnosis_code", early),
    Rule("header_diagnosis_code", header),
    Rule("missing_seventh_character", seventh),
    Rule("wrong_code_set", wrong_code_set),
    Rule("invalid_inpatient_procedure", invalid_inpatient_procedure),
    Rule("unspecified_diagnosis", unspecified),
    Rule("unspecified_laterality", unspecified_laterality),
    Rule("unspecified_inpatient", unspecified_inpatient),
)
