"""What of specificity may leave: cells of enough persons, nothing that compares; and six threads at once."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import cpticd as cx
from cpticd import specificity
from cpticd.claims import Claims
from cpticd.core.measure import measures
from cpticd.reference import traits
from tests.amount import first
from tests.threads import at_once

CALLS: dict[str, Callable[[Claims], pd.DataFrame]] = {
    "share": lambda c: specificity.share(c, by=["payer", "quarter"]),
    "effect": lambda c: specificity.effect(c, min_lines=1),
    "effect within": lambda c: specificity.effect(c, "payer", within=("quarter", "place"), min_lines=1),
    "calendar": lambda c: specificity.calendar(c, min_lines=1),
    "two_ledgers": specificity.two_ledgers,
}
MINIMUM = 11


@pytest.fixture(scope="module")
def claims() -> Claims:
    return cx.simulate(persons=250, seed=4).claims


def released(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    release = cx.disclosure.Release(claims)
    release.add("it", frame)
    return release["it"]


@pytest.fixture(scope="module")
def coded(claims: Claims) -> pd.DataFrame:
    """One row per person, payer, quarter and diagnosis of a claim that nobody replaced or voided."""
    rows = claims.query(
        """
        SELECT c.person_id, coalesce(c.payer, '(unknown)') AS payer, d.diagnosis_code, o.service_date
        FROM claims c JOIN diagnoses d USING (claim_id) JOIN line_outcomes o USING (claim_id)
        WHERE c.claim_id NOT IN (SELECT claim_id FROM superseded)
            AND coalesce(c.frequency_code, substr(c.bill_type_code, 3, 1), '1') <> '8'
        """
    )
    known = traits.of_codes(rows["diagnosis_code"].unique())["unspecified"]
    return rows.assign(unspecified=rows["diagnosis_code"].map(known).astype("boolean"))


def test_shares_leave_where_enough_persons_have_both_kinds_of_codes(
    claims: Claims, coded: pd.DataFrame
) -> None:
    whole = specificity.share(claims, by="payer")
    left = released(claims, whole).set_index("payer")
    persons = coded.groupby("payer")["person_id"].nunique()
    with_open = coded[coded["unspecified"].fillna(False)].groupby("payer")["person_id"].nunique()
    assert (persons[left.index[left["diagnoses"].notna()]] >= MINIMUM).all()
    assert (with_open.reindex(left.index[left["unspecified"].fillna(0) > 0]) >= MINIMUM).all()
    assert left["unspecified"].notna().any()
    assert left[["laterality_missing", "lines", "unspecified_amount", "sided"]].isna().all(axis=None)
    few = specificity.effect(claims, by="hcpcs_code", min_lines=1)
    small = (
        (few["unspecified_denied"] < MINIMUM)
        | (few["specific_denied"] < MINIMUM)
        | (few["persons"] < MINIMUM)
    )
    assert small.any()
    assert set(released(claims, few)["hcpcs_code"]).isdisjoint(few.loc[small, "hcpcs_code"])


def test_breaks_leave_as_counts_of_enough_persons(claims: Claims) -> None:
    whole = specificity.calendar(claims, boundaries="2024-10-01", min_lines=1)
    left = released(claims, whole)
    assert len(left) == len(whole)
    first = left[left["kind"] == "untouched"].iloc[0]
    assert first["lines_before"] > 0
    assert (
        left[["use_odds_ratio", "denial_p_value", "control_lines_before", "new_code_share"]]
        .isna()
        .all(axis=None)
    )
    other = left[left["kind"] != "untouched"]
    assert (
        other["lines_before"].dropna().astype(float).isin([0]) | (other["lines_before"].dropna() >= MINIMUM)
    ).all()


def test_ledgers_leave_by_the_persons_of_either(claims: Claims) -> None:
    gaps = cx.risk.gaps(claims, year=2024, model="V28", payment_year=2025)
    whole = specificity.two_ledgers(claims, gaps)
    left = released(claims, whole).set_index("diagnosis_family")
    rows = whole.set_index("diagnosis_family")
    few = rows["persons"].between(1, MINIMUM - 1)
    assert few.any()
    assert left.loc[few[few].index, ["persons", "denied_amount", "expected_gaps"]].isna().all(axis=None)
    few = rows["denial_persons"].between(1, MINIMUM - 1)
    assert (
        left.loc[few[few].index, ["denial_persons", "unspecified_lines", "denied_amount"]]
        .isna()
        .all(axis=None)
    )
    few = rows["risk_persons"].fillna(0).between(1, MINIMUM - 1)
    assert left.loc[few[few].index, ["risk_persons", "gaps", "expected_gaps"]].isna().all(axis=None)
    assert left["denied_amount"].notna().any()


def test_every_analysis_is_declared_and_has_its_part_in_the_report() -> None:
    found = {each.name: [part.key for part in each.report] for each in measures("specificity")}
    assert found == {
        "specificity.share": ["unspecified"], "specificity.effect": ["effect"], "specificity.calendar": [],
        "specificity.two_ledgers": [],
    }  # fmt: skip


@pytest.fixture(scope="module")
def few() -> Claims:
    return cx.simulate(persons=60, seed=1).claims


@pytest.mark.parametrize("name", first(1, CALLS))
def test_six_threads_at_once_find_what_one_finds(few: Claims, name: str) -> None:
    at_once(lambda: CALLS[name](few))
