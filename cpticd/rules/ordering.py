"""Does the order of the diagnoses hold: what may not come first, what may only come first, what comes before what?

First is the claim's first diagnosis, and on a professional line the one that its first pointer names. What a note
"code first" or "use additional code" asks for is read from the tabular list (``icd10cm_notes``): notes that ask under a
condition ("if known") are not judged, and where the codes of a note are examples, any diagnosis before this one
satisfies it. These two inform; a claim cannot show what the record says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from cpticd import reference, sql
from cpticd.reference import traits
from cpticd.rules.mce import definitions
from cpticd.rules.placing import coded, first, placed, prefixes
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run

_MANIFESTATION: Final = "in diseases classified elsewhere"
_IN_FORCE: Final = (
    "p.service_date >= m.effective_from AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')"
)


def manifestation_first(run: Run) -> str:
    """A code "in diseases classified elsewhere", or on the code editor's list of manifestations, that comes first."""
    lists = definitions(run)
    run.load("rule_manifestations", _manifestations)
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' is a manifestation: the disease that it comes from stands before it') AS message,
            concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; ',
                CASE WHEN m.code IS NULL THEN 'title says {_MANIFESTATION}' ELSE 'list Principal_Manifestation' END)
                AS evidence,
            coalesce(m.release, 'icd10cm') AS release, m.effective_from AS effective_date
        FROM {first(run)} p
        LEFT JOIN {lists} m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
            AND m.edit = 'Principal_Manifestation' AND {_IN_FORCE}
        LEFT JOIN rule_manifestations t ON t.code = p.diagnosis_code
        WHERE m.code IS NOT NULL OR t.code IS NOT NULL
    """


def _manifestations() -> pa.Table:
    found = reference.table("icd10cm").select(["code", "title"])
    return found.filter(pa.compute.match_substring(found["title"], _MANIFESTATION, ignore_case=True)).select(
        ["code"]
    )


def external_cause_first(run: Run) -> str:
    """A code of chapter 20 (V00 to Y99) that comes first."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' says how an injury came about and is never the first diagnosis') AS message,
            concat('position ', CAST(p.diagnosis_position AS VARCHAR)) AS evidence,
            '' AS release, CAST(NULL AS DATE) AS effective_date
        FROM {first(run)} p
        WHERE p.diagnosis_code >= 'V' AND p.diagnosis_code < 'Z'
    """


def sequela_first(run: Run) -> str:
    """An injury or poisoning with the 7th character S that comes first: what is left of it stands before it."""
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' is an injury of which a sequela is treated: what that is stands before it')
                AS message,
            concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; 7th character S') AS evidence,
            'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
        FROM {first(run)} p
        JOIN {run.load("rule_traits", traits.diagnosis)} t ON t.diagnosis_code = p.diagnosis_code
        WHERE t.episode = 'sequela' AND (p.diagnosis_code < 'V' OR p.diagnosis_code >= 'Z')
    """


def first_listed_only(run: Run) -> str:
    """A Z code that may only be first-listed, in another position of the claim.

    Not where the claim's first diagnosis is itself one of them: of encounters on one day that are billed together
    each has its own, which the guideline allows.
    """
    listed = f"""
        SELECT d.claim_id, d.diagnosis_position, d.diagnosis_code, max(length(t.code)) AS longest
        FROM rule_diagnoses d
        JOIN {run.table("first_listed_codes")} t ON starts_with(d.diagnosis_code, t.code)
        WHERE d.diagnosis_code >= 'Z'
        GROUP BY d.claim_id, d.diagnosis_position, d.diagnosis_code
    """
    return f"""
        WITH listed AS MATERIALIZED (
            SELECT l.claim_id, l.diagnosis_position, l.diagnosis_code, t.title
            FROM ({listed}) l
            JOIN {run.table("first_listed_codes")} t
                ON t.code = substr(l.diagnosis_code, 1, CAST(l.longest AS INTEGER))
            WHERE t.listed
        )
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' (', l.title, ') may only be the first diagnosis, unless encounters of one day ',
                'are billed together') AS message,
            concat('position ', CAST(p.diagnosis_position AS VARCHAR)) AS evidence,
            'first_listed_codes FY2024' AS release, CAST(NULL AS DATE) AS effective_date
        FROM listed l
        JOIN {placed(run)} p ON p.claim_id = l.claim_id AND p.diagnosis_position = l.diagnosis_position
        LEFT JOIN listed a ON a.claim_id = l.claim_id AND a.diagnosis_position = 1
        WHERE a.claim_id IS NULL
    """


def _unmet(run: Run) -> str:
    """Relation of claims' diagnoses with a note that nothing on the claim satisfies, and the note's words."""
    prefixes(run)
    run.table("icd10cm_notes")
    return run.scratch("rule_notes_unmet", sql.text("rules/notes_unmet"))


