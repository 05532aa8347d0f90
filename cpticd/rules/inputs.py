"""What the rules read: lines, claims and diagnoses with person, setting and version, materialised once per run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from cpticd import reference, sql
from cpticd.core.engine import Engine

#: Relations that rules read, in the order in which they build on each other.
RELATIONS: Final = (
    "rule_superseded",
    "rule_groups",
    "rule_persons",
    "rule_claims",
    "rule_lines",
    "rule_modifiers",
    "rule_diagnoses",
    "rule_pointed",
)
_FILES: Final = {"rule_superseded": "superseded"}
_SCRATCH: Final = ("rule_payer_kinds", "rule_bill_types")


def prepare(engine: Engine, payer_kinds: Mapping[str, str]) -> None:
    """Materialise RELATIONS; what each one holds stands at the top of its file in ``cpticd/sql``."""
    kinds = {"payer": list(payer_kinds), "payer_kind": list(payer_kinds.values())}
    engine.load(
        "rule_payer_kinds", pa.table(kinds, pa.schema([("payer", pa.string()), ("payer_kind", pa.string())]))
    )
    engine.load("rule_bill_types", reference.table("bill_types"))
    for name in RELATIONS:
        engine.create(name, sql.text(_FILES.get(name, name)), materialize=True)


def clear(engine: Engine) -> None:
    """Forget what ``prepare`` made."""
    for name in (*RELATIONS[::-1], *_SCRATCH):
        engine.drop(name)
