"""Unexplained denials: clusters by hand, dollars that stand once, and the policies that the simulator plants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.rules.clusters import residual_months
from cpticd.rules.residual import residual
from tests.rules.cases_outcomes import found, judged
from tests.spec import shown

KEY = ("payer", "hcpcs_code", "diagnosis_family", "carc")
NONE = found("claim_id | claim_line_number | rule").head(0)
FIRST = pd.Timestamp("2024-01-01")


def _policy() -> list[dict[str, Any]]:
    """North denies 80053 for E11 with CARC 50 from July 1st on, but for every eighth; South does not.

    Half of the claims point to I10 as well; those that point to I10 alone are paid.
    """
    rows = []
    for payer in ("North", "South"):
        for i in range(90):
            day = FIRST + pd.Timedelta(days=4 * i)
            dx = ("E11.9", "E11.65 I10", "I10")[i % 3]
            denied = payer == "North" and day >= pd.Timestamp("2024-07-01") and dx != "I10" and i % 8 != 0
            rows.append(
                {"claim": f"{payer}{i}", "payer": payer, "hcpcs": "80053", "day": f"{day:%Y-%m-%d}", "dx": dx,
                 "charge": "50.00", "carc": "50" if denied else "45"}
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def policy() -> Claims:
    return judged(_policy())


def test_a_policy_is_found_with_its_start_and_counts(policy: Claims) -> None:
    rows = pd.DataFrame(_policy()).assign(
        day=lambda d: pd.to_datetime(d["day"]), denied=lambda d: d["carc"] == "50"
    )
    mine = rows[(rows["payer"] == "North") & rows["dx"].str.startswith("E11")]
    later = mine[mine["day"] >= mine.loc[mine["denied"], "day"].min()]
    result = residual(policy, NONE)
    assert shown(result, *KEY) == [
        ("North", "80053", "E11", "50")
    ]  # not I10 and not (any), which share its denials
    row = result.iloc[0]
    assert row["start_date"] == later["day"].min() == pd.Timestamp("2024-07-03")
    assert row["start_from"] <= pd.Timestamp("2024-07-01") <= row["start_to"]
    counts = (
        "services_before",
        "denied_before",
        "services_after",
        "denied_after",
        "denied_lines",
        "denied_persons",
    )
    n, k = len(later), int(later["denied"].sum())
    assert shown(result, *counts) == [(len(mine) - n, 0, n, k, k, k)]
    assert shown(result, "denied_amount", "excess_amount") == [(50.0 * k, 50.0 * k)]
    assert (row["after_low"], row["after_high"]) == pytest.approx(proportion_confint(k, n, method="wilson"))
    assert row["category"] == "medical necessity or level of care"


def test_other_payers_are_compared_since_the_start(policy: Claims) -> None:
    row = residual(policy, NONE).iloc[0]
    n = row["services_elsewhere"]
    table = [[row["denied_after"], row["services_after"] - row["denied_after"]], [0, n]]
    assert row["elsewhere_p_value"] == pytest.approx(fisher_exact(table, "greater").pvalue)
    assert row["payer_specific"] is True or bool(row["payer_specific"])
    rows = pd.DataFrame(_policy())
    other = rows[
        (rows["payer"] == "South") & rows["dx"].str.startswith("E11") & (rows["day"] >= "2024-07-03")
    ]
    assert (row["denied_elsewhere"], n) == (0, len(other))


def _days(n: int, step: int = 1) -> list[str]:
    return [f"{FIRST + pd.Timedelta(days=step * i):%Y-%m-%d}" for i in range(n)]


def _everywhere() -> list[dict[str, Any]]:
    """Every other case under a payer and procedures of its own."""
    rows = []

    def add(payer: str, hcpcs: str, day: str, dx: str, carc: str, **more: str) -> None:
        claim = more.pop("claim", f"{payer}{len(rows)}")
        rows.append(
            {
                "claim": claim,
                "payer": payer,
                "hcpcs": hcpcs,
                "day": day,
                "dx": dx,
                "carc": carc or "45",
                **more,
            }
        )

    for payer in ("SharedA", "SharedB"):  # both begin on the same day
        for i, day in enumerate(_days(60, 4)):
            add(payer, "80061", day, "E78.5", "50" if i >= 30 and i % 8 else "")
    for i, day in enumerate(_days(90, 2)):  # many diagnoses, none more than another
        dx = ["E11.9", "I10", "M54.50", "J06.9", "R53.83", "K21.9", "N39.0", "F41.9"][i * 5 % 8]
        add("Whole", "97140", day, dx, "96" if i >= 45 and i % 4 else "")
    for i, day in enumerate(_days(200)):  # two policies that start apart
        dx = ("E11.9 I10", "M54.50 I10", "R53.83 I10", "I10")[i % 4]
        add(
            "Two", "84443", day, dx, "50" if (dx[0] == "E" and i >= 60) or (dx[0] == "M" and i >= 120) else ""
        )
    draw = np.random.default_rng(4)
    for i in range(480):  # denials of all procedures become four times as many in July
        day = FIRST + pd.Timedelta(days=3 * i // 4)
        chance = 0.4 if day >= pd.Timestamp("2024-07-01") else 0.1
        code = ("99213", "71046", "93000", "36415")[i % 4]
        add("Drift", code, f"{day:%Y-%m-%d}", "I10", "96" if draw.random() < chance else "")
    for payer, codes, lines in (
        ("Once", "85025", "1"),
        ("Twice", "85027", "12"),
    ):  # the same, on one line or two
        for i, day in enumerate(_days(50, 3)):
            for line in lines:
                charge = f"{50 / len(lines):.2f}"
                add(
                    payer,
                    codes,
                    day,
                    "D64.9",
                    "50" if i >= 20 and i % 5 else "",
                    claim=f"{payer}-{i}",
                    line=line,
                    charge=charge,
                )
    for i, day in enumerate(_days(60, 3)):  # one person alone is denied
        add(
            "Person",
            "97530",
            day,
            "M17.11",
            "119" if i >= 30 and i % 3 == 0 else "",
            claim=f"Person-{i}",
            person="p1",
        )
    for i, day in enumerate(_days(80, 3)):  # one code of a category
        dx = ("N18.6", "N18.30")[i % 2]
        add("Code", "82565", day, dx, "50" if i >= 40 and dx == "N18.6" else "")
    return rows


@pytest.fixture(scope="module")
def everywhere() -> Claims:
    return judged(_everywhere())


@pytest.fixture(scope="module")
def clusters(everywhere: Claims) -> pd.DataFrame:
    return residual(everywhere, NONE).set_index("payer")


def test_a_rise_that_all_payers_share_is_not_specific(clusters: pd.DataFrame) -> None:
    assert (
        shown(clusters.loc[["SharedA", "SharedB"]], "diagnosis_family", "payer_specific")
        == [("E78", False)] * 2
    )


def test_without_other_payers_it_is_not_known_whether_it_is_specific(clusters: pd.DataFrame) -> None:
    columns = ("services_elsewhere", "rate_elsewhere", "payer_specific")
    assert shown(clusters.loc[["Code"]], *columns) == [(0, None, None)]


def test_denials_that_a_rule_explains_are_none_of_its_clusters(policy: Claims) -> None:
    claims = [row["claim"] for row in _policy() if row["carc"] == "50"]
    related = pd.DataFrame({"claim_id": claims, "claim_line_number": 1, "rule": "diagnosis_not_in_policy"})
    explained = residual(policy, related)
    assert explained.empty and "payer_specific" in explained
    assert cx.contract(explained)["explained_denied_lines"] == len(claims)
    assert cx.contract(explained)["unexplained_denied_lines"] == 0
    # a rule for another cause explains nothing, nor does one that only informs; a rule of one's own explains all
    assert len(residual(policy, related.assign(rule="laterality_conflict"))) == 1
    assert len(residual(policy, related.assign(severity="information"))) == 1
    assert residual(policy, related.assign(rule="ours")).empty


def test_a_policy_on_the_whole_procedure_is_one_cluster(clusters: pd.DataFrame) -> None:
    assert shown(clusters.loc[["Whole"]], *KEY[1:]) == [("97140", "(any)", "96")]


def test_two_policies_of_a_procedure_are_two_rows_and_share_no_dollar(clusters: pd.DataFrame) -> None:
    two = clusters.loc[["Two"]]
    assert shown(two, "diagnosis_family", "start_date", "denied_lines") == [
        ("E11", "2024-03-01", 35),
        ("M54", "2024-05-01", 20),
    ]
    assert two["denied_lines"].sum() == sum(
        row["carc"] == "50" for row in _everywhere() if row["payer"] == "Two"
    )


def test_a_payer_that_denies_more_of_everything_has_no_policy(
    everywhere: Claims, clusters: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Drift" not in clusters.index
    constant = (
        "SELECT DISTINCT payer, hcpcs_code, quarter, CAST(0.2 AS DOUBLE) AS rate FROM residual_services"
    )
    plain = sql.text
    monkeypatch.setattr(sql, "text", lambda name: constant if name == "rules/residual_drift" else plain(name))
    naive = residual(everywhere, NONE)  # had the payer's other procedures not been looked at
    assert naive["payer"].tolist().count("Drift") == 4


def test_denials_of_one_person_are_no_policy(everywhere: Claims, clusters: pd.DataFrame) -> None:
    assert "Person" not in clusters.index
    assert "Person" in residual(everywhere, NONE, min_persons=1)["payer"].tolist()


def test_lines_of_a_claim_and_day_are_one_service(clusters: pd.DataFrame) -> None:
    """A policy on fifty services is not on a hundred because each is billed on two lines."""
    same = [
        "start_date",
        "services_before",
        "services_after",
        "denied_after",
        "denied_amount",
        "log_likelihood_ratio",
    ]
    assert shown(clusters.loc[["Once"]], *same) == shown(clusters.loc[["Twice"]], *same)
    assert clusters.loc["Twice", "denied_lines"] == 2 * clusters.loc["Once", "denied_lines"]


def test_families_may_be_whole_codes(everywhere: Claims, clusters: pd.DataFrame) -> None:
    assert clusters.loc["Code", "diagnosis_family"] in ("N18", "(any)")
    codes = residual(everywhere, NONE, diagnosis_characters=7).set_index("payer")
    assert shown(codes.loc[["Code"]], "diagnosis_family", "services_after", "denied_after") == [
        ("N186", 20, 20)
    ]


def test_by_the_day_of_adjudication_all_of_it_comes_at_once(policy: Claims) -> None:
    """Every case is adjudicated on one day: there is no before."""
    assert residual(policy, NONE, date="adjudication").empty


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(12)))
def test_order_and_repeats_of_findings_do_not_matter(policy: Claims, order: list[int]) -> None:
    denied = [row["claim"] for row in _policy() if row["carc"] == "50"][:12]
    flags = pd.DataFrame({"claim_id": denied, "claim_line_number": 1, "rule": "diagnosis_not_in_policy"})
    again = pd.concat([flags.iloc[list(order)], flags.head(3)])
    pd.testing.assert_frame_equal(residual(policy, flags), residual(policy, again))


def test_months_show_the_rise(policy: Claims) -> None:
    clusters = residual(policy, NONE)
    months = residual_months(policy, NONE, clusters)
    assert months["services"].sum() == clusters[["services_before", "services_after"]].sum(axis=1).iloc[0]
    assert months["denied"].sum() == clusters["denied_after"].iloc[0]
    assert (months.loc[months["period"] < "2024-07-01", "rate"] == 0).all()
    assert (months.loc[months["period"] >= "2024-07-01", "rate"] > 0.5).all()
    assert (months["rate_elsewhere"] == 0).all()
    assert (months["start_date"] == clusters["start_date"].iloc[0]).all()
    quarters = residual_months(policy, NONE, clusters, period="quarter")
    assert quarters["services"].sum() == months["services"].sum()
    assert len(quarters) == 4


def test_arguments_are_checked(policy: Claims) -> None:
    with pytest.raises(SchemaError, match="residual: findings have no column"):
        residual(policy, NONE.drop(columns="rule"))
    with pytest.raises(ArgumentError, match="date='paid'"):
        residual(policy, NONE, date="paid")
    with pytest.raises(ArgumentError, match="q_threshold=2"):
        residual(policy, NONE, q_threshold=2)
    with pytest.raises(ArgumentError, match="min_denied=1"):
        residual(policy, NONE, min_denied=1)
    with pytest.raises(SchemaError, match=r"clusters have no .*start_date"):
        residual_months(policy, NONE, residual(policy, NONE).drop(columns="start_date"))
    with pytest.raises(ArgumentError, match="period='day'"):
        residual_months(policy, NONE, residual(policy, NONE), period="day")


def test_no_denials_give_an_empty_frame() -> None:
    result = residual(judged([{"claim": "a"}]), NONE)
    assert result.empty and result["denied_lines"].sum() == 0
    assert residual_months(judged([{"claim": "a"}]), NONE, result).empty


def _visits(persons: int) -> list[dict[str, Any]]:
    """180 visits of as many people before July; since then 60 of 300 denied, of so many persons, all of them theirs."""
    rows = []
    for i in range(480):
        late = i >= 180
        denied = late and i % 5 == 0
        day = FIRST + pd.Timedelta(days=i)
        whose = f"d{(i // 5) % persons}" if denied else f"p{i}"
        rows.append(
            {"claim": f"V{i}", "payer": "North", "hcpcs": "97110", "day": f"{day:%Y-%m-%d}", "dx": "M54.50",
             "charge": "50.00", "carc": "119" if denied else "45", "person": whose}
        )  # fmt: skip
    return rows


def test_denials_of_a_few_persons_are_no_policy_as_surely_as_those_of_many() -> None:
    few, many = (residual(judged(_visits(persons)), NONE) for persons in (4, 60))
    assert many["design_effect"].iloc[0] == 1
    effect = few["design_effect"].iloc[0]
    # Fifteen denials of each of four persons: uu = 4 · (15 · 0.8)², of squares 60 · 0.8² + 240 · 0.2², beside 480 - 60
    # persons of one visit; what is expected of it hardly counts.
    residuals = 4 * (15 * 0.8) ** 2 + 240 * 0.2**2
    own = residuals * (424 / 423) / ((60 * 0.8**2 + 240 * 0.2**2) * (480 / 479))
    assert effect == pytest.approx(own, rel=0.1)
    assert few["p_value"].iloc[0] > many["p_value"].iloc[0]
    assert few["after_high"].iloc[0] - few["after_low"].iloc[0] > 2 * (
        many["after_high"].iloc[0] - many["after_low"].iloc[0]
    )
