"""The graph of procedures and diagnoses: edges by hand, and what networkx makes of them."""

from __future__ import annotations

import io
import json
import sys

import pandas as pd
import pytest

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, CpticdError
from tests.patterns.billed import billed
from tests.spec import claims_of, shown

ROWS = """
    code  | diagnoses | times | denied | charge | person
    99213 | E119 I10  | 4     | no     | 100.01 | p1
    99213 | E119      | 2     | yes    | 80.00  | p2
    80053 | I10       | 5     | no     | 20.00  | p1
    J1100 | J1100     | 3     | yes    | 10.00  | p3
    99213 |           | 1     | no     | 60.00  | p4
"""
FACTS = ("hcpcs_code", "diagnosis_code", "lines", "persons", "charge_amount", "denied_lines", "denied_amount")


@pytest.fixture(scope="module")
def claims() -> Claims:
    return billed(ROWS)


def test_an_edge_counts_lines_persons_dollars_and_denials(claims: Claims) -> None:
    edges = patterns.network(claims, min_lines=1)
    assert shown(edges, *FACTS) == [
        ("99213", "E119", 6, 2, 360.02, 2, 160.0),
        ("80053", "I10", 5, 1, 100.0, 0, 0.0),
        ("99213", "I10", 4, 1, 200.02, 0, 0.0),
        ("J1100", "J1100", 3, 1, 30.0, 3, 30.0),
    ]
    # Dollars are shared out: all edges together have every dollar of the lines with a diagnosis.
    assert edges["charge_amount"].sum() == pytest.approx(400.04 + 160 + 100 + 30)
    assert edges["procedure_share"].tolist() == pytest.approx([1, 1, 4 / 6, 1])
    assert edges["diagnosis_share"].tolist() == pytest.approx([1, 5 / 9, 4 / 9, 1])
    assert edges["denial_rate"].tolist() == pytest.approx([2 / 6, 0, 0, 1])
    contract = cx.contract(edges)
    assert (contract["rows_left_out"], contract["small_edges_left_out"], contract["nodes"]) == (1, 0, 6)


def test_small_edges_and_edges_of_few_persons_are_left_out(claims: Claims) -> None:
    assert len(patterns.network(claims, min_lines=5)) == 2
    few = patterns.network(claims, min_lines=1, min_persons=2)
    assert shown(few, "hcpcs_code", "diagnosis_code") == [("99213", "E119")]
    assert cx.contract(few)["small_edges_left_out"] == 3


def test_the_primary_diagnosis_has_the_whole_line(claims: Claims) -> None:
    edges = patterns.network(claims, pointer="primary", min_lines=1)
    assert shown(edges, *FACTS[:5])[0] == ("99213", "E119", 6, 2, 560.04)
    assert ("99213", "I10") not in set(zip(edges["hcpcs_code"], edges["diagnosis_code"], strict=True))


def test_a_replaced_claim_counts_where_it_was_denied_but_not_as_coding() -> None:
    claims = claims_of(
        claims="""
            claim_id | person_id | payer | frequency_code | original_payer_claim_id | claim_start_date | received_date
            A        | p1        | North | 1                    |                           | 2024-01-01       | 2024-01-02
            B        | p1        | North | 7                    | A                         | 2024-01-01       | 2024-02-02
        """,
        lines="claim_id | claim_line_number | hcpcs_code | charge_amount\nA | 1 | 99213 | 50.00\nB | 1 | 99213 | 50.00",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\nA | 1 | I10\nB | 1 | I10",
        adjudications="""
            claim_id | adjudication_number | claim_status_code | charge_amount | paid_amount
            A        | 1                   | 1                 | 50.00         | 0.00
            B        | 1                   | 1                 | 50.00         | 50.00
        """,
        line_payments="""
            claim_id | adjudication_number | claim_line_number | charge_amount | paid_amount
            A        | 1                   | 1                 | 50.00         | 0.00
            B        | 1                   | 1                 | 50.00         | 50.00
        """,
        adjustments="""
            claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
            A        | 1                   | 1                 | 1                   | CO         | 50   | 50.00
        """,
    )
    edges = patterns.network(claims, min_lines=1)
    assert shown(edges, "lines", "charge_amount", "adjudicated_lines", "denied_lines") == [(1, 50.0, 1, 1)]
    assert cx.contract(edges)["replaced_lines_kept"] == 1


def test_association_is_added_where_it_is_asked_for(claims: Claims) -> None:
    edges = patterns.network(claims, min_lines=1, associate=True, stratify=None)
    linked = patterns.association(claims, stratify=None, min_observed=1)
    both = edges.merge(linked, on=["hcpcs_code", "diagnosis_code"])
    assert len(both) == 4
    assert both["ebgm_x"].tolist() == both["ebgm_y"].tolist()
    assert cx.contract(edges)["prior"] == cx.contract(linked)["prior"]
    assert json.loads(json.dumps(dict(cx.contract(edges)))) == dict(cx.contract(edges))


def test_the_graph_has_two_sides_and_keeps_every_fact(claims: Claims) -> None:
    nx = pytest.importorskip("networkx", reason="the extra 'network' is not installed")
    edges = patterns.network(claims, min_lines=1)
    graph = patterns.graph.to_networkx(edges)
    assert nx.is_bipartite(graph)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (6, 4)
    assert graph.nodes["procedure 99213"] == {
        "side": "procedure", "bipartite": 0, "code": "99213", "family": "Evaluation and management", "lines": 10
    }  # fmt: skip
    edge = graph.edges["procedure 99213", "diagnosis E119"]
    assert (edge["weight"], edge["denied_lines"], type(edge["denial_rate"])) == (6, 2, float)
    # One text is a code on both sides: two nodes.
    assert graph.has_edge("procedure J1100", "diagnosis J1100")
    written = io.BytesIO()
    nx.write_graphml(graph, written)
    assert nx.read_graphml(io.BytesIO(written.getvalue())).number_of_edges() == 4


def test_without_networkx_the_error_says_what_to_install(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = patterns.network(claims, min_lines=1)
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(CpticdError, match=r"pip install 'cpticd\[network\]'"):
        patterns.graph.to_networkx(edges)


def test_errors(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match=r"give the DataFrame of patterns\.network"):
        patterns.graph.to_networkx(pd.DataFrame({"hcpcs_code": []}))
    with pytest.raises(ArgumentError, match="min_persons=0"):
        patterns.network(claims, min_persons=0)
    assert patterns.network(claims.where(dates=("2031-01-01", None))).empty
