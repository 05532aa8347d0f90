"""The model of a data set: relations derived from its tables, by statements of cpticd.sql and families of codes."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import codes, sql
from cpticd.core.engine import Engine
from cpticd.core.frames import to_frame
from cpticd.core.selection import Grouping
from cpticd.core.session import Session

#: Code -> family, by cpticd.codes and not by SQL.
FAMILIES: Final = ("procedure_families", "diagnosis_families")
_NAMED: Final = re.compile(rf"\b({'|'.join([*sql.LINES, *FAMILIES])})\b", re.IGNORECASE)


def order(kept: Collection[str] = ()) -> tuple[str, ...]:
    """The relations of the model, but pairs and those that are ``kept``, each after those it builds on."""
    return (*FAMILIES, *(name for name in sql.LINES if name not in kept))


def needed(pending: tuple[str, ...], text: str | None) -> tuple[str, ...]:
    """The first ones of ``pending`` relations that have to be there before a statement runs; without one, all."""
    if text is None or not pending:
        return pending
    named = {found.lower() for found in _NAMED.findall(text)}
    return pending[: max((at for at, name in enumerate(pending, 1) if name in named), default=0)]


def derive(engine: Engine, wanted: Collection[str], *, progress: bool = False) -> None:
    """Define relations of the model over an engine's tables: the first ones of :func:`order`, or the next."""
    from tqdm.auto import tqdm

    if FAMILIES[0] in wanted:
        _derive_families(engine)
    lines = [name for name in wanted if name in sql.LINES]
    for name in tqdm(lines, desc="deriving", delay=2, leave=False, disable=not progress):
        engine.create(name, sql.relation(name), materialize=sql.LINES[name])


def derive_pairs(engine: Engine, *, progress: bool = False) -> None:
    """Add up the relations of pairs."""
    from tqdm.auto import tqdm

    for name in tqdm(sql.PAIRS, desc="adding up pairs", delay=2, leave=False, disable=not progress):
        engine.create(name, sql.relation(name), materialize=True)
    for name in sql.PASSING:
        engine.drop(name)


def standing_lines(s: Session, groups: Grouping, *, superseded: bool = False) -> dict[str, Any]:
    """Make the relation ``standing_lines`` in a session; returns what a contract says of it.

    One row per service line of a claim that stands: none that a later claim replaced or voided, and no void itself;
    what was coded is what the last version says. ``superseded=True`` keeps those too (a first denial often stands on
    one), and column ``is_superseded`` marks them. Further columns: claim_id, claim_line_number, person_id, payer,
    hcpcs_code, billing_npi, service_date, month (its first day), initial_outcome, charge_amount and denied_amount
    (DOUBLE), and ``by_<name>`` for each dimension of ``groups``, which are of claims or lines.
    """
    select = "".join(f"{each.sql} AS by_{each.name}, " for each in groups.dimensions)
    text = sql.text("standing_lines")
    kept = "TRUE" if superseded else "NOT is_superseded"
    s.create("standing_lines", text, select=select, joins=groups.joins_but("c"), kept=kept)
    every = int(s.value("SELECT count(*) AS n FROM line_outcomes"))
    replaced = "count(CASE WHEN is_superseded THEN 1 END)" if superseded else f"{every} - count(*)"
    return {
        "lines_in_selection": every,
        f"replaced_lines_{'kept' if superseded else 'left_out'}": int(
            s.value(f"SELECT {replaced} AS n FROM standing_lines")
        ),
    }


def _derive_families(engine: Engine) -> None:
    """Tables of every code in the data with its family: procedure section, diagnosis chapter."""
    found = to_frame(
        engine.fetch("SELECT DISTINCT hcpcs_code AS code FROM lines WHERE hcpcs_code IS NOT NULL")
    )
    families = codes.procedure_family(found["code"])
    engine.load("procedure_families", _family_table("hcpcs", found["code"], families))
    found = to_frame(
        engine.fetch(
            "SELECT diagnosis_code AS code, min(diagnosis_code_type) AS code_type "
            "FROM diagnoses GROUP BY diagnosis_code"
        )
    )
    kinds = found["code_type"].fillna("diagnosis")
    families = codes.diagnosis_family(found["code"], code_type=kinds)
    engine.load("diagnosis_families", _family_table("diagnosis", found["code"], families))


def _family_table(what: str, code: pd.Series, family: pd.Series) -> pa.Table:
    return pa.table(
        {
            f"{what}_code": pa.array(code.tolist(), pa.string()),
            f"{what}_family": pa.array(family.tolist(), pa.string()),
        }
    )
