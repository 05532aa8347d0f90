"""The model of a data set: relations derived from its tables, by statements of cpticd.sql and families of codes."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from datetime import date
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd import codes, pieces, reference, sql
from cpticd.core.engine import DuckDBEngine, Engine
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.core.selection import DIMENSIONS, Grouping
from cpticd.core.session import Session

#: Code -> family, by cpticd.codes and not by SQL.
FAMILIES: Final = ("procedure_families", "diagnosis_families")
#: What dimensions of groups of codes are read from, and by which alias they join it.
GROUPS: Final = {"diagnosis_groups": "dg", "procedure_groups": "g"}
_GROUPED: Final = {
    each.name: name for each in DIMENSIONS.values() for name, alias in GROUPS.items() if alias in each.joins
}
#: Chains and what is derived of them: empty where there are, or can be, none.
_CHAINED: Final = {
    "versions": pa.schema(
        [
            ("chain_id", pa.string()), ("claim_id", pa.string()), ("claim_line_number", pa.int32()),
            ("version", pa.int32()), ("relation", pa.string()), ("service_claim_id", pa.string()),
            ("service_line_number", pa.int32()),
        ]
    ),
    "superseded": pa.schema([("claim_id", pa.string())]),
    "chains": pa.schema(
        [
            ("claim_id", pa.string()), ("chain_id", pa.string()), ("parent_claim_id", pa.string()),
            ("relation", pa.string()), ("payer_sequence", pa.int32()), ("version", pa.int32()),
        ]
    ),
}  # fmt: skip
#: Persons with several claims: only theirs can belong to a chain.
_RECURRING: Final = (
    "(SELECT person_id FROM claims WHERE person_id IS NOT NULL GROUP BY person_id HAVING count(*) > 1) p"
)
#: Claims with several answers.
_SEVERAL: Final = "(SELECT claim_id FROM adjudications GROUP BY claim_id HAVING count(*) > 1) a"
_NAMED: Final = re.compile(rf"\b({'|'.join([*sql.LINES, *FAMILIES])})\b", re.IGNORECASE)


def order(kept: Collection[str] = ()) -> tuple[str, ...]:
    """The relations of the model, but pairs and those that are ``kept``, each after those it builds on."""
    return (*FAMILIES, *(name for name in sql.LINES if name not in kept))


def needed(pending: tuple[str, ...], text: str | None) -> tuple[str, ...]:
    """Which ``pending`` relations have to be there before a statement runs; without one, all.

    Those that it names, and the computed ones before the last of them, which they may build on.
    """
    if text is None or not pending:
        return pending
    named = {found.lower() for found in _NAMED.findall(text)}
    if named & {*FAMILIES}:  # made together
        named |= {*FAMILIES}
    last = max((at for at, name in enumerate(pending, 1) if name in named), default=0)
    return tuple(
        name for at, name in enumerate(pending, 1) if name in named or (at <= last and sql.LINES.get(name))
    )


def derive(engine: Engine, wanted: Collection[str], *, progress: bool = False) -> None:
    """Define relations of the model over an engine's tables: the first ones of :func:`order`, or the next."""
    from tqdm.auto import tqdm

    if FAMILIES[0] in wanted:
        _derive_families(engine)
    lines = [name for name in wanted if name in sql.LINES]
    for name in tqdm(lines, desc="deriving", delay=2, leave=False, disable=not progress):
        if name in pieces.IN_PIECES and isinstance(engine, DuckDBEngine) and pieces.derive(engine, name):
            continue
        if name in _CHAINED and not engine.holds(_RECURRING if name == "chains" else "chains"):
            engine.load(name, _CHAINED[name].empty_table())
            continue
        engine.create(name, sql.relation(name, alone=_is_plain(engine, name)), materialize=sql.LINES[name])


def _is_plain(engine: Engine, name: str) -> bool:
    """Whether a relation of these data needs none of what orders answers and chains."""
    if name == "ledger":
        return not engine.holds(f"({sql.text('several_answers')}) a")
    return name == "services" and not engine.holds("versions") and not engine.holds(_SEVERAL)


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


class Groups:
    """Tables of groups of codes, put beside a data set's own when a statement or a criterion first names them.

    CMS's procedure groups are a file that a user adds: another release of it is read by the next statement.
    """

    def __init__(self, engine: Engine, lock: threading.RLock) -> None:
        self._engine = engine
        self._lock = lock
        self._there: dict[str, Any] = {}

    def ready(self, *texts: str) -> None:
        """Load what the texts name: statements, or names of dimensions. ArgumentError where nothing was added."""
        wanted = {_GROUPED[text] for text in texts if text in _GROUPED}
        wanted |= {name for name in GROUPS for text in texts if name in text}
        for name in sorted(wanted):
            state = None if name == "diagnosis_groups" else _rbcs_state()
            if name not in self._there or self._there[name] != state:
                with self._lock:
                    if name in self._there and self._there[name] == state:
                        continue  # another thread has loaded it meanwhile
                    table = reference.table(name) if state is None else _procedure_groups()
                    self._engine.load(name, table)
                    self._there[name] = state


def not_added() -> set[str]:
    """Dimensions whose groups stand in a file that the user has not added."""
    try:
        _rbcs_state()
    except ArgumentError:
        return {name for name, table in _GROUPED.items() if table != "diagnosis_groups"}
    return set()


def _rbcs_state() -> list[str]:
    """The checksums of the releases of RBCS that the user added."""
    from cpticd.reference import store

    found = [entry.sha256 for entry in store.added() if entry.kind == "rbcs"]
    if not found:
        raise ArgumentError(
            "by rbcs: CMS's Restructured BETOS Classification System has not been added; download it from data.cms.gov "
            "(Provider Service Classifications) and add it: cx.reference.add('RBCS_RY_2025.csv')"
        )
    return found


def _procedure_groups() -> pa.Table:
    """The newest release of RBCS, with days for those that are open."""
    import pyarrow.compute as pc

    found = reference.release("rbcs")
    days = {"effective_from": date.min, "effective_to": date.max}
    ends = {name: pc.fill_null(found[name], pa.scalar(day, pa.date32())) for name, day in days.items()}
    columns = {name: found[name] for name in ("code", "category", "subcategory", "family")}
    return pa.table(columns | ends).rename_columns(["hcpcs_code", *list(columns)[1:], *ends])


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
