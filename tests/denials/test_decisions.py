"""Decisions of every payer: a supplement's refusals, which no rate of services has."""

from __future__ import annotations

import cpticd as cx
from cpticd.claims import Claims
from tests.spec import claims_of, shown

#: Medicare pays B1's first line and denies its second; the supplement, which answers on a claim of its own, refuses both.
#: B2 is Medicare's alone: denied, then paid after a reversal.
TABLES = {
    "claims": """
        claim_id | person_id | payer    | payer_kind | payer_sequence | billing_npi | claim_start_date | received_date | charge_amount
        B1       | p1        | Medicare | medicare   | 1              | 11          | 2024-01-02       | 2024-01-05    | 300.00
        B1S      | p1        | Gap      | commercial | 2              | 11          | 2024-01-02       | 2024-02-05    | 300.00
        B2       | p2        | Medicare | medicare   | 1              | 11          | 2024-01-03       | 2024-01-05    | 80.00
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | charge_amount
        B1       | 1                 | 99213      | 200.00
        B1       | 2                 | 80053      | 100.00
        B1S      | 1                 | 99213      | 200.00
        B1S      | 2                 | 80053      | 100.00
        B2       | 1                 | 99213      | 80.00
    """,
    "adjudications": """
        claim_id | adjudication_number | payer    | payer_sequence | paid_date  | claim_status_code | is_reversal | charge_amount | paid_amount
        B1       | 1                   | Medicare | 1              | 2024-01-20 | 1                 | false       | 300.00        | 160.00
        B1S      | 1                   | Gap      | 2              | 2024-02-20 | 2                 | false       | 300.00        | 0.00
        B2       | 1                   | Medicare | 1              | 2024-01-20 | 1                 | false       | 80.00         | 0.00
        B2       | 2                   | Medicare | 1              | 2024-03-20 | 22                | true        | -80.00        | 0.00
        B2       | 3                   | Medicare | 1              | 2024-03-20 | 1                 | false       | 80.00         | 60.00
    """,
    "line_payments": """
        claim_id | adjudication_number | service_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount
        B1       | 1                   | 1              | 1                 | 99213      | 200.00        | 160.00         | 160.00
        B1       | 1                   | 2              | 2                 | 80053      | 100.00        | 0.00           | 0.00
        B1S      | 1                   | 1              | 1                 | 99213      | 200.00        | 0.00           | 0.00
        B1S      | 1                   | 2              | 2                 | 80053      | 100.00        | 0.00           | 0.00
        B2       | 1                   | 1              | 1                 | 99213      | 80.00         | 0.00           | 0.00
        B2       | 2                   | 1              | 1                 | 99213      | -80.00        | 0.00           | 0.00
        B2       | 3                   | 1              | 1                 | 99213      | 80.00         | 60.00          | 60.00
    """,
    "adjustments": """
        claim_id | adjudication_number | service_number | claim_line_number | adjustment_position | group_code | carc | amount
        B1       | 1                   | 1              | 1                 | 1                   | CO         | 45   | 40.00
        B1       | 1                   | 2              | 2                 | 1                   | CO         | 50   | 100.00
        B1S      | 1                   | 1              | 1                 | 1                   | CO         | 29   | 200.00
        B1S      | 1                   | 2              | 2                 | 1                   | CO         | 18   | 100.00
        B2       | 1                   | 1              | 1                 | 1                   | CO         | 197  | 80.00
        B2       | 2                   | 1              | 1                 | 1                   | CO         | 197  | -80.00
        B2       | 3                   | 1              | 1                 | 1                   | CO         | 45   | 20.00
    """,
}
COLUMNS = ("payer", "decisions", "denied_decisions", "charge_amount", "denied_amount", "top_category")
TIMELY, NECESSITY, PERMIT = "timely filing", "medical necessity or level of care", "authorization or referral"


def test_a_second_payers_refusals_are_its_own() -> None:
    claims = claims_of(**TABLES)
    found = cx.denials.decisions(claims)
    assert shown(found, *COLUMNS) == [
        ("Gap", 2, 2, 300.0, 300.0, "duplicate"),  # as many as timely filing: the first by name
        ("Medicare", 4, 2, 460.0, 180.0, PERMIT),  # B1 twice, B2 twice; of two causes the first by name
    ]
    assert shown(cx.denials.decisions(claims, duplicates=False), *COLUMNS)[0] == (
        "Gap",
        1,
        1,
        200.0,
        200.0,
        TIMELY,
    )
    assert shown(cx.denials.decisions(claims, ("payer", "denial_category")), "payer", "denial_category", "denied_decisions") == [
        ("Gap", "duplicate", 1), ("Gap", TIMELY, 1), ("Medicare", PERMIT, 1), ("Medicare", NECESSITY, 1),
        ("Medicare", "(not denied)", 0),
    ]  # fmt: skip
    assert shown(cx.denials.decisions(claims, unit="charge"), "rate") == [(1.0,), (round(180 / 460, 4),)]
    whole = cx.denials.decisions(claims, None)
    assert shown(whole, *COLUMNS[1:]) == [(6, 4, 760.0, 480.0, PERMIT)]


def test_rates_have_a_service_once_and_say_whose_decision_it_is() -> None:
    claims = claims_of(**TABLES)
    rates = cx.denials.rates(claims, by="payer")
    assert shown(rates, "payer", "n", "denied") == [("Medicare", 3, 2)]
    assert "came first" in cx.contract(rates)["payer"] and "payer" not in cx.contract(
        cx.denials.rates(claims)
    )
    assert "first or second" in cx.contract(cx.denials.decisions(claims))["payer"]


def test_decisions_of_few_persons_do_not_leave() -> None:
    claims = cx.simulate(persons=250, seed=4, stories=True).claims
    found = cx.denials.decisions(claims)
    release = cx.disclosure.Release(claims).add("decisions", found)["decisions"]
    denied = claims.query("""
        SELECT g.payer, count(DISTINCT c.person_id) AS persons FROM ledger g JOIN claims c ON c.claim_id = g.claim_id
        WHERE g.decision = 'denied' AND NOT g.is_reported GROUP BY g.payer
    """).set_index("payer")["persons"]
    few = release["payer"].map(denied) < 11
    assert few.any() and release.loc[
        few, ["denied_decisions", "rate", "denied_amount", "top_category"]
    ].isna().all(axis=None)
    assert release["rate"].notna().any()
    assert cx.charts.draw(found).data


def test_on_each_engine(spec: Claims) -> None:
    found = cx.denials.decisions(spec)
    assert found["decisions"].sum() >= cx.denials.rates(spec)["n"].iloc[0]
    assert (found["denied_decisions"] <= found["decisions"]).all() and found["top_category"].notna().any()
