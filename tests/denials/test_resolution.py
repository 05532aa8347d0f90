"""How long denials last, what became of them, what was returned, and what looks like no denial."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.simulation.pipeline import Simulation
from tests.denials.test_kpis import TABLES
from tests.spec import SPEC, claims_of, shown


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return cx.simulate(persons=250, seed=4, stories=True)


def test_by_hand() -> None:
    # Denied on January 20 (A2, open for 162 days), January 31 (A3: billed again after 20, paid after 30 days) and June 20
    # (A6, open for 10 days); the duplicate A4 is left out.
    curves = cx.denials.resolution(claims_of(**TABLES))
    steps = ("step", "day", "at_risk", "done", "survival")
    assert shown(curves, *steps) == [
        ("resolution", 10, 3, 0, 1.0),
        ("resolution", 30, 2, 1, 0.5),
        ("resolution", 162, 1, 0, 0.5),
        ("resubmission", 10, 3, 0, 1.0),
        ("resubmission", 20, 2, 1, 0.5),
        ("resubmission", 162, 1, 0, 0.5),
    ]
    medians = cx.denials.kpis(claims_of(**TABLES)).set_index("measure")["value"]
    assert (medians["days from denial to resubmission"], medians["days from denial to resolution"]) == (
        20,
        30,
    )


def test_curves_are_those_of_statsmodels(simulation: Simulation) -> None:
    survival = pytest.importorskip("statsmodels.duration.survfunc")
    services = simulation.claims.table("services")
    last = simulation.claims.table("adjudications")["paid_date"].max()
    denied = services[(services["initial_outcome"] == "denied") & (services["final_outcome"] != "void")]
    denied = denied[denied["denial_category"] != "duplicate"]
    curves = cx.denials.resolution(simulation.claims)
    for step, column in (("resubmission", "days_to_resubmission"), ("resolution", "days_to_resolution")):
        done = denied[column].notna()
        days = denied[column].astype(float).where(done, (last - denied["first_paid_date"]).dt.days)
        days, done = (
            days[days >= 0],
            done[days >= 0],
        )  # a second payer may have paid before the first one denied
        theirs = survival.SurvfuncRight(days.to_numpy(), done.to_numpy(int))
        ours = curves[(curves["step"] == step) & (curves["done"] > 0)]
        assert ours["day"].tolist() == list(theirs.surv_times)
        assert ours["survival"].to_numpy() == pytest.approx(theirs.surv_prob)


def test_what_became_of_denials_adds_up(simulation: Simulation) -> None:
    claims = simulation.claims
    services = claims.table("services")
    denied = services[services["initial_outcome"] == "denied"]
    found = cx.denials.flow(claims)
    assert found["lines"].sum() == len(denied)
    assert found["denied_amount"].sum() == pytest.approx(denied["denied_amount"].sum())
    paid = found[found["became"].isin(["paid", "paid in part"])]["lines"].sum()
    assert paid == denied["final_outcome"].isin(["paid", "partly denied"]).sum()
    again = found[found["sent_again"] == "billed again"]["lines"].sum()
    assert again == denied["days_to_resubmission"].notna().sum()
    by_diagnosis = cx.denials.flow(claims, by="diagnosis_family")
    assert by_diagnosis["denied_amount"].sum() == pytest.approx(denied["denied_amount"].sum(), abs=1)


def test_a_curve_leaves_by_days_of_enough_persons(simulation: Simulation) -> None:
    claims = simulation.claims
    curves = cx.denials.resolution(claims)
    left = cx.disclosure.Release(claims).add("curves", curves)["curves"]
    assert 0 < len(left) < len(curves) and left[["at_risk", "done"]].isna().all(axis=None)
    by_payer = cx.denials.resolution(claims, by="payer")
    assert cx.disclosure.Release(claims).add("by payer", by_payer)["by payer"].empty


def test_overturned_of_those_billed_again() -> None:
    found = cx.denials.overturned(claims_of(**TABLES), duplicates=False)
    columns = (
        "denied_lines",
        "overturned_lines",
        "resubmitted_lines",
        "resubmitted_overturned_lines",
        "resubmitted_rate",
    )
    assert shown(found, *columns) == [(2, 1, 1, 1, 1.0)]
    dollars = cx.denials.overturned(claims_of(**TABLES), by="payer", unit="charge", duplicates=False)
    assert shown(dollars, "payer", "rate") == [("North", round(300 / 350, 4))]
    by_cause = cx.denials.overturned(claims_of(**TABLES), by=["payer", "denial_category"])
    assert ("North", "duplicate", 1, 0) in shown(
        by_cause, "payer", "denial_category", "denied_lines", "overturned_lines"
    )


def test_first_pass_and_primary_by_line_and_diagnosis(spec: Claims) -> None:
    # On every engine. C1 and C2 of North are denied in part and returned, C6 is paid.
    assert shown(cx.denials.first_pass(spec, by="payer"), "payer", "claims", "resolved_claims")[-1][0] in {
        "North",
        "Plan",
    }
    whole = cx.denials.first_pass(spec)
    assert shown(whole, "claims", "resolved_claims") == [
        tuple(cx.denials.first_pass(spec, by="payer")[["claims", "resolved_claims"]].sum())
    ]
    decisions = cx.denials.primary(spec, duplicates=True)
    assert shown(decisions, "decisions", "zero_paid_decisions", "charge_amount") == [(7, 1, 1370.0)]
    by_family = cx.denials.primary(spec, by="diagnosis_family")
    assert by_family["charge_amount"].sum() == pytest.approx(decisions["charge_amount"].iloc[0])
    kpis = cx.denials.kpis(spec)
    assert kpis["measure"].nunique() == 9 and (kpis["numerator"].fillna(0) >= 0).all()
    assert len(cx.denials.open(spec, as_of="2024-06-30")) >= 1
    assert len(cx.denials.flow(spec, by="diagnosis_category")) >= 1


def test_returned_claims_are_listed_with_what_to_correct() -> None:
    remarks = (
        SPEC["remarks"].rstrip()
        + "\n        C2       | 1                   |                   | 2               | MA130"
    )
    claims = claims_of(**(SPEC | {"remarks": remarks}))
    found = cx.denials.returned(claims)
    assert shown(
        found, "claim_id", "payer", "returned_date", "lines", "charge_amount", "rarcs", "is_decided"
    ) == [("C2", "North", "2024-01-30", 1, 100.0, "M76", False)]
    counted = cx.denials.returned_by_remark(claims)
    assert shown(counted) == [("North", "M76", 1, 100.0, 1)]
    assert "C2" not in set(cx.denials.open(claims, as_of="2024-06-30")["claim_id"])
    assert (
        cx.denials.returned(claims_of(**SPEC)).empty
        and cx.denials.returned_by_remark(claims_of(**SPEC)).empty
    )


def test_nothing_paid_and_dollars_that_nothing_explains() -> None:
    found = cx.denials.silent(claims_of(**TABLES))
    assert shown(found, "claim_id", "kind", "amount") == [("A7", "nothing paid", None)]
    # A1 is paid 5 less than charge and adjustments say; the adjustments of A3's claim make up for A3.
    odd = dict(TABLES)
    odd["line_payments"] = odd["line_payments"].replace(
        "| 80.00          | 80.00", "| 80.00          | 75.00"
    )
    odd["adjustments"] = odd["adjustments"].replace(
        "A3       | 1                   | 1              | 1                 |",
        "A3       | 1                   |                |                   |",
    )
    found = cx.denials.silent(claims_of(**odd))
    assert shown(found[found["kind"] == "imbalance"], "claim_id", "claim_line_number", "payer", "amount") == [
        ("A1", 1, "North", 5.0)
    ]


def test_simulated_files_balance(simulation: Simulation) -> None:
    found = cx.denials.silent(simulation.claims)
    assert "imbalance" not in set(found["kind"]) and "nothing paid" in set(found["kind"])
    services = simulation.claims.table("services")
    assert (found["kind"] == "nothing paid").sum() == (services["final_outcome"] == "nothing paid").sum()
    planted = simulation.truth["services"]
    assert (planted["final_outcome"] == "nothing paid").sum() == (found["kind"] == "nothing paid").sum()
    assert isinstance(cx.denials.silent_by_payer(simulation.claims), pd.DataFrame)
