"""What of patterns may leave: cells of enough persons, nothing that compares; and six threads at once."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from tests.amount import first
from tests.spec import shown
from tests.threads import at_once

VISITS = "office visit, established patient"
CALLS: dict[str, Callable[[Claims], pd.DataFrame]] = {
    "association": lambda c: patterns.association(c, stratify="payer", min_observed=1),
    "drift": lambda c: patterns.drift(c, stratify="payer", min_lines=5),
    "network": lambda c: patterns.network(c, min_lines=5),
    "mix": lambda c: patterns.mix(c, family=VISITS, by="payer", period=None, min_lines=1),
    "providers": lambda c: patterns.providers(
        c, measure="unspecified", provider="billing_npi", min_expected=0
    ),
    "a selection": lambda c: patterns.mix(c.where(place="11"), family=VISITS, by="payer", min_lines=1),
}
MINIMUM = 11


@pytest.fixture(scope="module")
def claims() -> Claims:
    return cx.simulate(persons=150, seed=2).claims


@pytest.fixture(scope="module")
def standing(claims: Claims) -> pd.DataFrame:
    """One row per line of a claim that nobody replaced or voided, and diagnosis."""
    rows = claims.query(
        """
        SELECT p.*, c.person_id, c.payer, c.billing_npi FROM pairs p JOIN claims c USING (claim_id)
        WHERE c.claim_id NOT IN (SELECT claim_id FROM superseded)
            AND coalesce(c.frequency_code, substr(c.bill_type_code, 3, 1), '1') <> '8'
        """
    )
    return rows[rows["hcpcs_code"].notna()]


def released(claims: Claims, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    whole = CALLS[name](claims)
    release = cx.disclosure.Release(claims)
    release.add(name, whole)
    return whole, release[name]


PAIR = ["hcpcs_code", "diagnosis_code"]


@pytest.mark.parametrize("name", ["association", "drift", "network"])
def test_pairs_leave_with_counts_of_enough_persons_alone(
    claims: Claims, standing: pd.DataFrame, name: str
) -> None:
    whole, left = released(claims, name)
    persons = standing.groupby(PAIR)["person_id"].nunique().rename("there")
    both = left.merge(persons.reset_index(), on=PAIR, how="left")
    assert len(left) == len(whole)
    assert (both["lines"].notna() == both["persons"].notna()).all()
    shown_ = both[both["lines"].notna()]
    assert 0 < len(shown_) < len(left)
    assert (shown_["there"] >= MINIMUM).all()
    assert (shown_["persons"] == shown_["there"]).all()
    compared = {"expected", "lift", "ebgm", "eb05", "q_value", "procedure_share", "ratio", "share_before", "first_date",
                "month_lines"}  # fmt: skip
    assert left[[column for column in left if column in compared]].isna().all(axis=None)


def test_denials_of_an_edge_leave_where_enough_were_denied(claims: Claims) -> None:
    _, left = released(claims, "network")
    denied = claims.query(
        """
        SELECT p.hcpcs_code, p.diagnosis_code, count(DISTINCT o.person_id) AS there
        FROM pairs p JOIN line_outcomes o USING (claim_id, claim_line_number)
        WHERE o.initial_outcome = 'denied' AND p.hcpcs_code IS NOT NULL GROUP BY ALL
        """
    )
    both = left.merge(denied, on=PAIR, how="left")
    told = both[both["denied_lines"].fillna(0) > 0]
    assert (told["there"] >= MINIMUM).all()
    assert (
        both.loc[both["there"] < MINIMUM, ["denied_lines", "denial_rate", "low", "denied_amount"]]
        .isna()
        .all(axis=None)
    )


def test_levels_leave_without_what_mixes_them(claims: Claims, standing: pd.DataFrame) -> None:
    _, left = released(claims, "mix")
    visits = standing[standing["hcpcs_code"].between("99211", "99215")].drop_duplicates(
        ["claim_id", "claim_line_number"]
    )
    persons = visits.groupby(["payer", "hcpcs_code"])["person_id"].nunique().rename("there").reset_index()
    both = left.merge(persons, left_on=["payer", "codes"], right_on=["payer", "hcpcs_code"], how="left")
    told = both[both["lines"].fillna(0) > 0]
    assert (told["there"] >= MINIMUM).all()
    assert (
        both.loc[both["there"].between(1, MINIMUM - 1), ["lines", "persons", "share"]].isna().all(axis=None)
    )
    assert left[["family_lines", "mean_level", "entropy", "low"]].isna().all(axis=None)


def test_providers_leave_as_counts(claims: Claims) -> None:
    whole, left = released(claims, "providers")
    small = whole[whole["persons"] < MINIMUM]["provider"]
    assert len(small)
    rows = left.set_index("provider")
    assert rows.loc[small, ["lines", "observed", "rate"]].isna().all(axis=None)
    assert rows["lines"].notna().any()
    assert left[["expected", "ratio", "z", "p_value", "upper_998", "position"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def few() -> Claims:
    return cx.simulate(persons=60, seed=1).claims


@pytest.mark.parametrize("name", first(1, CALLS))
def test_six_threads_at_once_find_what_one_finds(few: Claims, name: str) -> None:
    at_once(lambda: CALLS[name](few))


def test_lines_stand_in_the_group_of_each_diagnosis_and_undated_ones_in_none(claims: Claims) -> None:
    whole = patterns.mix(claims, family=VISITS, period=None, min_lines=1)
    by = patterns.mix(claims, family=VISITS, by="diagnosis_category", period=None, min_lines=1)
    assert by["lines"].sum() > whole["lines"].sum()
    pairs = claims.query(
        """
        SELECT count(DISTINCT (p.claim_id, p.claim_line_number)) AS n FROM pairs p
        WHERE p.diagnosis_code LIKE 'I10%' AND p.hcpcs_code BETWEEN '99211' AND '99215'
            AND p.claim_id NOT IN (SELECT claim_id FROM superseded)
            AND p.claim_id NOT IN (SELECT claim_id FROM claims WHERE frequency_code = '8')
        """
    )
    assert by[by["diagnosis_category"] == "I10"]["lines"].sum() == shown(pairs)[0][0]
