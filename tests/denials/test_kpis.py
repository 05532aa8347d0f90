"""The standard measures, by hand on small tables and against an oracle in pandas that shares no SQL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.simulation.pipeline import Simulation
from tests.spec import claims_of, shown

CLAIMS = """
    claim_id | person_id | payer | payer_kind | payer_sequence | billing_npi | claim_start_date | received_date | charge_amount | frequency_code | original_payer_claim_id
    A1       | p1        | North | commercial | 1              | 11          | 2024-01-02       | 2024-01-05    | 100.00        | 1              |
    A2       | p2        | North | commercial | 1              | 11          | 2024-01-03       | 2024-01-05    | 200.00        | 1              |
    A3       | p3        | North | commercial | 1              | 11          | 2024-01-04       | 2024-01-05    | 300.00        | 1              |
    A3R      | p3        | North | commercial | 1              | 11          | 2024-01-04       | 2024-02-20    | 300.00        | 7              | N3
    A4       | p4        | North | commercial | 1              | 11          | 2024-01-05       | 2024-01-08    | 80.00         | 1              |
    A5       | p5        | South | commercial | 1              | 11          | 2024-01-06       | 2024-01-08    | 70.00         | 1              |
    A6       | p6        | South | commercial | 1              | 11          | 2024-06-01       | 2024-06-03    | 60.00         | 1              |
    A7       | p7        | South | commercial | 1              | 11          | 2024-06-01       | 2024-06-03    | 50.00         | 1              |
    A8       | p8        | South | commercial | 1              | 11          | 2024-06-02       | 2024-06-03    | 40.00         | 1              |
"""
LINES = """
    claim_id | claim_line_number | hcpcs_code | charge_amount
    A1       | 1                 | 99213      | 100.00
    A2       | 1                 | 99213      | 150.00
    A2       | 2                 | 80053      | 50.00
    A3       | 1                 | 70450      | 300.00
    A3R      | 1                 | 70450      | 300.00
    A4       | 1                 | 99213      | 80.00
    A5       | 1                 | 99213      | 70.00
    A6       | 1                 | 99213      | 60.00
    A7       | 1                 | 80053      | 50.00
    A8       | 1                 | 80053      | 40.00
"""
ADJUDICATIONS = """
    claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount | payer_claim_id
    A1       | 1                   | North | 2024-01-20 | 1                 | 100.00        | 80.00       | N1
    A2       | 1                   | North | 2024-01-20 | 1                 | 200.00        | 90.00       | N2
    A3       | 1                   | North | 2024-01-31 | 1                 | 300.00        | 0.00        | N3
    A3R      | 1                   | North | 2024-03-01 | 1                 | 300.00        | 210.00      | N3R
    A4       | 1                   | North | 2024-01-25 | 1                 | 80.00         | 0.00        | N4
    A5       | 1                   | South | 2024-01-28 | 1                 | 70.00         | 0.00        | S5
    A6       | 1                   | South | 2024-06-20 | 1                 | 60.00         | 0.00        | S6
    A7       | 1                   | South | 2024-06-30 | 1                 | 50.00         | 0.00        | S7
"""
LINE_PAYMENTS = """
    claim_id | adjudication_number | service_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount
    A1       | 1                   | 1              | 1                 | 99213      | 100.00        | 80.00          | 80.00
    A2       | 1                   | 1              | 1                 | 99213      | 150.00        | 90.00          | 90.00
    A2       | 1                   | 2              | 2                 | 80053      | 50.00         | 0.00           | 0.00
    A3       | 1                   | 1              | 1                 | 70450      | 300.00        | 0.00           | 0.00
    A3R      | 1                   | 1              | 1                 | 70450      | 300.00        | 210.00         | 210.00
    A4       | 1                   | 1              | 1                 | 99213      | 80.00         | 0.00           | 0.00
    A5       | 1                   | 1              | 1                 | 99213      | 70.00         | 65.00          | 0.00
    A6       | 1                   | 1              | 1                 | 99213      | 60.00         | 0.00           | 0.00
    A7       | 1                   | 1              | 1                 | 80053      | 50.00         | 0.00           | 0.00
