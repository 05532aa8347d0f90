"""Coded conditions whose support is thin: each fact by hand on each engine, the scorecard, planted truth."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import reference
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.loaders.intake import Intake
from cpticd.risk.conditions import conditions
from cpticd.risk.unsupported import LEVELS, scorecard, unsupported
from cpticd.risk.unsupported_reasons import REASONS, reasons
from tests.spec import claims_of, shown

#: person: (day, place or bill type, procedures, diagnoses); 2024 is the year before.
VISITS = {
    "stroke": [
        ("2024-06-01", "11", "99213", "I10"),
        ("2025-05-01", "11", "99213", "I63.9"),
        ("2025-06-01", "11", "99213", "I10"),
        ("2025-07-01", "11", "99213", "I10"),
        ("2025-08-01", "11", "99213", "I10"),
    ],
    "stay": [("2025-05-01", "111", "", "I63.9")],
    "emergency": [("2025-05-01", "131", "99285", "I63.9")],
    "lab": [("2024-06-01", "11", "99213", "I10"), ("2025-05-01", "81", "80076", "K74.60")],
    "again": [("2024-06-01", "11", "99213", "J44.9"), ("2025-05-01", "11", "99213", "J44.1")],
    "echo": [("2024-06-01", "11", "99213", "I10"), ("2025-05-01", "22", "93306", "I50.9")],
    "chemo": [
        ("2024-06-01", "11", "99213", "I10"),
        ("2025-05-01", "11", "99213", "C50.911"),
        ("2025-05-09", "11", "96413 J9355", "Z51.11"),
    ],
    "prostate": [("2024-06-01", "11", "99213", "I10"), ("2025-05-01", "11", "99213", "C61")],
    "history": [("2024-06-01", "111", "", "I21.4"), ("2025-05-01", "11", "99213", "I21.4")],
    "category": [("2025-04-01", "11", "99213", "F33.9"), ("2025-05-01", "11", "99213", "F33.1")],
    "sameday": [("2024-06-01", "11", "99213", "I10"), ("2025-05-01", "11", "99213 94010", "J44.9")],
    "otherday": [
        ("2024-06-01", "11", "99213", "I10"),
        ("2025-05-01", "11", "99213", "J44.9"),
        ("2025-05-20", "11", "99213 94010", "R06.02"),
    ],
    "often": [(f"2025-0{month}-01", "11", "99213", "E11.9") for month in (1, 2, 3)],
}
SEX = {"chemo": "female"}


def visits(people: dict[str, list[tuple[str, str, str, str]]]) -> Claims:
    """Claims from visits; a place of two digits is a professional claim, a bill type an institutional one."""
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("claims", "lines", "diagnoses", "members")
    }
    for person, met in people.items():
        tables["members"] += [
            {"person_id": person, "year": y, "birth_date": "1950-01-01", "sex": SEX.get(person, "male")}
            for y in (2024, 2025)
        ]
        for number, (day, place, procedures, codes) in enumerate(met):
            key = {"claim_id": f"{person}-{number}"}
            professional = len(place) == 2
            tables["claims"].append(
                key
                | {"person_id": person, "claim_type": "professional" if professional else "institutional",
                   "place_of_service_code": place if professional else None,
                   "bill_type_code": None if professional else place,
                   "claim_start_date": day, "claim_end_date": day}
            )  # fmt: skip
            tables["lines"] += [
                key | {"claim_line_number": i + 1, "hcpcs_code": c} for i, c in enumerate(procedures.split())
            ]
            tables["diagnoses"] += [
                key | {"diagnosis_position": i + 1, "diagnosis_code": c, "diagnosis_code_type": "icd-10-cm"}
                for i, c in enumerate(codes.split())
            ]
    intake = Intake()
    for name, rows in tables.items():
        if rows:
            intake.add(name, pd.DataFrame(rows, dtype=object), source="visits")
    return intake.claims()


@pytest.fixture(scope="module")
def claims() -> Claims:
    """The visits above."""
    return visits(VISITS)


@pytest.fixture(params=["duckdb", "spark"])
def on_each_engine(request: pytest.FixtureRequest, claims: Claims, tmp_path: Path) -> Claims:
    """The visits above, on each engine; Spark takes its time, so that one test asks for it."""
    if request.param == "duckdb":
        return claims
    session = request.getfixturevalue("spark_session")
    return cx.open(claims.save(tmp_path / "claims"), engine="spark", session=session)


def test_every_fact_by_hand(on_each_engine: Claims) -> None:
    found = unsupported(on_each_engine, year=2025, min_confidence=0.0).sort_values("person_id")
    columns = ("person_id", "hcc", "claims", "service_days", "counted", "again", "services", "audit_group")
    assert shown(found, *columns) == [
        ("again", "280", 1, 1, True, "same HCC", "none", ""),
        ("category", "155", 1, 1, True, "same category", "none", "major depressive disorder"),
        ("chemo", "23", 1, 1, True, "no", "treatment", ""),  # its group's rule is met
        ("echo", "226", 1, 1, True, "no", "none", ""),  # the echo itself answered a question
        ("emergency", "249", 1, 1, True, "unknown", "none", ""),
        ("history", "228", 1, 1, True, "no", "none", "acute heart attack"),  # last year's stay is no support
        ("lab", "64", 0, 0, False, "no", "none", ""),
        ("otherday", "280", 1, 1, True, "no", "follow-up", ""),
        ("prostate", "23", 1, 1, True, "no", "none", "prostate cancer"),
        ("sameday", "280", 1, 1, True, "no", "none", ""),
        ("stay", "249", 1, 1, True, "unknown", "none", ""),
        ("stroke", "249", 1, 1, True, "no", "none", "acute stroke"),
    ]  # often has diabetes on three days: not thin
    reasons = dict(zip(found["person_id"], found["reasons"], strict=True))
    assert reasons["stroke"] == ["one claim", "acute code outside a hospital", "no service one would expect"]
    assert reasons["lab"] == ["no claim that counts", "no service one would expect"]
    assert reasons["echo"] == ["no face-to-face encounter", "one claim", "no service one would expect"]
    assert reasons["chemo"] == ["one claim"]


def test_the_evidence_can_be_read(claims: Claims) -> None:
    found = unsupported(claims, year=2025).set_index("person_id")
    assert found.loc["stroke", "reason"] == (
        "I639 on one claim that counts (Office, 2025-05-01); acute stroke without a stay or an emergency visit "
        "(an acute stroke is treated in a hospital; afterwards it is a sequela or a history of one); the OIG found "
        "908 of 945 such cases without support; not coded in the years beside 2025; seen on 3 other days of 2025 "
        "without it; in these claims 1 person has it new and on one day, where 0.0 are expected"
    )
    assert found.loc["lab", "reason"].startswith(
        "K7460 on no claim that counts (laboratory; Independent laboratory, 2025-05-01)"
    )
    assert found.loc["stroke", "diagnosis_codes"] == ["I639"]
    assert found.loc["stroke", "evidence_claims"] == ["stroke-1"]
    assert found.loc["stroke", "evidence_dates"] == ["2025-05-01"]


def test_the_confidence_is_the_scorecard_s(claims: Claims) -> None:
    found = unsupported(claims, year=2025, min_confidence=0.0).set_index("person_id")
    rows = reference.table("unsupported_weights").to_pylist()
    weight = {(row["feature"], row["level"]): row["weight"] for row in rows}
    # One new person has it on one day and none on more: log((1 + 1) / (0 + 1)).
    total = weight["base", "all"] + weight["rule", "acute care missing"]
    total += weight["excess", "slope"] * math.log(2)
    assert found.loc["stroke", "confidence"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-4)
    total = weight["base", "all"] + weight["days", "none"] + weight["other visits", "0"]
    assert found.loc["lab", "confidence"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-4)
    assert found["confidence"].between(0, 1).all()
    assert found.loc["again", "confidence"] < found.loc["sameday", "confidence"]
    assert found.loc["otherday", "confidence"] < found.loc["sameday", "confidence"]
    assert found.loc["stay", "confidence"] < 0.5 < found.loc["stroke", "confidence"]


def test_what_is_hardly_doubtful_is_counted_not_listed(claims: Claims) -> None:
    found = unsupported(claims, year=2025)
    everything = unsupported(claims, year=2025, min_confidence=0.0)
    assert (found["confidence"] >= 0.05).all() and len(found) < len(everything)
    contract = cx.contract(found)
    assert contract["rows_left_out"] - cx.contract(everything)["rows_left_out"] == len(everything) - len(
        found
    )
    json.dumps(dict(contract))


def test_tables_of_ones_own(claims: Claims) -> None:
    groups = reference.table("audit_groups").to_pandas()
    mine = groups.iloc[:1].assign(audit_group="liver", first="K74", last="K74", needs="treatment", sampled="")
    found = unsupported(claims, year=2025, audit_groups=mine).set_index("person_id")
    assert found.loc["lab", "audit_group"] == "liver" and found.loc["stroke", "audit_group"] == ""
    services = reference.table("expected_services").to_pandas().iloc[:1]
    visit = services.assign(diagnosis_first="K74", diagnosis_last="K74", first="80076", last="80076")
    found = unsupported(claims, year=2025, expected_services=visit, min_confidence=0.0).set_index("person_id")
    assert found.loc["lab", "services"] == "treatment" and found.loc["stroke", "services"] == "unknown"
    weights = pd.DataFrame(
        {"feature": ["base"], "level": ["all"], "weight": [0.0], "persons": 1, "planted": 0}
    )
    found = unsupported(claims, year=2025, weights=weights)
    assert (found["confidence"] == 0.5).all()
    assert cx.contract(found)["confidence"].endswith("of the caller's own")


def test_what_does_not_fit_is_refused(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="min_confidence: found 2"):
        unsupported(claims, year=2025, min_confidence=2)
    with pytest.raises(ArgumentError, match="service year 2019; there are 2023 to 2026"):
        unsupported(claims, year=2019)
    with pytest.raises(ArgumentError, match="no risk adjustment model"):
        unsupported(claims, year=2025, model="V99")
    weights = pd.DataFrame(
        {"feature": ["base"], "level": ["some"], "weight": [0.0], "persons": 1, "planted": 0}
    )
    with pytest.raises(SchemaError, match="no feature 'base' with level 'some'"):
        unsupported(claims, year=2025, weights=weights)


def test_claims_without_hccs_have_nothing_to_doubt() -> None:
    found = unsupported(visits({"well": [("2025-05-01", "11", "99213", "I10")]}), year=2025)
    assert found.empty and "confidence" in found
    alone = unsupported(
        visits({"p": [("2025-05-01", "11", "99213", "J44.9")]}), year=2025, min_confidence=0.0
    )
    assert shown(alone, "again") == [("unknown",)]
    assert "no year beside it to compare" in cx.contract(alone)["clock"]
    text = claims_of(claims="claim_id | person_id\nA | p", lines="claim_id | claim_line_number\nA | 1")
    assert unsupported(text, year=2025).empty


def test_wording_is_neutral(claims: Claims) -> None:
    text = " ".join(unsupported(claims, year=2025, min_confidence=0.0)["reason"]).lower()
    assert not any(word in text for word in ("fraud", "missed", "revenue", "delete", "upcod"))


def test_the_scorecard_knows_every_level() -> None:
    card = scorecard()
    assert ("base", "all") in card and ("excess", "slope") in card
    assert {feature for feature, _ in card} == set(LEVELS)


# -- properties ---------------------------------------------------------------------------------------------------

DAY = st.sampled_from(["2024-03-01", "2025-02-01", "2025-05-01", "2025-09-01"])
VISIT = st.tuples(
    DAY,
    st.sampled_from(["11", "81", "23", "111", "131"]),
    st.sampled_from(["99213", "80053", "99213 94010", "J9355", ""]),
    st.sampled_from(["J44.9", "I63.9", "C61", "I10", "J44.9 C61", "E11.42"]),
)


@pytest.mark.thorough
@given(st.lists(VISIT, min_size=1, max_size=5))
@settings(max_examples=4, deadline=None)
def test_only_coded_hccs_are_doubted_and_another_day_never_adds_doubt(
    drawn: list[tuple[str, str, str, str]],
) -> None:
    before = visits({"p": drawn})
    found = unsupported(before, year=2025, min_confidence=0.0)
    assert not found.duplicated(["person_id", "hcc"]).any()
    rows = conditions(before, year=2025).set_index("diagnosis_code")
    for row in found.to_dict("records"):
        assert set(row["diagnosis_codes"]) <= set(rows.index)
        assert row["counted"] == bool(rows.loc[row["diagnosis_codes"], "counted"].any())
    code = "J44.9"
    more = visits({"p": [*drawn, ("2025-11-01", "11", "99213", code)]})
    then = unsupported(more, year=2025, min_confidence=0.0).set_index("hcc")["confidence"]
    now = found.set_index("hcc")["confidence"]
    if "280" in now:
        assert then.get("280", 0.0) <= now["280"]


# -- planted truth -------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_on_simulated_persons_that_no_weight_was_estimated_on() -> None:
    """Recall and precision at confidence 0.5, and as many unsupported as the confidences add up to."""
    simulation = cx.simulate(persons=4000, seed=901)
    truth = simulation.truth["conditions"].query("state == 'unsupported'")
    members = simulation.claims.table("members")
    paid = members[(members["part_b_months"] > 0) & ~members["esrd"].astype(bool)]
    truth = truth.merge(paid[["person_id", "year"]])  # of persons whom CMS pays by V28
    planted = set(zip(truth["person_id"], truth["year"], truth["hcc"], strict=True))
    listed, expected = set(), 0.0
    for year in (2024, 2025):
        found = unsupported(simulation.claims, year=year, min_confidence=0.0)
        expected += found["confidence"].sum()
        sure = found[found["confidence"] >= 0.5]
        listed |= {(person, year, hcc) for person, hcc in zip(sure["person_id"], sure["hcc"], strict=True)}
    right = len(listed & planted)
    assert right / len(listed) >= 0.75 and right / len(planted) >= 0.75, (right, len(listed), len(planted))
    assert expected == pytest.approx(len(planted), rel=0.25)


def test_reasons_are_counted_in_a_column_each_and_none_is_passed_over(claims: Claims) -> None:
    found = unsupported(claims, year=2025, min_confidence=0.0)
    row = reasons(claims, found).iloc[0]
    for reason in REASONS:
        assert row[reason] == sum(reason in listed for listed in found["reasons"]), reason
    with pytest.raises(ArgumentError, match="give the DataFrame"):
        reasons(claims, found[["person_id"]])
    with pytest.raises(ArgumentError, match="'hearsay'"):
        reasons(claims, found.assign(reasons=[["hearsay"]] * len(found)))