def code_first_missing(run: Run) -> str:
    """A note "code first" at the code or above it, and nothing before it on the claim that the note asks for."""
    return _asked(run, "code first", "asks for another code before it, and none that it names stands there")


def use_additional_missing(run: Run) -> str:
    """A note "use additional code" at the code or above it, and none of the codes that it names on the claim."""
    return _asked(
        run, "use additional", "asks for an additional code, and none that it names is on the claim"
    )


def _asked(run: Run, note: str, says: str) -> str:
    return f"""
        SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
            concat('the note "{note}" at ', f.stands_at, ' {says}: for a coder to review against the record')
                AS message,
            concat('note ', substr(f.text, 1, 160)) AS evidence,
            'icd10cm_notes FY2021 to FY2026' AS release, f.effective_from AS effective_date
        FROM {_unmet(run)} f
        JOIN {placed(run)} p ON p.claim_id = f.claim_id AND p.diagnosis_position = f.diagnosis_position
        WHERE f.note = '{note}'
    """


def unacceptable_principal(run: Run) -> str:
    """Medicare Code Editor, edit 9: a principal diagnosis that is a circumstance, or that needs a secondary one."""
    lists = definitions(run)
    return f"""
        SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
            CASE WHEN r.code IS NULL
                 THEN concat(p.diagnosis_code, ' is on Medicare''s list of unacceptable principal diagnoses')
                 ELSE concat(p.diagnosis_code, ' may only be principal with a secondary diagnosis, and there is none')
                 END AS message,
            concat('discharge ', CAST(p.service_date AS VARCHAR), '; list ', coalesce(r.edit, m.edit)) AS evidence,
            m.release, m.effective_from AS effective_date
        FROM rule_diagnoses p
        JOIN {lists} m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
            AND m.edit = 'Principal_Unacceptable' AND {_IN_FORCE}
        LEFT JOIN {lists} r ON r.code = p.diagnosis_code AND r.code_type = 'diagnosis'
            AND r.edit = 'Principal_Requires_Secondary'
            AND p.service_date >= r.effective_from AND p.service_date <= coalesce(r.effective_to, DATE '9999-12-31')
        LEFT JOIN (SELECT claim_id, max(diagnosis_position) AS last_position FROM {coded(run)} GROUP BY claim_id) n
            ON n.claim_id = p.claim_id
        WHERE p.diagnosis_position = 1 AND (r.code IS NULL OR coalesce(n.last_position, 1) = 1)
    """


def questionable_admission(run: Run) -> str:
    """Medicare Code Editor, edit 8: a principal diagnosis that by itself seldom needs a stay."""
    return f"""
        SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' is on Medicare''s list of diagnoses that seldom need a stay') AS message,
            concat('discharge ', CAST(p.service_date AS VARCHAR)) AS evidence,
            m.release, m.effective_from AS effective_date
        FROM rule_diagnoses p
        JOIN {definitions(run)} m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
            AND m.edit = 'Principal_Questionable_Admit' AND {_IN_FORCE}
        WHERE p.diagnosis_position = 1
    """


def duplicate_principal(run: Run) -> str:
    """Medicare Code Editor, edit 3: the principal diagnosis once more as a secondary one.

    An admitting diagnosis that is sent along is not held against it (``placing.coded``); on a stay that nowhere says
    what was present on admission, a repetition in the last place may be one and is left alone.
    """
    return """
        WITH last AS (
            SELECT claim_id, max(diagnosis_position) AS place
            FROM rule_diagnoses
            WHERE diagnosis_code < 'V' OR diagnosis_code >= 'Z'
            GROUP BY claim_id
        )
        SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
            concat(p.diagnosis_code, ' is the principal diagnosis and is listed again') AS message,
            concat('position ', CAST(min(d.diagnosis_position) AS VARCHAR)) AS evidence,
            'mce_edits' AS release, CAST(NULL AS DATE) AS effective_date
        FROM rule_diagnoses p
        JOIN rule_diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_code = p.diagnosis_code
            AND d.diagnosis_position > p.diagnosis_position
        JOIN last l ON l.claim_id = p.claim_id
        WHERE p.diagnosis_position = 1
            AND CASE WHEN p.present_on_admission_code IS NOT NULL THEN d.present_on_admission_code IS NOT NULL
                     ELSE d.diagnosis_position < l.place END
        GROUP BY p.claim_id, p.diagnosis_code
    """


RULES: Final[tuple[Rule, ...]] = (
    Rule("manifestation_first", manifestation_first),
    Rule("external_cause_first", external_cause_first),
    Rule("sequela_first", sequela_first),
    Rule("first_listed_only", first_listed_only),
    Rule("code_first_missing", code_first_missing),
    Rule("use_additional_missing", use_additional_missing),
    Rule("unacceptable_principal", unacceptable_principal),
    Rule("duplicate_principal", duplicate_principal),
    Rule("questionable_admission", questionable_admission),
)
