"""Design effects by claim and by person in rates, causes and shares: statsmodels' cluster covariance is the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd import denials, stats
from cpticd.claims import Claims
from cpticd.core.errors import QueryError
from cpticd.core.session import Session
from cpticd.stats import ClusterSums, Products
from tests.benchmarks.recurring_claims import draw
from tests.spec import claims_of


@pytest.fixture(scope="module")
def recurring() -> Iterator[tuple[Claims, pd.DataFrame]]:
    """Claims of courses of therapy, and their lines: claim, person, payer, denied, charge, amount and reason."""
    world = draw("therapy", 3, 12_000)
    reasons = world.tables["adjustments"].query("carc not in ['45', '2']")
    keys = ["claim_id", "claim_line_number"]
    lines = world.lines.merge(world.tables["lines"][[*keys, "charge_amount"]], on=keys)
    lines = lines.merge(reasons[[*keys, "carc"]], on=keys, how="left")
    claims = cx.read_tables(**world.tables, progress=False)
    yield claims, lines.assign(amount=lines["charge_amount"].where(lines["denied"], 0.0))
    claims.engine.close()


def larger_effect(lines: pd.DataFrame, hit: pd.Series, weight: pd.Series) -> tuple[float, float]:
    """Variance of a ratio by claim or by person (the larger) over that of independent lines; its standard error."""
    used = weight > 0
    made = WLS(hit[used].astype(float), np.ones(int(used.sum())), weights=weight[used])
    alone = made.fit(cov_type="HC1").bse.iloc[0]
    errors = [
        made.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(lines.loc[used, name])[0]}).bse.iloc[0]
        for name in ("claim_id", "person_id")
    ]
    return float((max(errors) / alone) ** 2), float(max(errors))


def test_rates_have_the_larger_design_effect_of_claims_and_persons(
    recurring: tuple[Claims, pd.DataFrame],
) -> None:
    claims, lines = recurring
    found = denials.rates(claims, "payer").set_index("payer")
    assert found["design_effect"].max() > 1.5, "courses are denied as a whole"
    for payer, own in lines.groupby("payer"):
        effect, _ = larger_effect(own, own["denied"], pd.Series(1.0, own.index))
        row = found.loc[payer]
        # With some hundred persons five clusters' worth of prior matters little.
        assert row["design_effect"] == pytest.approx(max(effect, 1), rel=0.08), payer
        assert row["effective_lines"] == pytest.approx(len(own) / row["design_effect"])
        k, n = own["denied"].sum() / row["design_effect"], row["effective_lines"]
        expected = proportion_confint(k, n, method="wilson")
        # A t distribution, of fewer degrees of freedom the more lines a few persons have, is wider than the normal one.
        assert (row["low"], row["high"]) == pytest.approx(expected, rel=0.1)
        assert row["low"] <= expected[0] < expected[1] <= row["high"]
        assert row["rate"] == pytest.approx(own["denied"].mean())


def test_rates_of_dollars_have_the_error_of_a_clustered_regression(
    recurring: tuple[Claims, pd.DataFrame],
) -> None:
    claims, lines = recurring
    row = denials.rates(claims, unit="charge").iloc[0]
    effect, error = larger_effect(lines, lines["denied"], lines["charge_amount"])
    assert row["design_effect"] == pytest.approx(effect, rel=0.05)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * error, rel=0.03)
    assert row["rate"] == pytest.approx(lines["amount"].sum() / lines["charge_amount"].sum())


def test_shares_of_causes_have_the_error_of_a_clustered_regression(
    recurring: tuple[Claims, pd.DataFrame],
) -> None:
    claims, lines = recurring
    categories = claims.query("SELECT DISTINCT carc, category FROM carc_categories").set_index("carc")[
        "category"
    ]
    denied = lines[lines["denied"]]
    category = denied["carc"].map(categories)
    found = denials.causes(claims).set_index("category")
    for name in found.index[:4]:
        effect, error = larger_effect(denied, category == name, denied["amount"])
        row = found.loc[name]
        assert row["share"] == pytest.approx(
            denied.loc[category == name, "amount"].sum() / denied["amount"].sum()
        )
        assert row["design_effect"] == pytest.approx(max(effect, 1), rel=0.08), name
        expected = 1.96 * error * max(1, 1 / np.sqrt(effect))
        assert (row["share_high"] - row["share_low"]) / 2 == pytest.approx(expected, rel=0.05), name
    of_payers = denials.causes(claims, "payer")
    assert (of_payers["share_low"] <= of_payers["share"]).all()
    assert (of_payers["share_high"] >= of_payers["share"]).all()


def test_every_share_of_services_and_claims_has_a_design_effect(
    recurring: tuple[Claims, pd.DataFrame],
) -> None:
    claims, lines = recurring
    by_claim = lines.groupby("claim_id").agg(denied=("denied", "all"), person_id=("person_id", "first"))
    by_claim = by_claim.reset_index()
    effect, _ = larger_effect(by_claim, by_claim["denied"], pd.Series(1.0, by_claim.index))
    row = denials.rates(claims, unit="claims").iloc[0]
    assert row["design_effect"] == pytest.approx(max(effect, 1), rel=0.05)
    assert row["effective_lines"] == pytest.approx(len(by_claim) / row["design_effect"])
    kpis = denials.kpis(claims, duplicates=True).set_index(["measure", "unit"])
    assert kpis.loc[("initial denial rate", "claims"), "design_effect"] == pytest.approx(row["design_effect"])
    lined = ["initial denial rate", "primary denial rate", "denial write-off", "first-pass resolution"]
    assert (kpis.loc[lined, "design_effect"] > 1).all()
    assert kpis.loc[["open denials"], "design_effect"].isna().all()
    counted = {"decisions": denials.primary(claims), "claims": denials.first_pass(claims)}
    for n, frame in counted.items():
        assert frame["design_effect"].iloc[0] > 1
        assert (frame["effective_lines"] * frame["design_effect"]).tolist() == pytest.approx(
            frame[n].tolist()
        )


def test_lines_that_are_clusters_of_their_own_have_none() -> None:
    rows = "\n".join(f"{i} | X | p{i}" for i in range(40))
    lines = "\n".join(f"{i} | 1 | {'C' if i % 5 == 0 else 'A'}" for i in range(40))
    claims = claims_of(
        claims=f"claim_id | payer | person_id\n{rows}",
        lines=f"claim_id | claim_line_number | processing_indicator_code\n{lines}",
    )
    row = denials.rates(claims, "payer").iloc[0]
    assert (row["design_effect"], row["effective_lines"]) == (1, 40)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(8, 40, method="wilson"))


def test_a_person_who_is_not_known_is_one_of_the_claims_own() -> None:
    """Two lines of each claim are decided alike; nobody is known, so that claims, not all of them, belong together."""
    rows = "\n".join(f"{i} | X" for i in range(40))
    lines = "\n".join(f"{i} | {line} | {'C' if i % 5 == 0 else 'A'}" for i in range(40) for line in (1, 2))
    claims = claims_of(
        claims=f"claim_id | payer\n{rows}",
        lines=f"claim_id | claim_line_number | processing_indicator_code\n{lines}",
    )
    row = denials.rates(claims).iloc[0]
    # Pairs that agree: 2, of 40 clusters for 80 lines (79 / 80 · 40 / 39), beside five clusters of 1 + 1 · ρ, ρ near 1.
    assert row["design_effect"] == pytest.approx(2.0, rel=0.03)


def covered(persons: int, visits: np.ndarray, alike: float, seed: int) -> tuple[float, float]:
    """Share of 400 intervals that hold the true rate of 0.12, and their width over Wilson's of independent lines."""
    rng = np.random.default_rng(seed)
    n = visits.astype(float)
    hit, widths = 0, []
    for _ in range(400):
        rate = (
            rng.beta(0.12 * (1 / alike - 1), 0.88 * (1 / alike - 1), persons)
            if alike
            else np.full(persons, 0.12)
        )
        k = rng.binomial(visits, rate).astype(float)
        one = np.ones(1)
        sums = ClusterSums(
            persons * one,
            (n * n).sum() * one,
            Products((k * k).sum() * one, (k * n).sum() * one, (n * n).sum() * one),
        )
        k_all, n_all = k.sum() * one, n.sum() * one
        made = stats.ratio_dependence(n_all, k_all, n_all, Products(k_all, k_all, n_all), {"person": sums})
        low, high = stats.wilson(k_all, n_all, design_effect=made.design_effect, freedom=made.freedom)
        plain = stats.wilson(k_all, n_all)
        hit += bool(low[0] <= 0.12 <= high[0])
        widths.append((high[0] - low[0]) / (plain[1][0] - plain[0][0]))
    return hit / 400, float(np.mean(widths))


