"""Modifiers that do not go with the service, or with one another.

What the Medicare physician fee schedule says by its indicators (components by PC/TC, both sides, assistants, two
surgeons, teams), with what each rules out as rows of ``modifier_indicators.csv``; ranges of codes for which a modifier
is meant (``modifier_scopes.csv``); pairs of modifiers that contradict each other (``modifier_conflicts.csv``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa

from cpticd import sql
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run
from cpticd.rules.wording import in_force, within

_INDICATORS: Final = ("professional_technical", "bilateral", "assistant", "co_surgeon", "team_surgeon")


def _held(run: Run) -> list[str]:
    """The indicators that the fee schedules in use have."""
    return [name for name in _INDICATORS if name in run.rows("fee_schedule").column_names]


def _find(*indicators: str) -> Rule:
    def find(run: Run) -> str:
        run.release("fee_schedule")
        run.table("modifier_indicators")
        run.once("billed_codes")
        run.load("rule_no_indicator", lambda: _EMPTY)
        parts = [sql.text("rules/fee_indicator").format(indicator=name) for name in _held(run)]
        run.once("indicators", indicators=" UNION ALL ".join([*parts, "SELECT * FROM rule_no_indicator"]))
        return sql.text("rules/modifier_indicator").format(indicators=", ".join(f"'{n}'" for n in indicators))

    name = {"professional_technical": "component_modifier", "bilateral": "bilateral_modifier"}
    return Rule(
        name.get(indicators[0], "surgeon_modifier"),
        find,
        ("fee_schedule",),
        note=_absent(indicators),
        doubtful=True,
    )


def _absent(indicators: tuple[str, ...]) -> Callable[[Run], str]:
    def note(run: Run) -> str:
        absent = [name for name in indicators if name not in _held(run)]
        return f"the fee schedule has no {', '.join(absent)}: add it as published" if absent else ""

    return note


def _scope(name: str, *meant_for: str) -> Rule:
    def find(run: Run) -> str:
        run.table("modifier_scopes")
        run.once("billed_codes")
        return sql.text("rules/modifier_scope").format(
            meant_for=", ".join(f"'{each}'" for each in meant_for), within=within("c.hcpcs_code", "s")
        )

    return Rule(name, find, doubtful=True)


def contradicting_modifiers(run: Run) -> str:
    """Two modifiers of one line that contradict each other."""
    run.table("modifier_conflicts")
    return sql.text("rules/modifier_conflict").format(in_force=in_force("t", "l.service_date"))


_EMPTY: Final = pa.schema(
    [
        ("code", pa.string()), ("indicator", pa.string()), ("value", pa.string()), ("release", pa.string()),
        ("effective_from", pa.date32()), ("first_day", pa.date32()), ("last_day", pa.date32()),
    ]
).empty_table()  # fmt: skip
RULES: Final[tuple[Rule, ...]] = (
    _find("professional_technical"),
    _find("bilateral"),
    _find("assistant", "co_surgeon", "team_surgeon"),
    _scope("visit_modifier_on_procedure", "visits"),
    _scope("procedure_modifier_on_visit", "procedures", "no visits"),
    Rule("contradicting_modifiers", contradicting_modifiers, doubtful=True),
)
