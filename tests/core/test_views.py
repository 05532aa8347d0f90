"""The views: pairs, line outcomes, claim outcomes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpticd.claims import Claims
from tests.spec import claims_of, shown


def test_pairs_follow_the_pointers_of_the_line(spec: Claims) -> None:
    pairs = spec.table("pairs")
    columns = ("claim_line_number", "diagnosis_code", "pointer_position", "is_primary", "share", "level")
    assert shown(pairs[pairs["claim_id"] == "C1"], *columns) == [
        (1, "E119", 2, False, 0.5, "line"),
        (1, "I10", 1, True, 0.5, "line"),
        (2, "R5383", 1, True, 1.0, "line"),
    ]


def test_a_pointer_past_the_diagnoses_leaves_a_line_without_a_diagnosis(spec: Claims) -> None:
    pairs = spec.table("pairs")
    assert shown(pairs[pairs["claim_id"] == "C2"], "hcpcs_code", "diagnosis_code", "is_primary", "share") == [
        ("99213", None, False, 1.0)
    ]


def test_without_pointers_every_diagnosis_of_the_claim_counts(spec: Claims) -> None:
    pairs = spec.table("pairs")
    assert shown(pairs[pairs["claim_id"] == "C3"], "diagnosis_code", "is_primary", "share", "level") == [
        ("I10", False, 0.5, "claim"),
        ("R519", True, 0.5, "claim"),
    ]


def test_pair_dollars_are_line_dollars(spec: Claims) -> None:
    total = spec.query(
        "SELECT sum(p.share * CAST(l.charge_amount AS DOUBLE)) AS paired FROM pairs p "
        "JOIN lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number"
    )
    assert round(total["paired"].iloc[0], 2) == spec.table("lines")["charge_amount"].sum() == 1240.00


def test_line_outcomes(spec: Claims) -> None:
    columns = ("claim_id", "claim_line_number", "initial_outcome", "final_outcome", "denied_amount")
    assert shown(spec.table("line_outcomes").sort_values(["claim_id", "claim_line_number"]), *columns) == [
        ("C1", 1, "paid", "paid", 0.0),
        ("C1", 2, "denied", "paid", 200.0),
        ("C2", 1, "denied", "denied", 100.0),
        ("C3", 1, "partly denied", "partly denied", 40.0),
        ("C4", 1, "not adjudicated", "not adjudicated", None),
        ("C5", 1, "denied", "denied", 60.0),
        ("C5", 2, "paid", "paid", None),
        ("C6", 1, "paid", "not adjudicated", 0.0),
        ("C7", 1, "paid", "paid", 0.0),
        ("C7", 2, "paid", "paid", 0.0),
        ("C8", 1, "denied", "denied", 100.0),
        ("C8", 2, "paid", "paid", 0.0),
    ]


def test_money_and_causes_of_lines(spec: Claims) -> None:
    outcomes = spec.table("line_outcomes").set_index(["claim_id", "claim_line_number"])
    columns = ("allowed_amount", "paid_amount", "patient_responsibility_amount", "days_to_first_adjudication")
    assert shown(outcomes.loc[[("C1", 1), ("C1", 2), ("C6", 1)]], *columns) == [
        (90.0, 80.0, 10.0, 12),
        (175.0, 175.0, 0.0, 12),
        (0.0, 0.0, 0.0, 14),
    ]
    causes = ("denial_group", "denial_carc", "denial_category")
    assert shown(
        outcomes.loc[[("C1", 2), ("C2", 1), ("C3", 1), ("C5", 1), ("C8", 1), ("C8", 2)]], *causes
    ) == [
        ("CO", "50", "medical necessity or level of care"),
        ("CO", "16", "diagnosis conflict or validity"),
        ("CO", "97", "bundling or missing qualifying service"),
        (None, None, "medical necessity or level of care"),
        ("PR", "96", "coverage or benefit"),
        (None, None, None),
    ]


def test_claim_outcomes(spec: Claims) -> None:
    columns = (
        "claim_id",
        "initial_outcome",
        "final_outcome",
        "paid_amount",
        "denied_amount",
        "denial_category",
    )
    assert shown(spec.table("claim_outcomes").sort_values("claim_id"), *columns) == [
        ("C1", "partly denied", "paid", 255.0, 200.0, "medical necessity or level of care"),
        ("C2", "denied", "denied", 0.0, 100.0, "diagnosis conflict or validity"),
        ("C3", "partly denied", "partly denied", 60.0, 40.0, "bundling or missing qualifying service"),
        ("C4", "not adjudicated", "not adjudicated", None, None, None),
        ("C5", "partly denied", "partly denied", None, 60.0, "medical necessity or level of care"),
        ("C6", "paid", "not adjudicated", 0.0, 0.0, None),
        ("C7", "paid", "paid", 190.0, 0.0, None),
        ("C8", "partly denied", "partly denied", 0.0, 100.0, "coverage or benefit"),
    ]


def test_a_denial_without_a_reason_is_a_denial() -> None:
    claims = claims_of(
        claims="claim_id | payer\nA | X",
        lines="claim_id | claim_line_number | charge_amount\nA | 1 | 30.00\nA | 2 | 70.00",
        adjudications="claim_id | adjudication_number | claim_status_code | paid_amount\nA | 1 | 1 | 70",
        line_payments="claim_id | adjudication_number | claim_line_number | paid_amount\nA | 1 | 1 | 0\nA | 1 | 2 | 70",
        adjustments="claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc "
        "| amount\nA | 1 | 1 | 1 | CO |  | 30.00",
    )
    assert shown(claims.table("line_outcomes"), "initial_outcome", "denied_amount", "denial_category") == [
        ("denied", 30.0, "no reason given"),
        ("paid", 0.0, None),
    ]


def test_what_is_returned_as_unprocessable_is_not_adjudicated() -> None:
    claims = claims_of(
        claims="claim_id | payer\nA | X",
        lines="claim_id | claim_line_number | charge_amount\nA | 1 | 30.00\nA | 2 | 70.00",
        adjudications="claim_id | adjudication_number | claim_status_code | paid_amount\nA | 1 | 4 | 0\nA | 2 | 1 | 60",
        line_payments="claim_id | adjudication_number | claim_line_number | paid_amount\n"
        "A | 1 | 1 | 0\nA | 1 | 2 | 0\nA | 2 | 1 | 60",
        adjustments="claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc "
        "| amount\nA | 1 | 1 | 1 | CO | 16 | 30.00\nA | 1 | 2 | 1 | CO | 16 | 70.00",
        remarks="claim_id | adjudication_number | claim_line_number | remark_position | rarc\n"
        "A | 1 | 1 | 1 | MA130\nA | 1 | 2 | 1 | MA130",
    )
    assert shown(claims.table("line_outcomes"), "initial_outcome", "final_outcome", "denied_amount") == [
        ("paid", "paid", 0.0),
        ("not adjudicated", "not adjudicated", None),
    ]
    assert shown(claims.table("claim_outcomes"), "initial_outcome", "paid_amount") == [("paid", 60.0)]


def test_a_claim_level_denial_is_shared_out_by_charge() -> None:
    claims = claims_of(
        claims="claim_id | payer\nA | X",
        lines="claim_id | claim_line_number | charge_amount\nA | 1 | 30.00\nA | 2 | 70.00",
        adjudications="claim_id | adjudication_number | claim_status_code | paid_amount\nA | 1 | 1 | 0",
        adjustments="claim_id | adjudication_number | adjustment_position | group_code | carc | amount\n"
        "A | 1 | 1 | CO | 29 | 100.00",
    )
    assert shown(claims.table("line_outcomes"), "initial_outcome", "denied_amount", "denial_category") == [
        ("denied", 30.0, "timely filing"),
        ("denied", 70.0, "timely filing"),
    ]


def test_an_unlisted_carc_is_other_and_a_replaced_table_decides() -> None:
    claims = claims_of(
        claims="claim_id | payer\nA | X",
        lines="claim_id | claim_line_number | charge_amount\nA | 1 | 30.00",
        adjudications="claim_id | adjudication_number | claim_status_code | paid_amount\nA | 1 | 1 | 0",
        line_payments="claim_id | adjudication_number | claim_line_number | paid_amount\nA | 1 | 1 | 0",
        adjustments="claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc "
        "| amount\nA | 1 | 1 | 1 | CO | 9Z9 | 30.00",
    )
    columns = ("initial_outcome", "denial_carc", "denial_category")
    assert shown(claims.table("line_outcomes"), *columns) == [("denied", "9Z9", "other")]
    table = claims.table("carc_categories")
    ours = table.iloc[:1].assign(carc="9Z9", category="house rule", is_denial=False)
    assert shown(claims.with_references(carc_categories=ours).table("line_outcomes"), *columns) == [
        ("nothing paid", None, None)
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 99_999), st.lists(st.integers(1, 6), max_size=4)),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 4),
)
def test_pair_dollars_add_up_whatever_the_pointers(
    lines: list[tuple[int, list[int]]], diagnoses: int
) -> None:
    rows = [f"A | {number} | {cents / 100:.2f}" for number, (cents, _) in enumerate(lines, 1)]
    pointers = [
        f"A | {number} | {place} | {target}"
        for number, (_, targets) in enumerate(lines, 1)
        for place, target in enumerate(targets, 1)
    ]
    tables = {
        "claims": "claim_id | claim_type\nA | professional",
        "lines": "\n".join(["claim_id | claim_line_number | charge_amount", *rows]),
        "diagnoses": "\n".join(
            [
                "claim_id | diagnosis_position | diagnosis_code",
                *(f"A | {i} | I1{i % 3}" for i in range(1, diagnoses + 1)),
            ]
        ),
        "pointers": "\n".join(
            ["claim_id | claim_line_number | pointer_position | diagnosis_position", *pointers]
        ),
    }
    claims = claims_of(**tables)
    paired = claims.query(
        "SELECT l.claim_line_number, sum(p.share * CAST(l.charge_amount AS DOUBLE)) AS paired, "
        "min(CAST(l.charge_amount AS DOUBLE)) AS charged FROM pairs p JOIN lines l USING (claim_line_number) GROUP BY 1"
    )
    assert len(paired) == len(lines)
    assert paired["paired"].to_list() == pytest.approx(paired["charged"].to_list(), abs=1e-6)
    assert sum(Decimal(cents) / 100 for cents, _ in lines) == Decimal(str(round(paired["paired"].sum(), 2)))
