"""The scorecard: counts and dollars by hand, comparison against statsmodels and exact sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.rules.rule import scopes
from cpticd.rules.scorecard import scorecard
from tests.rules.cases_outcomes import found, judged
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
    contract = cx.contract(scorecard(few, found(FLAGS)))
    assert contract["findings"] == 8  # one stands twice
    assert contract["findings_without_line"] == 2  # Z is no claim, A has no line 9
    assert contract["findings_not_adjudicated"] == 1  # G
    assert contract["rows_left_out"] == 3


def test_related_by_reason_code_is_stricter(few: Claims) -> None:
    """D is denied with 11: of the sex conflict's categories, but none of its codes; A with 4, likewise."""
    flags = found("claim_id | claim_line_number | rule\nD | 1 | sex_conflict\nD | 1 | laterality_conflict")
    by_category = scorecard(few, flags).sort_values("rule")
    by_carc = scorecard(few, flags, related="carc").sort_values("rule")
    assert shown(by_category, "rule", "related_lines", "category_denials") == [
        ("laterality_conflict", 1, 2),
        ("sex_conflict", 1, 2),
    ]
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


def test_kinds_of_payers_come_with_the_findings(many: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a payer of another kind is out of scope; one whose kind is not told is in it."""
    known = scopes()["component_of_other_service"]
    changed = {"component_of_other_service": replace(known, payer_kinds=("medicare",))}
    monkeypatch.setattr("cpticd.rules.outcomes.scopes", lambda: changed)
    flags = found("claim_id | claim_line_number | rule\nMuch0 | 1 | component_of_other_service")
    kinds = {row["payer"]: "commercial" for row in _many()} | {"Much": "medicare"}
    amend(flags, payer_kinds=kinds)
    assert shown(scorecard(many, flags, by=None), "lines") == [(20,)]
    del kinds["Few"]
    amend(flags, payer_kinds=kinds)
    assert shown(scorecard(many, flags, by=None), "lines") == [(21,)]


def _random(payer: str, seed: int, lines: int) -> list[dict[str, Any]]:
    """Lines of four strata with different rates, a fifth of them flagged; each a claim of its own."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(lines):
        place, day = ["11", "22"][draw.integers(2)], ["2024-02-01", "2024-05-01"][draw.integers(2)]
        flag = draw.random() < (0.3 if place == "22" else 0.15)
        chance = 0.1 + 0.2 * (place == "22") + 0.1 * (day > "2024-03") + 0.25 * flag
        carc = "4" if draw.random() < chance else "45"
        rows.append(
            {"claim": f"{payer}{i}", "payer": payer, "place": place, "day": day, "carc": carc, "flag": flag}
        )
    return rows


def _many() -> list[dict[str, Any]]:
    """Cases that do not meet, each at a payer of its own."""
    rows = _random("Strata", 1, 600) + _random("Small", 3, 60)
    for i in range(40):  # claims of three lines with one fate
        carc = "4" if i % 4 == 0 else "45"
        rows += [
            {"claim": f"Fate{i}", "payer": "Fate", "line": j, "carc": carc, "flag": i < 20} for j in "123"
        ]
    for i in range(20):  # five of ten unflagged lines break another rule, and are denied for it
        carc = "4" if i < 10 else "97" if i < 15 else "45"
        rows.append({"claim": f"Other{i}", "payer": "Other", "carc": carc, "flag": i < 10})
    rows.append({"claim": "Few", "payer": "Few", "carc": "4", "flag": True})
    for payer, denied in (("Much", 18), ("Mild", 2)):
        for i in range(20):
            rows.append(
                {"claim": f"{payer}{i}", "payer": payer, "carc": "4" if i < denied else "45", "flag": True}
            )
    for i, day in enumerate(["2024-09-30", "2024-10-01", "2024-10-02"]):
        rows.append({"claim": f"Date{i}", "payer": "Date", "day": day, "carc": "45", "flag": False})
    return [{"hcpcs": "73562", "line": "1", **row} for row in rows]


@pytest.fixture(scope="module")
def many() -> Claims:
    return judged([{name: value for name, value in row.items() if name != "flag"} for row in _many()])


def flags_of(*payers: str) -> pd.DataFrame:
    """The flagged lines of these payers."""
    rows = [row for row in _many() if row["payer"] in payers and row["flag"]]
    return pd.DataFrame(
        {"claim_id": [row["claim"] for row in rows], "claim_line_number": [int(row["line"]) for row in rows],
         "rule": "laterality_conflict"}
    )  # fmt: skip


def tables_of(payer: str) -> list[np.ndarray]:
    """Two by two tables, flagged by denied, of the payer's strata."""
    data = pd.DataFrame([row for row in _many() if row["payer"] == payer]).assign(
        denied=lambda d: d["carc"] == "4"
    )
    return [
        np.array(
            [
                [((part["flag"] == f) & (part["denied"] == d)).sum() for d in (True, False)]
                for f in (True, False)
            ],
            float,
        )
        for _, part in data.groupby(["place", "day"])
    ]


def test_odds_ratio_and_interval_are_those_of_statsmodels(many: Claims) -> None:
    row = scorecard(many, flags_of("Strata")).iloc[0]
    oracle = StratifiedTable(tables_of("Strata"))
    assert row["odds_ratio"] == pytest.approx(oracle.oddsratio_pooled)
    assert (row["odds_low"], row["odds_high"]) == pytest.approx(oracle.oddsratio_pooled_confint())


def test_lift_is_the_mantel_haenszel_ratio_of_rates(many: Claims) -> None:
    row = scorecard(many, flags_of("Strata"), confidence=0.9).iloc[0]
    a, b, c, d = np.array(tables_of("Strata")).reshape(-1, 4).T
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


def test_p_value_is_the_tail_of_the_sum_of_hypergeometric_counts(many: Claims) -> None:
    chance, observed = np.ones(1), 0
    for (a, b), (c, d) in tables_of("Small"):
        drawn = int(a + b)
        chance = np.convolve(chance, hypergeom.pmf(np.arange(drawn + 1), a + b + c + d, a + c, drawn))
        observed += int(a)
    row = scorecard(many, flags_of("Small")).iloc[0]
    assert row["p_value"] == pytest.approx(chance[observed:].sum(), rel=0.05)
    assert row["q_value"] == row["p_value"]  # a family of one


def test_lines_of_a_claim_that_are_decided_together_count_for_less(many: Claims) -> None:
    row = scorecard(many, flags_of("Fate").assign(claim_line_number=None)).iloc[0]
    assert (row["flagged_lines"], row["flagged_claims"], row["denied_lines"]) == (60, 20, 15)
    # three times the variance; 20/19 and 60/59 for the estimated mean; a little less by what twenty claims are sure of
    effect = 3 * (20 / 19) / (60 / 59)
    assert row["design_effect"] == pytest.approx(effect, rel=0.02)
    assert row["effective_lines"] == pytest.approx(60 / row["design_effect"])
    expected = proportion_confint(15 / effect, 60 / effect, method="wilson")
    # of a t distribution, since claims are few
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=0.05)
    assert row["high"] - row["low"] > expected[1] - expected[0]


