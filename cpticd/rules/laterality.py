"""Sides: of the modifiers against the diagnoses, of the diagnoses against each other, and on services for both sides.

A modifier's side is a row of ``modifiers.csv`` (RT, LT, 50, fingers, toes, eyelids; coronary arteries have none), a
diagnosis's side its official title's (``reference.traits``). Codes that only say what is there or was (an artificial
joint, a part that was taken away) are rows of ``side_neutral_diagnoses.csv``: often they speak of the other side, and
are no conflict by themselves. A finding names what the codes say; which of them is wrong, the record tells.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.rules.registry import Rule
from cpticd.rules.wording import dotted, in_force, judged

if TYPE_CHECKING:
    from cpticd.rules.run import Run

#: Words of a title that say a side, or how the list names the part of which there are two.
_SIDE_WORDS: Final = (
    r"\b(right|left|bilateral|unilateral|unspecified|both|of|the|an?|and|side|"  # how a side is said
    r"eyes?|ears?|limbs?|extremit(y|ies))\b"  # parts that are named with one side, and not with both
)
_PLURALS: Final = r"(ies|ys|s)\b"


def _sides(run: Run) -> None:
    """Relation ``rule_sides``: one row per code of the claims that has a side, or leaves it open.

    Codes with the same ``condition`` differ in the side alone: their titles have the same words without those of the
    side. ``bilateral_code`` is the one code for both sides, where the list has just one.
    """
    run.load("rule_sided_titles", _sided_titles, copy=False)
    run.table("side_neutral_diagnoses")
    plain = (
        f"regexp_replace(regexp_replace(lower(t.title), '{_SIDE_WORDS}', ' ', 'g'), '{_PLURALS}', '', 'g')"
    )
    run.scratch(
        "rule_sided_codes",
        f"""
        SELECT t.diagnosis_code, t.laterality, {dotted("t.diagnosis_code")} AS written,
            substr(t.diagnosis_code, 1, 3) || ' ' || trim(regexp_replace({plain}, '[^a-z0-9-]+', ' ', 'g')) AS condition
        FROM rule_sided_titles t
        LEFT JOIN (SELECT DISTINCT diagnosis_code FROM rule_diagnoses) u ON u.diagnosis_code = t.diagnosis_code
        WHERE u.diagnosis_code IS NOT NULL OR t.laterality = 'bilateral'
        """,
    )
    run.scratch(
        "rule_sides",
        """
        WITH both_sides AS (
            SELECT condition, min(diagnosis_code) AS bilateral_code FROM rule_sided_codes
            WHERE laterality = 'bilateral' GROUP BY condition HAVING count(*) = 1
        )
        SELECT s.*, b.bilateral_code, n.diagnosis_prefix IS NOT NULL AS neutral
        FROM rule_sided_codes s
        LEFT JOIN both_sides b ON b.condition = s.condition
        LEFT JOIN table_side_neutral_diagnoses n ON starts_with(s.diagnosis_code, n.diagnosis_prefix)
        """,
    )


@cache
def _sided_titles() -> pa.Table:
    """One row per code that has a side or leaves it open: diagnosis_code, laterality, title (of its last release)."""
    traits = reference.table("diagnosis_traits").select(["diagnosis_code", "billable", "laterality"])
    sided = traits.filter((pc.field("laterality") != "") & pc.field("billable")).drop_columns("billable")
    now = reference.table("icd10cm").select(["kind", "code", "title"])
    now = now.filter(pc.field("kind") == "code").drop_columns("kind")
    old = (
        reference.table("icd10cm_changes").select(["code", "title"]).join(now, "code", join_type="left anti")
    )
    last = old.group_by("code").aggregate([("title", "max")]).rename_columns(["code", "title"])
    titles = pa.concat_tables([now, last])
    return sided.join(titles, "diagnosis_code", "code", join_type="inner").sort_by("diagnosis_code")


def laterality_conflict(run: Run) -> str:
    """A line whose modifiers name a side on which none of its sided diagnoses lies, or a finger, toe or eyelid that
    none of the diagnoses that name one names.

    Source: HCPCS modifiers RT, LT, 50, F, T and E; ICD-10-CM Official Guidelines I.B.13.
    """
    _sides(run)
    run.table("modifiers")
    run.scratch(
        "rule_named_parts",
        f"""
        SELECT s.diagnosis_code, s.written, b.anatomy, b.kind, b.title_words
        FROM rule_sides s
        JOIN rule_sided_titles t ON t.diagnosis_code = s.diagnosis_code
        JOIN {run.table("body_parts")} b ON contains(lower(t.title), b.title_words)
        WHERE NOT s.neutral
        """,
    )
    release = judged("modifiers", "diagnosis_traits")
    return f"SELECT *, {release} AS release FROM ({sql.text('rules/laterality_conflict')}) f"


def laterality_diagnoses(run: Run) -> str:
    """Two diagnoses of one condition whose sides do not go together: right and left where there is a code for both, or
    the side left open beside a code that has it.

    Source: ICD-10-CM Official Guidelines I.B.13.
    """
    _sides(run)
    return (
        f"SELECT *, {judged('diagnosis_traits')} AS release FROM ({sql.text('rules/laterality_diagnoses')}) f"
    )


def side_on_bilateral_service(run: Run) -> str:
    """A side on a service that is for both sides, by its definition or in its payment.

    A service of both sides by definition takes no side at all, unless modifier 52 says that only one was done; a
    service of one or both sides takes a side, but not modifier 50. Source: Medicare physician fee schedule, bilateral
    indicator 2: ``bilateral_services.csv``, and a fee schedule where one has been added.
    """
    run.table("modifiers")
    built_in = f"""
        SELECT procedure_code, sides, effective_from, effective_to, {judged("bilateral_services")} AS release
        FROM {run.table("bilateral_services")}
    """
    if run.has("fee_schedule"):
        # The schedule has the indicator, not the wording: modifier 50 alone is told by it.
        built_in += f"""
            UNION ALL
            SELECT f.code, 'one or both', f.effective_from, f.effective_to, 'fee schedule ' || f.release
            FROM {run.release("fee_schedule")} f
            ANTI JOIN table_bilateral_services b ON b.procedure_code = f.code
            WHERE f.bilateral = '2' AND f.modifier = ''
        """
    return f"""
        SELECT l.claim_id, l.claim_line_number,
            concat_ws(' ', l.hcpcs_code, string_agg(DISTINCT m.modifier, ' ' ORDER BY m.modifier)) AS codes,
            CASE WHEN s.sides = 'both'
                 THEN l.hcpcs_code || ' is for both sides by its definition, and the line names '
                      || CASE WHEN max(t.side) = min(t.side) AND max(t.side) <> 'both'
                              THEN 'the ' || max(t.side) || ' one.' ELSE 'sides.' END
                 ELSE l.hcpcs_code || ' is for one or both sides at the same price, and the line has modifier 50.' END
                 AS message,
            'modifiers ' || string_agg(DISTINCT m.modifier, ' ' ORDER BY m.modifier) || '; service of '
                || s.sides || CASE WHEN s.sides = 'both' THEN ' sides' ELSE '' END AS evidence,
            s.release, s.effective_from AS effective_date
        FROM rule_lines l
        JOIN ({built_in}) s ON s.procedure_code = l.hcpcs_code AND {in_force("s", "l.service_date")}
        JOIN rule_modifiers m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
        JOIN table_modifiers t ON t.modifier = m.modifier AND t.side <> ''
        LEFT JOIN rule_modifiers r ON r.claim_id = l.claim_id AND r.claim_line_number = l.claim_line_number
            AND r.modifier = '52'
        WHERE t.side = 'both' OR (s.sides = 'both' AND r.modifier IS NULL)
        GROUP BY l.claim_id, l.claim_line_number, l.hcpcs_code, s.sides, s.release, s.effective_from
    """


RULES: Final = (
    Rule("laterality_conflict", laterality_conflict),
    Rule("laterality_diagnoses", laterality_diagnoses),
    Rule("side_on_bilateral_service", side_on_bilateral_service),
)
