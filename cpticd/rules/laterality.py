"""Sides: of the modifiers against the diagnoses, of the diagnoses against each other, and on services for both sides.

A modifier's side is a row of ``modifiers.csv`` (RT, LT, 50, fingers, toes, eyelids; coronary arteries have none), a
diagnosis's side its official title's (``reference.traits``). Codes that only say what is there or was (an artificial
joint, a part that was taken away) are rows of ``side_neutral_diagnoses.csv``: often they speak of the other side, and
are no conflict by themselves. A finding names what the codes say; which of them is wrong, the record shows.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference, sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import dotted, in_force, judged, within

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
    run.once("sided_codes", written=dotted("t.diagnosis_code"), side_words=_SIDE_WORDS, plurals=_PLURALS)
    run.once("sides")


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
    run.table("body_parts")
    run.table("side_regions")
    run.once("named_parts")
    return sql.text("rules/laterality_conflict").format(
        release=judged("modifiers", "diagnosis_traits"), within=within("c.hcpcs_code", "t")
    )


def laterality_diagnoses(run: Run) -> str:
    """Two diagnoses of one condition whose sides do not go together: right and left where there is a code for both, or
    the side left open beside a code that has it.

    Source: ICD-10-CM Official Guidelines I.B.13.
    """
    _sides(run)
    return sql.text("rules/laterality_diagnoses").format(release=judged("diagnosis_traits"))


def side_on_bilateral_service(run: Run) -> str:
    """A side on a service that is for both sides, by its definition or in its payment.

    A service of both sides by definition takes no side at all, unless modifier 52 says that only one was done; a
    service of one or both sides takes a side, but not modifier 50. Source: Medicare physician fee schedule, bilateral
    indicator 2: ``bilateral_services.csv``, and a fee schedule where one has been added.
    """
    run.table("modifiers")
    run.table("bilateral_services")
    services = [sql.text("rules/bilateral_services").format(release=judged("bilateral_services"))]
    if run.has("fee_schedule"):
        run.release("fee_schedule")
        services.append(sql.text("rules/bilateral_fees"))
    return sql.text("rules/side_on_bilateral_service").format(
        services=" UNION ALL ".join(services), in_force=in_force("s", "l.service_date")
    )


RULES: Final = (
    Rule("laterality_conflict", laterality_conflict),
    Rule("laterality_diagnoses", laterality_diagnoses),
    Rule("side_on_bilateral_service", side_on_bilateral_service),
)
