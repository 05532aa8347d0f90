"""The model's relations, one SQL file each, in DuckDB's dialect and portable to Spark; in folders, what packages ask.

``text("pairs")`` is a relation of the model, ``text("risk/scores")`` a statement of a package.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

from cpticd.core.maturity import MATURITY_DAYS
from cpticd.sql.pair_parts import line_clusters, pair_clusters

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
#: All billing providers of the data set, counted, whatever is selected of it.
_BILLERS: Final = "(SELECT count(DISTINCT billing_npi) AS providers FROM main.claims) billers"


def provider_of(claim: str, line: str = "ln") -> dict[str, Any]:
    """Parts ``provider`` and ``billers`` of a statement: the provider whose habits a line shows.

    It is who bills, where ten or more do, else who renders. ``claim`` and ``line`` are aliases.
    """
    rendering = f"coalesce({line}.rendering_npi, {claim}.billing_npi)"
    return {
        "provider": f"CASE WHEN billers.providers >= 10 THEN {claim}.billing_npi ELSE {rendering} END",
        "billers": _BILLERS,
    }


#: Relations of pairs of codes, added up from all lines of a data set or of a selection, in order.
_CODES: Final = {
    "strata": {},
    "decided_lines": {
        "select": "", "joins": "", "group": "", "same": "", "strata": "strata", "quarter": "quarter",
        "hit": "o.initial_outcome = 'denied'", "amount": "o.denied_amount",
        **provider_of("n"),
    },
    "bridge": {}, "seen": {}, "pair_totals": {}, "payer_pair_totals": {}, "cells": {}, "cell_causes": {},
}  # fmt: skip
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
    "family_seen": ("seen_of", {"bridge": "family_bridge", "group": _WHOLE}),
    "payer_family_seen": ("seen_of", {"bridge": "family_bridge", "group": "payer_id"}),
    "family_totals": ("pair_totals_of", {"seen": "family_seen"}),
    "payer_family_totals": ("pair_totals_of", {"seen": "payer_family_seen"}),
    "family_cells": ("pair_cells_of", _BOTH),
    "family_causes": ("pair_causes_of", _BOTH),
}
#: Lines by family of procedures.
_LINES_OF_FAMILIES: Final = (
    "(SELECT o.*, f.hcpcs_family AS h FROM decided_lines o JOIN procedure_families f USING (hcpcs_code)) x"
)
_PAIR: Final = {"procedure_id": "procedure_id", "diagnosis_id": "diagnosis_id"}
_FAMILY: Final = {"h": "h", "d": "d"}
_BY_PAYER: Final = _PAIR | {"payer_id": "payer_id"}
#: How pairs' lines, and those of procedures, depend on one another.
_CLUSTERS: Final = {
    "pair_clusters": ("clusters_of", pair_clusters("bridge", "seen", "pair_totals", _PAIR, whole=True)),
    "payer_pair_clusters": (
        "clusters_of",
        pair_clusters("bridge", "seen", "payer_pair_totals", _BY_PAYER, id="payer_pair_id"),
    ),
    "family_clusters": (
        "clusters_of",
        pair_clusters("family_bridge", "family_seen", "family_totals", _FAMILY),
    ),
    "payer_family_clusters": (
        "clusters_of",
        pair_clusters(
            "(SELECT *, payer_id AS group_id FROM family_bridge)", "payer_family_seen", "payer_family_totals",
            _FAMILY | {"group_id": "group_id"},
        ),
    ),
    "procedure_clusters": ("line_clusters_of", line_clusters("decided_lines", "procedure_id")),
    "payer_procedure_clusters": (
        "line_clusters_of",
        line_clusters("decided_lines", "procedure_id", "payer_id"),
    ),
    "procedure_family_clusters": ("line_clusters_of", line_clusters(_LINES_OF_FAMILIES, "h")),
    "payer_procedure_family_clusters": (
        "line_clusters_of",
        line_clusters(_LINES_OF_FAMILIES, "h", "payer_id"),
    ),
}  # fmt: skip
#: Relations that are lists of CTEs, which others begin with, and end with the one that they are.
_LISTS: Final = {"adjustment_readings": "readings", "service_decisions": "decisions"}
#: What both kinds of answers read, and add up alike.
_OF_ANSWERS: Final = {"readings": "adjustment_readings", "reason_sums": "reason_sums"}
#: Parts of the ledger where decisions may be cancelled, and where none is.
_REVERSALS: Final = {
    "kept": "MATERIALIZED", "is_cancelled": "x.claim_id IS NOT NULL",
    "cancelled": "LEFT JOIN cancelled x "
    "ON x.claim_id = d.claim_id AND x.line = d.line AND x.adjudication_number = d.adjudication_number",
}  # fmt: skip
_NO_REVERSALS: Final = {"kept": "", "reversals": "", "is_cancelled": "false", "cancelled": ""}
#: Relations of pairs, in order.
PAIRS: Final = (*_CODES, *_FAMILIES, *_CLUSTERS)
#: Of these, needed to compute the others and dropped afterwards: the largest of all.
PASSING: Final = ("decided_lines", "bridge", "seen", "family_bridge", "family_seen", "payer_family_seen")


def relation(name: str, *, alone: bool = False) -> str:
    """SQL of a relation of the model.

    ``alone``: of the ledger, where no claim is one of ``several_answers``; of services, where besides none belongs to
    a chain. They need no windows.
    """
    if name in _LISTS:
        return f"WITH {text(name)} SELECT * FROM {_LISTS[name]}"
    if name == "ledger":
        parts = {each: text(file) for each, file in _OF_ANSWERS.items()}
        if alone:
            return text(name).format(answers=text("lone_answers").format(**parts), **_NO_REVERSALS)
        return text(name).format(
            answers=text("answers").format(submitted=text("submitted_lines"), **parts),
            reversals=",\n" + text("reversals"),
            **_REVERSALS,
        )
    if name == "services":
        chained = "" if alone else f",\n{text('chained_services')}"
        return text(name).format(
            submitted=text("submitted_lines"), maturity=MATURITY_DAYS, some="false" if alone else "true",
            decisions=text("alone_decisions" if alone else "service_decisions") + chained,
        )  # fmt: skip
    made = _FAMILIES | _CLUSTERS
    file, parts = made.get(name, (name, _CODES.get(name, {})))
    return text(file).format(**parts) if parts else text(file)


def derivations() -> list[str]:
    """Every statement by which relations of lines and claims are derived."""
    return [relation(name) for name in LINES] + [
        relation(name, alone=True) for name in ("ledger", "services")
    ]


@cache
def text(name: str) -> str:
    """SQL of a relation or statement, by its file's name."""
    folder, _, file = name.rpartition("/")
    place = resources.files(__package__)
    return (place / folder / f"{file}.sql" if folder else place / f"{file}.sql").read_text(encoding="utf-8")
