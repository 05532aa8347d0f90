"""The population view: panels by hand, observed beside expected, and what of it may leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from tests.spec import claims_of

# Person, biller, diagnosis, allowed dollars of each visit of 2025. B goes to both, twice to 2.
VISITS = """
    A | 1 | E11.22 | 100
    A | 1 | Z00.00 | 300
    B | 1 | I50.9  | 50
    B | 2 | I50.9  | 50
    B | 2 | Z00.00 | 100
    C | 2 | Z00.00 | 100
"""


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in VISITS.strip().splitlines()]


@pytest.fixture(scope="module")
def claims() -> Claims:
    tables = {
        "claims": [
            "claim_id | claim_type | person_id | billing_npi | payer | place_of_service_code | claim_start_date"
        ],
        "lines": ["claim_id | claim_line_number | hcpcs_code | charge_amount"],
        "diagnoses": ["claim_id | diagnosis_position | diagnosis_code"],
        "adjudications": ["claim_id | adjudication_number | payer | paid_date | claim_status_code"],
        "line_payments": [
            "claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount"
        ],
        "members": ["person_id | year | birth_date | sex"],
    }
    for number, (person, npi, code, dollars) in enumerate(rows()):
        tables["claims"].append(
            f"V{number} | professional | {person} | {npi} | P | 11 | 2025-03-0{number + 1}"
        )
        tables["lines"].append(f"V{number} | 1 | 99213 | 500")
        tables["diagnoses"].append(f"V{number} | 1 | {code}")
        tables["adjudications"].append(f"V{number} | 1 | P | 2025-04-01 | 1")
        tables["line_payments"].append(f"V{number} | 1 | 1 | 99213 | 500 | {dollars} | {dollars}")
    tables["members"] += [f"{person} | 2025 | 1950-01-01 | female" for person in "ABCD"]
    return claims_of(**{name: "\n".join(text) for name, text in tables.items()})


def test_a_person_belongs_to_the_panel_with_most_of_his_claims(claims: Claims) -> None:
    found = risk.population(claims, payment_year=2026, by="provider").set_index("provider")
    assert found["persons"].to_dict() == {"1": 1, "2": 2}
    assert found["services"].to_dict() == {"1": 2, "2": 4}
    assert found["allowed_amount"].to_dict() == {"1": 400.0, "2": 300.0}
    assert found["conditions"].to_dict() == {"1": 1.0, "2": 0.5}
    terms = cx.contract(risk.population(claims, payment_year=2026, by="provider"))
    assert terms["left_out"] == {"scored persons without a service in the year": 1}
    assert terms["dollars"] == "allowed amount"


def test_expected_is_the_score_times_the_dollars_of_a_point(claims: Claims) -> None:
    found = risk.population(claims, payment_year=2026, by="provider").set_index("provider")
    # V28, woman of 76 in the community without Medicaid: 0.465; HCC 37: 0.166; HCC 226: 0.360. CMS's table of 2026.
    factor = (1 - 0.059) / 1.067
    score = {"A": (0.465 + 0.166) * factor, "B": (0.465 + 0.360) * factor, "C": 0.465 * factor}
    assert found.loc["1", "score"] == pytest.approx(score["A"])
    assert found.loc["2", "score"] == pytest.approx((score["B"] + score["C"]) / 2)
    point = 700 / sum(score.values())
    assert found.loc["1", "expected_per_person"] == pytest.approx(point * score["A"])
    expected = point * np.array([score["B"], score["C"]])
    ratio = 300 / expected.sum()
    assert found.loc["2", "observed_to_expected"] == pytest.approx(ratio)
    rest = np.array([200.0, 100.0]) - ratio * expected
    half = 1.959963985 * np.sqrt((rest**2).sum() * 2 / 1) / expected.sum()
    assert found.loc["2", "high"] == pytest.approx(ratio + half)
    assert found["low"].isna()["1"]  # one person has no spread


def test_panels_add_up_and_few_do_not_leave() -> None:
    claims = cx.simulate(persons=400, seed=2).claims
    found = risk.population(claims, payment_year=2026, by="rendering_npi")
    whole = risk.population(claims, payment_year=2026, by="data_source")
    for name in ("persons", "services", "allowed_amount", "persons_many"):
        assert found[name].sum() == pytest.approx(whole[name].sum())
    assert whole["observed_to_expected"].tolist() == pytest.approx([1.0])
    shown = cx.disclosure.Release(claims).add("panels", found)["panels"]
    assert len(shown) < len(found) and (shown["persons"].astype(float) >= 11).all()
    figure = cx.charts.draw(found)
    assert sum(len(trace.x) for trace in figure.data[1:]) == len(found)
    assert figure.layout.xaxis.title.text == "Mean payment score"


def test_what_cannot_be_a_panel_is_named(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="expected distinct names"):
        risk.population(claims, payment_year=2026, by="nothing")
    with pytest.raises(ArgumentError, match="one dimension of claims or lines"):
        risk.population(claims, payment_year=2026, by="diagnosis_code")
    with pytest.raises(InputError):
        risk.population(claims, payment_year=2024)


def test_one_model_to_the_other_by_reason_and_by_panel() -> None:
    members = pd.DataFrame({"person_id": list("ABCD"), "age": [70, 71, 72, 73], "sex": "F"})
    codes = pd.DataFrame({"person_id": ["A", "B"], "diagnosis_code": ["I70.209", "E11.22"]})
    change = risk.model_change(members, codes, payment_year=2025)
    bridge = risk.model_bridge(change)
    totals = cx.contract(bridge).records["totals"][0]
    assert bridge["change"].sum() == pytest.approx(totals["to_score"] - totals["from_score"])
    gone = bridge[bridge["reason"] == "no longer mapped"].iloc[0]
    values = np.array([-0.288 * (1 - 0.059) / 1.153, 0, 0, 0])  # HCC 108 of V24, a woman in the community
    half = 1.959963985 * values.std(ddof=1) / 2
    assert [gone["change"], gone["low"], gone["high"]] == pytest.approx(
        [values.mean(), values.mean() - half, values.mean() + half]
    )
    conditions = risk.model_bridge(change, by="condition")
    # 0.288 x 0.816 is lost with HCC 108; 18 loses 0.302 x 0.816 for 37's 0.166 x 0.900.
    assert conditions[["from_hccs", "to_hccs"]].to_numpy().tolist() == [["108", ""], ["18", "37"]]
    panels = risk.model_bridge(
        change, by="npi", panels=pd.DataFrame({"person_id": ["A", "B", "C"], "npi": ["1", "1", "2"]})
    )
    assert panels.set_index("npi")["persons"].to_dict() == {"1": 2, "2": 1, "(unknown)": 1}
    for frame in (bridge, conditions, panels):
        assert cx.charts.draw(frame).data
    shown = cx.disclosure.Release(cx.simulate(persons=50, seed=1).claims).add("bridge", bridge)["bridge"]
    assert len(shown) == 0
    with pytest.raises(ArgumentError, match=r"risk\.model_change"):
        risk.model_bridge(bridge)
