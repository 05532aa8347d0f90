"""Relations that pairs are judged from: those of the model, or of groups and causes of an analysis."""

from __future__ import annotations

from typing import Any, Final, Literal

from cpticd import sql
from cpticd.core.errors import ArgumentError
from cpticd.core.selection import Grouping, names
from cpticd.core.session import Session
from cpticd.denials.named_causes import Causes
from cpticd.denials.pair_leaves import KEYS
from cpticd.sql.pair_parts import line_clusters, pair_clusters

Grain = Literal["code", "family"]

#: All root causes that concern the diagnosis, as one word of ``cause``.
DIAGNOSIS_RELATED: Final = "diagnosis related"
#: Names of a pair of codes or families, and of its payer, beside its totals.
_CODE_NAMES: Final = (
    "LEFT JOIN procedure_families hf ON hf.hcpcs_code = {q}.hcpcs_code "
    "LEFT JOIN diagnosis_families df ON df.diagnosis_code = {q}.diagnosis_code"
)


def of_model(grain: Grain, groups: Grouping) -> dict[str, Any] | None:
    """The relations of the model that hold these pairs, as parts of ``pairs_judged``; none where no relation does."""
    if groups.names not in ([], ["payer"]):
        return None
    payer = bool(groups.names)
    if grain == "code":
        q = "q" if payer else "e"
        names = f"{q}.hcpcs_code, {q}.diagnosis_code, hf.hcpcs_family, df.diagnosis_family,"
        joins = ("JOIN pair_totals q ON q.pair_id = e.pair_id " if payer else "") + _CODE_NAMES.format(q=q)
        return {
            "totals": "payer_pair_totals" if payer else "pair_totals",
            "key": "payer_pair_id" if payer else "pair_id",
            "cells": "cells", "causes": "cell_causes",
            "names": ("e.payer, " if payer else "") + names, "name_joins": joins,
            "of": f"e.procedure_id AS procedure, {'e.payer_id' if payer else '0'} AS grp",
            "clusters": "payer_pair_clusters" if payer else "pair_clusters",
            "procedures": "payer_procedure_clusters" if payer else "procedure_clusters",
            "procedure": "procedure_id", "grp": "payer_id" if payer else "0",
        }  # fmt: skip
    if not payer:
        return {
            "totals": "family_totals", "key": "pair_id", "clusters": "family_clusters",
            "of": "e.h AS procedure, 0 AS grp", "procedures": "procedure_family_clusters", "grp": "0",
            **_families("", ""),
        }  # fmt: skip
    return {
        "totals": "(SELECT t.*, t.pair_id AS payer_pair_id FROM payer_family_totals t)", "key": "payer_pair_id",
        "clusters": "payer_family_clusters", "of": "e.h AS procedure, e.group_id AS grp",
        "procedures": "payer_procedure_family_clusters", "grp": "payer_id",
        **_families("g0.payer, ", "JOIN (SELECT DISTINCT payer_id, payer FROM strata) g0 ON g0.payer_id = e.group_id"),
    }  # fmt: skip


def _families(names: str, joins: str) -> dict[str, Any]:
    return {
        "cells": "family_cells", "causes": "family_causes", "procedure": "h",
        "names": f"{names}e.h AS hcpcs_family, e.d AS diagnosis_family,", "name_joins": joins,
    }  # fmt: skip


def grouped(s: Session, grain: Grain, groups: Grouping, cause: Causes) -> dict[str, Any]:
    """Pairs of other groups or of a cause, added up in the session; parts of ``pairs_judged``."""
    keys = groups.columns
    of: dict[str, Any] = {"select": groups.select, "joins": groups.joins, "hit": hit_of(s, cause)}
    order = f"ORDER BY {', '.join(groups.names)}" if groups.names else ""
    strata = s.create("group_strata", sql.text("denials/pair_strata"), keys=keys, order_keys=order, **of)
    same = "".join(f" AND s.{name} IS NOT DISTINCT FROM o.{name}" for name in groups.names)
    lines = s.create(
        "group_lines", sql.text("decided_lines"), strata=strata, same=same, quarter="stratum_quarter",
        group="s.group_id,", amount=f"CASE WHEN {of['hit']} THEN o.denied_amount END" if cause else "o.denied_amount",
        **of, **sql.provider_of("n"),
    )  # fmt: skip
    hcpcs, diagnosis = KEYS[grain]
    bridge = s.create(
        "group_bridge", sql.text("denials/pair_bridge"), grain=grain, lines=lines, hcpcs=hcpcs, diagnosis=diagnosis
    )  # fmt: skip
    seen = s.create("group_seen", sql.text("seen_of"), bridge=bridge, group="group_id")
    parts: dict[str, Any] = {
        "bridge": bridge, "seen": seen, "strata": strata, "group": "group_id", "ids": "t.pair_id",
        "totals": "JOIN group_totals t ON t.h = c.h AND t.d = c.d AND t.group_id = c.group_id",
    }  # fmt: skip
    s.create("group_totals", sql.text("pair_totals_of"), **parts)
    s.create("group_cells", sql.text("pair_cells_of"), **parts)
    s.create("group_causes", sql.text("pair_causes_of"), **parts)
    of_pair = {"h": "h", "d": "d", "group_id": "group_id"}
    s.create(
        "group_clusters", sql.text("clusters_of"), **pair_clusters(bridge, seen, "group_totals", of_pair)
    )
    families = "JOIN procedure_families f USING (hcpcs_code)"
    procedures = line_clusters(f"(SELECT o.*, f.{hcpcs} AS h FROM {lines} o {families}) x", "h", "group_id")
    s.create("group_procedures", sql.text("line_clusters_of"), **procedures)
    listed = "".join(f"g0.{name}, " for name in groups.names)
    names = f"{listed}e.h AS {hcpcs}, e.d AS {diagnosis}, "
    joins = (
        f"JOIN (SELECT DISTINCT {keys} group_id FROM {strata}) g0 ON g0.group_id = e.group_id "
        if listed
        else ""
    )
    if grain == "code":
        names += "hf.hcpcs_family, df.diagnosis_family,"
        joins += (
            "LEFT JOIN procedure_families hf ON hf.hcpcs_code = e.h "
            "LEFT JOIN diagnosis_families df ON df.diagnosis_code = e.d"
        )
    return {
        "totals": "group_totals", "key": "pair_id", "cells": "group_cells", "causes": "group_causes",
        "names": names, "name_joins": joins, "of": "e.h AS procedure, e.group_id AS grp", "clusters": "group_clusters",
        "procedures": "group_procedures", "procedure": "h", "grp": "group_id",
    }  # fmt: skip


def hit_of(s: Session, cause: Causes) -> str:
    """SQL of what counts as denied: all initial denials, or those of a root cause, or of several."""
    if not names(cause):
        return "o.initial_outcome = 'denied'"
    known = s.frame("SELECT DISTINCT category, diagnosis_related FROM carc_categories WHERE is_denial")
    wanted: set[str] = set()
    for each in names(cause):
        chosen = (
            known["diagnosis_related"].eq("yes") if each == DIAGNOSIS_RELATED else known["category"].eq(each)
        )
        found = {*known.loc[chosen, "category"].astype(str)}
        wanted |= found
        if found:
            continue
        raise ArgumentError(
            f"cause={each!r}: expected {DIAGNOSIS_RELATED!r} or a category of denials: "
            f"{sorted(set(known['category'].astype(str)))}"
        )
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in sorted(wanted))
    return f"o.initial_outcome = 'denied' AND o.denial_category IN ({listed})"
