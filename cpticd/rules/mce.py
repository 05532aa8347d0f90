"""The Medicare Code Editor's lists as rules read them: built in, or in their place those that a user has added."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cpticd import reference
from cpticd.rules.run import Run

#: The fiscal year up to which the built-in lists are known begins here; an added release of a year before it, which
#: no later one ends, holds for its own fiscal year.
_LAST_YEAR: Final = "2026-10-01"


def definitions(run: Run) -> str:
    """Relation with one row per edit, code and stretch of days: edit, code_type (diagnosis, procedure), code,
    effective_from, effective_to (NULL where open), release.

    Where releases have been added (``reference.add("mce", file)``) or passed (``tables={"mce": …}``), their rows stand
    in place of the built-in ones of the same edit from their first day to their last.
    """
    if not run.has("mce"):
        return run.load("rule_mce", _built_in)
    run.load("rule_mce_built_in", _built_in)
    run.release("mce")
    return run.once("mce", last_year=_LAST_YEAR)


def ages(run: Run) -> str:
    """Relation with one row per age edit and stretch of days: the completed years at which its codes are in order."""
    return run.table("mce_ages")


def _built_in() -> pa.Table:
    found = reference.table("mce_edits")
    release = str(reference.releases().set_index("name").at["mce_edits", "release"])
    return found.append_column("release", pa.repeat(f"mce_edits {release}", found.num_rows))
