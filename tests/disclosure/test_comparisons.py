"""What compares a row with others gives no small cell away: not in a report, an export, or what a notebook keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import codes, disclosure
from cpticd.claims import Claims
from cpticd.core.measure import Compared, records_shown
from cpticd.disclosure import Release
from tests.amount import first
from tests.disclosure.attack import Attack
from tests.disclosure.cells import KEYS, cells, claims_of
from tests.reporting.few_parts import only

COMPARED = ["expected_rate", "shrunk_rate", "excess_denials", "lift", "p_value", "q_value", "excess_amount"]
FAMILIES = ["hcpcs_family", "diagnosis_family"]

#: Two data sets that differ in what a minimum of 11 suppresses alone: all totals and cells that are shown are equal.
TWINS = (
    """
    payer | hcpcs_code | diagnosis_code | lines | denied
    X     | 83036      | E119           | 60    | 30
    X     | 83036      | I10            | 3     | 2
    X     | 99213      | I10            | 70    | 15
    X     | 97110      | M5450          | 80    | 12
    Y     | 83036      | E119           | 60    | 14
    Y     | 83036      | I10            | 70    | 20
    """,
    """
    payer | hcpcs_code | diagnosis_code | lines | denied
    X     | 83036      | E119           | 55    | 31
    X     | 83036      | I10            | 8     | 1
    X     | 99213      | I10            | 70    | 15
    X     | 97110      | M5450          | 80    | 12
    Y     | 83036      | E119           | 65    | 13
    Y     | 83036      | I10            | 65    | 21
    """,
)


def released(claims: Claims, **frames: pd.DataFrame) -> Release:
    release = Release(claims)
    for name, frame in frames.items():
        release.add(name, frame)
    return release


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The report of each of the twins."""
    folder = tmp_path_factory.mktemp("twins")
    return [
        cx.report(claims_of(cells(text)), folder / f"{number}.html", minimum=11).read_text(encoding="utf-8")
        for number, text in enumerate(TWINS)
    ]


@pytest.mark.thorough
def test_a_report_holds_the_same_figures_whatever_a_suppressed_pair_holds(twins: list[str]) -> None:
    """The pair of X is of 3 persons, 2 denied, or of 8 persons, 1 denied."""
    pages = [sorted(re.findall(r"\d+(?:\.\d+)?", text)) for text in twins]
    assert pages[0] == pages[1]


def test_lines_compared_with_are_a_cell_too(tmp_path: Path) -> None:
    """The pair of 60 lines is compared with the 3 of a suppressed pair, the one of 80 with nothing."""
    claims = claims_of(
        cells("""
        payer | hcpcs_code | diagnosis_code | lines | denied
        X     | 83036      | E119           | 60    | 30
        X     | 83036      | I10            | 3     | 2
        X     | 97110      | M5450          | 80    | 12
        """)
    )
    release = released(claims, pairs=cx.denials.by_pair(claims, by="payer"))
    left = pd.read_csv(disclosure.export(release, tmp_path / "pairs.csv"), dtype=str)
    row = left.set_index("diagnosis_code").loc["E119"]
    assert (row["lines"], row["denied_lines"]) == ("60", "30")
    assert (row[[*COMPARED, "comparison_lines"]] == "suppressed").all()


def test_a_lift_that_gives_denials_without_a_finding_away_stays() -> None:
    """27 of 60 flagged lines are denied, and 2 of 250 others: a lift of 56.25 would tell."""
    claims = claims_of(
        cells("""
        payer | hcpcs_code | diagnosis_code | lines | denied
        Z     | 99213      | E11            | 60    | 27
        Z     | 99213      | E119           | 250   | 2
        Y     | 99213      | E119           | 100   | 30
        """),
        carc="16",
    )
    card = cx.rules.scorecard(claims, cx.rules.check(claims))
    assert card["lift"].round(2).tolist() == [56.25]
    left = released(claims, card=card)["card"]
    assert left["precision"].tolist() == [27 / 60]
    assert left[["lift", "lift_low", "odds_ratio", "base_rate", "p_value", "recall"]].isna().all(axis=None)


def test_what_a_notebook_keeps_does_not_leave_a_small_rest() -> None:
    claims = claims_of(
        cells("""
        payer | hcpcs_code | diagnosis_code | lines | denied
        X     | 83036      | E119           | 60    | 30
        X     | 83036      | I10            | 3     | 2
        X     | 97110      | M5450          | 80    | 12
        """)
    )
    page = cx.explore.denials(claims)
    listed = page.shareable()["lines"].dropna()
    figures = {tile["label"]: tile["value"] for tile in page.shareable_tiles()}
    assert figures["Adjudicated lines"] == "143" and 143 - listed.sum() >= 11
    with disclosure.using(minimum=1):
        assert cx.explore.denials(claims).shareable()["lines"].sum() == 140


TWO_PAYERS = """
    payer | hcpcs_code | diagnosis_code | lines | denied
    X     | 83036      | E119           | 60    | 30
    X     | 83036      | I10            | 70    | 15
    Y     | 99213      | E119           | 60    | {denied}
    Y     | 99213      | I10            | 4     | {few}
"""


