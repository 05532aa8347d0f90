"""The model's relations, one SQL file each, in DuckDB's dialect and portable to Spark; in folders, what packages ask.

``text("pairs")`` is a relation of the model, ``text("risk/scores")`` a statement of a package.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from cpticd.core.maturity import MATURITY_DAYS

#: Relations of lines and claims, in the order in which they build on each other; True: computed at once.
LINES: Final = {
    "pairs": False,
    "unprocessable": False,
    "adjustment_readings": False,
    "ledger": True,
    "chains": True,
    "versions": True,
    "superseded": True,
    "service_decisions": False,
    "services": True,
    "line_outcomes": True,
    "claim_outcomes": True,
}
#: Of these, facts of the claims as they were sent, which no reference table changes, and no selection: a claim stays
#: replaced, and a line points to its diagnoses, whatever else was chosen.
SENT: Final = ("pairs", "chains", "versions", "superseded")
#: Relations of pairs of codes, added up from all lines of a data set or of a selection, in order.
_CODES: Final = ("strata", "bridge", "seen", "pair_totals", "payer_pair_totals", "cells", "cell_causes")
_WHOLE: Final = "CAST(0 AS INTEGER)"
_TOTALS: Final = (
    "JOIN family_totals t ON t.h = c.h AND t.d = c.d "
    "JOIN payer_family_totals y ON y.h = c.h AND y.d = c.d AND y.group_id = c.group_id"
)
_BOTH: Final = {
    "bridge": "family_bridge", "strata": "strata", "group": "payer_id", "totals": _TOTALS,
    "ids": "t.pair_id, y.pair_id AS payer_pair_id",
}  # fmt: skip
#: The same of pairs of families, from the same lines.
_FAMILIES: Final = {
    "family_bridge": ("family_bridge", {}),
    "family_totals": ("pair_totals_of", {"bridge": "family_bridge", "group": _WHOLE}),
    "payer_family_totals": ("pair_totals_of", {"bridge": "family_bridge", "group": "payer_id"}),
    "family_cells": ("pair_cells_of", _BOTH),
    "family_causes": ("pair_causes_of", _BOTH),
}
#: What relations of lines take from elsewhere: the lines as submitted, how old a denial is that stands for good.
_LINES: Final = {"ledger": {}, "services": {"maturity": MATURITY_DAYS}}
#: Relations of pairs, in order.
PAIRS: Final = (*_CODES, *_FAMILIES)
#: Of these, needed to compute the others and dropped afterwards: the largest of all.
PASSING: Final = ("bridge", "seen", "family_bridge")


def relation(name: str) -> str:
    """SQL of a relation of the model."""
    if name in _LINES:
        return text(name).format(submitted=text("submitted_lines"), **_LINES[name])
    file, parts = _FAMILIES.get(name, (name, {}))
    return text(file).format(**parts) if parts else text(file)


@cache
def text(name: str) -> str:
    """SQL of a relation or statement, by its file's name."""
    folder, _, file = name.rpartition("/")
    place = resources.files(__package__)
    return (place / folder / f"{file}.sql" if folder else place / f"{file}.sql").read_text(encoding="utf-8")