"""
ADJUSTMENTS = """
    claim_id | adjudication_number | service_number | claim_line_number | adjustment_position | group_code | carc | amount
    A1       | 1                   | 1              | 1                 | 1                   | CO         | 45   | 20.00
    A2       | 1                   | 1              | 1                 | 1                   | CO         | 45   | 60.00
    A2       | 1                   | 2              | 2                 | 1                   | CO         | 50   | 50.00
    A3       | 1                   | 1              | 1                 | 1                   | CO         | 197  | 300.00
    A3R      | 1                   | 1              | 1                 | 1                   | CO         | 45   | 90.00
    A4       | 1                   | 1              | 1                 | 1                   | CO         | 18   | 80.00
    A5       | 1                   | 1              | 1                 | 1                   | CO         | 45   | 5.00
    A5       | 1                   | 1              | 1                 | 2                   | PR         | 1    | 65.00
    A6       | 1                   | 1              | 1                 | 1                   | CO         | 29   | 60.00
    A7       | 1                   | 1              | 1                 | 1                   | CO         | 45   | 50.00
"""
TABLES = {
    "claims": CLAIMS, "lines": LINES, "adjudications": ADJUDICATIONS, "line_payments": LINE_PAYMENTS,
    "adjustments": ADJUSTMENTS,
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Claims:
    return claims_of(**TABLES)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return cx.simulate(persons=250, seed=4, stories=True)


@pytest.fixture(scope="module")
def simulated(simulation: Simulation) -> Claims:
    return simulation.claims


def values(found: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    return {(r.measure, r.unit): (r.numerator, r.denominator) for r in found.itertuples()}


def test_by_hand(small: Claims) -> None:
    # The last day is 2024-06-30. A4 is a duplicate and left out; A3 was replaced by A3R, and is paid; A6 was denied ten
    # days ago; A7 was neither paid nor denied; A8 has no answer; A5 is the patient's deductible.
    found = values(cx.denials.kpis(small))
    assert found["initial denial rate", "claims"] == (2, 7)  # A3 and A6, of A1 A2 A3 A5 A6 A7 A8
    assert found["initial denial rate", "charge"] == (50 + 300 + 60, 100 + 200 + 300 + 70 + 60 + 50 + 40)
    assert found["primary denial rate", "claims"] == (3, 7)  # A3, A6 and A7; A3R is a decision as well
    assert found["overturned", "lines"] == (1, 2)  # A2's second line stays denied, A6 is too young
    assert found["overturned", "charge"] == (300, 350)
    assert found["overturned of resubmitted", "lines"] == (1, 1)
    assert found["first-pass resolution", "claims"] == (2, 6)  # A1 and A5
    assert found["first-pass resolution", "charge"] == (170, 780)
    assert found["days from denial to resubmission", "days"] == (1, 3)
    assert found["days from denial to resolution", "days"] == (1, 3)
    assert found["open denials", "lines"][0] == 2  # A2's second line and A6
    with_duplicates = values(cx.denials.kpis(small, duplicates=True))
    assert with_duplicates["initial denial rate", "claims"] == (3, 8)
    assert with_duplicates["primary denial rate", "claims"] == (4, 8)
    assert with_duplicates["overturned", "lines"] == (1, 3)


def test_the_contract_says_which_denominator_and_that_duplicates_are_left_out(small: Claims) -> None:
    terms = cx.contract(cx.denials.kpis(small))
    assert "submitted, not the average of three months" in terms["denominator"]
    assert terms["duplicates"].startswith("left out, as HFMA does")
    assert cx.contract(cx.denials.rates(small, duplicates=False))["duplicates"].startswith("left out")
    assert cx.contract(cx.denials.causes(small))["duplicates"] == "counted"


def test_rates_and_causes_leave_duplicates_out(small: Claims) -> None:
    assert shown(cx.denials.rates(small), "n", "denied") == [(8, 4)]
    assert shown(cx.denials.rates(small, duplicates=False), "n", "denied") == [(7, 3)]
    assert shown(cx.denials.rates(small, unit="claims", duplicates=False), "n", "denied") == [(6, 2)]
    assert "duplicate" not in set(cx.denials.causes(small, duplicates=False)["category"])


def test_rates_are_by_the_payer_that_decided() -> None:
    # The claim went to South; North, which nobody named, answered it first.
    text = {name: table.replace("South | 2024-01-28", "North | 2024-01-28") for name, table in TABLES.items()}
    found = cx.denials.rates(claims_of(**text), by="payer").set_index("payer")["n"]
    assert (found["North"], found["South"]) == (6, 2)
    whole = cx.denials.rates(claims_of(**text), by="payer", unit="claims").set_index("payer")["n"]
    assert (whole["North"], whole["South"]) == (5, 2)


def test_net_revenue_of_the_general_ledger_takes_the_place_of_the_allowed(small: Claims) -> None:
    assert cx.denials.write_off(small, npsr=1000.0)["revenue_amount"].tolist() == [1000.0]
    with pytest.raises(ArgumentError, match="without by="):
        cx.denials.write_off(small, by="payer", npsr=1000.0)


# -- the oracle: pandas over tables of claims, services and decisions ----------------------------------


def oracle(claims: Claims, by: str | None) -> pd.DataFrame:
    """Numerator and denominator of each measure of counts, from the rows of services and the ledger."""
    services, ledger = claims.table("services"), claims.table("ledger")
    last = claims.table("adjudications")["paid_date"].max()
    is_duplicate = (services["initial_outcome"] == "denied") & (services["denial_category"] == "duplicate")
    used = services[~is_duplicate]
    old = used[~(used["first_paid_date"] > last - pd.Timedelta(days=90))]
    denied = old[old["initial_outcome"] == "denied"]
    paid = denied["final_outcome"].isin(["paid", "partly denied"])
    again = denied["days_to_resubmission"].notna()
    rows = []

    def count(
        name: str, unit: str, of: pd.DataFrame, hit: pd.Series, *, amount: str = "", part: str = ""
    ) -> None:
        groups = [((), of)] if by is None else list(of.groupby(by))
        for key, each in groups:
            there = hit.loc[each.index]
            if unit == "charge":
                pair = each.loc[there, part or amount].sum(), each[amount].sum()
            else:
                pair = there.sum(), len(each)
            rows.append((*([key] if by else []), name, unit, float(pair[0]), float(pair[1])))

    sent = used[~used["initial_outcome"].isin(["void"]) & (used["state"] != "returned")]
    refused = sent["initial_outcome"].isin(["denied", "partly denied"])
    count("initial denial rate", "charge", sent, refused, amount="charge_amount", part="denied_amount")
    count("overturned", "lines", denied, paid)
    count("overturned", "charge", denied, paid, amount="denied_amount")
    count("overturned of resubmitted", "lines", denied[again], paid[again])
    decisions = ledger[
        (ledger["payer_sequence"] == 1)
        & ~ledger["is_reported"].astype(bool)
        & ledger["decision"].isin(["paid", "partly denied", "denied", "nothing paid"])
        & ~((ledger["decision"] == "denied") & (ledger["denial_category"] == "duplicate"))
    ].copy()
    decisions["zero"] = decisions["decision"].isin(["denied", "nothing paid"])
    whole = decisions.groupby(["claim_id", "adjudication_number"]).agg(
        zero=("zero", "all"), payer=("payer", "first")
    )
    count("primary denial rate", "claims", whole, whole["zero"])
    return pd.DataFrame(rows, columns=[*([by] if by else []), "measure", "unit", "numerator", "denominator"])


def test_against_what_was_planted(simulation: Simulation) -> None:
    """The same from the simulation's own account of every service, which has seen no statement of ours."""
    planted, claims = simulation.truth["services"], simulation.claims
    last = claims.table("adjudications")["paid_date"].max()
    planted = planted[
        ~((planted["initial_outcome"] == "denied") & (planted["denial_category"] == "duplicate"))
    ]
    old = planted[planted["first_paid_date"] <= last - pd.Timedelta(days=90)]
    denied = old[old["initial_outcome"] == "denied"]
    paid = denied["final_outcome"].isin(["paid", "partly denied"])
    found = values(cx.denials.kpis(claims))
    assert found["overturned", "lines"] == (paid.sum(), len(denied))
    assert found["overturned", "charge"] == pytest.approx(
        (denied.loc[paid, "denied_amount"].sum(), denied["denied_amount"].sum())
    )
    lost = planted["initial_outcome"].isin(["denied", "partly denied"])
    assert found["initial denial rate", "charge"][0] == pytest.approx(
        planted.loc[lost, "denied_amount"].sum()
    )


