"""What of rules may leave: counts of enough persons, records under pseudonyms, nothing that compares."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.contract import amend
from cpticd.core.measure import Given, measures
from cpticd.rules.clusters import residual_months
from cpticd.rules.findings import by_rule
from tests.rules.cases_outcomes import judged
from tests.rules.test_residual import NONE, _policy
from tests.spec import shown

#: Payer, rule ('' for none), persons with a line each, of which denied.
CELLS = (
    ("North", "laterality_conflict", 40, 20),
    ("North", "", 60, 2),
    ("South", "laterality_conflict", 15, 12),  # 3 are not denied
    ("East", "laterality_conflict", 5, 5),
    ("South", "sex_conflict", 30, 0),
    ("East", "our rule; DROP TABLE x", 20, 15),  # 5 are not denied
)


def _rows() -> list[dict[str, Any]]:
    return [
        {"claim": f"C{cell}-{n}", "payer": payer, "carc": "4" if n < denied else "45", "rule": rule}
        for cell, (payer, rule, persons, denied) in enumerate(CELLS)
        for n in range(persons)
    ]


@pytest.fixture(scope="module")
def claims() -> Claims:
    return judged([{key: value for key, value in row.items() if key != "rule"} for row in _rows()])


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    flagged = [row for row in _rows() if row["rule"]]
    frame = pd.DataFrame(
        {"claim_id": [row["claim"] for row in flagged], "rule": [row["rule"] for row in flagged]}
    )
    states = [
        {"rule": "excludes1", "status": "ran"},
        {"rule": "global_period", "status": "no table", "detail": "add"},
    ]
    return amend(frame.assign(claim_line_number=1, severity="error"), {"rules": states})


def test_a_scorecard_leaves_with_what_speaks_of_enough_persons(
    claims: Claims, findings: pd.DataFrame
) -> None:
    card = cx.rules.scorecard(claims, findings)
    assert card["lift"].notna().any() and card["recall"].notna().any()
    with cx.disclosure.using(minimum=11):
        left = cx.disclosure.Release(claims).add("card", card)["card"]
    rows = {(row["payer"], row["rule"]): row for row in left.to_dict("records")}
    assert {
        key: (row["flagged_lines"], row["denied_lines"]) for key, row in rows.items() if pd.notna(row["low"])
    } == {
        ("North", "laterality_conflict"): (40, 20),
        ("South", "sex_conflict"): (30, 0),
    }
    # How many of 15 were denied would say how few were not.
    assert rows["South", "laterality_conflict"]["flagged_lines"] == 15
    assert pd.isna(rows["South", "laterality_conflict"]["denied_lines"])
    assert rows["East", "our rule; DROP TABLE x"]["flagged_lines"] == 20
    assert pd.isna(rows["East", "laterality_conflict"]["flagged_lines"])
    # Two denials of 60 lines that no rule flags: the lift of the others would give them away.
    compared = [
        "lift",
        "lift_low",
        "odds_ratio",
        "base_rate",
        "recall",
        "comparison_lines",
        "lines",
        "p_value",
        "q_value",
    ]
    assert left[compared].isna().all(axis=None)
    assert list(left.columns) == list(card.columns)
    # The place of a row must not say where its count would be: those that lost one stand last, by name.
    assert [row[0] for row in shown(left[left["flagged_lines"].isna() | left["denied_lines"].isna()], "payer")] == [
        "East", "South", "East",
    ]  # fmt: skip


def test_groups_of_a_scorecard_may_be_any(claims: Claims, findings: pd.DataFrame) -> None:
    with cx.disclosure.using(minimum=11):
        for by in (None, ["place", "month"], "diagnosis_code"):
            card = cx.rules.scorecard(claims, findings, by=by)
            left = cx.disclosure.Release(claims).add("card", card)["card"].set_index("rule")
            assert left.loc["laterality_conflict", "flagged_lines"] == 60
            assert left.loc["laterality_conflict", "denied_lines"] == 37


def test_counts_of_findings_leave_beside_the_scorecard(claims: Claims, findings: pd.DataFrame) -> None:
    few = findings[findings["rule"] != "sex_conflict"]
    whole = findings.assign(claim_line_number=None)[findings["rule"] == "sex_conflict"].head(20)
    some = findings.head(3).assign(rule="excludes1")
    found = amend(pd.concat([few, whole, some]), {"rules": [{"rule": "age_conflict", "status": "ran"}]})
    counts = by_rule(claims, found)
    assert shown(counts, "rule", "findings", "lines") == [
        ("laterality_conflict", 60, 60),
        ("our rule; DROP TABLE x", 20, 20),
        ("sex_conflict", 20, 20),
        ("excludes1", 3, 3),
        ("age_conflict", 0, 0),
    ]
    with cx.disclosure.using(minimum=11):
        release = cx.disclosure.Release(claims).add("counts", counts)
        release.add("card", cx.rules.scorecard(claims, found))
        left = release["counts"]
    assert release.names == ["counts", "card"]
    assert shown(left, "rule", "findings") == [
        ("laterality_conflict", 60),
        ("our rule; DROP TABLE x", 20),
        ("age_conflict", 0),
        ("excludes1", None),
        ("sex_conflict", None),  # about claims as a whole: which lines they are of is not said
    ]


def test_clusters_leave_rounded_and_their_months_stay() -> None:
    claims = judged(_policy())
    clusters = cx.rules.residual(claims, NONE)
    months = residual_months(claims, NONE, clusters)
    with cx.disclosure.using(minimum=11):
        release = cx.disclosure.Release(claims).add("clusters", clusters).add("months", months)
        row = release["clusters"].iloc[0]
        assert release["months"].empty
    n, k = clusters[["services_after", "denied_after"]].iloc[0]
    assert row["denied_persons"] == row["denied_lines"] == round(k / 10) * 10 != k
    assert 0 < n - k < 11 and pd.isna(row["rate_after"])  # the few that were not denied
    assert row["rate_before"] == 0.0
    exact = [
        "services_before",
        "services_after",
        "denied_after",
        "after_low",
        "services_elsewhere",
        "p_value",
    ]
    assert row[exact].isna().all()
    with cx.disclosure.using(minimum=200):
        assert cx.disclosure.Release(claims).add("clusters", clusters)["clusters"].empty


def test_records_leave_under_pseudonyms_and_the_catalogue_as_it_is(
    claims: Claims, findings: pd.DataFrame
) -> None:
    work = cx.rules.prebill(claims, findings, adjudicated=True)
    found = cx.rules.check(claims, "pointers")
    with cx.disclosure.using(minimum=11):
        release = (
            cx.disclosure.Release().add("work", work).add("found", found).add("rules", cx.rules.catalogue())
        )
        assert not release["work"]["claim_id"].isin(work["claim_id"]).any()
        assert len(release["found"]) == len(found)
        pd.testing.assert_frame_equal(release["rules"], cx.rules.catalogue())


def test_parts_of_a_report_are_made_of_its_options(claims: Claims, findings: pd.DataFrame) -> None:
    parts = {part.key: (each, part) for each in measures("rules") for part in each.report}
    assert set(parts) == {"rules", "rule_counts", "scorecard", "residual"}
    options = {"tables": None, "folder": "none", "payer_kinds": {"North": "medicare"}, "minimum": 11}
    given = Given(options, {"rules": findings}.__getitem__, {})
    measure, part = parts["residual"]
    assert part.arguments(given)["min_persons"] == 11
    assert len(measure.function(claims, **part.arguments(given))) == 0
    measure, part = parts["rules"]
    asked = {name: options[name] for name in ("tables", "folder", "payer_kinds")}
    assert part.arguments(given) == asked | {"quiet": True}
    measure, part = parts["scorecard"]
    assert len(measure.function(claims, **part.arguments(given))) == 5
