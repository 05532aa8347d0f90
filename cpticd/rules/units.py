"""More units than likely: NCCI's medically unlikely edits, by line or by day.

Indicator 1 limits each line, 2 (policy: absolute) and 3 (clinical: reviewable on appeal) all lines of the same person,
provider, code and day. All units of a line over the limit are denied, not only the excess.
Sources: Medicare NCCI Policy Manual, chapter I, section V; CMS Transmittal 1421 (CR 8853).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cpticd import sql
from cpticd.rules.ncci import services
from cpticd.rules.registry import Rule

if TYPE_CHECKING:
    from cpticd.rules.run import Run


def _over(run: Run) -> str:
    """SQL of lines whose units are over the limit."""
    services(run)
    run.release("ncci_mue")
    found = run.scratch("rule_units_over", sql.text("rules/units"))
    return f"""
        SELECT claim_id, claim_line_number, hcpcs_code AS codes,
            printf('%g units of %s where %g are the most on a ', counted, hcpcs_code, most) ||
                CASE adjudication_indicator WHEN '1' THEN 'line' ELSE 'day' END ||
                '; all units of the line are denied' ||
                CASE adjudication_indicator WHEN '2' THEN ', on appeal too'
                     WHEN '3' THEN ', unless a review finds them needed' ELSE '' END AS message,
            printf('units %g; ', units)
                || CASE adjudication_indicator WHEN '1' THEN '' ELSE printf('units of the day %g; ', counted) END
                || printf('limit %g; adjudication indicator %s', most, adjudication_indicator) AS evidence,
            'NCCI units ' || release AS release, effective_date
        FROM {found}
    """


RULES: Final[tuple[Rule, ...]] = (Rule("units_over_limit", _over, ("ncci_mue",)),)
