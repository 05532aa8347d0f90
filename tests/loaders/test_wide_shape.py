"""Flat exports whose rows are no service lines: parts of a decision, of a claim, and what amounts beside them are of."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.loaders.flat_text import balanced, read, said, table
from tests.spec import frame


def of(rows: pd.DataFrame | list[pd.DataFrame], **options: Any) -> Claims:
    claims = cx.read_wide(rows, quiet=True, progress=False, **options)
    assert balanced(claims)
    return claims


def in_any_order(rows: pd.DataFrame) -> list[Claims]:
    """The data sets of the rows as they stand, and backwards."""
    return [of(each.reset_index(drop=True)) for each in (rows, rows.iloc[::-1])]


def decided(claims: Claims) -> list[tuple[Any, ...]]:
    """Claim, procedure, charge, paid, adjustments of each line payment."""
    found = claims.query(
        """
        SELECT p.claim_id, p.adjudication_number AS nth, p.hcpcs_code, p.charge_amount AS charge, p.paid_amount AS paid,
               (SELECT string_agg(concat(a.group_code, a.carc, ' ', a.amount), ', ' ORDER BY a.group_code, a.carc, a.amount)
                FROM adjustments a WHERE a.claim_id = p.claim_id AND a.adjudication_number = p.adjudication_number
                    AND a.claim_line_number = p.claim_line_number) AS reasons
        FROM line_payments p ORDER BY ALL
        """
    )
    return [
        (claim, code, float(charge), float(paid), reasons if isinstance(reasons, str) else "")
        for claim, _, code, charge, paid, reasons in found.values.tolist()
    ]


def notes(claims: Claims, word: str) -> list[str]:
    return [reason for _, reason in said(claims, "noted") if word in reason]


REASONS = frame("""
    claim | line | dos        | cpt   | charge | paid | paid date  | group | carc | adj amount
    A     | 1    | 2025-03-04 | 99213 | 130    | 0    | 2025-03-25 | CO    | 45   | 48
    A     | 1    | 2025-03-04 | 99213 | 130    | 0    | 2025-03-25 | CO    | 50   | 82
    A     | 2    | 2025-03-04 | 36415 | 20     | 12   | 2025-03-25 | CO    | 45   | 5
    A     | 2    | 2025-03-04 | 36415 | 20     | 12   | 2025-03-25 | PR    | 2    | 3
    B     | 1    | 2025-03-05 | 99213 | 130    | 82   | 2025-03-25 | CO    | 45   | 48
