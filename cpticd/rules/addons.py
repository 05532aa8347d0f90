"""Add-on codes without the primary service that they need.

Source: CMS's add-on code edits (Transmittal 2636, CR 7501): type 1 has a fixed list of primary codes, type 2 none (the
contractor defines them), type 3 a partial one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.rules.ncci import services
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def _alone(run: Run) -> str:
    """SQL of add-ons without a primary service."""
    services(run)
    run.release("ncci_addon")
    found = run.scratch("rule_add_ons_alone", sql.text("rules/add_on"))
    return f"""
        SELECT claim_id, claim_line_number, hcpcs_code AS codes,
            'add-on ' || hcpcs_code || CASE add_on_type
                WHEN '1' THEN ' without one of the services that it adds to'
                ELSE ' without any service that it could add to' END AS message,
            'add-on type ' || add_on_type || '; primary codes listed ' || primaries AS evidence,
            'NCCI add-on codes ' || release AS release, effective_date
        FROM {found}
    """


RULES: Final[tuple[Rule, ...]] = (Rule("add_on_without_primary", _alone, ("ncci_addon",)),)