def test_lines_with_another_error_are_no_comparison(many: Claims) -> None:
    """The base rate is that of the lines that break no rule; what only informs breaks none."""
    flags = flags_of("Other")
    other = flags.head(5).assign(
        claim_id=[f"Other{i}" for i in range(10, 15)], rule="component_of_other_service"
    )
    both = pd.concat([flags, other])
    row = scorecard(many, both).set_index("rule").loc["laterality_conflict"]
    assert (row["comparison_lines"], row["base_rate"]) == (5, 0.0)
    loose = both.assign(severity=["error"] * 10 + ["information"] * 5)
    row = scorecard(many, loose).set_index("rule").loc["laterality_conflict"]
    assert (row["comparison_lines"], row["base_rate"]) == (10, 0.5)


def test_shrunk_precision_ranks_payers_by_what_is_known(many: Claims) -> None:
    """One denial of one says less than eighteen of twenty."""
    card = scorecard(many, flags_of("Few", "Much", "Mild")).set_index("payer")
    assert card.loc["Few", "precision"] > card.loc["Much", "precision"]
    assert card.loc["Few", "shrunk_precision"] < card.loc["Much", "shrunk_precision"]
    assert card.loc["Mild", "shrunk_precision"] < 0.2


def test_a_rules_scope_bounds_its_lines(many: Claims) -> None:
    """The edit ended with September 2024; what is flagged counts nevertheless."""
    for claim, lines in (("Date0", 1), ("Date1", 2)):
        flags = found(f"claim_id | claim_line_number | rule\n{claim} | 1 | sex_conflict")
        assert shown(scorecard(many, flags), "payer", "lines", "flagged_lines") == [("Date", lines, 1)]


