"""The manual by which simulated payers judge: tables of rules, made up, in the shape of the official files.

They are small, ours, and no copy of what CMS publishes: their pairs, limits and dates are plausible, not official.
The simulation keeps to them but where it plants an error, so that every rule has something to find and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from cpticd.simulation.catalogue import Row, rows

#: Name of the release that findings give as their source.
RELEASE = "simulation"
#: Tables that are published for practitioners and for outpatient hospitals apart.
SETTINGS = ("practitioner", "outpatient")
#: A procedure that is paid for inpatients alone.
INPATIENT_ONLY = "22558"
_DAY = pa.date32()
#: Kinds of the columns that hold no text.
_KINDS = {
    **dict.fromkeys(("units", "version", "code_group"), pa.int32()),
    **dict.fromkeys(("effective_from", "effective_to"), _DAY),
    "before_1996": pa.bool_(),
}


def rule_tables() -> dict[str, pa.Table]:
    """One table per kind of reference table by which the simulated payers judge: those of coding rules.

    Kinds and columns are those of ``cpticd.reference.release``: ncci_ptp (pairs of procedures), ncci_mue (units),
    ncci_addon (add-ons and the services that they need), fee_schedule (global days, sides, components, status), opps,
    coverage (a policy that lists the diagnoses that support a procedure, and one that lists those that do not). They
    hold for the simulated procedures alone and are made up: for other claims, add the official files.

    >>> import cpticd as cx
    >>> tables = cx.simulation.rule_tables()
    >>> {kind: len(table) for kind, table in tables.items()}
    {'ncci_ptp': 568, 'ncci_mue': 396, 'ncci_addon': 22, 'fee_schedule': 134, 'opps': 1, 'coverage': 51}

    ``cx.rules.check(claims, tables=tables)`` judges claims by them.
    """
    return {
        "ncci_ptp": _pairs(),
        "ncci_mue": _units(),
        "ncci_addon": _add_ons(),
        "fee_schedule": _fees(),
        "opps": _statuses(),
        "coverage": _coverage(),
    }


def _pairs() -> pa.Table:
    names = ("column_1", "column_2", "modifier_indicator", "effective_from", "effective_to", "setting")
    found = (
        (first, second, row["modifier_indicator"], *_dates(row), setting)
        for setting in SETTINGS
        for row in rows("edits_ptp")
        for first in row["column_1"].split()
        for second in row["column_2"].split()
    )
    return _table(names, found, before_1996=False, rationale="")


def _units() -> pa.Table:
    names = ("code", "units", "adjudication_indicator", "setting")
    found = (
        (row["code"], int(row["units"]), row["adjudication_indicator"], setting)
        for setting in SETTINGS
        for row in rows("edits_mue")
    )
    return _table(names, found, rationale="")


def _add_ons() -> pa.Table:
    names = ("add_on_code", "primary_code", "add_on_type", "effective_from", "effective_to")
    found = (
        (row["add_on_code"], primary, row["add_on_type"], *_dates(row))
        for row in rows("edits_addon")
        for primary in row["primary_code"].split()
    )
    return _table(names, found, instruction="", setting="")


def _fees() -> pa.Table:
    own = ("global_days", "bilateral")
    said = ("status", "professional_technical", "assistant")
    known = {row["code"]: row for row in rows("edits_indicators")}
    fees = {row["code"]: row for row in rows("edits_fees")}
    usual = {
        "global_days": "XXX",
        "bilateral": "",
        "status": "A",
        "professional_technical": "",
        "assistant": "",
    }
    found = (
        (code, *({**usual, **fees.get(code, {}), **known.get(code, {})}[name] for name in (*own, *said)))
        for code in [*fees, *(code for code in known if code not in fees)]
    )
    return _table(("code", *own, *said), found, modifier="", multiple_procedure="", setting="")


def _statuses() -> pa.Table:
    """What the outpatient system pays for inpatients alone."""
    return _table(("code", "status_indicator"), iter([(INPATIENT_ONLY, "C")]), setting="")


def _coverage() -> pa.Table:
    names = ("document", "title", "role", "code", "effective_from")
    found = (
        (row["document"], row["title"], role, code, date.fromisoformat(row["effective_from"]))
        for row in rows("edits_coverage")
        for role, codes in (("procedure", row["procedure_code"]), (row["role"], row["diagnosis_code"]))
        for code in codes.split()
    )
    return _table(names, found, version=1, code_group=1, setting="")


def policy(procedure: str) -> list[str]:
    """Diagnoses that the coverage policy of a procedure lists."""
    return next(
        row["diagnosis_code"] for row in rows("edits_coverage") if row["procedure_code"] == procedure
    ).split()


def pairs(scrub: str) -> list[tuple[str, str]]:
    """Pairs in force that scrubbing keeps clean in one way: ``drop`` (of column 2), ``59`` or ``25``."""
    return [
        (first, second)
        for row in rows("edits_ptp")
        if row["scrub"] == scrub
        for first in row["column_1"].split()
        for second in row["column_2"].split()
    ]


def planted_pairs() -> list[tuple[str, str, float]]:
    """Column 1, column 2, and how often the second is planted beside the first."""
    return [
        (row["column_1"], second, float(row["planted"]))
        for row in rows("edits_ptp")
        if row["planted"]
        for second in row["column_2"].split()
    ]


def add_ons() -> list[tuple[str, list[str]]]:
    """Add-ons and the services of which each needs one on the same claim."""
    return [(row["add_on_code"], row["primary_code"].split()) for row in rows("edits_addon")]


def global_days() -> dict[str, int]:
    """Days after each procedure that its fee takes in, where it has any such period."""
    return {
        row["code"]: int(row["global_days"]) for row in rows("edits_fees") if row["global_days"].isdigit()
    }


def _dates(row: Row) -> tuple[date | None, date | None]:
    first, last = (
        date.fromisoformat(row[name]) if row[name] else None for name in ("effective_from", "effective_to")
    )
    return first, last


def _table(names: tuple[str, ...], found: Iterator[tuple[object, ...]], **constants: object) -> pa.Table:
    """Rows under ``names``, and the same value in every row of the other columns; open dates where none are given."""
    every = list(found)
    columns = {name: [row[i] for row in every] for i, name in enumerate(names)}
    others = {**constants, "effective_from": None, "effective_to": None, "release": RELEASE}
    columns |= {name: [value] * len(every) for name, value in others.items() if name not in columns}
    return pa.table({name: pa.array(cells, _KINDS.get(name, pa.string())) for name, cells in columns.items()})
