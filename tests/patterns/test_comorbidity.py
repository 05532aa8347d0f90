"""Charlson and Elixhauser by hand, after the published tables."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, DisclosureError
from tests.spec import claims_of, frame, shown

#: Persons whose scores are worked out by hand: what follows is from the published tables.
TABLES = {
    "claims": """
        claim_id | claim_type    | person_id | payer | bill_type_code | frequency_code | original_payer_claim_id | claim_start_date
        A1       | professional  | heart     | N     |                | 1              |                         | 2025-03-01
        A2       | professional  | heart     | N     |                | 1              |                         | 2025-03-20
        B1       | professional  | sugar     | N     |                | 1              |                         | 2025-01-05
        B2       | professional  | sugar     | N     |                | 1              |                         | 2025-02-10
        C1       | institutional | cancer    | N     | 111            | 1              |                         | 2025-06-01
        D1       | professional  | well      | N     |                | 1              |                         | 2025-06-01
        E1       | professional  | before    | N     |                | 1              |                         | 2024-12-31
        F1       | professional  | void      | N     |                | 8              | zz                      | 2025-06-01
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code
        A1       | 1                 | 99213
        A2       | 1                 | 99213
        B1       | 1                 | 99213
        B2       | 1                 | 99213
        C1       | 1                 | 99221
        D1       | 1                 | 99213
        E1       | 1                 | 99213
        F1       | 1                 | 99213
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code | diagnosis_code_type | diagnosis_kind
        A1       | 1                  | I509           | icd-10-cm           |
        A1       | 2                  | N184           | icd-10-cm           |
        A2       | 1                  | N185           | icd-10-cm           |
        A2       | 2                  | F329           | icd-10-cm           |
        B1       | 1                  | E119           | icd-10-cm           |
        B2       | 1                  | E1122          | icd-10-cm           |
        B2       | 2                  | B20            | icd-10-cm           |
        C1       | 1                  | C509           | icd-10-cm           | principal
        C1       | 2                  | C787           | icd-10-cm           | other
        C1       | 3                  | I219           | icd-10-cm           | admitting
        D1       | 1                  | Z0000          | icd-10-cm           |
        D1       | 2                  | 4280           | icd-9-cm            |
        E1       | 1                  | I509           | icd-10-cm           |
        F1       | 1                  | I509           | icd-10-cm           |
    """,
    "members": """
        person_id | year | birth_date
        heart     | 2025 | 1944-05-01
        sugar     | 2025 | 1974-05-01
        nobody    | 2025 | 2000-01-01
    """,
}
COLUMNS = [
    "person_id",
    "age",
    "claims",
    "charlson",
    "charlson_2011",
    "charlson_age",
    "elixhauser",
    "van_walraven",
]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**TABLES)


def test_indexes_are_those_of_the_published_weights(claims: Claims) -> None:
    # heart: failure 1 (2011: 2), renal 2 (1); 81 years: 4. Elixhauser: failure 7, renal 5, depression -3.
    # sugar: with complications 2 (1), in place of the plain one; AIDS 6 (4); 51 years: 1. E11.22 is none of renal's.
    # cancer: metastatic 6 (6), 12, in place of the tumour; the admitting infarction does not count.
    expected = """
        person_id | age | claims | charlson | charlson_2011 | charlson_age | elixhauser | van_walraven
        cancer    |     | 1      | 6        | 6             |              | 1          | 12
        heart     | 81  | 2      | 3        | 3             | 7            | 3          | 9
        nobody    | 25  | 0      | 0        | 0             | 0            | 0          | 0
        sugar     | 51  | 2      | 8        | 5             | 9            | 2          | 0
        well      |     | 1      | 0        | 0             |              | 0          | 0
    """
    found = patterns.comorbidity(claims, year=2025)
    written = frame(expected)
    numbers = {name: pd.to_numeric(written[name]) for name in COLUMNS[1:]}
    assert shown(found, *COLUMNS) == shown(written.assign(**numbers), *COLUMNS)
    named = found.set_index("person_id")["charlson_conditions"]
    assert named[["heart", "sugar", "well"]].tolist() == [
        "heart_failure, renal",
        "diabetes_complicated, hiv",
        "",
    ]
    terms = cx.contract(found)
    assert (terms["icd9_diagnoses_left_out"], terms["admitting_and_reasons_left_out"]) == (1, 1)
    assert cx.contract(patterns.comorbidity(claims, year=2019))["rows_left_out"] == 0, (
        "no claim is of that year"
    )


def test_years_before_count_where_they_are_asked_for(claims: Claims) -> None:
    found = patterns.comorbidity(claims, year=2025, lookback_years=2).set_index("person_id")
    assert found.loc["before", ["charlson", "claims"]].tolist() == [1, 1]


def test_confirmed_is_inpatient_or_thirty_days_apart(claims: Claims) -> None:
    found = patterns.comorbidity(claims, year=2025, evidence="confirmed", flags=True).set_index("person_id")
    assert found.loc["cancer", "charlson"] == 6
    # Renal on two days 19 apart; diabetes with complications once, the plain one is 36 days before it, once too.
    assert found.loc["heart", "charlson"] == found.loc["sugar", "charlson"] == 0
    assert bool(found.loc["cancer", "charlson_metastatic"]) and not found["elixhauser_depression"].any()


def test_the_summary_counts_persons_and_leaves_and_rows_of_persons_do_not(claims: Claims) -> None:
    found = patterns.comorbidity_summary(claims, year=2025)
    rows = found.set_index(["index", "condition"])
    assert rows.loc[("charlson", "renal"), ["persons", "with_condition", "share"]].tolist() == [5, 1, 0.2]
    assert rows.loc[("charlson", "diabetes"), "with_condition"] == 0
    release = cx.disclosure.Release(claims)
    with pytest.raises(DisclosureError, match="comorbidity_summary"):
        release.add("persons", patterns.comorbidity(claims, year=2025))
    many = cx.simulate(persons=150, seed=2).claims
    release = cx.disclosure.Release(many)
    whole = patterns.comorbidity_summary(many, year=2025)
    release.add("conditions", whole)
    left = release["conditions"]
    shown_ = left[left["with_condition"].notna()]
    assert 0 < len(shown_) < len(left)
    assert ((shown_["with_condition"] >= 11) | (shown_["with_condition"] == 0)).all()
    assert cx.charts.draw(whole).data


def test_arguments_that_are_not_known_are_refused(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="evidence='some'"):
        patterns.comorbidity(claims, year=2025, evidence="some")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="lookback_years=0"):
        patterns.comorbidity(claims, year=2025, lookback_years=0)