def test_comparisons_of_enough_persons_leave_and_q_is_of_those_that_do() -> None:
    """Payer Y has a small pair, so that no comparison of his leaves; those of X do, with q-values of these two."""
    claims = claims_of(cells(TWO_PAYERS.format(denied=20, few=2)))
    pairs = cx.denials.by_pair(claims, by="payer", min_lines=1)
    left = released(claims, pairs=pairs)["pairs"]
    known = left[left["expected_rate"].notna()]
    assert known[KEYS].to_numpy().tolist() == [["X", "83036", "E119"], ["X", "83036", "I10"]]
    whole = pairs.set_index(KEYS).loc[[tuple(key) for key in known[KEYS].to_numpy().tolist()]]
    np.testing.assert_allclose(known["excess_denials"], whole["excess_denials"], atol=0.5)
    assert (known["expected_rate"] * known["lines"]).round(6).tolist() == [13, 35]
    p = known["p_value"].tolist()
    assert known["q_value"].tolist() == pytest.approx([min(2 * p[0], p[1]), p[1]])
    assert "What compares 1 more rows" in left.attrs["disclosure"]["sentence"]
    assert cx.contract(left)["family_size"] == 2
    assert left[["largest_person_share", "largest_provider_share"]].isna().all(axis=None)
    assert left.loc[left["rate"].notna(), ["design_effect", "effective_lines"]].notna().all(axis=None)
    assert left.loc[left["rate"].isna(), ["design_effect", "effective_lines"]].isna().all(axis=None)


def test_order_does_not_tell_of_what_is_left_out() -> None:
    """However large the excess of a pair whose comparison is left out: it comes after the others."""
    orders = []
    for few in (1, 3):
        claims = claims_of(cells(TWO_PAYERS.format(denied=45, few=few)))
        pairs = cx.denials.by_pair(claims, by="payer", min_lines=1)
        orders.append(released(claims, pairs=pairs)["pairs"][KEYS].agg(" ".join, axis=1).tolist())
    assert orders[0] == orders[1] == ["X 83036 E119", "X 83036 I10", "Y 99213 E119", "Y 99213 I10"]


def test_a_table_of_ones_own_may_compare() -> None:
    """Two shops in either of two towns; the second town has a customer too few beside its large shop."""
    facts = pd.DataFrame(
        {
            "person_id": range(141),
            "town": ["A"] * 80 + ["B"] * 61,
            "shop": ["a"] * 40 + ["b"] * 40 + ["c"] * 57 + ["d"] * 4,
        }
    ).assign(late=lambda rows: rows.index % 2 == 0)
    table = facts.groupby(["town", "shop"], as_index=False).agg(n=("late", "size"), late=("late", "sum"))
    table["ratio"] = [1.0, 1.0, 1.23456, 0.9]
    compared = Compared("ratio", within="town", flags="late")
    asked = {
        "by": ("town", "shop"),
        "numerators": {"late": "late"},
        "measures": ("n", "late"),
        "compared": compared,
    }
    left = Release(facts).add("shops", table, **asked)["shops"].set_index("shop")  # type: ignore[arg-type]
    assert left["ratio"].isna().to_dict() == {"a": False, "b": False, "c": True, "d": True}
    # Where facts do not say within what rows are compared, no comparison leaves.
    compared = Compared("ratio", within="county", flags="late")
    left = Release(facts).add("shops", table, **{**asked, "compared": compared})["shops"]  # type: ignore[arg-type]
    assert left["ratio"].isna().all() and left["n"].notna().sum() == 3


def drawn(seed: int) -> pd.DataFrame:
    """Cells of two payers and three procedures, some of them small, most of these of one procedure."""
    random = np.random.default_rng(seed)
    rows = []
    for payer in ("North", "South"):
        for procedure in ("83036", "99213", "97110"):
            for diagnosis in ("E119", "I10", "M5450"):
                few = random.random() < (0.3 if procedure == "83036" else 0.06)
                lines = int(random.integers(2, 10) if few else random.integers(40, 90))
                rows.append(
                    (
                        payer,
                        procedure,
                        diagnosis,
                        lines,
                        int(random.binomial(lines, random.uniform(0.2, 0.6))),
                    )
                )
    return pd.DataFrame(rows, columns=[*KEYS, "lines", "denied"])


def tables(claims: Claims) -> tuple[dict[str, pd.DataFrame], dict[str, list[str]]]:
    """What leaves together, and the keys of each table."""
    by_pair, rates = cx.denials.by_pair, cx.denials.rates
    frames = {
        "all": rates(claims), "payers": rates(claims, by="payer"), "months": cx.denials.rates(claims, by="month"),
        "pairs": by_pair(claims, min_lines=1), "payer_pairs": by_pair(claims, by="payer", min_lines=1),
        "families": by_pair(claims, grain="family", min_lines=1),
    }  # fmt: skip
    keys = {
        "all": [],
        "payers": ["payer"],
        "months": [],
        "pairs": KEYS[1:],
        "payer_pairs": KEYS,
        "families": FAMILIES,
    }
    return frames, keys


