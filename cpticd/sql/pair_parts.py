"""Parts of the statements that add up pairs, over all payers, by payer, and by groups of an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Of a cluster's lines: how many, and the sum of their residuals.
_SUMS: Final = "CAST(count(*) AS DOUBLE) AS n, sum(residual) AS u"
_OF_BRIDGE: Final = (
    f"{_SUMS}, CAST(count(CASE WHEN b.is_primary THEN 1 END) AS DOUBLE) AS primary_n, "
    "sum(CASE WHEN b.is_primary THEN residual ELSE 0 END) AS primary_u"
)
_OF_PERSON: Final = (
    "SELECT {keys}, whose AS cluster, CAST(sum(lines) AS DOUBLE) AS n, sum(residual) AS u, "
    "CAST(sum(primary_lines) AS DOUBLE) AS primary_n, sum(primary_residual) AS primary_u "
    "FROM {seen} GROUP BY {keys}, whose"
)
#: The same where a person stands once per key.
_EACH_PERSON: Final = (
    "SELECT {keys}, whose AS cluster, CAST(lines AS DOUBLE) AS n, residual AS u, "
    "CAST(primary_lines AS DOUBLE) AS primary_n, primary_residual AS primary_u FROM {seen}"
)


def _added(p: str = "") -> dict[str, str]:
    """What is added up over clusters, by its name."""
    n, u = f"{p}n", f"{p}u"
    return {
        f"{p}clusters": f"count(CASE WHEN {n} > 0 THEN 1 END)", f"{p}uu": f"sum({u} * {u})",
        f"{p}un": f"sum({u} * {n})", f"{p}nn": f"sum({n} * {n})", f"{p}largest": f"max({n})",
    }  # fmt: skip


def _columns(added: Mapping[str, str]) -> dict[str, str]:
    return {
        "added": ", ".join(f"{what} AS {name}" for name, what in added.items()),
        "names": ", ".join(f"a.{name}" for name in added),
    }


def pair_clusters(
    bridge: str, seen: str, totals: str, keys: Mapping[str, str], *, id: str = "pair_id", whole: bool = False
) -> dict[str, Any]:
    """Parts of ``clusters_of``: ``keys`` of a pair in the bridge and in its totals, whose ``id`` the result carries.

    ``whole``: a person may stand in several rows of ``seen`` (one a payer), which are added up.
    """
    listed = ", ".join(keys)
    return {
        "bridge": bridge, "keys": listed, "b_keys": ", ".join(f"b.{key}" for key in keys), "sums": _OF_BRIDGE,
        "persons": (_OF_PERSON if whole else _EACH_PERSON).format(keys=listed, seen=seen), "id": id, "totals": totals,
        "same_b": " AND ".join(f"s.{key} = b.{key}" for key in keys),
        "same_t": " AND ".join(f"t.{there} = a.{key}" for key, there in keys.items()),
        **_columns(_added() | _added("primary_")),
    }  # fmt: skip


def line_clusters(source: str, *keys: str) -> dict[str, Any]:
    """Parts of ``line_clusters_of``: lines, each once, by procedure (and group)."""
    sums = f"{_SUMS}, sum(residual * residual) AS squares"
    added = _columns(_added() | {"n": "sum(n)", "squares": "sum(squares)"})["added"]
    return {"source": source, "keys": ", ".join(keys), "sums": sums, "added": added}
