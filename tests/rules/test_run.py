"""How rules run: which of them, over which claims, with which tables; what each one finds is tested by family."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pyarrow as pa
import pytest

import cpticd as cx
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.rules import findings, inputs, run
from cpticd.rules.registry import MODULES, registry
from cpticd.rules.rule import SEVERITIES, Rule, Scope, scopes
from tests.spec import claims_of, shown

CLAIMS = {
    "claims": """
        claim_id | claim_type    | person_id | payer | bill_type_code | frequency_code | original_payer_claim_id | claim_start_date | claim_end_date | received_date | data_source
        A        | professional  | p1        | North |                | 1                    |                           | 2024-09-30       | 2024-09-30     | 2024-10-02    | x
        B        | professional  | p1        | South |                | 7                    | A                         | 2024-10-01       | 2024-10-01     | 2024-11-02    | x
        C        | institutional | p2        | North | 111            | 1                    |                           | 2024-09-28       | 2024-10-03     | 2024-10-09    | x
        D        | institutional | p2        | South | 121            | 1                    |                           | 2024-09-28       | 2024-09-28     | 2024-10-09    | x
        E        | institutional | p2        | South |                | 1                    |                           | 2024-09-28       | 2024-09-28     | 2024-10-09    | x
        F        | professional  | p1        | South |                | 7                    | B                         | 2024-10-01       | 2024-10-01     | 2024-12-02    | x
    """,
    "lines": """
        claim_id | claim_line_number | claim_line_start_date | hcpcs_code | hcpcs_modifier_1 | hcpcs_modifier_3 | charge_amount | service_unit_quantity | rendering_npi
        A        | 1                 |                       | 99213      | 25               | 59               | 10.00         | 2                     | n1
        B        | 1                 | 2024-10-02            | 99213      |                  |                  | 10.00         |                       |
        C        | 1                 |                       |            |                  |                  | 10.00         |                       |
        D        | 1                 |                       | 80053      |                  |                  | 10.00         |                       |
        E        | 1                 |                       | 80053      |                  |                  | 10.00         |                       |
        F        | 1                 | 2024-10-02            | 99213      |                  |                  | 10.00         |                       |
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code | diagnosis_code_type
        A        | 1                  | E11.9          | icd-10-cm
        A        | 2                  | I10            |
        B        | 1                  | 250.00         | icd-9-cm
        C        | 1                  | J18.9          | icd-10-cm
        C        | 2                  | E11.9          | icd-10-cm
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        A        | 1                 | 1                | 2
        A        | 1                 | 2                | 7
    """,
    "members": """
        person_id | year | birth_date | sex
        p1        | 2024 | 1970-10-01 | female
        p2        | 2024 |            | unknown
    """,
}
EVERY_LINE = """
    SELECT claim_id, claim_line_number, hcpcs_code AS codes, 'm' AS message, 'e' AS evidence, 'r' AS release,
        NULL AS effective_date
    FROM rule_lines
"""
EVERY_CLAIM = """
    SELECT claim_id, NULL AS claim_line_number, '' AS codes, 'm' AS message, 'e' AS evidence, '' AS release,
        DATE '2020-01-01' AS effective_date
    FROM rule_claims
