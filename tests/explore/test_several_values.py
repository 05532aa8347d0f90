"""Filters of every explorer take several values, and those of lines choose by day, provider and columns of one's own."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import cpticd as cx
from cpticd import denials
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.explore import line_filters
from cpticd.explore.denials_explorer import DenialsExplorer
from tests.explore.test_denials import click, explorer, part
from tests.spec import claims_of, frame

__all__ = ["explorer"]


def test_several_causes_are_added_up(explorer: DenialsExplorer, claims: Claims) -> None:
    told = denials.causes(claims).set_index("category")
    first, second = told.index[:2]
    explorer.choose(category=[second, first])
    assert explorer.values["category"] == sorted([first, second])
    assert explorer.view.rates()["denied"].iloc[0] == told["lines"][[first, second]].sum()
    causes = explorer.view.causes().set_index("category")
    assert causes["lines"].to_dict() == told["lines"][[first, second]].to_dict()
    assert f"for {' or '.join(sorted([first, second]))}" in cx.contract(explorer.view.rates())["numerator"]
    assert part(explorer, "causes")["table"]["selectable"]
    assert f"category={sorted([first, second])!r}" in explorer.code
    link = explorer.link
    click(explorer, kind="point", part="causes", y=first)
    assert explorer.value("category") == first
    assert not part(explorer, "causes")["table"]["selectable"], "of one cause its reasons are shown"
    explorer.undo()
    assert explorer.link == link
    explorer.choose(view="open")
    assert set(explorer.open_rows()["category"]) <= {first, second}
    with pytest.raises(ArgumentError, match="category: found 'weather'"):
        explorer.choose(category=[first, "weather"])


def test_pairs_of_several_causes_are_of_either(explorer: DenialsExplorer, claims: Claims) -> None:
    both = denials.causes(claims)["category"][:2].tolist()
    explorer.choose(category=both)
    told = denials.by_pair(claims, cause=both, min_lines=11)
    assert explorer.data["denied_lines"].tolist() == told["denied_lines"].tolist()
    with pytest.raises(ArgumentError, match="cause='weather'"):
        denials.by_pair(claims, cause=[both[0], "weather"])


def lines() -> line_filters.Lines:
    rows = frame(
        "claim_id | claim_line_number | service_date | region | billing_npi\n"
        "A | 1 | 2024-01-05 | North | 1\nA | 2 | 2024-02-01 | South | 1\nB | 1 | 2024-02-01 | North | 2\nC | 1 | | North | 2"
    )
    rows = rows.assign(
        service_date=pd.to_datetime(rows["service_date"]),
        claim_line_number=rows["claim_line_number"].astype(int),
    )
    return line_filters.Lines(rows, {"region": "Region", "billing_npi": "Billing provider"}, {})


def test_rows_are_of_chosen_lines_and_those_of_whole_claims_of_any() -> None:
    rows = pd.DataFrame({
        "claim_id": ["A", "A", "B", "C", "A"],
        "claim_line_number": pd.array([1, 2, 1, 1, None], dtype="Int64"),
    })  # fmt: skip

    def kept(**selection: object) -> str:
        return "".join("x" if each else "-" for each in lines().kept(rows, selection))

    assert kept() == kept(payer="X") == "xxxxx"
    assert kept(region="South") == "-x--x"
    assert kept(region=["South", "North"]) == "xxxxx"
    assert kept(region="North", billing_npi="2") == "--xx-"
    assert kept(dates=("2024-01", "2024-01")) == "x---x"
    assert kept(dates=("2024-01-06", None)) == "-xx-x", "what is not dated lies in no period"
    assert kept(dates=(None, "2024-01"), region="South") == "-----"


def test_the_worklist_is_chosen_by_days_providers_and_columns_of_ones_own() -> None:
    claims = claims_of(
        claims="claim_id | payer | billing_npi\nA | X | 1\nB | X | 1\nC | Y | 2",
        lines="claim_id | claim_line_number | claim_line_start_date | hcpcs_code | charge_amount\n"
        "A | 1 | 2024-01-05 | 99213 | 100\nB | 1 | 2024-02-05 | 99213 | 100\nC | 1 | 2024-03-05 | 99213 | 100",
        adjudications="claim_id | adjudication_number | payer | paid_date\n"
        "A | 1 | X | 2024-04-01\nB | 1 | X | 2024-04-01\nC | 1 | Y | 2024-04-01",
        line_payments="claim_id | adjudication_number | claim_line_number | charge_amount | paid_amount\n"
        "A | 1 | 1 | 100 | 0\nB | 1 | 1 | 100 | 0\nC | 1 | 1 | 100 | 0",
        adjustments="claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount\n"
        "A | 1 | 1 | 1 | CO | 197 | 100\nB | 1 | 1 | 1 | CO | 197 | 100\nC | 1 | 1 | 1 | CO | 197 | 100",
        attributes="claim_id | name | value\nA | region | North\nB | region | South\nC | region | North\n"
        "A | provider_name | Oak Clinic",
    )
    page = cx.explore.worklist(claims)
    assert len(page.data) == 3
    controls = {spec["name"]: spec for spec in page.board.controls}
    assert [option["label"] for option in controls["billing_npi"]["options"]] == ["All", "1 Oak Clinic", "2"]
    page.choose(region=["North", "South"], billing_npi="1", dates=("2024-02", None))
    assert page.data["claim_id"].tolist() == ["B"]
    assert page.claims.table("lines")["claim_id"].tolist() == ["B"]
    link = page.link
    page.reset()
    assert len(page.data) == 3
    page.link = link
    assert page.data["claim_id"].tolist() == ["B"]
    json.dumps(page.board.parts, allow_nan=False)
