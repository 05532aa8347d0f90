"""Chances of denial of lines that no payer has decided: planted causes are found, named, calibrated, in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.measure import records_shown
from cpticd.rules.prebill import prebill
from tests.rules.cases_outcomes import found, judged

NONE = found("claim_id | claim_line_number | rule")
BASE, PAIR, PLACE = 0.08, 0.7, 0.4
KEY = ["claim_id", "claim_line_number"]


def _rows() -> list[dict[str, Any]]:
    """North denies 73562 for M1711, South what is done in place 22, both little else; 1,800 lines, the last 120 open."""
    random = np.random.default_rng(11)
    rows = []
    for i in range(1800):
        row = {
            "claim": f"c{i:04}", "payer": random.choice(["North", "South"]),
            "hcpcs": random.choice(["73562", "99213", "97110"]), "dx": random.choice(["M1711", "I10", "E119"]),
            "place": random.choice(["11", "22"]),
        }  # fmt: skip
        chance = _planted(row)
        decided = pd.Timestamp("2024-01-03") + pd.Timedelta(days=i * 725 // 1680)
        carc = "-" if i >= 1680 else "50" if random.random() < chance else ""
        rows.append({**row, "carc": carc, "decided": f"{decided:%Y-%m-%d}", "charge": "100.00"})
    return rows


def _planted(row: Any) -> float:
    if row["payer"] == "North" and row["hcpcs"] == "73562" and row["dx"] == "M1711":
        return PAIR
    return PLACE if row["payer"] == "South" and row["place"] == "22" else BASE


ROWS = _rows()
TRUTH = pd.DataFrame(ROWS).assign(chance=[_planted(row) for row in ROWS]).set_index("claim")


@pytest.fixture(scope="module")
def claims() -> Claims:
    return judged(ROWS)


@pytest.fixture(scope="module")
def work(claims: Claims) -> pd.DataFrame:
    return prebill(claims, NONE)


def test_every_open_line_is_there_once_by_dollars_at_risk(work: pd.DataFrame) -> None:
    assert sorted(work["claim_id"]) == sorted(TRUTH.index[TRUTH["carc"] == "-"])
    assert not work[KEY].duplicated().any() and work["denial_probability"].between(0, 1).all()
    assert work["expected_at_risk_amount"].is_monotonic_decreasing
    at_risk = work["expected_allowed_amount"] * work["denial_probability"]
    np.testing.assert_allclose(work["expected_at_risk_amount"], at_risk, atol=0.0051)


def test_planted_chances_are_found(work: pd.DataFrame) -> None:
    planted = TRUTH.loc[work["claim_id"], "chance"].to_numpy()
    chance = work["denial_probability"].to_numpy()
    assert abs(chance[planted == PAIR].mean() - PAIR) < 0.15
    assert abs(chance[planted == PLACE].mean() - PLACE) < 0.12
    assert abs(chance[planted == BASE].mean() - BASE) < 0.05
    assert chance[planted == PAIR].min() > chance[planted == BASE].max()


def test_reasons_name_the_planted_cause_and_add_up(work: pd.DataFrame) -> None:
    planted = TRUTH.loc[work["claim_id"], "chance"].to_numpy()
    reasons = work[["reason_1", "reason_2", "reason_3"]].agg(" | ".join, axis=1)
    assert reasons[planted == PAIR].str.contains("service 73562 for (?:the code )?.*at North").all()
    assert reasons[planted == PLACE].str.contains("place of service 22 at South").all()
    first = work.loc[planted == PLACE, "contribution_1"]
    assert (first > 0).all()
    parts = [*(f"contribution_{i}" for i in (1, 2, 3)), "remaining_log_odds"]
    chance = 1 / (1 + np.exp(-work[parts].sum(axis=1)))
    np.testing.assert_allclose(work["denial_probability"], chance)


def test_reasons_say_of_how_many_lines(work: pd.DataFrame) -> None:
    south = TRUTH[(TRUTH["payer"] == "South") & (TRUTH["place"] == "22") & (TRUTH["carc"] != "-")]
    here = work[work["reason_1"].str.startswith("place of service 22 at South")]
    assert len(here) and (here["reason_1_lines"] == len(south)).all()
    assert (here["reason_1_denied"] == (south["carc"] == "50").sum()).all()


def test_chances_are_borne_out_by_fifth(claims: Claims, work: pd.DataFrame) -> None:
    """Predicted out of time: each quarter's lines by earlier quarters alone; so is what the contract reports."""
    fifths = pd.DataFrame(cx.contract(work).records["calibration"])
    assert fifths["lines"].sum() == pytest.approx(1680 / 4, abs=30)
    past = prebill(claims, NONE, adjudicated=True)
    past = past[(past["initial_outcome"] != "not adjudicated") & past["denial_probability"].notna()]
    past = past.sort_values("denial_probability").assign(fifth=np.arange(len(past)) * 5 // len(past))
    past["actual"] = past["initial_outcome"] == "denied"
    later = past.groupby("fifth").agg(predicted=("denial_probability", "mean"), actual=("actual", "mean"))
    fifths = fifths.rename(columns={"predicted_rate": "predicted", "denied_rate": "actual"})
    for frame in (fifths, later):
        low, high = frame["actual"] - 0.04, frame["actual"] + 0.04  # what chance alone does to 80 lines
        assert ((frame["predicted"] * 1.5 > low) & (frame["predicted"] / 1.5 < high)).all()
        assert frame["actual"].iloc[-1] > 3 * frame["actual"].iloc[0]


def test_later_decisions_do_not_change_earlier_chances(claims: Claims) -> None:
    """Every decision from July 2025 on is turned round: lines decided until September 2025 stand as before."""
    turned = [
        {**row, "carc": "" if row["carc"] == "50" else "50"}
        if row["carc"] != "-" and row["decided"] >= "2025-07-01"
        else row
        for row in ROWS
    ]
    earlier = TRUTH.index[(TRUTH["carc"] != "-") & (TRUTH["decided"] < "2025-10-01")]
    columns = [
        "denial_probability",
        "base_probability",
        "reason_1",
        "contribution_1",
        "expected_at_risk_amount",
    ]
    one, other = (
        prebill(each, NONE, adjudicated=True).set_index("claim_id").loc[earlier, columns]
        for each in (claims, judged(turned))
    )
    pd.testing.assert_frame_equal(one, other)
    assert one["denial_probability"].notna().sum() > 1000


def test_few_lines_stay_hidden(work: pd.DataFrame) -> None:
    left = records_shown("rules.prebill", work, 60)
    assert len(left) == len(work) and left["expected_at_risk_amount"].is_monotonic_decreasing
    for i in (1, 2, 3):
        n, k = left[f"reason_{i}_lines"], left[f"reason_{i}_denied"]
        assert n.isna().equals(left[f"reason_{i}"].isna()) and n.isna().any()
        assert (n.dropna() % 10 == 0).all() and (k.dropna() % 10 == 0).all()
    reasons = [f"reason_{i}" for i in (1, 2, 3)]
    assert left.loc[left[reasons].isna().any(axis=1), "remaining_log_odds"].isna().all()
