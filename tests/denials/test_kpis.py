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


# -- the oracle: pandas over what was planted and what was read, which has seen no relation of the package ------


def oracle(simulation: Simulation, by: str | None) -> pd.DataFrame:
    """Numerator and denominator of each measure of counts: services from the truth, decisions from remittances."""
    claims = simulation.claims
    last = claims.table("adjudications")["paid_date"].max()
    services = planted_services(simulation)
    used = services[
        ~((services["initial_outcome"] == "denied") & (services["denial_category"] == "duplicate"))
    ]
    denied = used[
        (used["initial_outcome"] == "denied") & (used["first_paid_date"] <= last - pd.Timedelta(days=90))
    ]
    paid = denied["final_outcome"].isin(["paid", "partly denied"])
    again = denied["again_date"] >= denied["first_paid_date"]
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

    sent = used[(used["state"] != "returned") & ~is_unsent(used)]
    refused = sent["initial_outcome"].isin(["denied", "partly denied"])
    count("initial denial rate", "charge", sent, refused, amount="charge_amount", part="denied_amount")
    count("overturned", "lines", denied, paid)
    count("overturned", "charge", denied, paid, amount="denied_amount")
    count("overturned of resubmitted", "lines", denied[again], paid[again])
    whole = primary_decisions(claims)
    count("primary denial rate", "claims", whole, whole["zero"])
    return pd.DataFrame(rows, columns=[*([by] if by else []), "measure", "unit", "numerator", "denominator"])


def is_unsent(services: pd.DataFrame) -> pd.Series:
    """Services that the provider took back before anybody decided them."""
    return (services["initial_outcome"] == "not adjudicated") & (services["final_outcome"] == "void")


def planted_services(simulation: Simulation) -> pd.DataFrame:
    """The truth of services, with their charges and the last day on which their chain was sent to the first payer again."""
    claims, lines = simulation.claims.table("claims"), simulation.claims.table("lines")
    services = simulation.truth["services"].merge(
        lines[["claim_id", "claim_line_number", "charge_amount"]], on=["claim_id", "claim_line_number"]
    )
    own = claims[(claims["payer_sequence"] == 1) & (claims["frequency_code"] != "8")].set_index("claim_id")[
        "received_date"
    ]
    chains = services["claims"].str.split(" ").explode()
    later = chains[chains != services["claim_id"].loc[chains.index]].map(own)
    return services.assign(again_date=pd.to_datetime(later).groupby(level=0).max().reindex(services.index))


def primary_decisions(claims: Claims) -> pd.DataFrame:
    """Remittances of primary payers that decide, and whether they pay nothing and leave the patient nothing."""
    key = ["claim_id", "adjudication_number"]
    answers = claims.table("adjudications")
    reasons, remarks = claims.table("adjustments"), claims.table("remarks")
    answers = answers[(answers["payer_sequence"] == 1) & (answers["charge_amount"] >= 0)]
    answers = answers[
        ~answers["is_reported"].astype("boolean").fillna(False) & (answers["claim_status_code"] != "23")
    ]
    waiting = [reasons[reasons["carc"] == "133"], remarks[remarks["rarc"] == "MA130"]]
    waiting = pd.concat([each[key] for each in waiting]).drop_duplicates()
    answers = answers.merge(waiting, on=key, how="left", indicator=True).query("_merge == 'left_only'")
    lines = (
        claims.table("line_payments")
        .groupby([*key, "claim_line_number"], as_index=False)["paid_amount"]
        .sum()
    )
    reasons = reasons.assign(
        share=reasons["amount"].where(
            (reasons["group_code"] == "PR") & reasons["carc"].isin(["1", "2", "3"]), 0
        ),
        is_copy=reasons["carc"].isin(["18", "B13"]),
    )
    of_lines = reasons.groupby([*key, "claim_line_number"], as_index=False).agg(
        {"share": "sum", "is_copy": "any"}
    )
    lines = lines.merge(of_lines, on=[*key, "claim_line_number"], how="left")
    lines["pays"] = (lines["paid_amount"] > 0) | (lines["share"].fillna(0) > 0)
    lines["counts"] = lines["pays"] | ~lines["is_copy"].astype("boolean").fillna(False)
    of_answers = lines.groupby(key, as_index=False).agg({"pays": "any", "counts": "any"})
    wholly = reasons[reasons["claim_line_number"].isna()].groupby(key, as_index=False)["is_copy"].any()
    found = (
        answers.drop(columns="_merge").merge(of_answers, on=key, how="left").merge(wholly, on=key, how="left")
    )
    whole_copy = found["counts"].isna() & found["is_copy"].astype("boolean").fillna(False)
    found = found[found["counts"].astype("boolean").fillna(True) & ~whole_copy]
    return found.assign(zero=~found["pays"].astype("boolean").fillna(False).astype(bool))[["payer", "zero"]]


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
def test_against_the_oracle(simulation: Simulation, by: str | None) -> None:
    keys = [*([by] if by else []), "measure", "unit"]
    expected = oracle(simulation, by).set_index(keys).sort_index()
    found = cx.denials.kpis(simulation.claims, by=by).set_index(keys)[["numerator", "denominator"]]
    found = found.reindex(expected.index).round(2)
    assert len(expected) >= 5 and (expected["denominator"] > 0).any()
    pd.testing.assert_frame_equal(found, expected.round(2), check_dtype=False)


def test_claims_by_the_oracle(simulation: Simulation) -> None:
    """A claim is denied where all of its decided services are, and resolved where all of them are paid, sent once."""
    services = planted_services(simulation)
    services["returned"] = services["state"] == "returned"
    services["unsent"] = is_unsent(services)
    services["decided"] = services["initial_outcome"] != "not adjudicated"
    services["denied"] = services["initial_outcome"] == "denied"
    services["fine"] = ~services["decided"] | (services["initial_outcome"] == "paid")
    services["nothing"] = ~services["decided"] | (services["initial_outcome"] == "nothing paid")
    services["refused"] = services["decided"] & services["initial_outcome"].isin(["denied", "partly denied"])
    services["copy"] = services["denied"] & (services["denial_category"] == "duplicate")
    chains = services.groupby("claim_id").agg(
        returned=("returned", "all"), unsent=("unsent", "all"), decided=("decided", "any"), refused=("refused", "any"),
        nothing=("nothing", "all"), submissions=("submissions", "max"),
    )  # fmt: skip
    only = services[services["decided"]].groupby("claim_id")["denied"].all()
    chains["denied"] = only.reindex(chains.index, fill_value=False)
    # The cause of a claim is the one of most of its dollars; of equal ones the first by name.
    causes = (
        services[services["refused"]]
        .groupby(["claim_id", "denial_category", "denial_carc"])["denied_amount"]
        .sum()
    )
    causes = causes.reset_index().sort_values(
        ["claim_id", "denied_amount", "denial_category"], ascending=[True, False, True]
    )
    cause = causes.drop_duplicates("claim_id").set_index("claim_id")["denial_category"].reindex(chains.index)
    sent = chains[~chains["returned"] & ~chains["unsent"] & ~(chains["denied"] & (cause == "duplicate"))]
    decided = sent[sent["decided"]]
    first = ~decided["refused"] & ~decided["nothing"] & (decided["submissions"] == 1)
    found = values(cx.denials.kpis(simulation.claims))
    assert found["initial denial rate", "claims"] == (sent["denied"].sum(), len(sent))
    assert found["first-pass resolution", "claims"] == (first.sum(), len(decided))


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
