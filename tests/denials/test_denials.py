"""Rates, causes, pairs, trend, delay, silent denials: on the spec's claims, on each engine."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import hypergeom
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd import denials
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import claims_of, shown


def test_rates_by_lines(spec: Claims) -> None:
    columns = ("payer", "n", "denied", "partly_denied", "rate", "denied_amount")
    assert shown(denials.rates(spec, "payer"), *columns) == [
        ("North", 4, 2, 0, 0.5, 300.0),
        ("Plan", 2, 1, 0, 0.5, 60.0),
        ("South", 5, 1, 1, 0.2, 140.0),
    ]


def test_rates_have_wilson_intervals(spec: Claims) -> None:
    row = denials.rates(spec).iloc[0]
    assert (row["n"], row["denied"]) == (11, 4)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(4, 11, method="wilson"))


def test_rates_by_claims(spec: Claims) -> None:
    assert shown(denials.rates(spec, unit="claims"), "n", "denied", "partly_denied") == [(7, 1, 4)]


def test_rates_by_dollars_count_partly_denied_ones(spec: Claims) -> None:
    rates = denials.rates(spec, "payer", unit="charge")
    assert shown(rates, "payer", "n", "denied", "partly_denied", "rate") == [
        ("Plan", 90.0, 60.0, 0.0, 0.6667),
        ("North", 520.0, 300.0, 0.0, 0.5769),
        ("South", 550.0, 100.0, 40.0, 0.2545),
    ]


def test_final_rates_leave_out_what_is_young_and_what_was_taken_back(spec: Claims) -> None:
    rates = denials.rates(spec, decision="final", maturity_days=90)  # last adjudication: 2024-05-25
    # mature: C1 (both lines now paid), C2, C3, and C5, which has no paid date; C6's payment was taken back
    assert shown(rates, "n", "denied", "partly_denied") == [(6, 2, 1)]
    assert cx.contract(rates)["rows_left_out"] == 4


def test_rates_of_nothing_adjudicated_are_empty_not_wrong() -> None:
    claims = claims_of(claims="claim_id | payer\nA | X", lines="claim_id | claim_line_number\nA | 1")
    assert shown(denials.rates(claims), "n", "denied", "rate") == [(0, 0, None)]
    assert denials.rates(claims, "payer").empty
    assert denials.causes(claims).empty
    assert denials.by_pair(claims, min_lines=1).empty
    assert denials.delay(claims).empty
    assert denials.silent(claims).empty
    assert denials.trend(claims, "payer").empty


def test_causes_are_a_pareto(spec: Claims) -> None:
    columns = (
        "category",
        "lines",
        "partly_denied_lines",
        "denied_amount",
        "share",
        "cumulative_share",
        "coding_related",
    )
    assert shown(denials.causes(spec), *columns) == [
        ("medical necessity or level of care", 2, 0, 260.0, 0.52, 0.52, "partly"),
        ("coverage or benefit", 1, 0, 100.0, 0.2, 0.72, "partly"),
        ("diagnosis conflict or validity", 1, 0, 100.0, 0.2, 0.92, "yes"),
        ("bundling or missing qualifying service", 0, 1, 40.0, 0.08, 1.0, "yes"),
    ]


def test_causes_add_up_within_each_group(spec: Claims) -> None:
    causes = denials.causes(spec, ["payer", "claim_type"])
    assert causes.groupby(["payer", "claim_type"])["share"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    assert causes["denied_amount"].sum() == denials.causes(spec)["denied_amount"].sum() == 500.0


def test_pairs_by_hand(spec: Claims) -> None:
    pairs = denials.by_pair(spec, min_lines=1).set_index(["hcpcs_code", "diagnosis_code"])
    # 99213 with I10: C1 (half of it), C5, C6, C8; denied are C5 and C8
    columns = ("lines", "persons", "denied_lines", "rate", "denied_amount", "comparison_lines")
    assert shown(pairs.loc[[("99213", "I10")]], *columns) == [(4, 3, 2, 0.5, 160.0, 1)]
    assert shown(pairs.loc[[("80053", "R5383")]], "lines", "denied_lines", "top_category", "top_carc") == [
        (1, 1, "medical necessity or level of care", "50")
    ]
    # in its stratum (North, 11, first quarter) 1 of 3 lines of 99213 is denied, and the pair has 2 of them,
    # none denied; C5 and C8 are alone in their strata: 2/3 + 1 + 1 is expected of the hypergeometric
    assert pairs.loc[("99213", "I10"), "p_value"] > 0.9


def test_pair_dollars_add_up_to_the_denied_dollars_of_the_lines(spec: Claims) -> None:
    for grain in ("code", "family"):
        pairs = denials.by_pair(spec, min_lines=1, grain=grain)
        paired = pairs["denied_amount"].sum()
        assert paired == 400.0  # all but C2's 100.00, whose pointer leads to no diagnosis
        assert cx.contract(pairs)["rows_left_out"] == 1


def test_pairs_by_payer_and_by_primary_pointer(spec: Claims) -> None:
    columns = ("payer", "hcpcs_code", "diagnosis_code", "lines", "denied_lines")
    primary = denials.by_pair(spec, by="payer", pointer="primary", min_lines=1)
    e119 = primary[(primary["hcpcs_code"] == "99213") & (primary["diagnosis_code"] == "E119")]
    assert e119.empty  # only ever second
    picked = primary[primary["hcpcs_code"] == "99213"].sort_values("payer")
    assert shown(picked, *columns) == [
        ("North", "99213", "I10", 2, 0),
        ("Plan", "99213", "I10", 1, 1),
        ("South", "99213", "I10", 1, 1),
    ]


def test_family_pairs_count_a_line_once(spec: Claims) -> None:
    pairs = denials.by_pair(spec, grain="family", min_lines=1)
    columns = ("hcpcs_family", "lines", "persons", "denied_lines")
    circulatory = pairs[pairs["diagnosis_family"].str.contains("Circulatory")].sort_values("hcpcs_family")
    assert shown(circulatory, *columns) == [
        ("Evaluation and management", 4, 3, 2),
        ("Pathology and laboratory", 2, 2, 0),
        ("Radiology", 1, 1, 0),
    ]


def test_small_pairs_are_left_out_and_counted(spec: Claims) -> None:
    pairs = denials.by_pair(spec, min_lines=2)
    assert pairs["lines"].min() >= 2
    everything = denials.by_pair(spec, min_lines=1)
    assert cx.contract(pairs)["small_pairs_left_out"] == len(everything) - len(pairs) > 0


def test_trend_counts_cohorts_and_their_maturity(spec: Claims) -> None:
    columns = ("period", "n", "denied", "rate", "mature")
    assert shown(denials.trend(spec), *columns) == [
        ("2024-01-01", 5, 3, 0.6, True),
        ("2024-02-01", 4, 0, 0.0, True),
        ("2024-03-01", 2, 1, 0.5, True),
        ("2024-04-01", 0, 0, None, False),
    ]
    by_adjudication = denials.trend(spec, period="quarter", date="adjudication")
    assert shown(by_adjudication, "period", "n", "denied") == [("2024-01-01", 9, 3)]
    assert cx.contract(by_adjudication)["rows_left_out"] == 2  # C5 has no paid date


def test_delay_censors_what_is_open(spec: Claims) -> None:
    delay = denials.delay(spec)
    # C1 12, C2 20, C3 15, C6 14, C7 17, C8 8 days; C4 open for 53 days at the last adjudication, C5 without a date
    assert shown(delay, "day", "at_risk", "adjudicated", "survival") == [
        (8.0, 7.0, 1.0, 0.8571),
        (12.0, 6.0, 1.0, 0.7143),
        (14.0, 5.0, 1.0, 0.5714),
        (15.0, 4.0, 1.0, 0.4286),
        (17.0, 3.0, 1.0, 0.2857),
        (20.0, 2.0, 1.0, 0.1429),
        (53.0, 1.0, 0.0, 0.1429),
    ]


def test_silent_denials(spec: Claims) -> None:
    columns = ("claim_id", "claim_line_number", "kind", "hcpcs_code", "submitted_hcpcs_code", "amount")
    assert shown(denials.silent(spec), *columns) == [
        ("C6", 1, "takeback", "99213", "99213", 70.0),
        ("C7", 2, "downcode", "99213", "99214", 30.0),
    ]


def test_every_result_has_a_contract(spec: Claims) -> None:
    results = (
        denials.rates(spec),
        denials.causes(spec),
        denials.by_pair(spec),
        denials.trend(spec),
        denials.delay(spec),
        denials.silent(spec),
    )
    for result in results:
        contract = cx.contract(result)
        assert {"measure", "numerator", "denominator", "clock", "exclusions", "code_set_release"} <= {
            *contract
        }


@pytest.mark.parametrize(
    "call",
    [
        lambda c: denials.rates(c, "shoe_size"),
        lambda c: denials.rates(c, "payer; DROP TABLE lines"),
        lambda c: denials.rates(c, ["payer", "payer"]),
        lambda c: denials.rates(c, "service_month"),
        lambda c: denials.rates(c, unit="weight"),
        lambda c: denials.by_pair(c, by="shoe_size"),
        lambda c: denials.by_pair(c, grain="chapter"),
        lambda c: denials.by_pair(c, min_lines=0),
        lambda c: denials.trend(c, period="day"),
        lambda c: denials.delay(c, "shoe_size"),
    ],
)
def test_wrong_arguments_say_what_is_expected(spec: Claims, call: object) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        call(spec)  # type: ignore[operator]


def test_code_and_family_level_agree_where_a_family_is_one_code() -> None:
    """The two levels expect by SQL of their own, the one from cells derived once: the same numbers must come."""
    claims, lines, diagnoses, pointers = (
        ["claim_id | claim_type | payer | person_id | claim_start_date"],
        ["claim_id | claim_line_number | hcpcs_code | charge_amount | processing_indicator_code"],
        ["claim_id | diagnosis_position | diagnosis_code"],
        ["claim_id | claim_line_number | pointer_position | diagnosis_position"],
    )
    for i in range(80):
        claims.append(f"C{i} | professional | {'NS'[i % 2]} | p{i % 17} | 2024-0{1 + i % 6}-01")
        lines.append(f"C{i} | 1 | {('99213', '80053')[i % 3 == 0]} | 10.00 | {'AANAA'[i % 5]}")
        diagnoses.append(f"C{i} | 1 | {('E119', 'I10', 'R5383')[i % 7 % 3]}")
        pointers.append(f"C{i} | 1 | 1 | 1")
    tables = {"claims": claims, "lines": lines, "diagnoses": diagnoses, "pointers": pointers}
    data = claims_of(**{name: "\n".join(rows) for name, rows in tables.items()})
    same = [
        "lines",
        "persons",
        "denied_lines",
        "expected_rate",
        "shrunk_rate",
        "p_value",
        "q_value",
        "excess_amount",
    ]
    by_code = denials.by_pair(data, by="payer", min_lines=1)
    by_family = denials.by_pair(data, by="payer", min_lines=1, grain="family")
    keys = ["payer", "hcpcs_family", "diagnosis_family"]
    left, right = (pairs.set_index(keys)[same].sort_index() for pairs in (by_code, by_family))
    assert len(left) == 12
    pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-9)


def test_expectation_by_hand() -> None:
    rows = [f"C{i} | 1 | 99213 | 10.00 | {'N' if i in (0, 1, 4) else 'A'}" for i in range(8)]
    data = claims_of(
        claims="\n".join(["claim_id | claim_type | payer", *(f"C{i} | professional | N" for i in range(8))]),
        lines="\n".join(
            ["claim_id | claim_line_number | hcpcs_code | charge_amount | processing_indicator_code", *rows]
        ),
        diagnoses="\n".join(
            [
                "claim_id | diagnosis_position | diagnosis_code",
                *(f"C{i} | 1 | {'I10' if i < 3 else 'E119'}" for i in range(8)),
            ]
        ),
        pointers="\n".join(
            [
                "claim_id | claim_line_number | pointer_position | diagnosis_position",
                *(f"C{i} | 1 | 1 | 1" for i in range(8)),
            ]
        ),
    )
    row = denials.by_pair(data, min_lines=1).set_index("diagnosis_code").loc["I10"]
    # 2 of the pair's 3 lines are denied, 1 of the other 5; the payer denies 3 of 8
    prior = (1 + 10 * 3 / 8) / (5 + 10)
    assert row["expected_rate"] == pytest.approx((1 + 10 * prior) / (5 + 10))
    # hypergeometric: 3 denied of 8, 3 drawn, at least 2 of them
    assert row["p_value"] == pytest.approx(hypergeom.sf(1, 8, 3, 3), rel=0.05)
    assert row["excess_denials"] == pytest.approx(2 - 3 * row["expected_rate"])
    assert row["comparison_lines"] == 5
