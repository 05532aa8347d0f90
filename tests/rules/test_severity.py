"""How grave a finding is by kind of payer and specialty, and how it reads: titles, dots, correction, last day of filing."""

from __future__ import annotations

import datetime

import pandas as pd

import cpticd as cx
from cpticd.rules.registry import registry
from cpticd.rules.rule import SEVERITIES, scopes
from cpticd.rules.severity import PAYER_KINDS, possible
from tests.rules.services import found, services, table

PAIRS = {
    "ncci_ptp": table("column_1 | column_2 | modifier_indicator | setting\n93000 | 93005 | 0 | practitioner")
}


def test_medicares_pairs_weigh_less_at_other_payers() -> None:
    claims = services("""
        claim | line | code  | kind               | payer
        mine  | 1    | 93000 | medicare           | A
        mine  | 2    | 93005 | medicare           | A
        plan  | 1    | 93000 | medicare advantage | B
        plan  | 2    | 93005 | medicare advantage | B
        state | 1    | 93000 | medicaid           | C
        state | 2    | 93005 | medicaid           | C
        work  | 1    | 93000 | commercial         | D
        work  | 2    | 93005 | commercial         | D
        who   | 1    | 93000 |                    | E
        who   | 2    | 93005 |                    | E
    """)
    rule = "component_of_other_service"
    named = cx.rules.check(claims, rule, tables=PAIRS).set_index("claim_id")["severity"]
    assert named.to_dict() == {
        "mine": "error", "plan": "error", "state": "warning", "who": "error", "work": "information",
    }  # fmt: skip
    # What is said of a payer goes before what its claims say; and what is not asked for is not shown.
    told = cx.rules.check(claims, tables=PAIRS, payer_kinds={"A": "commercial"}, folder="nowhere")
    assert told.loc[told["rule"] == rule, "claim_id"].tolist() == ["plan", "state", "who"]


def test_policies_judge_medicare_and_who_is_said_to_follow_them() -> None:
    rows = "document | version | role | code_group | code\nA1 | 1 | procedure | 1 | 82306\nA1 | 1 | covered | 1 | E559"
    policy = {"coverage": table(rows).astype({"version": int, "code_group": int})}
    claims = services("""
        claim | line | code  | kind       | payer | diagnosis
        mine  | 1    | 82306 | medicare   | A     | Z00.00
        work  | 1    | 82306 | commercial | B     | Z00.00
    """)
    assert found(claims, "diagnosis_not_in_policy", tables=policy) == ["mine/1 82306 Z0000"]


def test_one_clinician_is_one_person_or_one_group_and_specialty() -> None:
    # Claims Processing Manual 12, 30.6.5: the same group and the same specialty.
    claims = services("""
        claim | line | person | billing | rendering | specialty  | code
        own_a | 1    | p1     | g1      | d1        | 207RC0000X | 93000
        own_b | 1    | p1     | g1      | d1        | 207RC0000X | 93005
        two_a | 1    | p2     | g1      | d1        | 207RC0000X | 93000
        two_b | 1    | p2     | g1      | d2        | 207RC0000X | 93005
        far_a | 1    | p3     | g1      | d1        | 207RC0000X | 93000
        far_b | 1    | p3     | g1      | d2        | 207Q00000X | 93005
        who_a | 1    | p4     | g1      | d1        | 207RC0000X | 93000
        who_b | 1    | p4     | g1      | d2        |            | 93005
        out_a | 1    | p5     | g1      | d1        | 207RC0000X | 93000
        out_b | 1    | p5     | g2      | d2        | 207RC0000X | 93005
    """)
    rows = cx.rules.check(claims, "component_of_other_service", tables=PAIRS).set_index("claim_id")
    assert rows["severity"].to_dict() == {"own_b": "error", "two_b": "error", "who_b": "warning"}
    assert "specialty is not known" in rows.at["who_b", "evidence"]


def test_a_new_patient_is_new_to_the_specialty() -> None:
    claims = services("""
        claim  | line | person | billing | rendering | specialty  | day        | code
        mind   | 1    | p1     | g1      | d1        | 103T00000X | 2026-03-02 | 90834
        heart  | 1    | p1     | g1      | d2        | 207RC0000X | 2026-04-06 | 99204
        hearts | 1    | p1     | g1      | d3        | 207RC0000X | 2026-05-04 | 99204
    """)
    rows = cx.rules.check(claims, "new_patient_seen_before")
    assert rows["claim_id"].tolist() == ["hearts"]
    assert "same group and specialty" in rows["message"].iloc[0]


def test_every_kind_and_severity_of_the_table_is_one() -> None:
    for name, scope in scopes().items():
        assert {kind for kind, _ in scope.elsewhere} <= {*PAYER_KINDS}, name
        assert possible(registry()[name], scope) <= {*SEVERITIES}
        assert scope.correction, name
        # Nothing weighs more at a payer that need not follow the source.
        own = SEVERITIES.index(scope.severity)
        assert all(SEVERITIES.index(severity) >= own for _, severity in scope.elsewhere), name


def test_findings_read_well() -> None:
    hcpcs = {"hcpcs": pd.DataFrame({"code": ["J9271"], "title": ["Injection, pembrolizumab, 1 mg"]})}
    claims = services("""
        claim | line | day        | code  | modifiers | kind     | payer | diagnosis
        drug  | 1    | 2026-05-04 | J9271 | JW JZ     | medicare | A     | C34.90
        first | 1    | 2026-05-04 | 99213 |           | medicare | A     | B96.20
    """)
    rows = cx.rules.check(
        claims, ["contradicting_modifiers", "secondary_code_first"], tables=hcpcs
    ).set_index("claim_id")
    assert rows.at["drug", "titles"] == "J9271 Injection, pembrolizumab, 1 mg"
    assert rows.at["first", "codes"] == "B9620"
    assert rows.at["first", "titles"].startswith("B96.20 Unspecified Escherichia coli")
    assert rows.at["first", "message"].startswith("B96.20 may not be the first diagnosis")
    assert rows.at["first", "correction"] == "order of diagnoses"
    # 42 CFR 424.44: one year after the service.
    assert pd.Timestamp(rows.at["first", "file_by"]).date() == datetime.date(2027, 5, 4)
