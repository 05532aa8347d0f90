"""The scorecard: counts and dollars by hand, comparison against statsmodels and exact sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd import reference
from cpticd.claims import Claims
from cpticd.edits.rules import registry, scopes
from cpticd.edits.scorecard import scorecard
from cpticd.errors import ArgumentError, SchemaError
from tests.edits.cases_outcomes import found, judged
from tests.spec import SPEC, claims_of, shown

#: Rule laterality_conflict: related are categories of CARC 4 and 11, not 50.
FEW = """
    claim | line | payer | hcpcs | charge | paid  | carc
    A     | 1    | North | 73562 | 100.00 |       | 4
    A     | 2    | North | 73562 | 50.00  | 30.00 | 45
    B     | 1    | North | 73562 | 80.00  |       | 50
    C     | 1    | North | 73562 | 70.00  | 40.00 | 45
    D     | 1    | North | 73562 | 60.00  |       | 11
    E     | 1    | South | 73562 | 90.00  | 55.00 |
    F     | 1    | South | 73562 | 40.00  |       | 4
    G     | 1    | North | 73562 | 30.00  |       | -
"""
FLAGS = """
    claim_id | claim_line_number | rule
    A        | 1                 | laterality_conflict
    A        | 1                 | laterality_conflict
    A        |                   | laterality_conflict
    B        | 1                 | laterality_conflict
    C        | 1                 | laterality_conflict
    E        | 1                 | laterality_conflict
    G        | 1                 | laterality_conflict
    Z        | 1                 | laterality_conflict
    A        | 9                 | laterality_conflict
"""


@pytest.fixture(scope="module")
def few() -> Claims:
    return judged(FEW)


def test_counts_and_rates_by_hand(few: Claims) -> None:
    card = scorecard(few, found(FLAGS))
    columns = ("payer", "lines", "flagged_lines", "flagged_claims", "denied_lines", "precision", "related_lines",
               "related_precision", "category_denials", "recall")  # fmt: skip
    # North: flagged are both lines of A (the claim as a whole is flagged too), B and C; A1 and B are denied, B's
    # reason (50) is none of the rule's; D is denied for a reason of the rule, and not flagged.
    assert shown(card, *columns) == [
        ("North", 5, 4, 3, 2, 0.5, 1, 0.25, 2, 0.5),
        ("South", 2, 1, 1, 0, 0.0, 0, 0.0, 1, 0.0),
    ]


def test_dollars_by_hand(few: Claims) -> None:
    card = scorecard(few, found(FLAGS))
    columns = (
        "payer",
        "flagged_amount",
        "caught_amount",
        "related_caught_amount",
        "paid_amount",
        "other_amount",
    )
    assert shown(card, *columns) == [
        ("North", 300.0, 180.0, 100.0, 70.0, 50.0),
        ("South", 90.0, 0.0, 0.0, 55.0, 35.0),
    ]


def test_findings_that_match_nothing_are_counted(few: Claims) -> None:
    contract = scorecard(few, found(FLAGS)).attrs["contract"]
    assert contract["findings"] == 8  # one stands twice
    assert contract["findings_without_line"] == 2  # Z is no claim, A has no line 9
    assert contract["findings_not_adjudicated"] == 1  # G
    assert contract["rows_left_out"] == 3


def test_related_by_reason_code_is_stricter(few: Claims) -> None:
    flags = found(
        "claim_id | claim_line_number | rule\nA | 1 | add_on_without_primary\nB | 1 | component_of_other_service"
    )
    rows = """
        claim | hcpcs | carc
        A     | 17003 | 107
        B     | 80048 | 107
    """
    by_category = scorecard(judged(rows), flags).sort_values("rule")
    by_carc = scorecard(judged(rows), flags, related="carc").sort_values("rule")
    assert shown(by_category, "related_lines", "category_denials") == [(1, 2), (1, 2)]
    assert shown(by_carc, "related_lines", "category_denials") == [(1, 2), (0, 0)]


def test_a_table_of_ones_own_decides_what_is_related(few: Claims) -> None:
    own = pd.DataFrame(
        {
            "rule": ["laterality_conflict"],
            "category": ["medical necessity or level of care"],
            "carcs": [""],
            "why": [""],
        }
    )
    card = scorecard(few, found(FLAGS), by=None, categories=own)
    assert shown(card, "related_lines", "category_denials") == [(1, 1)]


def test_a_rule_of_ones_own_has_no_related_denials(few: Claims) -> None:
    card = scorecard(few, found("claim_id | claim_line_number | rule\nB | 1 | our_rule"))
    assert shown(card, "rule", "family", "lines", "denied_lines", "related_lines", "recall") == [
        ("our_rule", "", 5, 1, None, None)
    ]


def test_a_rules_scope_bounds_its_lines() -> None:
    rows = [
        {"claim": f"c{i}", "day": day} for i, day in enumerate(["2024-09-30", "2024-10-01", "2024-10-02"])
    ]
    card = scorecard(judged(rows), found("claim_id | claim_line_number | rule\nc0 | 1 | sex_conflict"))
    assert shown(card, "lines", "flagged_lines") == [(1, 1)]  # the edit ended with September 2024
    card = scorecard(judged(rows), found("claim_id | claim_line_number | rule\nc1 | 1 | sex_conflict"))
    assert shown(card, "lines", "flagged_lines", "precision") == [(2, 1, 0.0)]  # what is flagged counts


def test_kinds_of_payers_come_with_the_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a payer of another kind is out of scope; one whose kind is not told is in it."""
    known = scopes()["component_of_other_service"]
    changed = {"component_of_other_service": type(known)(**{**known.__dict__, "payer_kinds": ("medicare",)})}
    monkeypatch.setattr("cpticd.edits.outcomes.scopes", lambda: changed)
    rows = [{"claim": f"c{i}", "payer": payer} for i, payer in enumerate(["M", "M", "C", "U"])]
    flags = found("claim_id | claim_line_number | rule\nc0 | 1 | component_of_other_service")
    flags.attrs["contract"] = {"payer_kinds": {"M": "medicare", "C": "commercial"}}
    assert shown(scorecard(judged(rows), flags, by=None), "lines") == [(3,)]


