"""The edges of ``patterns.network`` as a graph of networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.patterns.network import COLUMNS

if TYPE_CHECKING:
    import networkx as nx

#: The two sides, and the columns of their codes and families.
SIDES: Final = {
    "procedure": ("hcpcs_code", "hcpcs_family"),
    "diagnosis": ("diagnosis_code", "diagnosis_family"),
}


def to_networkx(edges: pd.DataFrame) -> nx.Graph:
    """One node per code and one edge per row of ``patterns.network``, as an undirected networkx graph.

    Nodes are named by side and code ("procedure 99213", "diagnosis I10": one text can be a code on both sides), with
    the attributes side, bipartite (0 procedures, 1 diagnoses), code, family and lines (of the edges). Edges have the
    other columns of the row as attributes, and ``weight``, its lines; missing numbers are absent. Plain Python values,
    so that the graph can be written as GraphML or GEXF.
    Needs the extra ``network``; raises CpticdError where networkx is not installed, ArgumentError for another frame.
    """
    absent = [name for name in COLUMNS if not isinstance(edges, pd.DataFrame) or name not in edges.columns]
    if absent:
        raise ArgumentError(
            f"to_networkx: no column {absent[0]!r}; give the DataFrame of patterns.network(claims)"
        )
    try:
        import networkx as nx
    except ImportError as error:
        raise CpticdError(
            f"to_networkx needs networkx ({error}); install it with: pip install 'cpticd[network]'"
        ) from error
    graph = nx.Graph()
    for place, (side, (code, family)) in enumerate(SIDES.items()):
        nodes = edges.groupby(code, sort=True).agg(family=(family, "first"), lines=("lines", "sum"))
        for name, node in nodes.to_dict("index").items():
            facts = {"code": str(name), "family": str(node["family"]), "lines": int(node["lines"])}
            graph.add_node(f"{side} {name}", side=side, bipartite=place, **facts)
    named = {column for columns in SIDES.values() for column in columns}
    measured = [name for name in edges.columns if name not in named]
    for row in edges.to_dict("records"):
        values = {name: _plain(row[name]) for name in measured if not pd.isna(row[name])}
        graph.add_edge(
            f"procedure {row['hcpcs_code']}",
            f"diagnosis {row['diagnosis_code']}",
            weight=int(row["lines"]),
            **values,
        )
    return graph


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
