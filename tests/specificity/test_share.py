"""Which codes are unspecified, of which claims, lines and dollars; and codes in a notebook."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import cpticd as cx
from cpticd import stats
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import claims_of, shown
from tests.specificity.samples import SHARE

share = cx.specificity.share


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**SHARE)


def test_every_code_of_every_claim_that_stands_counts_once(claims: Claims) -> None:
    found = share(claims)
    # C2 I5021; C3 M1710, I10; C4 J45909, I509; C5 S72009. Unspecified: all but I5021 and I10.
    assert shown(found, "claims", "diagnoses", "unspecified", "with_specific", "condition_unspecified") == [
        (4, 6, 4, 3, 3)
    ]
    assert shown(found, "unspecified_share", "with_specific_share") == [(round(4 / 6, 4), 0.5)]
    assert shown(found, "sided", "laterality_missing", "laterality_missing_share") == [(2, 2, 1.0)]
    assert shown(found, "severity_missing", "acuity_missing") == [(1, 1)]
    assert shown(found, "staged", "encounter_missing", "encounter_missing_share") == [(1, 1, 1.0)]


def test_lines_and_dollars_go_by_what_lines_point_to(claims: Claims) -> None:
    # C3's second line shares its 200 between M1710 and I10; nothing points to C4's I509.
    columns = ("lines", "unspecified_lines", "charge_amount", "unspecified_amount")
    assert shown(share(claims), *columns) == [(5, 3, 650.0, 350.0)]
    assert shown(share(claims), "unspecified_lines_share", "unspecified_amount_share") == [(0.6, 0.5385)]


def test_what_is_not_judged_is_counted(claims: Claims) -> None:
    contract = cx.contract(share(claims))
    assert contract["rows_left_out"] == 2  # 250.00 of ICD-9-CM, and Q99Q, which is no code
    assert contract["replaced_lines_left_out"] == 1
    json.dumps(dict(contract))


def test_groups_of_claims_lines_and_diagnoses(claims: Claims) -> None:
    by_payer = share(claims, by="payer")
    assert shown(by_payer, "payer", "diagnoses", "unspecified") == [("South", 3, 3), ("North", 3, 1)]
    by_family = share(claims, by=["payer", "diagnosis_family"])
    assert by_family["diagnoses"].sum() == 6
    assert by_family["charge_amount"].sum() == 650.0
    category = share(claims, by="diagnosis_category").set_index("diagnosis_category")
    assert category.loc["I50", ["diagnoses", "unspecified"]].tolist() == [2, 1]
    # A code counts where lines point to it: I10 with both of C3's procedures, I50.9 with all lines of its claim.
    by_procedure = share(claims, by="hcpcs_code").set_index("hcpcs_code")
    assert by_procedure.loc[["73560", "99214", "99213"], "diagnoses"].tolist() == [2, 2, 3]


def test_a_selection_is_all_there_is(claims: Claims) -> None:
    found = share(claims.where(dates=("2025-02-01", "2025-03-31"), payer="North"))
    assert shown(found, "claims", "diagnoses", "unspecified") == [(1, 2, 1)]
    assert cx.contract(found)["selection"]["payer"] == ["North"]


def test_the_interval_is_clustered_by_person_and_wilson_at_the_edge(claims: Claims) -> None:
    found = share(claims).iloc[0]
    ratio, low, high = stats.ratio_interval([0, 1, 2, 1], [1, 2, 2, 1])
    assert (found["unspecified_share"], found["low"], found["high"]) == pytest.approx((ratio, low, high))
    south = share(claims, by="payer").iloc[0]
    wilson = stats.wilson(3, 3)
    assert (south["low"], south["high"]) == pytest.approx((float(wilson[0]), float(wilson[1])))


def test_no_claims_no_share() -> None:
    empty = share(claims_of(**{name: text.strip().splitlines()[0] for name, text in SHARE.items()}))
    assert empty["diagnoses"].sum() == 0
    assert empty["unspecified_share"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"by": "chapter"}, "by='chapter'"),
        ({"by": ["payer", "payer"]}, "distinct"),
    ],
)
def test_unknown_dimensions_are_refused(claims: Claims, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        share(claims, **arguments)


def test_both_engines_agree(spec: Claims) -> None:
    """R53.83 says other, R51.9 says unspecified: one code of the claim C3, half of its line."""
    assert shown(share(spec, by="payer"), "payer", "diagnoses", "unspecified", "unspecified_amount") == [
        ("South", 5, 1, 50.0), ("North", 5, 0, 0.0), ("Plan", 1, 0, 0.0),
    ]  # fmt: skip
    ledger = cx.specificity.two_ledgers(spec)
    columns = ("diagnosis_family", "unspecified_lines", "denied_lines", "expected_denials", "denied_amount")
    assert shown(ledger, *columns) == [("18 Symptoms and findings", 1, 0, 0.2, 20.0)]


def test_codes_in_a_notebook() -> None:
    given = pd.Series(["s72.009a", "I50.9", "S72.009", None, "zzz", "M17.11"], index=list("abcdef"))
    found = cx.reference.traits.classify(given, on="2025-01-01")
    assert list(found.index) == list("abcdef")
    assert shown(found, "code", "unspecified", "valid", "laterality", "other_side_code", "missing") == [
        ("S72009A", True, True, "unspecified", "", "condition, laterality"),
        ("I509", True, True, "", "", "condition, acuity"),
        ("S72009", True, False, "unspecified", "", "condition, laterality, encounter"),
        (None, None, None, None, None, ""),
        ("ZZZ", None, False, None, None, ""),
        ("M1711", False, True, "right", "M1712", ""),
    ]
    assert found.loc["c", "reason"] == "header, not billable"
