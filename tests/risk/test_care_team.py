"""Who sees a person for a condition, when he comes next, and what clinicians have to review: by hand, as text."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import risk
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, DisclosureError, SchemaError
from tests.spec import claims_of

# A sees 111 for diabetes on two days and 222 more often for something else, B sees 333 once a month for heart failure,
# C was seen by a laboratory alone (place 81 does not count).
VISITS = """
    A | 2024-02-01 | 11 | 111 | E11.22
    A | 2025-02-01 | 11 | 111 | E11.9
    A | 2025-01-10 | 11 | 222 | J06.9
    A | 2025-03-10 | 11 | 222 | J06.9
    A | 2025-05-10 | 11 | 222 | J06.9
    A | 2025-07-09 | 11 | 222 | J06.9
    B | 2025-03-01 | 11 | 333 | I50.9
    B | 2025-03-31 | 11 | 333 | I50.9
    B | 2025-04-30 | 11 | 333 | I50.9
    B | 2025-12-01 | 11 | 444 | I50.9
    C | 2025-04-30 | 81 | 555 | E11.9
"""
GAPS = """
    A | 37  | 0.5
    A | 226 | 0.4
    B | 226 | 0.8
    C | 38  | 0.9
"""


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def claims() -> Claims:
    claim = ["claim_id | claim_type | person_id | place_of_service_code | claim_start_date | claim_end_date"]
    line = [
        "claim_id | claim_line_number | hcpcs_code | rendering_npi | rendering_taxonomy | claim_line_start_date"
    ]
    coded = ["claim_id | diagnosis_position | diagnosis_code"]
    for number, (person, day, place, npi, code) in enumerate(rows(VISITS)):
        claim.append(f"V{number} | professional | {person} | {place} | {day} | {day}")
        line.append(f"V{number} | 1 | 99213 | {npi} | 20{npi}X | {day}")
        coded.append(f"V{number} | 1 | {code}")
    members = ["person_id | year | birth_date | sex"]
    members += [f"{person} | {year} | 1950-01-01 | female" for person in "ABC" for year in (2024, 2025)]
    tables = {"claims": claim, "lines": line, "diagnoses": coded, "members": members}
    return claims_of(**{name: "\n".join(text) for name, text in tables.items()})


def gaps() -> pd.DataFrame:
    frame = pd.DataFrame(rows(GAPS), columns=["person_id", "hcc", "confidence"])
    return frame.astype({"confidence": float})


def worklist(claims: Claims, **how: object) -> pd.DataFrame:
    return risk.worklist(claims, gaps(), **{"year": 2025, "as_of": "2025-08-01", **how})  # type: ignore[arg-type]


def test_the_clinician_of_the_condition_goes_before_the_one_who_is_seen_most(claims: Claims) -> None:
    found = worklist(claims).set_index(["person_id", "hcc"])
    expected = """
        A | 37  | 111 | condition | 2 | 2025-02-01 | overdue
        A | 226 | 222 | person    | 4 | 2025-07-09 | usual interval
        B | 226 | 333 | condition | 3 | 2025-04-30 | overdue
    """
    for person, hcc, npi, seen_for, visits, last, by in rows(expected):
        row: dict[Any, Any] = found.loc[[(person, hcc)]].to_dict("records")[0]
        shown = [row["rendering_npi"], row["seen_for"], str(row["visits"]), str(row["last_visit"].date())]
        assert [*shown, row["next_visit_by"]] == [npi, seen_for, visits, last, by]
        assert row["taxonomy"] == f"20{npi}X"
    nobody: dict[Any, Any] = found.loc[[("C", "38")]].to_dict("records")[0]
    assert pd.isna(nobody["rendering_npi"]) and nobody["seen_for"] == "" and nobody["next_visit_by"] == ""


def test_the_usual_interval_is_the_median_between_visits(claims: Claims) -> None:
    found = worklist(claims).set_index(["person_id", "hcc"])
    # 222 saw A 59, 61 and 60 days apart; B came every 30 days.
    assert found.loc[("A", "226"), "usual_days"] == 60
    assert found.loc[("A", "226"), "next_visit"] == pd.Timestamp("2025-09-07")
    assert found.loc[("B", "226"), "usual_days"] == 30


def test_appointments_go_before_what_is_expected(claims: Claims) -> None:
    booked = pd.DataFrame(
        [
            ("A", "2025-08-20", "222"),
            ("A", "2025-09-02", "111"),
            ("B", "2025-07-01", "333"),
            ("C", "2025-08-03", None),
        ],
        columns=["person_id", "appointment_date", "npi"],
    )
    found = worklist(claims, appointments=booked)
    shown = found[["person_id", "hcc", "next_visit", "next_visit_by"]].astype(str).to_numpy().tolist()
    assert shown == [
        ["C", "38", "2025-08-03", "appointment"],
        ["A", "226", "2025-08-20", "appointment"],
        ["A", "37", "2025-09-02", "appointment"],
        ["B", "226", "2025-05-30", "overdue"],
    ]


def test_visits_after_the_day_are_not_known_yet(claims: Claims) -> None:
    later = worklist(claims, as_of="2025-12-31").set_index(["person_id", "hcc"])
    assert later.loc[("B", "226"), "rendering_npi"] == "333"  # most days still
    first = worklist(claims, as_of="2025-01-15").set_index(["person_id", "hcc"])
    assert first.loc[("A", "37"), "last_visit"] == pd.Timestamp("2024-02-01")
    assert first["rendering_npi"].isna()[("B", "226")]


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"as_of": "some day"}, ArgumentError, "as_of='some day'"),
        ({"appointments": pd.DataFrame({"person_id": ["A"]})}, SchemaError, "appointments: no column"),
        (
            {"appointments": pd.DataFrame({"person_id": ["A"], "appointment_date": ["soon"]})},
            SchemaError,
            "'soon' of person 'A' is no date",
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    claims: Claims, how: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        worklist(claims, **how)


def test_clinicians_have_their_conditions_and_what_came_back(claims: Claims) -> None:
    found = risk.provider_gaps(claims, worklist(claims), year=2025).set_index("rendering_npi")
    expected = """
        111       | 1 | 1 | 0.5 | 1 | 0
        222       | 1 | 1 | 0.4 | 0 | 0
        333       | 1 | 1 | 0.8 | 0 | 0
        (unknown) | 1 | 1 | 0.9 | 0 | 0
    """
    assert len(found) == 4
    for npi, *numbers in rows(expected):
        columns = ["persons", "gaps", "expected_gaps", "due", "recaptured"]
        assert found.loc[[npi], columns].to_numpy(float)[0].tolist() == [float(number) for number in numbers]
    # One coin of 0.5: 0.5 ± 1.96 x 0.5, cut to what there is.
    assert found.loc[["111"], ["fewest_gaps", "most_gaps"]].to_numpy()[0].tolist() == [0.0, 1.0]
    by = risk.provider_gaps(claims, worklist(claims), year=2025, by="taxonomy")
    assert set(by["taxonomy"]) == {"20111X", "20222X", "20333X", "(unknown)"}


def test_recapture_by_clinician_adds_up_to_recapture() -> None:
    claims = cx.simulate(persons=400, seed=2).claims
    found = risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True)
    todo = risk.worklist(claims, found, year=2025, as_of="2025-12-31")
    assert len(todo) == len(found)
    clinicians = risk.provider_gaps(claims, todo, year=2025)
    whole = risk.recapture(claims, payment_year=2026)
    whole = whole[whole["year"] == 2025]
    assert clinicians[["due", "recaptured"]].sum().tolist() == whole[["due", "recaptured"]].sum().tolist()
    with pytest.raises(DisclosureError):
        cx.disclosure.protect(clinicians)
    shown = cx.disclosure.Release(claims).add("clinicians", clinicians)["clinicians"]
    assert len(shown) < len(clinicians) and bool((shown["persons"] >= 11).all())
    assert len(cx.charts.draw(clinicians, max_rows=5).data[0].x) == 5


def test_marketplace_plans_count_visits_that_medicare_excludes() -> None:
    """By sound alone (modifier 93) from 2026 on: no ground for Medicare, and one for HHS's models, as in recapture."""
    claims = claims_of(
        members="person_id | year | birth_date | sex | metal_level\n"
        + "\n".join(f"A | {year} | 1980-01-15 | female | silver" for year in (2025, 2026)),
        claims="claim_id | claim_type | person_id | place_of_service_code | claim_start_date | claim_end_date\n"
        "V1 | professional | A | 11 | 2025-03-01 | 2025-03-01\nV2 | professional | A | 10 | 2026-03-01 | 2026-03-01",
        lines="claim_id | claim_line_number | hcpcs_code | hcpcs_modifier_1 | rendering_npi\n"
        "V1 | 1 | 99214 | | 111\nV2 | 1 | 99214 | 93 | 111",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\nV1 | 1 | G20.A1\nV2 | 1 | G20.A1",
    )
    found = pd.DataFrame({"person_id": ["A"], "hcc": ["119"]})
    todo = risk.worklist(claims, found, year=2026, as_of="2026-12-31", model="HHS V08")
    clinicians = risk.provider_gaps(claims, todo, year=2026, model="HHS V08")
    assert clinicians[["rendering_npi", "due", "recaptured"]].to_numpy().tolist() == [["111", 1, 1]]