@pytest.mark.parametrize("by", [None, "payer"])
def test_against_the_oracle(simulated: Claims, by: str | None) -> None:
    keys = [*([by] if by else []), "measure", "unit"]
    expected = oracle(simulated, by).set_index(keys).sort_index()
    found = cx.denials.kpis(simulated, by=by).set_index(keys)[["numerator", "denominator"]]
    found = found.reindex(expected.index).round(2)
    assert len(expected) >= 5 and (expected["denominator"] > 0).any()
    pd.testing.assert_frame_equal(found, expected.round(2), check_dtype=False)


def test_claims_by_the_oracle(simulated: Claims) -> None:
    claims, services = simulated.table("claim_outcomes"), simulated.table("services")
    sent_again = services.groupby("claim_id")["submissions"].max()
    returned = (services["state"] == "returned").groupby(services["claim_id"]).all()
    claims = claims.set_index("claim_id").join(sent_again).join(returned.rename("returned"))
    duplicate = (claims["initial_outcome"] == "denied") & (claims["denial_category"] == "duplicate")
    sent = claims[
        ~claims["initial_outcome"].isin(["void", "counted elsewhere"])
        & ~claims["returned"].astype("boolean").fillna(True)
        & ~duplicate
    ]
    decided = sent[sent["initial_outcome"].isin(["paid", "partly denied", "denied", "nothing paid"])]
    first = (decided["initial_outcome"] == "paid") & (decided["submissions"] == 1)
    found = values(cx.denials.kpis(simulated))
    assert found["initial denial rate", "claims"] == ((sent["initial_outcome"] == "denied").sum(), len(sent))
    assert found["first-pass resolution", "claims"] == (first.sum(), len(decided))