def test_few_lines_are_shown_but_not_compared(few: Claims) -> None:
    card = scorecard(few, found(FLAGS), min_lines=2)
    assert shown(card, "payer", "matched_lines", "base_rate") == [("North", 4, 1.0), ("South", 1, None)]
    assert cx.contract(card)["family_size"] == card["p_value"].notna().sum() == 1


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    card = scorecard(few, flags, by=("payer", "claim_type"), min_lines=1)
    other = scorecard(
        few, pd.DataFrame(again, columns=flags.columns), by=("payer", "claim_type"), min_lines=1
    )
    pd.testing.assert_frame_equal(card, other)
    parts = card["caught_amount"] + card["paid_amount"] + card["other_amount"]
    assert parts.tolist() == pytest.approx(card["flagged_amount"].tolist())
    assert (card["related_caught_amount"].fillna(0) <= card["caught_amount"]).all()
    whole = scorecard(few, flags, by=None, min_lines=1)
    for column in ("flagged_lines", "denied_lines", "flagged_amount", "caught_amount", "paid_amount"):
        assert card.groupby("rule")[column].sum().to_dict() == pytest.approx(
            whole.set_index("rule")[column].to_dict()
        )


def test_nothing_flagged_gives_an_empty_card_that_names_the_silent_rules(few: Claims) -> None:
    flags = found(FLAGS).head(0)
    states = [
        {"rule": "excludes1", "status": "ran"},
        {"rule": "too_frequent", "status": "no table"},
    ]
    amend(flags, {"rules": states})
    card = scorecard(few, flags)
    assert card.empty and "q_value" in card
    assert cx.contract(card)["rules_without_flagged_lines"] == ["excludes1"]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda f: f.drop(columns="rule"), SchemaError, r"no column \['rule'\]; found .*rules.check"),
        (lambda f: f.assign(claim_id=None), SchemaError, "no claim_id in row 0"),
        (lambda f: f.assign(claim_line_number="x"), SchemaError, "claim_line_number 'x' in row 0"),
        (lambda f: f.assign(claim_line_number=1.5), SchemaError, "claim_line_number '1.5' in row 0"),
        (
            lambda f: f.assign(claim_line_number=2.0**40),
            SchemaError,
            "claim_line_number '1099511627776.0' in row 0",
        ),
        (lambda f: [1], SchemaError, "found list as findings"),
    ],
)
def test_findings_are_checked(few: Claims, wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scorecard(few, wrong(found(FLAGS)))


def test_findings_may_be_an_arrow_table_and_numbers_text(few: Claims) -> None:
    plain = scorecard(few, found(FLAGS))
    text = found(FLAGS).assign(claim_line_number=lambda d: d["claim_line_number"].astype("string"))
    pd.testing.assert_frame_equal(scorecard(few, text), plain)
    pd.testing.assert_frame_equal(scorecard(few, pa.Table.from_pandas(found(FLAGS))), plain)


def test_options_are_checked(few: Claims) -> None:
    with pytest.raises(ArgumentError, match="by='x'"):
        scorecard(few, found(FLAGS), by="x")
    with pytest.raises(ArgumentError, match="like='code'"):
        scorecard(few, found(FLAGS), like="code")
    with pytest.raises(ArgumentError, match="min_lines=0"):
        scorecard(few, found(FLAGS), min_lines=0)


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
    card = scorecard(spec, flags, min_lines=1)
    pd.testing.assert_frame_equal(card, scorecard(claims_of(**SPEC), flags, min_lines=1))
    columns = ("rule", "payer", "lines", "flagged_lines", "denied_lines", "related_lines", "category_denials")
    assert shown(card, *columns, "overturned_lines", "caught_amount", "paid_amount") == [
        ("laterality_conflict", "North", 4, 2, 1, 0, 1, 1, 200.0, 80.0),
        ("missing_pointer", "North", 4, 1, 1, 1, 1, 0, 100.0, 0.0),
        ("missing_pointer", "South", 4, 1, 1, 0, 0, 0, 100.0, 0.0),
        ("sex_conflict", "South", 5, 1, 0, 0, 0, 0, 0.0, 80.0),
    ]