def attacked(
    table: pd.DataFrame,
    counts: Mapping[str, pd.DataFrame],
    compared: Mapping[str, pd.DataFrame],
    keys: Mapping[str, list[str]],
) -> tuple[Attack, int]:
    """An attack by the counts of some tables and the comparisons of others; how many comparisons there are."""
    attack, known = Attack(table), 0
    for name, columns in keys.items():
        attack.reads(counts[name], columns, "denied" if "denied" in counts[name] else "denied_lines")
        if "expected_rate" in compared[name]:
            known += attack.compares(compared[name], columns, whole_lines=compared is counts)
    return attack, known


@pytest.mark.parametrize("seed", first(2, [1, 3, 5, 8, 11]))
def test_no_small_cell_follows_from_comparisons_by_linear_programming(seed: int) -> None:
    """The attacker knows all formulas, all numbers of lines, and that denied lines are whole numbers of these."""
    table = drawn(seed)
    claims = claims_of(table)
    table = table.assign(
        hcpcs_family=codes.procedure_family(table["hcpcs_code"]).to_numpy(),
        diagnosis_family=codes.diagnosis_family(table["diagnosis_code"]).to_numpy(),
    )
    frames, keys = tables(claims)
    release = released(claims, **frames)
    left = {name: release[name] for name in frames}
    attack, known = attacked(table, left, left, keys)
    careless, _ = attacked(table, left, frames, keys)
    found = []
    for name, columns in keys.items():
        for row in frames[name].to_dict("records"):
            cell = attack.members(row, columns)
            denied, lines = int(table["denied"][cell].sum()), int(table["lines"][cell].sum())
            if any(0 < part < 11 for part in (denied, lines - denied)):
                low, high = attack.range(cell)
                assert low <= denied <= high
                assert low < high, f"{name} {[row[key] for key in columns]}: {denied} follows"
                low, high = careless.range(cell)
                found.append(low == high)
    assert any(found), "comparisons that nobody protects give nothing away: the attack is too weak"
    assert known or seed in (3, 11), "every comparison is left out"


def test_limits_of_a_trend_do_not_tell_of_a_month_that_is_left_out() -> None:
    """Its centre is all denials over all lines: with the other months it gives the denials of this one."""
    months = pd.DataFrame({"month": [1, 2, 3, 4], "lines": [60, 60, 60, 60], "denied": [20, 3, 25, 15]})
    each = months.loc[months.index.repeat(months["lines"])].reset_index(drop=True)
    denied = each.groupby("month").cumcount() < each["denied"]
    claims = claims_of(
        pd.DataFrame(
            {
                "payer": "X",
                "hcpcs_code": "99213",
                "diagnosis_code": "I10",
                "lines": 1,
                "denied": denied.astype(int),
            }
        ),
        days=pd.to_datetime({"year": 2024, "month": each["month"], "day": 5})
        .dt.strftime("%Y-%m-%d")
        .tolist(),
    )
    left = released(claims, trend=cx.denials.trend(claims))["trend"]
    assert left["denied"].notna().sum() == 3
    assert left[["center", "lower", "upper"]].isna().all(axis=None)


@only("summary", "accounting")
def test_data_that_name_no_person_say_so(tmp_path: Path) -> None:
    text = {
        name: cx.report(claims_of(cells(TWINS[0]), persons=name == "some"), tmp_path / f"{name}.html", minimum=11)
        .read_text(encoding="utf-8")
        for name in ("some", "none")
    }  # fmt: skip
    assert "These data name no person" in text["none"]
    assert "These data name no person" not in text["some"]
    assert "Not protected are differences between this report and another" in text["some"]


def test_a_worklist_says_nothing_of_few_lines_alike() -> None:
    """Of 20 lines alike that broke the rule 4 were denied at one payer, 40 of 80 at the other."""
    work = pd.DataFrame(
        {
            "claim_id": ["C1", "C2", "C3"], "claim_line_number": [1, 1, 1], "like_lines": [20, 83, 0],
            "like_denied": [4, 41, 0], "like_rate": [0.2, 41 / 83, np.nan], "like_low": [0.1, 0.39, np.nan],
            "like_high": [0.4, 0.6, np.nan], "denial_probability": [0.21234, 0.49876, 0.3],
            "base_probability": [0.1, 0.1, 0.1], "expected_saved_amount": [900.0, 73.55, 500.0],
        }
    )  # fmt: skip
    left = records_shown("rules.prebill", work, 11).set_index("claim_id")
    assert left.index.tolist() == ["C3", "C2", "C1"]
    assert (
        left.loc["C1", ["like_lines", "like_denied", "denial_probability", "expected_saved_amount"]]
        .isna()
        .all()
    )
    assert left.loc["C2", ["like_lines", "like_denied", "like_rate"]].tolist() == [80, 40, 0.49]
    assert left.loc["C2", ["denial_probability", "expected_saved_amount"]].tolist() == [0.5, 70]
    assert records_shown("rules.prebill", work, 1) is work