@pytest.mark.parametrize(("persons", "alike"), [(25, 0.2), (60, 0.3), (150, 0.1)])
def test_intervals_of_clustered_lines_hold_the_rate_as_often_as_they_say(persons: int, alike: float) -> None:
    visits = np.random.default_rng(5).integers(1, 13, persons)
    share, wider = covered(persons, visits, alike, seed=persons)
    assert wider > 1.2
    assert 0.915 <= share <= 0.98, "three standard errors of 400 draws beside 0.925 to 0.97"


def test_where_lines_are_independent_next_to_nothing_is_lost() -> None:
    share, wider = covered(150, np.random.default_rng(5).integers(1, 6, 150), 0, seed=1)
    assert 0.92 <= share <= 0.98
    assert wider < 1.08


def test_dollars_of_which_none_are_denied_have_the_interval_of_as_many_lines() -> None:
    """Nothing varies, yet nothing is certain: lines of unlike dollars count by Kish's number, (sum)² / sum of squares."""
    charges = [100.0] * 20 + [1000.0] * 2
    rows = "\n".join(f"{i} | X | p{i}" for i in range(22))
    lines = "\n".join(f"{i} | 1 | A | {charge}" for i, charge in enumerate(charges))
    claims = claims_of(
        claims=f"claim_id | payer | person_id\n{rows}",
        lines=f"claim_id | claim_line_number | processing_indicator_code | charge_amount\n{lines}",
    )
    row = denials.rates(claims, unit="charge").iloc[0]
    n = sum(charges) ** 2 / sum(charge**2 for charge in charges)
    assert (row["rate"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(proportion_confint(0, n, method="wilson")[1])


@pytest.mark.parametrize("by", ["payer", None])
def test_what_memory_does_not_hold_at_once_is_added_up_in_parts(
    by: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = cx.simulate(persons=60, seed=3).claims
    whole = cx.denials.rates(claims, by=by)
    frame, refused = Session.frame, []

    def too_large(self: Session, text: str, *args: Any, **parts: Any) -> pd.DataFrame:
        if parts.get("rows") == "rated_rows":
            refused.append(text)
            raise QueryError("the query failed: Out of Memory Error: could not allocate block")
        return frame(self, text, *args, **parts)

    monkeypatch.setattr(Session, "frame", too_large)
    pd.testing.assert_frame_equal(cx.denials.rates(claims, by=by), whole)
    assert refused
