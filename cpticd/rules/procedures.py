"""Procedure codes that do not exist on the date: unknown, retired, or not yet in effect.

What judges: the HCPCS Level II releases and the licensed CPT file that the user has added; the physician fee schedule,
which lists every numbered CPT code and those of Categories II and III by release, and marks what was deleted (status
D); dates of retired and new codes that are built in (``procedure_dates.csv``, numbers only, those that are certain);
and the forms of codes. CPT's list is the AMA's: without a file of the user's own or a fee schedule, a five-digit code
that has no built-in dates is judged by its form alone. Rate codes of skilled nursing, home health and rehabilitation
bills (HIPPS) are no procedures.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import codes, sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run

#: Kinds of ``reference.add`` that list codes, and the system whose codes each lists.
_LISTS: Final = (("hcpcs", "HCPCS Level II"), ("cpt", "CPT"))
_LIST_COLUMNS: Final = pa.schema(
    [
        ("code", pa.string()),
        ("system", pa.string()),
        ("release", pa.string()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
    ]
)


_SCHEDULE: Final = "fee_schedule"
_FEE_COLUMNS: Final = pa.schema(
    [
        ("release", pa.string()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
        ("next_first", pa.date32()),
        ("earliest", pa.date32()),
    ]
)


def _forms(run: Run) -> pa.Table:
    """One row per procedure code on the lines: the system that its form belongs to."""
    held = run.session.fetch(
        "SELECT DISTINCT hcpcs_code AS code FROM rule_lines WHERE hcpcs_code IS NOT NULL"
    )
    column = held.column("code").to_pandas()
    systems = codes.classify(column, code_type="hcpcs")["system"].map(
        {"hcpcs": "HCPCS Level II", "cpt": "CPT"}
    )
    return pa.table({"code": held.column("code"), "system": pa.array(systems.fillna("unknown"), pa.string())})


def _judged(run: Run) -> str:
    """One row per code and date that is wrong: ``sql/rules/procedures.sql``."""
    run.load("rule_procedure_forms", lambda: _forms(run))
    run.load("rule_procedure_no_list", _LIST_COLUMNS.empty_table)
    parts = [
        sql.text("rules/procedure_list").format(system=system, release=run.release(kind))
        for kind, system in _LISTS
        if run.has(kind)
    ]
    parts += _fees(run)
    run.session.once(
        "rule_procedure_lists", " UNION ALL ".join(["SELECT * FROM rule_procedure_no_list", *parts])
    )
    run.table("procedure_dates")
    return run.once("procedures")


def _fees(run: Run) -> list[str]:
    """SQL of the fee schedule as a dated list of codes; none where it was not added."""
    if not run.has(_SCHEDULE):
        run.load("rule_procedure_fees", _FEE_COLUMNS.empty_table)
        return []
    release = run.release(_SCHEDULE)
    run.once("procedure_fees", release=release)
    status = "upper(status)" if "status" in run.rows(_SCHEDULE).column_names else "''"
    return [sql.text("rules/procedure_fee_list").format(release=release, status=status)]


def _find(verdict: str, message: str, evidence: str) -> Rule:
    """The rule of one verdict: message and evidence are SQL over lines (l) and ``sql/rules/procedures.sql`` (w)."""

    def find(run: Run) -> str:
        _judged(run)
        return sql.text("rules/procedure_code").format(verdict=verdict, message=message, evidence=evidence)

    return Rule(f"{verdict}_procedure_code", find, note=_lists_absent)


def _lists_absent(run: Run) -> str:
    """Which code lists have not been added, or speak of other days, so that less judges their codes."""
    by = "the fee schedule, " if run.has(_SCHEDULE) else ""
    judged = f"judged by {by}form and the dates that are built in"
    absent = [system for kind, system in _LISTS if not run.has(kind)]
    notes = [f"no list of {' or '.join(absent)} codes: {judged}"] if absent else []
    for row in run.session.rows(sql.text("rules/procedure_reach")):
        if row["from_month"]:
            months = " to ".join(dict.fromkeys([row["from_month"], row["to_month"]]))
            notes.append(
                f"the list of {row['system']} codes speaks of {row['starts']} to {row['ends']}: codes on lines of "
                f"{months} that it lacks are {judged}"
            )
    return "; ".join(notes)


_DAY: Final = "strftime({}, '%Y-%m-%d')"
RULES: Final[tuple[Rule, ...]] = (
    _find(
        "unknown",
        """l.hcpcs_code || CASE WHEN w.by_form THEN ' is no CPT or HCPCS code by its form'
            ELSE ' is on no list of its code set for the date' END""",
        f"'date of service ' || {_DAY.format('l.service_date')}",
    ),
    _find(
        "retired",
        "l.hcpcs_code || ' was retired before the date of service'",
        f"""'date of service ' || {_DAY.format("l.service_date")}
            || coalesce('; last day ' || {_DAY.format("w.last_day")}, '')""",
    ),
    _find(
        "early",
        "l.hcpcs_code || ' was not yet in effect on the date of service'",
        f"""'date of service ' || {_DAY.format("l.service_date")} || '; first day ' || {_DAY.format("w.first_day")}""",
    ),
)
