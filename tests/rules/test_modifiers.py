"""Modifiers against the fee schedule's indicators, against codes, and against one another; statuses of the schedule."""

from __future__ import annotations

import pandas as pd

import cpticd as cx
from tests.rules.services import found, services, table

FEES = {
    "fee_schedule": table("""
        code  | modifier | status | professional_technical | bilateral | assistant | co_surgeon | team_surgeon | effective_from | effective_to
        99213 |          | A      | 0                      | 0         | 0         | 0          | 0            | 2026-01-01     |
        71046 |          | A      | 1                      | 0         | 0         | 0          | 0            | 2026-01-01     |
        71046 | 26       | A      | 1                      | 0         | 0         | 0          | 0            | 2026-01-01     |
        93000 |          | A      | 4                      | 0         | 0         | 0          | 0            | 2026-01-01     |
        20610 |          | A      | 0                      | 1         | 1         | 0          | 0            | 2026-01-01     |
        27447 |          | A      | 0                      | 1         | 2         | 1          | 2            | 2026-01-01     |
        38570 |          | A      | 0                      | 0         | 0         | 2          | 0            | 2026-01-01     |
        99000 |          | B      | 9                      | 9         | 9         | 9          | 9            | 2026-01-01     |
        99396 |          | N      | 9                      | 9         | 9         | 9          | 9            | 2026-01-01     |
        99441 |          | I      | 9                      | 9         | 9         | 9          | 9            | 2026-01-01     |
        81003 |          | X      | 9                      | 9         | 9         | 9          | 9            | 2026-01-01     |
    """)
}


def test_indicators_rule_modifiers_out() -> None:
    # Claims Processing Manual 23, addendum: PC/TC 0 and 4 have no components, bilateral 0 no 50, assistant 1 no 80 to AS.
    claims = services("""
        claim | line | day        | code  | modifiers | bill
        visit | 1    | 2026-05-04 | 99213 | 26        |
        film  | 1    | 2026-05-04 | 71046 | 26        |
        whole | 1    | 2026-05-04 | 93000 | TC        |
        both  | 1    | 2026-05-04 | 93000 | 50        |
        knees | 1    | 2026-05-04 | 20610 | 50        |
        help  | 1    | 2026-05-04 | 20610 | AS        |
        paid  | 1    | 2026-05-04 | 27447 | 80        |
        asked | 1    | 2026-05-04 | 38570 | 82        |
        pair  | 1    | 2026-05-04 | 20610 | 62        |
        pairs | 1    | 2026-05-04 | 27447 | 62        |
        team  | 1    | 2026-05-04 | 20610 | 66        |
        teams | 1    | 2026-05-04 | 27447 | 66        |
        eve   | 1    | 2025-12-31 | 99213 | 26        |
        first | 1    | 2026-01-01 | 99213 | 26        |
        house | 1    | 2026-05-04 | 99213 | 26        | 131
    """)
    assert found(claims, "component_modifier", tables=FEES) == [
        "first/1 99213 26",
        "visit/1 99213 26",
        "whole/1 93000 TC",
    ]
    assert found(claims, "bilateral_modifier", tables=FEES) == ["both/1 93000 50"]
    expected = [
        "asked/1 38570 82",
        "help/1 20610 AS",
        "pair/1 20610 62",
        "pairs/1 27447 62",
        "team/1 20610 66",
    ]
    assert found(claims, "surgeon_modifier", tables=FEES) == expected
    severity = cx.rules.check(claims, "surgeon_modifier", tables=FEES).set_index("claim_id")["severity"]
    # What is paid upon documents is a warning.
    assert severity[severity == "warning"].index.tolist() == ["asked", "pairs"]


def test_a_schedule_without_an_indicator_says_so() -> None:
    claims = services("claim | day | code | modifiers\nteam | 2026-05-04 | 20610 | 66")
    partly = {"fee_schedule": FEES["fee_schedule"].drop(columns=["co_surgeon", "team_surgeon"])}
    rows = cx.rules.check(claims, "surgeon_modifier", tables=partly)
    (record,) = [r for r in cx.contract(rows).records["rules"] if r["rule"] == "surgeon_modifier"]
    assert rows.empty
    assert "co_surgeon, team_surgeon" in record["detail"]