""")
DECIDED = [
    ("A", "36415", 20.0, 12.0, "CO45 5.00, PR2 3.00"),
    ("A", "99213", 130.0, 0.0, "CO45 48.00, CO50 82.00"),
    ("B", "99213", 130.0, 82.0, "CO45 48.00"),
]


@pytest.mark.parametrize("numbered", [True, False])
def test_a_row_for_each_reason(numbered: bool) -> None:
    rows = REASONS if numbered else REASONS.drop(columns="line")
    for claims in in_any_order(rows):
        assert decided(claims) == DECIDED
        assert len(claims.table("lines")) == 3
        found = claims.query(
            "SELECT claim_id, hcpcs_code, final_outcome AS o FROM line_outcomes ORDER BY ALL"
        )
        assert found.o.tolist() == ["paid", "denied", "paid"]
        [words] = notes(claims, "a row is")
        assert words == (
            "a row is a reason of a decision on a service line: 4 rows that differ in nothing else are 2 decisions, "
            "whose dollars count once"
        )
        rows_account = claims.accounting().set_index("table_name").loc["file rows"]
        assert (rows_account.read, rows_account.loaded, rows_account.amount_loaded) == (5, 5, 280.0)
    cells = rows.assign(adj=rows.group + "-" + rows.carc + ": " + rows["adj amount"])
    glued = of(cells.drop(columns=["group", "carc", "adj amount"]))
    assert decided(glued) == DECIDED


def test_another_day_payer_or_payment_is_another_decision() -> None:
    first = REASONS.iloc[:2].assign(payer="A", **{"check number": "1"})
    others = ({"paid date": "2025-04-01"}, {"payer": "B"}, {"check number": "2"})
    parts = [
        each.assign(claim=f"A{n}")
        for n, other in enumerate(others)
        for each in (first, first.assign(**other))
    ]
    both = pd.concat(parts, ignore_index=True)
    for rows in (both, both.drop(columns="line")):
        for claims in in_any_order(rows):
            assert decided(claims) == [(f"A{n}", *DECIDED[1][1:]) for n in (0, 0, 1, 1, 2, 2)]
            assert len(claims.table("lines")) == 3 and len(claims.table("adjudications")) == 6
    claims = of(first)
    assert claims.table("payments").trace_number.tolist() == ["1"]
    assert claims.table("adjudications").payment_id.tolist() == ["1"]


def test_services_billed_twice_stay_two() -> None:
    """Without line numbers: equal rows, and rows of two equal services with several reasons each."""
    alike = REASONS.iloc[[4, 4]].drop(columns="line")
    reasons = REASONS.iloc[[0, 1, 0, 1]].drop(columns="line")
    own = (
        REASONS.iloc[[4, 4]].assign(carc=["45", "253"]).drop(columns="line")
    )  # each explains all that was not paid
    parts = [each.assign(claim=str(n)) for n, each in enumerate((alike, reasons, own))]
    expected = [
        DECIDED[2],
        DECIDED[2],
        DECIDED[1],
        DECIDED[1],
        ("", "99213", 130.0, 82.0, "CO253 48.00"),
        DECIDED[2],
    ]
    for claims in in_any_order(pd.concat(parts)):
        assert decided(claims) == [(str(n // 2), *row[1:]) for n, row in enumerate(expected)]
        assert len(claims.table("lines")) == 6
        assert notes(claims, "equal rows without a line number: kept as one service each")


def test_equal_reasons_that_only_together_explain_are_both_meant() -> None:
    rows = REASONS.iloc[[4, 4]].assign(**{"adj amount": "24"})
    for each in (rows, rows.drop(columns="line")):
        for claims in in_any_order(each):
            assert decided(claims) == [("B", "99213", 130.0, 82.0, "CO45 24.00, CO45 24.00")]
    copies = of(REASONS.iloc[[4, 4]].reset_index(drop=True))
    assert said(copies, "rejected") == [("row 2", "the whole row repeats row 1")]


def test_a_row_for_each_diagnosis() -> None:
    rows = frame("""
        claim | line | dos        | cpt   | dx    | charge | paid | paid date  | reason | adj amount
        D     | 1    | 2025-01-20 | 99214 | E11.9 | 95     | 60   | 2025-02-11 | CO-45  | 35
        D     | 1    | 2025-01-20 | 99214 | I10   | 95     | 60   | 2025-02-11 | CO-45  | 35
        D     | 2    | 2025-01-20 | 83036 | E11.9 | 15     | 15   | 2025-02-11 |        |
    """)
    for each in (rows, rows.drop(columns="line"), rows.drop(columns=["reason", "adj amount"])):
        for claims in in_any_order(each):
            assert [row[:4] for row in decided(claims)] == [
                ("D", "83036", 15.0, 15.0),
                ("D", "99214", 95.0, 60.0),
            ]
            assert claims.table("adjustments").amount.astype(float).tolist() in ([35.0], [])
            pairs = table(claims, "pairs", "hcpcs_code", "diagnosis_code", "share")
            assert sorted(pairs) == [("83036", "E119", 1.0), ("99214", "E119", 0.5), ("99214", "I10", 0.5)]
            assert notes(claims, "a row is a diagnosis of a service line: 2 rows")


def test_lists_of_diagnoses_make_services_of_their_own() -> None:
    rows = frame("""
        claim | cpt   | dx1   | dx2 | charge
        L     | 97110 | M54.5 | I10 | 40
        L     | 97110 | M25.5 |     | 40
    """)
    claims = of(rows)
    assert len(claims.table("lines")) == 2 and not notes(claims, "a row is")


def test_a_row_that_lists_fewer_diagnoses_than_its_claim_points_to_those_alone() -> None:
    rows = frame("""
        claim | line | cpt   | dx1   | dx2   | charge
        S     | 1    | 99214 | I10   | E11.9 | 150
        S     | 2    | 93000 | I10   |       | 60
        T     | 1    | 99213 | I10   | E11.9 | 90
        T     | 2    | 36415 |       |       | 10
    """)
    for claims in in_any_order(rows):
        pairs = claims.query("SELECT claim_id, hcpcs_code, string_agg(diagnosis_code, ' ') AS dx FROM "
                             "(SELECT * FROM pairs ORDER BY pointer_position) GROUP BY ALL ORDER BY ALL")  # fmt: skip
        found = list(pairs.itertuples(index=False, name=None))
        assert found[:2] == [("S", "93000", "I10"), ("S", "99214", "I10 E119")]
        assert found[3] == ("T", "99213", "I10 E119")


def test_a_row_for_each_modifier_of_a_numbered_line() -> None:
    rows = frame("""
        claim | line | cpt   | modifier | charge | paid
        M     | 1    | 73030 | LT       | 40     | 30
        M     | 1    | 73030 | 59       | 40     | 30
    """)
    for claims in in_any_order(rows):
        assert table(claims, "lines", "hcpcs_modifier_1", "hcpcs_modifier_2") == [("59", "LT")]
        assert [row[2:4] for row in decided(claims)] == [(40.0, 30.0)]
    # Without a number a left and a right shoulder are two services.
    assert len(of(rows.drop(columns="line")).table("lines")) == 2


def test_a_row_for_each_remark() -> None:
    rows = frame("""
        claim | line | cpt   | charge | paid | carc  | adj amount | rarc
        Q     | 1    | 95810 | 110    | 0    | CO-50 | 110        | N115
        Q     | 1    | 95810 | 110    | 0    | CO-50 | 110        | N130
    """)
    for each in (rows, rows.drop(columns="line")):
        for claims in in_any_order(each):
            assert decided(claims) == [("Q", "95810", 110.0, 0.0, "CO50 110.00")]
            assert table(claims, "remarks", "rarc") == [("N115",), ("N130",)]


def test_the_amount_of_a_line_beside_each_of_its_reasons_counts_once() -> None:
    rows = frame("""
        claim | line | cpt   | charge | paid | carc | denied amount
        Q     | 1    | 95810 | 110    | 0    | 45   | 110
        Q     | 1    | 95810 | 110    | 0    | 50   | 110
    """)
    for each in (rows, rows.drop(columns=["charge", "paid"])):
        for claims in in_any_order(each):
            amounts = table(claims, "adjustments", "carc", "amount")
            assert sorted(amounts, key=str) == [("45", None), ("50", 110.0)]
            assert table(claims, "line_outcomes", "initial_outcome", "denied_amount") == [("denied", 110.0)]


def test_reasons_without_amounts_in_either_order() -> None:
    orders = itertools.permutations(("45", "50", "253"))
    same = {"line": "1", "cpt": "72148", "charge": "100", "paid": "0"}
    rows = pd.concat(
        [pd.DataFrame(same | {"claim": f"V{n}", "carc": order}) for n, order in enumerate(orders)]
    )
    for each in (rows, rows.drop(columns="line")):
        claims = of(each)
        outcome = table(claims, "line_outcomes", "initial_outcome", "denial_carc", "denied_amount")
        assert outcome == 6 * [("denied", "50", 100.0)]
        assert len(claims.table("adjustments")) == 18


def test_a_row_for_each_claim(tmp_path: Path) -> None:
    text = """
        claim | dos        | cpt   | total charges | paid | denial code
        C1    | 2025-01-31 | 99213 | 150           | 0    | CO-50
        C2    | 2025-01-31 | 99213 | 150           | 90   |
        C3    | 2025-01-31 | 99213 | 210           | 50   |
        C3    | 2025-01-31 | 36415 | 210           | 9    |
    """
    claims = read(tmp_path, text)
    assert table(claims, "lines", "claim_id", "charge_amount") == [
        ("C1", 150.0), ("C2", 150.0), ("C3", None), ("C3", None),
    ]  # fmt: skip
    assert table(claims, "claims", "claim_id", "charge_amount") == [
        ("C1", 150.0),
        ("C2", 150.0),
        ("C3", 210.0),
    ]
    assert table(claims, "line_outcomes", "claim_id", "initial_outcome", "denied_amount")[:2] == [
        ("C1", "denied", 150.0), ("C2", "paid", 0.0),
    ]  # fmt: skip
    assert notes(claims, "no column has the charge of a line") and balanced(claims)


def test_a_worklist_of_denials_has_no_dollars() -> None:
    rows = frame("""
        claim | dos        | cpt   | payer | denial code
        C1    | 2025-01-31 | 99213 | A     | CO-50
        C2    | 2025-02-03 | 71046 | B     | CO-16
        C2    | 2025-02-03 | 71046 | B     | CO-197
        C3    | 2025-02-04 | 80053 | B     | Not covered here
    """)
    for claims in in_any_order(rows):
        found = table(claims, "line_outcomes", "claim_id", "initial_outcome", "denial_carc", "denied_amount")
        assert found == [
            ("C1", "denied", "50", None),
            ("C2", "denied", "16", None),
            ("C3", "denied", None, None),
        ]


def test_dollars_without_a_reason_deny_nothing() -> None:
    """A write-off or a column of adjustments in dollars names no reason."""
    rows = frame("""
        claim | cpt   | charge | paid | dollars
        1     | 99213 | 150    | 105  | 45.00
        2     | 99214 | 210    | 0    | 210.00
        3     | 99214 | 210    | 0    | 0.00
    """)
    headings = ("Adjustments", "Adj Amt", "Write-off", "Adjustment")
    claims = of([rows.rename(columns={"dollars": each}).assign(claim=each + rows.claim) for each in headings])
    outcomes = table(claims, "line_outcomes", "claim_id", "initial_outcome")
    assert [outcome for claim, outcome in outcomes if claim.endswith("1")] == 4 * ["paid"]
    assert not any("denied" in outcome for _, outcome in outcomes)
    assert float(claims.table("line_payments").paid_amount.sum()) == 4 * 105


def test_a_payment_of_the_claim_on_each_of_its_lines_counts_once() -> None:
    rows = frame("""
        claim | line | rev  | charge | paid | paid date
        S1    | 1    | 0120 | 2000   | 2300 | 2025-02-01
        S1    | 2    | 0250 | 900    | 2300 | 2025-02-01
        S1    | 3    | 0420 | 1000   | 2300 | 2025-02-01
        S2    | 1    | 0120 | 500    | 450  | 2025-02-01
    """)
    for claims in in_any_order(rows):
        paid = table(claims, "adjudications", "claim_id", "paid_amount")
        assert paid == [("S1", 2300.0), ("S2", 450.0)]
        assert float(claims.table("line_payments").paid_amount.sum()) == 2750
        by_line = claims.query("SELECT sum(paid_amount) AS p FROM ledger").p.item()
        assert float(by_line) == 2750
        [(_, reason)] = [each for each in said(claims, "repaired") if "it is the claim's" in each[1]]
        assert reason.startswith("paid_amount: every line of a claim repeats it")


def test_payments_that_are_alike_by_chance_stay_the_lines() -> None:
    rows = frame("""
        claim | line | cpt   | charge | paid
        S1    | 1    | 97110 | 50     | 30
        S1    | 2    | 97140 | 60     | 30
        S2    | 1    | 97110 | 50     | 30
        S2    | 2    | 97140 | 60     | 30
    """)
    assert float(of(rows).table("line_payments").paid_amount.sum()) == 120
