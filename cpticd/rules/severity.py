"""How grave a finding is: by its rule, the kind of payer, and what the claims leave open.

``edit_rules.csv`` has a rule's severity for payers that follow its source, and for those whose kind is unknown;
``rule_severities.csv`` how much less it weighs for payers of other kinds. Where something that the claims do not say
could excuse the line, a finding is a warning at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core import selection
from cpticd.rules.rule import SEVERITIES, Rule, Scope
from cpticd.rules.wording import literal

#: What a payer may be.
PAYER_KINDS: Final = (
    "commercial", "marketplace", "medicaid", "medicare", "medicare advantage", "other", "self pay", "tricare or va",
    "workers compensation",
)  # fmt: skip


def possible(rule: Rule, scope: Scope) -> set[str]:
    """Every severity that the rule's findings may have."""
    return scope.severities() | ({"warning"} if rule.doubtful and scope.severity == "error" else set())


def rank(rule: Rule, scope: Scope) -> str:
    """SQL over a finding ``f`` and its claim ``c``: its severity's place in SEVERITIES."""
    own = str(SEVERITIES.index(scope.severity))
    cases = " ".join(
        f"WHEN c.payer_kind = {literal(kind)} THEN {SEVERITIES.index(name)}" for kind, name in scope.elsewhere
    )
    found = f"CASE {cases} ELSE {own} END" if cases else own
    return f"greatest({found}, CASE WHEN f.is_certain THEN 0 ELSE 1 END)" if rule.doubtful else found


def kept(rows: pa.Table, wanted: str | Iterable[str] | None) -> pa.Table:
    """The rows of the severities that are wanted (None: of every one), with ``severity`` in the place of ``rank``."""
    names = pa.array(SEVERITIES).take(rows.column("rank").combine_chunks().cast(pa.int32()))
    rows = rows.drop_columns("rank").append_column("severity", names)
    if wanted is None:
        return rows
    return rows.filter(pc.is_in(rows["severity"], pa.array(selection.names(wanted), pa.string())))
