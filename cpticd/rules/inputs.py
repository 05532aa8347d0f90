"""What the rules read: lines, claims and diagnoses with person, setting and version, materialised once per run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from cpticd import sql
from cpticd.core.selection import DIMENSIONS
from cpticd.core.session import Session

#: Relations ``rule_…`` that rules read, in the order in which they build on each other.
RELATIONS: Final = ("groups", "persons", "claims", "lines", "modifiers", "diagnoses", "pointed")


def prepare(s: Session, payer_kinds: Mapping[str, str]) -> None:
    """Compute RELATIONS; what each one holds stands at the top of its file in ``cpticd/sql/rules``."""
    load_payer_kinds(s, payer_kinds)
    for name in RELATIONS:
        own = ("claim_type", "setting") if name == "claims" else ()
        parts: dict[str, Any] = {each: DIMENSIONS[each].sql for each in own}
        s.create(f"rule_{name}", sql.text(f"rules/{name}"), **parts)
    s.drop("rule_groups", "rule_persons")  # read by the claims alone


def load_payer_kinds(s: Session, payer_kinds: Mapping[str, str]) -> None:
    """Relation ``rule_payer_kinds``: payer, payer_kind."""
    kinds = {"payer": list(payer_kinds), "payer_kind": list(payer_kinds.values())}
    s.load(
        "rule_payer_kinds", pa.table(kinds, pa.schema([("payer", pa.string()), ("payer_kind", pa.string())]))
    )
