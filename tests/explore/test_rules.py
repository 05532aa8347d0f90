"""The explorer of coding rules: what it shows is what the scorecard, the findings and the worklist say."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import charts, disclosure, rules
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.explore.rules_explorer import RulesExplorer
from tests.spec import claims_of

RULES = (
    "visits",
    "new_patient_seen_before",
    "missing_pointer",
    "pointer_past_diagnoses",
    "header_diagnosis_code",
)


@pytest.fixture(scope="module")
def claims() -> Iterator[Claims]:
    yield cx.simulate(180, 3).claims


@pytest.fixture(scope="module")
def findings(claims: Claims) -> pd.DataFrame:
    known = set(rules.catalogue()["rule"])
    return rules.check(claims, [rule for rule in RULES if rule in known])


@pytest.fixture(scope="module")
def opened(claims: Claims, findings: pd.DataFrame) -> RulesExplorer:
    return cx.explore.rules(claims, findings, readable_lines=3)


@pytest.fixture
def explorer(opened: RulesExplorer) -> RulesExplorer:
    opened.state = {
        "values": {c.name: c.default for c in opened._controls if c.kind != "button"},
        "extra": {},
    }
    return opened


def part(explorer: RulesExplorer, name: str) -> dict[str, Any]:
    return next(one for one in explorer.board.parts if one["name"] == name)


def happen(explorer: RulesExplorer, **event: Any) -> None:
    explorer.board.event = {**event, "n": int(explorer.board.event.get("n", 0)) + 1}


def test_it_opens_with_what_the_analyses_say(
    claims: Claims, findings: pd.DataFrame, explorer: RulesExplorer
) -> None:
    card = rules.scorecard(claims, findings)
    pd.testing.assert_frame_equal(explorer.scorecard, card)
    assert cx.contract(explorer.scorecard) == cx.contract(card)
    assert explorer.figure.to_json() == charts.scorecard(card, readable_lines=3).to_json()
    assert len(explorer.findings) == len(findings)
    tiles = {tile["label"]: tile["value"] for tile in part(explorer, "tiles")["tiles"]}
    assert tiles["Flagged lines decided"] == f"{card['flagged_lines'].sum():,}"
    worklist = rules.prebill(claims, findings, adjudicated=True)
    assert len(explorer.data) == (worklist["initial_outcome"] == "not adjudicated").sum()
    explorer.choose(lines="all")
    pd.testing.assert_frame_equal(explorer.data, worklist)
    assert explorer.chosen == {"lines": "all"}
    assert explorer.selection == {}


def test_every_filter_acts_on_every_part(explorer: RulesExplorer) -> None:
    explorer.choose(lines="all")
    row = explorer.scorecard.iloc[0]
    for name in ("payer", "rule", "family", "severity"):
        explorer.choose(**{name: row[name]})
        for frame in (explorer.scorecard, explorer.findings, explorer.data):
            assert len(frame) and (frame[name] == row[name]).all()
        count = f"{len(explorer.findings):,}"
        assert part(explorer, "tiles")["tiles"][0]["value"] == count
        assert part(explorer, "findings")["title"] == f"Findings: {count}"
        explorer.choose(**{name: None})


def test_the_least_precision_keeps_rules_that_a_payer_enforces(explorer: RulesExplorer) -> None:
    explorer.choose(lines="all", min_precision=0.5)
    card = explorer.scorecard
    assert len(card) and (card["precision"] >= 0.5).all()
    pairs = set(zip(card["rule"], card["payer"], strict=True))
    for frame in (explorer.findings, explorer.data):
        assert set(zip(frame["rule"], frame["payer"], strict=True)) <= pairs
    explorer.choose(share="related_precision")
    assert (explorer.scorecard["related_precision"] >= 0.5).all()


def test_the_worklist_above_a_threshold_of_dollars(explorer: RulesExplorer) -> None:
    explorer.choose(lines="all")
    whole = explorer.data
    least = float(whole["expected_at_risk_amount"].median())
    explorer.choose(min_dollars=least)
    assert len(explorer.data) == (whole["expected_at_risk_amount"] >= least).sum() < len(whole)
    with pytest.raises(ArgumentError, match="min_dollars"):
        explorer.choose(min_dollars=-1)


def test_a_cell_shows_one_rule_at_one_payer(explorer: RulesExplorer) -> None:
    drawn = part(explorer, "matrix")["figure"]["data"]
    custom = next(cell for trace in drawn for line in trace["customdata"] for cell in line if cell[0])
    happen(explorer, kind="point", part="matrix", custom=custom)
    assert explorer.chosen == {"rule": custom[0], "payer": custom[1]}
    assert explorer.selection == {"payer": custom[1]}
    assert set(explorer.claims.table("claims")["payer"]) == {custom[1]}
    assert len(explorer.scorecard) == 1
    tiles = part(explorer, "tiles")["tiles"]
    assert custom[6] in tiles[2]["note"]  # the interval of the one row
    assert part(explorer, "matrix")["figure"]["data"][0]["y"] == drawn[0]["y"]
    happen(explorer, kind="point", part="scatter", custom=custom)
    assert explorer.chosen == {}
    happen(explorer, kind="point", part="matrix", custom=["no such rule", custom[1]])
    assert explorer.selection == {}


def test_a_line_of_the_worklist_tells_its_evidence(explorer: RulesExplorer) -> None:
    explorer.choose(lines="all")
    happen(explorer, kind="sort", part="work", column="charge_amount")
    happen(explorer, kind="row", part="work", row=0)
    row = explorer.data.sort_values("charge_amount", ascending=False, kind="stable").iloc[0]
    told = part(explorer, "line")
    said = " ".join(told["paragraphs"])
    assert row["message"].split(";")[0] in said and row["payer"] in said
    assert (
        told["title"].split(",")[0]
        == part(explorer, "work")["rows"][0][0]
        == explorer.chosen["line"].rsplit(" ", 1)[0]
    )
    explorer.choose(payer=next(p for p in explorer.data["payer"].unique() if p != row["payer"]))
    assert "line" not in [one["name"] for one in explorer.board.parts]


def test_claims_are_numbered_in_texts_too(explorer: RulesExplorer, tmp_path: Path) -> None:
    explorer.choose(lines="all")
    cited = explorer.findings["evidence"].str.extract(r"claim (C\d+)")[0].dropna()
    every = {*explorer.findings["claim_id"], *cited}
    shown = str(explorer.board.parts)
    assert not [claim for claim in every if claim in shown]
    path = explorer.export(tmp_path / "worklist.csv")
    text = path.read_text("utf-8")
    assert not [claim for claim in every if claim in text]
    with path.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    named = explorer._names.column(explorer.data["claim_id"], "claim")
    assert sorted(row["claim_id"] for row in rows) == sorted(named)  # in the order of what is shown
    known = explorer.export(tmp_path / "named.csv", identifiers=True).read_text("utf-8")
    assert explorer.data["claim_id"].iloc[0] in known
    assert len(cited)  # or nothing was put to the test
    assert not [claim for claim in every if claim in explorer._repr_mimebundle_()[0]["text/html"]]


def test_an_empty_worklist_says_why(explorer: RulesExplorer) -> None:
    explorer.choose(min_dollars=1e9)
    assert len(explorer.data) == 0
    assert "waits for a decision" in part(explorer, "work")["note"]
    assert explorer.said().endswith("0 lines in the worklist")


def _replaced(**more: str) -> RulesExplorer:
    """A claim that was replaced by one that no payer has decided; neither points to a diagnosis on its second line."""
    claims = claims_of(
        claims="""
            claim_id | claim_type   | person_id | payer | claim_start_date | frequency_code | original_payer_claim_id
            old      | professional | p         | North | 2025-03-01       | 1              |
            new      | professional | p         | North | 2025-03-01       | 7              | N1
        """,
        lines="""
            claim_id | claim_line_number | hcpcs_code | charge_amount
            old      | 1                 | 99213      | 100
            old      | 2                 | 36415      | 10
            new      | 1                 | 99213      | 100
            new      | 2                 | 36415      | 10
        """,
        diagnoses="""
            claim_id | diagnosis_position | diagnosis_code
            old      | 1                  | I10
            new      | 1                  | I10
        """,
        pointers="""
            claim_id | claim_line_number | pointer_position | diagnosis_position
            old      | 1                 | 1                | 1
            new      | 1                 | 1                | 1
        """,
        **more,
    )
    return cx.explore.rules(claims, rules.check(claims, "missing_pointer", quiet=True))


def test_that_no_payer_has_answered_is_said_of_all_lines() -> None:
    # Two of the four lines were replaced, and stand on no worklist.
    dead_end = part(_replaced(), "dead-end")
    assert "None of 4 lines has a decision" in dead_end["paragraphs"][0]
    decided = _replaced(
        adjudications="""
            claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount | payer_claim_id
            old      | 1                   | North | 2025-04-01 | 1                 | 110           | 60          | N1
        """,
        line_payments="""
            claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | paid_amount | allowed_amount
            old      | 1                   | 1                 | 99213      | 100           | 60          | 60
            old      | 1                   | 2                 | 36415      | 10            | 0           | 0
        """,
        adjustments="""
            claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
            old      | 1                   | 1                 | 1                   | CO         | 45   | 40
            old      | 1                   | 2                 | 1                   | CO         | 16   | 10
        """,
    )
    assert all(each["name"] != "dead-end" for each in decided.board.parts)


def test_of_tiles_the_number_of_findings_alone_is_kept(explorer: RulesExplorer) -> None:
    findings = part(explorer, "tiles")["tiles"][0]
    assert explorer.shareable_tiles() == [findings]
    assert f"Findings: <b>{findings['value']}</b>" in explorer._repr_mimebundle_()[0]["text/html"]
    persons = explorer.findings["person_id"].nunique()
    with disclosure.using(minimum=persons + 1):
        assert explorer.shareable_tiles() == []


def test_days_choose_lines_whose_scorecard_is_worked_out_anew(
    claims: Claims, findings: pd.DataFrame, explorer: RulesExplorer
) -> None:
    dates = ("2024-03-05", "2024-12-20")
    explorer.choose(dates=dates, lines="all")
    told = rules.scorecard(claims.where(dates=dates), findings)
    pd.testing.assert_frame_equal(explorer.scorecard, told)
    assert 0 < len(explorer.findings) < len(findings)
    days = explorer.data["service_date"]
    assert (days.min(), days.max()) >= (pd.Timestamp(dates[0]), pd.Timestamp("2024-03-06"))
    assert days.max() <= pd.Timestamp(dates[1])
    npi = explorer._of_lines.rows["billing_npi"].iloc[0]
    explorer.choose(billing_npi=npi)
    assert explorer.selection == {"dates": dates, "billing_npi": npi}
    json.dumps(explorer.board.parts, allow_nan=False)