def _random(seed: int, lines: int = 600) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Lines of four strata with different rates, a fifth of them flagged; each a claim of its own."""
    draw = np.random.default_rng(seed)
    rows, flags = [], []
    for i in range(lines):
        place, day = ["11", "22"][draw.integers(2)], ["2024-02-01", "2024-05-01"][draw.integers(2)]
        flag = draw.random() < (0.3 if place == "22" else 0.15)
        chance = 0.1 + 0.2 * (place == "22") + 0.1 * (day > "2024-03") + 0.25 * flag
        carc = "4" if draw.random() < chance else "45"
        rows.append({"claim": f"c{i}", "place": place, "day": day, "carc": carc, "hcpcs": "73562"})
        if flag:
            flags.append({"claim_id": f"c{i}", "claim_line_number": 1, "rule": "laterality_conflict"})
    return rows, pd.DataFrame(flags)


@pytest.fixture(scope="module")
def strata() -> tuple[Claims, pd.DataFrame, list[np.ndarray]]:
    rows, flags = _random(1)
    frame = pd.DataFrame(rows).assign(
        flag=lambda d: d["claim"].isin(flags["claim_id"]), denied=lambda d: d["carc"] == "4"
    )
    tables = []
    for _, part in frame.groupby(["place", "day"]):
        cells = [[(part["flag"] == f) & (part["denied"] == d) for d in (True, False)] for f in (True, False)]
        tables.append(np.array([[cell.sum() for cell in row] for row in cells], float))
    return judged(rows), flags, tables


def test_odds_ratio_and_interval_are_those_of_statsmodels(
    strata: tuple[Claims, pd.DataFrame, list[np.ndarray]],
) -> None:
    claims, flags, tables = strata
    row = scorecard(claims, flags).iloc[0]
    oracle = StratifiedTable(tables)
    assert row["odds_ratio"] == pytest.approx(oracle.oddsratio_pooled)
    assert (row["odds_low"], row["odds_high"]) == pytest.approx(oracle.oddsratio_pooled_confint())


def test_lift_is_the_mantel_haenszel_ratio_of_rates(
    strata: tuple[Claims, pd.DataFrame, list[np.ndarray]],
) -> None:
    claims, flags, tables = strata
    row = scorecard(claims, flags, level=0.9).iloc[0]
    a, b, c, d = np.array(tables).reshape(-1, 4).T
    n1, n0, n = a + b, c + d, a + b + c + d
    above, below = (a * n0 / n).sum(), (c * n1 / n).sum()
    error = np.sqrt(((n1 * n0 * (a + c) - a * c * n) / n**2).sum() / (above * below))
    assert row["lift"] == pytest.approx(above / below)
    assert row["base_rate"] == pytest.approx(below / (n1 * n0 / n).sum())
    assert row["lift_low"] == pytest.approx(above / below * np.exp(norm.ppf(0.05) * error))
    assert (row["matched_lines"], row["comparison_lines"]) == (n1.sum(), n0.sum())
    assert (row["low"], row["high"]) == pytest.approx(
        proportion_confint(a.sum(), n1.sum(), alpha=0.1, method="wilson")
    )


def test_p_value_is_the_tail_of_the_sum_of_hypergeometric_counts() -> None:
    rows, flags = _random(3, lines=60)
    frame = pd.DataFrame(rows).assign(
        flag=lambda d: d["claim"].isin(flags["claim_id"]), denied=lambda d: d["carc"] == "4"
    )
    chance, observed = np.ones(1), int((frame["flag"] & frame["denied"]).sum())
    for _, part in frame.groupby(["place", "day"]):
        n, k, m = len(part), int(part["denied"].sum()), int(part["flag"].sum())
        chance = np.convolve(chance, hypergeom.pmf(np.arange(m + 1), n, k, m))
    row = scorecard(judged(rows), flags).iloc[0]
    assert row["p_value"] == pytest.approx(chance[observed:].sum(), rel=0.05)
    assert row["q_value"] == row["p_value"]  # a family of one


def test_lines_of_a_claim_that_are_decided_together_count_for_less() -> None:
    rows = [
        {"claim": f"c{i}", "line": str(j), "hcpcs": "73562", "carc": "4" if i % 4 == 0 else "45"}
        for i in range(40) for j in range(1, 4)
    ]  # fmt: skip
    flags = pd.DataFrame(
        [{"claim_id": f"c{i}", "claim_line_number": None, "rule": "laterality_conflict"} for i in range(20)]
    )
    row = scorecard(judged(rows), flags).iloc[0]
    assert (row["flagged_lines"], row["flagged_claims"], row["denied_lines"]) == (60, 20, 15)
    # claims of three lines with one fate: three times the variance; 20/19 and 60/59 for the estimated mean
    effect = 3 * (20 / 19) / (60 / 59)
    assert row["design_effect"] == pytest.approx(effect)
    expected = proportion_confint(15 / effect, 60 / effect, method="wilson")
    assert (row["low"], row["high"]) == pytest.approx(expected)


def test_lines_with_another_error_are_no_comparison() -> None:
    """Of ten unflagged lines five break another rule and are denied for it: the base rate is that of the others."""
    rows = [
        {"claim": f"c{i}", "hcpcs": "73562", "carc": "4" if i < 10 else "97" if i < 15 else "45"}
        for i in range(20)
    ]
    flags = [{"claim_id": f"c{i}", "claim_line_number": 1, "rule": "laterality_conflict"} for i in range(10)]
    other = [
        {"claim_id": f"c{i}", "claim_line_number": 1, "rule": "component_of_other_service"}
        for i in range(10, 15)
    ]
    claims = judged(rows)
    row = scorecard(claims, pd.DataFrame(flags + other)).set_index("rule").loc["laterality_conflict"]
    assert (row["comparison_lines"], row["base_rate"]) == (5, 0.0)
    loose = pd.DataFrame(flags + other).assign(severity=["error"] * 10 + ["information"] * 5)
    row = scorecard(claims, loose).set_index("rule").loc["laterality_conflict"]
    assert (row["comparison_lines"], row["base_rate"]) == (10, 0.5)


def test_few_lines_are_shown_but_not_compared(few: Claims) -> None:
    card = scorecard(few, found(FLAGS), minimum_lines=2)
    assert shown(card, "payer", "matched_lines", "base_rate") == [("North", 4, 1.0), ("South", 1, None)]
    assert card.attrs["contract"]["family_size"] == card["p_value"].notna().sum() == 1


def test_shrunk_precision_ranks_payers_by_what_is_known() -> None:
    """One denial of one says less than eighteen of twenty."""
    rows = [{"claim": "a", "payer": "Few", "carc": "4"}]
    rows += [{"claim": f"b{i}", "payer": "Many", "carc": "4" if i < 18 else "45"} for i in range(20)]
    rows += [{"claim": f"c{i}", "payer": "Mild", "carc": "4" if i < 2 else "45"} for i in range(20)]
    flags = pd.DataFrame(
        [{"claim_id": row["claim"], "claim_line_number": 1, "rule": "laterality_conflict"} for row in rows]
    )
    card = scorecard(judged(rows), flags).set_index("payer")
    assert card.loc["Few", "precision"] > card.loc["Many", "precision"]
    assert card.loc["Few", "shrunk_precision"] < card.loc["Many", "shrunk_precision"]
    assert card.loc["Mild", "shrunk_precision"] < 0.2


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    picks=st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "D", "E", "F", "G", "Q"]),
            st.sampled_from([1, 2, None]),
            st.sampled_from(["laterality_conflict", "excludes1", "own"]),
        ),
        max_size=12,
    ),
    data=st.data(),
)
def test_order_and_repeats_do_not_matter_and_dollars_add_up(few: Claims, picks: list[Any], data: Any) -> None:
    flags = pd.DataFrame(picks, columns=["claim_id", "claim_line_number", "rule"])
    again = data.draw(st.permutations(picks + picks[:3]))
    card = scorecard(few, flags, by=("payer", "claim_type"), minimum_lines=1)
    other = scorecard(
        few, pd.DataFrame(again, columns=flags.columns), by=("payer", "claim_type"), minimum_lines=1
    )
    pd.testing.assert_frame_equal(card, other)
    parts = card["caught_amount"] + card["paid_amount"] + card["other_amount"]
    assert parts.tolist() == pytest.approx(card["flagged_amount"].tolist())
    assert (card["related_caught_amount"].fillna(0) <= card["caught_amount"]).all()
    whole = scorecard(few, flags, by=None, minimum_lines=1)
    for column in ("flagged_lines", "denied_lines", "flagged_amount", "caught_amount", "paid_amount"):
        assert card.groupby("rule")[column].sum().to_dict() == pytest.approx(
            whole.set_index("rule")[column].to_dict()
        )


def test_grouping_by_month_adds_up(few: Claims) -> None:
    card = scorecard(few, found(FLAGS), by="service_month")
    assert shown(card, "service_month", "flagged_lines") == [("2024-02-01", 5)]


def test_nothing_flagged_gives_an_empty_card_that_names_the_silent_rules(few: Claims) -> None:
    flags = found(FLAGS).head(0)
    flags.attrs["rules"] = [
        {"rule": "excludes1", "status": "ran"},
        {"rule": "too_frequent", "status": "no table"},
    ]
    card = scorecard(few, flags)
    assert card.empty and "q_value" in card
    assert card.attrs["contract"]["rules_without_flagged_lines"] == ["excludes1"]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda f: f.drop(columns="rule"), SchemaError, r"no column \['rule'\]; found .*edits.check"),
        (lambda f: f.assign(claim_id=None), SchemaError, "no claim_id in row 0"),
        (lambda f: f.assign(claim_line_number="x"), SchemaError, "claim_line_number 'x' in row 0"),
        (lambda f: f.assign(claim_line_number=1.5), SchemaError, "claim_line_number '1.5' in row 0"),
        (lambda f: [1], SchemaError, "found list as findings"),
    ],
)
def test_findings_are_checked(few: Claims, wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scorecard(few, wrong(found(FLAGS)))
    assert "outcome_findings" not in few.engine.fetch("SHOW TABLES").column("name").to_pylist()


def test_options_are_checked(few: Claims) -> None:
    with pytest.raises(ArgumentError, match="by='x'"):
        scorecard(few, found(FLAGS), by="x")
    with pytest.raises(ArgumentError, match="like='code'"):
        scorecard(few, found(FLAGS), like="code")
    with pytest.raises(ArgumentError, match="minimum_lines=0"):
        scorecard(few, found(FLAGS), minimum_lines=0)


def test_scratch_relations_are_gone_afterwards(few: Claims) -> None:
    scorecard(few, found(FLAGS))
    left = few.engine.fetch("SHOW TABLES").column("name").to_pylist()
    assert not [name for name in left if name.startswith(("outcome_", "score_"))]


def test_the_same_on_both_engines(spec: Claims) -> None:
    flags = found(
        """
        claim_id | claim_line_number | rule
        C1       |                   | laterality_conflict
        C2       | 1                 | missing_pointer
        C8       | 1                 | missing_pointer
        C7       | 2                 | sex_conflict
        """
    )
    card = scorecard(spec, flags, minimum_lines=1)
    plain = scorecard(claims_of(**SPEC), flags, minimum_lines=1)
    pd.testing.assert_frame_equal(card, plain)
    columns = ("rule", "payer", "lines", "flagged_lines", "denied_lines", "related_lines", "category_denials")
    assert shown(card, *columns, "overturned_lines", "caught_amount", "paid_amount") == [
        ("laterality_conflict", "North", 4, 2, 1, 0, 1, 1, 200.0, 80.0),
        ("missing_pointer", "North", 4, 1, 1, 1, 1, 0, 100.0, 0.0),
        ("missing_pointer", "South", 4, 1, 1, 0, 0, 0, 100.0, 0.0),
        ("sex_conflict", "South", 5, 1, 0, 0, 0, 0, 0.0, 80.0),
    ]


# The table of categories -------------------------------------------------------------------------------------


def test_every_rule_has_categories_that_exist_and_reason_codes_that_stand_in_them() -> None:
    table = reference.table("rule_categories").to_pandas()
    assert {*table["rule"]} == {*scopes()} >= {*registry()}
    known = {*reference.table("categories").to_pandas()["category"]} - {"other", "not a denial"}
    assert {*table["category"]} <= known
    carcs = reference.table("carc_categories").to_pandas()
    overrides = reference.table("carc_rarc_overrides").to_pandas()
    meant = {*zip(carcs["carc"], carcs["category"], strict=True)}
    meant |= {*zip(overrides["carc"], overrides["category"], strict=True)}
    for row in table.itertuples():
        assert row.why
        for carc in row.carcs.split():
            assert (carc, row.category) in meant, (row.rule, carc, row.category)


def test_planted_strictness_is_ranked(ranked: pd.DataFrame) -> None:
    """Of payers that differ by a tier and more, the stricter one has the higher precision."""
    for _, part in ranked.groupby("rule"):
        strict = part.loc[part["tier"] == "strict", "shrunk_precision"]
        lenient = part.loc[part["tier"] == "lenient", "shrunk_precision"]
        if len(strict) and len(lenient):
            assert strict.min() > lenient.max()
    assert {"strict", "lenient"} <= {*ranked["tier"]}
    assert ranked.groupby("rule")["tier"].nunique().max() > 1


@pytest.fixture(scope="module")
def ranked() -> pd.DataFrame:
    simulation = cx.simulate(persons=1500, seed=1)
    card = scorecard(simulation.claims, simulation.truth["rule_violations"])
    return card[card["flagged_lines"] >= 8].merge(
        simulation.truth["rule_strictness"][["payer", "rule", "tier"]], on=["payer", "rule"]
    )
