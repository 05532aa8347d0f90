"""Add-on codes without the primary service that they need.

Source: CMS's add-on code edits (Transmittal 2636, CR 7501): type 1 has a fixed list of primary codes, type 2 none (the
contractor defines them), type 3 a partial one.
"""

from __future__ import annotations

from typing import Final

from cpticd import sql
from cpticd.rules.clinician import same
from cpticd.rules.ncci import services
from cpticd.rules.rule import Rule
from cpticd.rules.run import Run


def add_on_without_primary(run: Run) -> str:
    """An add-on code without a primary service of the person, provider and day."""
    services(run)
    run.release("ncci_addon")
    return sql.text("rules/add_on_without_primary").format(same=same("o", "a"))


RULES: Final[tuple[Rule, ...]] = (
    Rule("add_on_without_primary", add_on_without_primary, ("ncci_addon",), doubtful=True),
)