def test_write_off_by_the_oracle(simulated: Claims) -> None:
    """What is written off is the expected amount of each service that stays denied, as the open list prices it."""
    services = simulated.table("services")
    last = simulated.table("adjudications")["paid_date"].max()
    used = services[
        ~((services["initial_outcome"] == "denied") & (services["denial_category"] == "duplicate"))
    ]
    old = used[~(used["first_paid_date"] > last - pd.Timedelta(days=90))]
    decided = old[old["final_outcome"].isin(["paid", "partly denied", "denied", "nothing paid"])]
    lost = decided[decided["final_outcome"] == "denied"]
    prices = cx.denials.open(simulated, as_of=last, deadlines=forever(), duplicates=True).set_index(
        ["claim_id", "claim_line_number"]
    )["expected_allowed"]
    expected = (
        prices.reindex(pd.MultiIndex.from_frame(lost[["claim_id", "claim_line_number"]])).fillna(0).sum()
    )
    kept = decided.loc[decided["final_outcome"] != "denied", "allowed_amount"].sum()
    found = cx.denials.write_off(simulated).iloc[0]
    assert found["written_off_amount"] == pytest.approx(expected, abs=0.02 * len(lost))
    assert found["revenue_amount"] == pytest.approx(expected + kept, abs=0.02 * len(lost))
    assert found["denied_lines"] == len(lost) and found["rate"] == pytest.approx(
        expected / (expected + kept), rel=1e-3
    )


def forever() -> pd.DataFrame:
    """Deadlines that nothing misses."""
    rows = [
        ("*", kind, action, 9999, "days", "denial", "")
        for kind in ("medicare", "medicare advantage")
        for action in ("corrected claim", "appeal", "second appeal")
    ]
    return pd.DataFrame(
        rows, columns=["payer", "payer_kind", "action", "length", "unit", "counted_from", "note"]
    )


def test_what_few_persons_stand_behind_does_not_leave(simulated: Claims) -> None:
    release = cx.disclosure.Release(simulated)
    release.add("kpis", cx.denials.kpis(simulated, by="payer"))
    release.add("rates", cx.denials.rates(simulated, by="payer", unit="claims"))
    shown_ = release["kpis"].set_index(["payer", "measure", "unit"])
    whole = cx.denials.kpis(simulated, by="payer").set_index(["payer", "measure", "unit"])
    assert shown_["maturity"].isna().all()
    few = whole[
        (whole["numerator"].between(1, 5)) & whole.index.get_level_values("unit").isin(["claims", "lines"])
    ]
    few = few[~few.index.get_level_values("measure").isin(["open denials"])]
    assert len(few) and shown_.loc[few.index, "value"].isna().all()
    assert shown_.loc[shown_["value"].isna(), "reading"].isna().all()
    assert shown_["value"].notna().any()
    same = shown_["value"].notna()
    np.testing.assert_allclose(
        shown_.loc[same, "value"].astype(float), whole.loc[shown_.index][same]["value"]
    )
