"""The Medicare Code Editor's lists as rules read them: built in, or in their place those that a user has added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from cpticd import reference

if TYPE_CHECKING:
    from cpticd.rules.run import Run

#: The fiscal year up to which the built-in lists are known begins here; an added release of a year before it, which
#: no later one ends, holds for its own fiscal year.
_LAST_YEAR: Final = "DATE '2026-10-01'"
_COLUMNS: Final = "edit, code_type, code, effective_from, effective_to, release"


def definitions(run: Run) -> str:
    """Relation with one row per edit, code and stretch of days: edit, code_type (diagnosis, procedure), code,
    effective_from, effective_to (NULL where open), release.

    Where releases have been added (``reference.add("mce", file)``) or passed (``tables={"mce": …}``), their rows stand
    in place of the built-in ones of the same edit from their first day to their last.
    """
    run.load("rule_mce_built_in", _built_in)
    if not run.has("mce"):
        return run.scratch("rule_mce", f"SELECT {_COLUMNS} FROM rule_mce_built_in")
    return run.scratch(
        "rule_mce",
        f"""
        WITH own AS (
            SELECT edit, code_type, code, coalesce(effective_from, DATE '2015-10-01') AS effective_from,
                CASE WHEN effective_to IS NULL AND effective_from < {_LAST_YEAR}
                     -- The last day of its fiscal year: three months on, the year is the fiscal one.
                     THEN make_date(year(effective_from + INTERVAL 3 MONTH), 9, 30)
                     ELSE effective_to END AS effective_to,
                concat('mce ', release) AS release
            FROM {run.release("mce")}
        ),
        covered AS (
            SELECT edit, code_type, min(effective_from) AS first_day,
                max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
            FROM own
            GROUP BY edit, code_type
        ),
        apart AS (
            SELECT b.edit, b.code_type, b.code, b.release, b.effective_from,
                coalesce(b.effective_to, DATE '9999-12-31') AS last_day,
                coalesce(c.first_day, DATE '9999-12-31') AS own_first,
                coalesce(c.last_day, DATE '9999-12-31') AS own_last
            FROM rule_mce_built_in b
            LEFT JOIN covered c ON c.edit = b.edit AND c.code_type = b.code_type
        ),
        cut AS (
            SELECT edit, code_type, code, effective_from, least(last_day, own_first - 1) AS last_day, release
            FROM apart
            UNION ALL
            SELECT edit, code_type, code, greatest(effective_from, own_last + 1), last_day, release
            FROM apart
            WHERE own_last < last_day
        )
        SELECT {_COLUMNS} FROM own
        UNION ALL
        SELECT edit, code_type, code, effective_from, CASE WHEN last_day < DATE '9999-12-30' THEN last_day END, release
        FROM cut
        WHERE effective_from <= last_day
        """,
    )


def ages(run: Run) -> str:
    """Relation with one row per age edit and stretch of days: the completed years at which its codes are in order."""
    return run.table("mce_ages")


def _built_in() -> pa.Table:
    found = reference.table("mce_edits")
    release = str(reference.releases().set_index("name").at["mce_edits", "release"])
    return found.append_column("release", pa.repeat(f"mce_edits {release}", found.num_rows))