def test_a_schedule_without_a_status_says_so() -> None:
    claims = services("claim | day | code\none | 2026-05-04 | 20610")
    tables = {
        "fee_schedule": FEES["fee_schedule"].drop(columns="status", errors="ignore"),
        "opps": pd.DataFrame({"code": ["20610"]}),
    }
    rows = cx.rules.check(claims, ["bundled_service", "inpatient_only_service"], tables=tables, quiet=True)
    details = {each["rule"]: each["detail"] for each in cx.contract(rows).records["rules"]}
    assert rows.empty
    assert details["bundled_service"] == "fee_schedule has no status: add it as published"
    assert details["inpatient_only_service"].startswith("opps has no status_indicator: add it as published")


def test_modifiers_of_visits_and_of_procedures() -> None:
    claims = services("""
        claim  | line | code  | modifiers
        knee   | 1    | 27447 | 25
        film   | 1    | 71046 | 25
        drug   | 1    | J1100 | 25
        ecg    | 1    | 93000 | 25
        visit  | 1    | 99213 | 25
        eye    | 1    | 92014 | 25
        well   | 1    | G0439 | 25
        wound  | 1    | 12001 | 57
        apart  | 1    | 99213 | 59
        part   | 1    | 99213 | 26
        cut    | 1    | 11102 | 59
    """)
    first = ["drug/1 J1100 25", "ecg/1 93000 25", "film/1 71046 25", "knee/1 27447 25", "wound/1 12001 57"]
    assert found(claims, "visit_modifier_on_procedure") == first
    assert found(claims, "procedure_modifier_on_visit") == ["apart/1 99213 59", "part/1 99213 26"]
    severity = cx.rules.check(claims, "visit_modifier_on_procedure").set_index("claim_id")["severity"]
    assert severity.to_dict() == {
        "drug": "error",
        "ecg": "warning",
        "film": "error",
        "knee": "error",
        "wound": "error",
    }


def test_modifiers_that_contradict_each_other() -> None:
    claims = services("""
        claim | line | day        | code  | modifiers
        sides | 1    | 2026-05-04 | 20610 | RT LT
        right | 1    | 2026-05-04 | 20610 | RT
        notes | 1    | 2026-05-04 | 82306 | GZ GA
        waste | 1    | 2026-05-04 | J9271 | JW JZ
        old   | 1    | 2022-12-31 | J9271 | JW JZ
        parts | 1    | 2026-05-04 | 71046 | 26 TC
        twice | 1    | 2026-05-04 | 71046 | 76 77
        plans | 1    | 2026-05-04 | 97110 | GP GO
        lines | 1    | 2026-05-04 | 20610 | RT
        lines | 2    | 2026-05-04 | 20610 | LT
    """)
    expected = ["notes/1 82306 GA GZ", "parts/1 71046 26 TC", "plans/1 97110 GO GP", "sides/1 20610 RT LT"]
    expected += ["twice/1 71046 76 77", "waste/1 J9271 JW JZ"]
    assert found(claims, "contradicting_modifiers") == expected
    severity = cx.rules.check(claims, "contradicting_modifiers").set_index("claim_id")["severity"]
    assert severity[severity == "warning"].index.tolist() == ["sides"]


def test_statuses_of_the_fee_schedule_are_medicares() -> None:
    # B: never paid apart; N: no benefit; I: another code; X: another schedule. A notice (GY) says that denial is expected.
    claims = services("""
        claim  | line | day        | code  | modifiers | kind       | payer | charge
        mine   | 1    | 2026-05-04 | 99000 |           | medicare   | A     |
        mine   | 2    | 2026-05-04 | 99396 |           | medicare   | A     |
        mine   | 3    | 2026-05-04 | 99441 |           | medicare   | A     |
        mine   | 4    | 2026-05-04 | 81003 |           | medicare   | A     |
        noted  | 1    | 2026-05-04 | 99396 | GY        | medicare   | A     |
        free   | 1    | 2026-05-04 | 99000 |           | medicare   | A     | 0.00
        theirs | 1    | 2026-05-04 | 99000 |           | commercial | B     |
        theirs | 2    | 2026-05-04 | 99396 |           | commercial | B     |
        early  | 1    | 2025-12-31 | 99000 |           | medicare   | A     |
    """)
    rows = cx.rules.check(claims, "payment status", tables=FEES)
    shown = [*zip(rows["claim_id"], rows["claim_line_number"], rows["rule"], rows["severity"], strict=True)]
    assert shown == [
        ("mine", 1, "bundled_service", "error"),
        ("mine", 2, "not_covered_by_medicare", "error"),
        ("mine", 3, "invalid_for_medicare", "error"),
        ("mine", 4, "outside_fee_schedule", "information"),
        ("theirs", 1, "bundled_service", "information"),
    ]