"""
OPEN = Scope("r", "f", "error", (), (), "", "", "t", "s")


@pytest.fixture(scope="module")
def claims() -> cx.Claims:
    return claims_of(**CLAIMS)


def found(
    claims: cx.Claims, monkeypatch: pytest.MonkeyPatch, sql: str, scope: Scope = OPEN, **arguments: object
) -> pd.DataFrame:
    """What ``check`` gives for one rule of that SQL and scope."""
    rule = Rule("r", lambda _: sql)
    monkeypatch.setattr(findings, "chosen", lambda *_: [rule])
    monkeypatch.setattr(findings, "registry", lambda: {"r": rule})
    monkeypatch.setattr(findings, "scopes", lambda: {"r": scope})
    return cx.rules.check(claims, **arguments)


def test_a_finding_says_what_where_and_what_judged(
    claims: cx.Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = found(claims, monkeypatch, EVERY_LINE)
    assert list(rows.columns) == [
        "claim_id", "claim_line_number", "rule", "family", "severity",
        "codes", "message", "evidence", "source", "effective_date", "titles", "correction", "file_by",
    ]  # fmt: skip
    assert rows["claim_id"].tolist() == list("ABCDEF")
    assert shown(rows)[0] == ("A", 1, "r", "f", "error", "99213", "M.", "e", "s; r", None, "", "", None)
    assert cx.contract(rows).records["rules"] == [
        {
            "rule": "r", "severity": "error", "status": "ran", "detail": "", "findings": 6, "lines": 6, "judged": 6,
            "first_day": "2024-09-28", "last_day": "2024-10-03", "tables": [], "releases": [],
        }
    ]  # fmt: skip
    whole = found(claims, monkeypatch, EVERY_CLAIM)
    assert shown(whole, "claim_id", "claim_line_number", "source", "effective_date")[0] == (
        "A",
        None,
        "s",
        "2020-01-01",
    )
    assert whole["claim_line_number"].dtype == "Int64"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"settings": ("practitioner",)}, "ABF"),
        ({"settings": ("inpatient",)}, "C"),
        ({"settings": ("outpatient",)}, "D"),  # a Part B bill of an inpatient
        ({"settings": ("outpatient", "practitioner")}, "ABDF"),
        ({"payer_kinds": ("medicare",)}, "ACBDEF"),  # of South it is not known what it is
        ({"payer_kinds": ("medicaid", "commercial")}, "BDEF"),
        ({"effective_to": "2024-09-30"}, "ADE"),  # a stay is judged at discharge, a line on its own day
        ({"effective_from": "2024-10-02"}, "BCF"),
        ({"effective_from": "2024-10-03"}, "C"),
        ({"effective_from": "2024-10-04"}, ""),
    ],
)
def test_a_rule_holds_within_its_scope(
    claims: cx.Claims, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], expected: str
) -> None:
    scope = dataclasses.replace(OPEN, **change)
    rows = found(claims, monkeypatch, EVERY_LINE, scope, payer_kinds={"North": "Medicare"})
    assert sorted(rows["claim_id"]) == sorted(expected)


def test_lines_carry_setting_version_age_and_modifiers(claims: cx.Claims) -> None:
    with claims.session() as s:
        inputs.prepare(s, {})
        lines = s.fetch("SELECT * FROM rule_lines ORDER BY claim_id").to_pandas()
        # Five months before her birthday's anniversary: 53 on September 30, 54 on October 2.
        assert lines["age"].astype("Int64").tolist()[:2] == [53, 54]
        assert lines["sex"].tolist()[0] == "female"
        assert pd.isna(lines["sex"].tolist()[2])
        assert lines["claim_group"].tolist() == ["A", "A", "C", "D", "E", "A"]
        assert lines["is_superseded"].tolist() == [True, True, False, False, False, False]
        assert lines["units"].tolist() == [2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
        assert lines["provider"].tolist()[0] == "n1"
        assert lines["setting"].fillna("").tolist() == [
            "practitioner", "practitioner", "inpatient", "outpatient", "", "practitioner",
        ]  # fmt: skip
        modifiers = s.fetch("SELECT modifier FROM rule_modifiers ORDER BY modifier").to_pydict()
        assert modifiers == {"modifier": ["25", "59"]}
        codes = s.rows("SELECT claim_id, diagnosis_code FROM rule_diagnoses ORDER BY ALL")
        assert [row["diagnosis_code"] for row in codes] == [
            "E119",
            "I10",
            "E119",
            "J189",
        ]  # not the ICD-9 code
        pointed = s.rows(
            "SELECT claim_id, diagnosis_code, level FROM rule_pointed ORDER BY claim_id, diagnosis_code"
        )
        assert [tuple(row.values()) for row in pointed] == [
            ("A", "I10", "line"), ("C", "E119", "claim"), ("C", "J189", "claim"),
        ]  # fmt: skip


def test_every_rule_has_one_scope_and_every_scope_a_rule() -> None:
    assert set(registry()) == set(scopes())
    assert {scope.severity for scope in scopes().values()} <= set(SEVERITIES)
    assert len(registry()) == sum(map(len, MODULES.values()))
    listed = cx.rules.catalogue()
    assert listed["rule"].tolist() == list(registry())
    assert not listed[["family", "title", "source"]].eq("").any(axis=None)


def test_a_rule_without_its_table_says_so(claims: cx.Claims, tmp_path: object) -> None:
    rows = cx.rules.check(claims, "component_of_other_service", folder=tmp_path)
    assert rows.empty
    status = {record["rule"]: record for record in cx.contract(rows).records["rules"]}
    assert status["component_of_other_service"]["status"] == "no table"
    assert "reference.add('ncci_ptp'" in status["component_of_other_service"]["detail"]
    assert "component_of_other_service" in cx.contract(rows)["exclusions"]
    assert status["missing_pointer"]["status"] == "not asked"


def test_a_rule_says_what_it_cannot_tell(claims: cx.Claims, tmp_path: object) -> None:
    rows = cx.rules.check(claims, "unknown_procedure_code", folder=tmp_path)
    state = next(
        record for record in cx.contract(rows).records["rules"] if record["rule"] == "unknown_procedure_code"
    )
    assert state["status"] == "ran"
    assert "no list of" in state["detail"]
    assert "judged by form" in state["detail"]


def test_a_relation_of_a_run_is_one_query_alone(claims: cx.Claims) -> None:
    with claims.session() as s:
        inputs.prepare(s, {})
        made = run.Run(s, {}, None)
        assert made.once("codes", written="diagnosis_code") == "rule_codes"
        assert made.once("codes", written="diagnosis_code") == "rule_codes"
        with pytest.raises(cx.CpticdError, match="rule_codes' is made from two queries"):
            made.once("codes", written="'another'")


def test_rules_are_named_alone_by_family_or_by_severity(claims: cx.Claims) -> None:
    def ran(*arguments: object, **named: object) -> set[str]:
        records = cx.contract(cx.rules.check(claims, *arguments, **named)).records["rules"]
        return {record["rule"] for record in records if record["status"] == "ran"}

    pointers = {name for name, scope in scopes().items() if scope.family == "pointers"}
    assert ran("pointers") == pointers
    assert ran(["missing_pointer"]) == {"missing_pointer"}
    assert ran("unspecified_diagnosis") == {"unspecified_diagnosis"}
    informative = ran(severities="information")
    assert informative
    # Those whose findings are information for every payer, or for payers of some kinds.
    assert all("information" in scopes()[name].severities() for name in informative)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"rules": ["pointer"]}, ArgumentError, "missing_pointer"),
        ({"severities": ("fatal",)}, ArgumentError, "warning"),
        ({"payer_kinds": {"North": "medicar"}}, ArgumentError, "medicare advantage"),
        ({"tables": {"ptp": pd.DataFrame()}}, ArgumentError, "ncci_ptp"),
        ({"tables": {"ncci_ptp": pd.DataFrame({"column_1": ["80053"]})}}, SchemaError, "column_2"),
        (
            {
                "tables": {
                    "ncci_ptp": pa.table({"column_1": ["1"], "column_2": ["2"], "effective_from": ["soon"]})
                }
            },
            SchemaError,
            "effective_from",
        ),
    ],
)
def test_what_there_is_not_is_named(
    claims: cx.Claims, arguments: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        cx.rules.check(claims, **arguments)
