"""Pairs where services recur: claims of a generator that is not the simulator's, whose lines depend on one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.regression.linear_model import OLS

import cpticd as cx
from cpticd.claims import Claims
from tests.benchmarks.recurring_claims import World, draw

KEYS = ["payer", "hcpcs_code", "diagnosis_code"]


@pytest.fixture(scope="module")
def therapy() -> tuple[World, Claims, pd.DataFrame]:
    world = draw("therapy", seed=3, lines=60_000)
    claims = cx.read_tables(**world.tables, progress=False)
    return world, claims, cx.denials.by_pair(claims, by="payer")


def residuals(world: World) -> pd.DataFrame:
    """One row per line and diagnosis: its keys, and denied less the rate of its procedure, payer, place and quarter."""
    quarter = pd.to_datetime(world.lines["day"]).dt.to_period("Q")
    lines = world.lines.assign(quarter=quarter, denied=world.lines["denied"].astype(float))
    like = lines.groupby(["hcpcs_code", "payer", "place", "quarter"])["denied"].transform("mean")
    lines["residual"] = lines["denied"] - like
    pairs = world.pairs
    return (
        lines.loc[pairs["line"]]
        .reset_index(drop=True)
        .assign(diagnosis_code=pairs["diagnosis_code"].to_numpy())
    )


@pytest.mark.thorough
def test_a_design_effect_is_what_statsmodels_says_of_the_larger_kind_of_clusters(
    therapy: tuple[World, Claims, pd.DataFrame],
) -> None:
    world, claims, _ = therapy
    found, keys, compared = cx.denials.by_pair(claims), KEYS[1:], []
    for key, part in residuals(world).groupby(keys):
        persons = part["person_id"].value_counts()
        if (persons.sum() ** 2 / (persons**2).sum()) < 40 or len(part) < 30:
            continue
        fit = OLS(part["residual"].to_numpy(), np.ones(len(part)))
        plain = fit.fit().bse[0] ** 2
        by = [
            fit.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(part[name])[0]}).bse[0] ** 2 / plain
            for name in ("claim_id", "person_id")
        ]
        compared.append((*key, max(*by, 1.0), persons.max() / len(part)))
    table = pd.DataFrame(compared, columns=[*keys, "by_clusters", "largest"]).merge(found, on=keys)
    assert len(table) > 20 and table["by_clusters"].max() > 2
    # Of so many clusters a row leans little on its like.
    assert np.abs(np.log(table["design_effect"] / table["by_clusters"])).mean() < 0.08
    assert np.abs(np.log(table["design_effect"] / table["by_clusters"])).max() < 0.35
    np.testing.assert_allclose(table["largest_person_share"], table["largest"])
    np.testing.assert_allclose(table["effective_lines"] * table["design_effect"], table["lines"])


def test_where_nothing_is_planted_nothing_is_found_though_lines_taken_for_independent_say_so(
    therapy: tuple[World, Claims, pd.DataFrame],
) -> None:
    world, claims, found = therapy
    assert (found["q_value"] <= 0.10).sum() <= 1
    rows = residuals(world).groupby(KEYS)["residual"].agg(["sum", "size", lambda r: float(r @ r)])
    rows = rows[rows["size"] >= 30]
    naive = norm.sf(rows["sum"] / np.sqrt(rows.iloc[:, 2]))
    assert (cx.stats.benjamini_hochberg(naive) <= 0.10).sum() > 15
    diagnoses = cx.denials.by_pair(claims, by="payer", cause="diagnosis related")
    assert (diagnoses["q_value"] <= 0.10).sum() <= 1


def test_planted_pairs_are_found_where_providers_fall_out_and_more_of_them_by_the_cause() -> None:
    world = draw("credentialing", seed=2, lines=50_000, effects=True)
    claims = cx.read_tables(**world.tables, progress=False)
    planted = world.truth[world.truth["level"] == "pair"][[*KEYS, "odds_ratio"]]
    reported = {}
    for cause in (None, "diagnosis related"):
        found = cx.denials.by_pair(claims, by="payer", cause=cause).merge(planted, on=KEYS, how="left")
        reported[cause] = found.loc[found["q_value"] <= 0.10, "odds_ratio"]
        assert reported[cause].isna().mean() <= 0.25
    # Counting denials that concern the diagnosis alone leaves out those that come by person and provider.
    assert len(reported["diagnosis related"]) > len(reported[None]) >= 3


def test_a_cause_is_counted_as_the_lines_of_that_cause(therapy: tuple[World, Claims, pd.DataFrame]) -> None:
    _, claims, _ = therapy
    category = str(cx.denials.causes(claims)["category"].iloc[0])
    found = cx.denials.by_pair(claims, cause=category, min_lines=200).iloc[0]
    counted = claims.query(
        "SELECT count(*) AS n FROM pairs p JOIN line_outcomes o ON o.claim_id = p.claim_id "
        "AND o.claim_line_number = p.claim_line_number WHERE o.initial_outcome = 'denied' "
        f"AND o.denial_category = '{category}' AND p.hcpcs_code = '{found['hcpcs_code']}' "
        f"AND p.diagnosis_code = '{found['diagnosis_code']}'"
    )
    assert found["denied_lines"] == counted["n"].iloc[0]
    with pytest.raises(cx.CpticdError, match="category of denials"):
        cx.denials.by_pair(claims, cause="weather")
