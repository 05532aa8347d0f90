"""Edit tables for simulated claims: made up for the catalogue's procedures, in the shape of the official files.

They are small, ours, and no copy of what CMS publishes: their pairs, limits and dates are plausible, not official.
The simulation keeps to them but where it plants an error, so that every rule has something to find and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from cpticd.simulation.catalogue import rows

#: Name of the release that findings give as their source.
RELEASE = "simulation"
#: Tables that are published for practitioners and for outpatient hospitals apart.
SETTINGS = ("practitioner", "outpatient")
_TEXT, _DAY = pa.string(), pa.date32()


def edit_tables() -> dict[str, pa.Table]:
    """Tables of edits by kind, to judge simulated claims by: ``rules.check(claims, tables=edit_tables())``.

    Kinds and columns are those of ``cpticd.reference.release``: ncci_ptp (pairs of procedures), ncci_mue (units),
    ncci_addon (add-ons and the services that they need), fee_schedule (global days, sides), coverage (a policy that
    lists the diagnoses that support a procedure, and one that lists those that do not). They hold for the simulated
    procedures alone and are made up: for other claims, add the official files.
    """
    return {
        "ncci_ptp": _table(
            ("column_1", "column_2", "modifier_indicator", "effective_from", "effective_to", "setting"),
            ((*pair, setting) for setting in SETTINGS for pair in _pairs()),
            before_1996=False,
            rationale="",
        ),
        "ncci_mue": _table(
            ("code", "units", "adjudication_indicator", "setting"),
            (
                (row["code"], int(row["units"]), row["adjudication_indicator"], setting)
                for setting in SETTINGS
                for row in rows("edits_mue")
            ),
            rationale="",
        ),
        "ncci_addon": _table(
            ("add_on_code", "primary_code", "add_on_type", "effective_from", "effective_to"),
            (
                (row["add_on_code"], primary, row["add_on_type"], *_dates(row))
                for row in rows("edits_addon")
                for primary in row["primary_code"].split()
            ),
            instruction="",
            setting="",
        ),
        "fee_schedule": _table(
            ("code", "global_days", "bilateral"),
            ((row["code"], row["global_days"], row["bilateral"]) for row in rows("edits_fees")),
            modifier="",
            status="A",
            professional_technical="",
            multiple_procedure="",
            assistant="",
            setting="",
        ),
        "coverage": _table(
            ("document", "title", "role", "code", "effective_from"),
            (
                (row["document"], row["title"], role, code, date.fromisoformat(row["effective_from"]))
                for row in rows("edits_coverage")
                for role, codes in (
                    ("procedure", row["procedure_code"]),
                    (row["role"], row["diagnosis_code"]),
                )
                for code in codes.split()
            ),
            version=1,
            code_group=1,
            effective_to=None,
            setting="",
        ),
    }


def policy(procedure: str) -> list[str]:
    """Diagnoses that the coverage policy of a procedure lists."""
    return next(
        row["diagnosis_code"] for row in rows("edits_coverage") if row["procedure_code"] == procedure
    ).split()


def pairs(tidy: str) -> list[tuple[str, str]]:
    """Pairs in force that the simulation keeps clean in one way: ``drop`` (of column 2), ``59`` or ``25``."""
    return [
        (first, second)
        for row in rows("edits_ptp")
        if row["tidy"] == tidy
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


def _pairs() -> Iterator[tuple[str, str, str, date | None, date | None]]:
    for row in rows("edits_ptp"):
        for first in row["column_1"].split():
            for second in row["column_2"].split():
                yield first, second, row["modifier_indicator"], *_dates(row)


def _dates(row: dict[str, str]) -> tuple[date | None, date | None]:
    first, last = (
        date.fromisoformat(row[name]) if row[name] else None for name in ("effective_from", "effective_to")
    )
    return first, last


def _table(names: tuple[str, ...], found: Iterator[tuple[object, ...]], **constants: object) -> pa.Table:
    """Rows under ``names``, and the same value in every row of the other columns; open dates where none are given."""
    every = list(found)
    columns = {name: [row[i] for row in every] for i, name in enumerate(names)}
    columns |= {name: [value] * len(every) for name, value in constants.items()}
    columns |= {
        name: [None] * len(every) for name in ("effective_from", "effective_to") if name not in columns
    }
    columns["release"] = [RELEASE] * len(every)
    numbers = dict.fromkeys(("units", "version", "code_group"), pa.int32())
    kinds = {**numbers, "before_1996": pa.bool_(), "effective_from": _DAY, "effective_to": _DAY}
    return pa.table({name: pa.array(values, kinds.get(name, _TEXT)) for name, values in columns.items()})
