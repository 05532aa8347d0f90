"""The worklist: who comes first and why, by hand; nothing twice, nothing lost."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, SchemaError
from cpticd.rules.prebill import prebill
from cpticd.rules.prebill_words import chosen, with_findings
from tests.rules.cases_outcomes import found, judged
from tests.spec import claims_of, shown

SIDE, OVER = "laterality_conflict", "units_over_limit"


def _rows() -> list[dict[str, Any]]:
    """North denied 9 of 10 lines with a side conflict and 2 of 10 over the unit limit; of 40 others, 4. Open: o1…o3."""
    rows = []
    for i in range(10):
        rows.append({"claim": f"s{i}", "hcpcs": "73562", "carc": "4" if i < 9 else ""})
        rows.append({"claim": f"u{i}", "hcpcs": "73562", "carc": "222" if i < 2 else ""})
    rows += [{"claim": f"n{i}", "hcpcs": "73562", "carc": "18" if i < 4 else ""} for i in range(40)]
    rows += [
        {"claim": "o1", "hcpcs": "73562", "charge": "1000.00", "carc": "-"},
        {"claim": "o2", "hcpcs": "73562", "charge": "500.00", "dx": "M25.561 I10", "carc": "-"},
        {"claim": "o2", "line": "2", "hcpcs": "73562", "charge": "20.00", "dx": "I10", "carc": "-"},
        {"claim": "o3", "hcpcs": "73562", "charge": "100.00", "carc": "-"},
    ]
    return rows


def _flags(*more: tuple[str, int | None, str]) -> pd.DataFrame:
    flags = [(f"s{i}", 1, SIDE) for i in range(10)] + [(f"u{i}", 1, OVER) for i in range(10)]
    frame = pd.DataFrame([*flags, *more], columns=["claim_id", "claim_line_number", "rule"])
    return frame.assign(
        message=frame["rule"] + " on " + frame["claim_id"], codes="73562", evidence="", source="a table"
    )


OPEN = _flags(("o1", 1, OVER), ("o2", 1, SIDE), ("o2", 1, OVER))


@pytest.fixture(scope="module")
def claims() -> Claims:
    return judged(_rows())


def test_the_list_is_ordered_by_expected_dollars_at_risk(claims: Claims) -> None:
    work = prebill(claims, OPEN)
    columns = (
        "claim_id",
        "claim_line_number",
        "rule",
        "other_rules",
        "like_lines",
        "like_denied",
        "like_rate",
    )
    # o2 costs half as much as o1, but what it breaks is denied nine times of ten; the others break nothing
    assert shown(work, *columns)[:2] == [("o2", 1, SIDE, OVER, 10, 9, 0.9), ("o1", 1, OVER, "", 10, 2, 0.2)]
    assert shown(work, "claim_id", "claim_line_number", "rule")[2:] == [("o3", 1, ""), ("o2", 2, "")]
    chance, base = work["denial_probability"], work["base_probability"]
    # 9 of 10, 2 of 10, and 4 of 40 of lines without a finding; drawn towards one another
    assert 0.6 < chance[0] < 0.95 and 0.1 < chance[1] < 0.3
    assert chance[2:].between(0.05, 0.15).all() and (chance[2:] == base[2:]).all()
    assert base[1] == pytest.approx(base[2])
    assert work["expected_allowed_amount"].tolist() == [400.0, 800.0, 80.0, 16.0]  # North allows 80 of 100
    allowed = work["expected_allowed_amount"]
    assert work["expected_at_risk_amount"].tolist() == pytest.approx((allowed * chance).round(2).tolist())
    assert work["expected_saved_amount"].tolist() == pytest.approx(
        (allowed * (chance - base)).round(2).tolist()
    )
    assert (work.loc[0, "like_low"], work.loc[0, "like_high"]) == pytest.approx(
        proportion_confint(9, 10, method="wilson")
    )
    alone = prebill(claims, OPEN, flagged=True)
    assert shown(alone, "claim_id", "rule") == [("o2", SIDE), ("o1", OVER)]


def test_lines_of_a_claim_are_not_independent() -> None:
    """Ten flagged lines of two claims say as much as two lines would."""
    rows = [
        {"claim": f"c{i}", "line": str(n), "carc": "18" if i < 2 else ""}
        for i in range(4)
        for n in range(1, 6)
    ]
    flags = [(f"c{i}", n, SIDE) for i in range(4) for n in range(1, 6)] + [("o", 1, SIDE)]
    found_there = pd.DataFrame(flags, columns=["claim_id", "claim_line_number", "rule"])
    row = prebill(judged([*rows, {"claim": "o", "carc": "-"}]), found_there).iloc[0]
    assert (row["like_lines"], row["like_denied"]) == (20, 10)
    assert row["like_design_effect"] > 4
    low, high = proportion_confint(10, 20, method="wilson")
    assert row["like_low"] < low - 0.1 and row["like_high"] > high + 0.1


def test_a_reviewer_sees_why(claims: Claims) -> None:
    work = prebill(claims, OPEN)
    columns = (
        "message",
        "codes",
        "evidence",
        "source",
        "family",
        "severity",
        "diagnosis_codes",
        "service_date",
    )
    assert shown(work, *columns)[0] == (
        f"{SIDE} on o2", "73562", "", "a table", "laterality", "error", "M25561 I10", "2024-02-01",
    )  # fmt: skip


def test_several_findings_of_a_rule_stand_in_one_row(claims: Claims) -> None:
    again = OPEN[OPEN["claim_id"] == "o1"]
    more = pd.concat([OPEN, again, again.assign(message="another side", codes="M1711")])
    work = prebill(claims, more, flagged=True).set_index("claim_id")
    assert len(work) == 2
    assert work.loc["o1", "message"] == f"another side | {OVER} on o1"
    assert work.loc["o1", "codes"] == "73562 | M1711"


def test_a_finding_about_a_claim_speaks_for_its_lines(claims: Claims) -> None:
    work = prebill(claims, _flags(("o2", None, SIDE)), flagged=True)
    assert shown(work, "claim_id", "claim_line_number", "message", "charge_amount") == [
        ("o2", 1, f"{SIDE} on o2", 500.0),
        ("o2", 2, f"{SIDE} on o2", 20.0),
    ]


def test_a_claim_without_lines_is_not_lost() -> None:
    tables = {
        "claims": "claim_id | payer | charge_amount\nX | North | 90.00\nY | North | 10.00",
        "lines": "claim_id | claim_line_number | charge_amount\nY | 1 | 10.00",
    }
    flags = found("claim_id | claim_line_number | rule\nX | | claim_without_lines\nQ | | claim_without_lines")
    work = prebill(claims_of(**tables), flags)
    assert shown(work, "claim_id", "claim_line_number", "charge_amount", "rule") == [
        ("X", None, 90.0, "claim_without_lines"),
        ("Y", 1, 10.0, ""),
    ]
    # nothing was adjudicated: there is nothing to learn from, and the list says so
    assert work["denial_probability"].isna().all() and work["expected_saved_amount"].isna().all()
    assert cx.contract(work)["history_lines"] == 0
    assert cx.contract(work)["rows_left_out"] == 1  # Q is no claim


def test_without_history_errors_come_before_warnings_and_notes() -> None:
    rows = [
        {"claim": c, "carc": "-", "charge": charge}
        for c, charge in (("a", "900.00"), ("b", "50.00"), ("c", "70.00"))
    ]
    flags = found(
        """
        claim_id | claim_line_number | rule
        a        | 1                 | unspecified_diagnosis
        b        | 1                 | missing_pointer
        c        | 1                 | excludes1
        """
    )
    assert prebill(judged(rows), flags)["claim_id"].tolist() == ["b", "c", "a"]


def test_a_rule_that_was_never_seen_leans_on_all_rules(claims: Claims) -> None:
    row = prebill(claims, _flags(("o3", 1, "our_rule")), flagged=True).iloc[0]
    assert row["base_probability"] + 0.02 < row["denial_probability"] < 11 / 20
    assert (row["like_lines"], row["like_denied"]) == (0, 0)
    assert pd.isna(row["like_rate"])


def test_history_may_be_other_claims(claims: Claims) -> None:
    fresh = judged([{"claim": "o1", "hcpcs": "73562", "charge": "1000.00", "carc": "-"}])
    flags = found(f"claim_id | claim_line_number | rule\no1 | 1 | {OVER}")
    apart = prebill(fresh, flags, history=claims, history_findings=_flags())
    once = pd.concat([_flags(), OPEN[OPEN["claim_id"] == "o1"]])
    together = prebill(claims, once, flagged=True).set_index("claim_id").loc["o1"]
    columns = ["denial_probability", "base_probability", "expected_saved_amount", "like_lines"]
    assert apart.loc[0, columns].tolist() == pytest.approx(together[columns].tolist())
    with pytest.raises(ArgumentError, match="history_findings go with history"):
        prebill(claims, OPEN, history_findings=OPEN)


def test_decided_lines_are_judged_by_what_was_decided_before_their_quarter() -> None:
    rows = [
        {**row, "decided": "2024-05-01" if row["claim"] in ("s9", "n39") else "2024-03-31"} for row in _rows()
    ]
    claims = judged(rows)
    work = prebill(claims, OPEN, adjudicated=True, flagged=True).set_index("claim_id")
    assert len(work) == 22
    assert shown(
        work.loc[["s0", "s9", "o1"]], "initial_outcome", "denied_amount", "like_lines", "like_denied"
    ) == [
        ("denied", 100.0, 0, 0),
        ("paid", 0.0, 9, 9),
        ("not adjudicated", 0.0, 10, 2),
    ]
    assert pd.isna(work.loc["s0", "denial_probability"]) and work.loc["s9", "denial_probability"] > 0.5
    every = prebill(claims, OPEN, adjudicated=True)
    assert len(every) == 64 and not every[["claim_id", "claim_line_number"]].duplicated().any()


def test_replaced_claims_are_nobodys_work() -> None:
    tables = {
        "claims": """
            claim_id | person_id | payer | frequency_code | original_payer_claim_id | received_date
            A        | p         | North | 1                    |                           | 2024-01-01
            B        | p         | North | 7                    | A                         | 2024-02-01
        """,
        "lines": "claim_id | claim_line_number | charge_amount\nA | 1 | 10.00\nB | 1 | 10.00",
    }
    flags = found("claim_id | claim_line_number | rule\nA | 1 | missing_pointer\nB | 1 | missing_pointer")
    assert shown(prebill(claims_of(**tables), flags), "claim_id") == [("B",)]


def test_findings_are_asked_for_where_there_are_none(claims: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def check(found: Claims) -> pd.DataFrame:
        asked.append(found)
        return OPEN if found is claims else OPEN.head(0)

    monkeypatch.setattr(
        import_module("cpticd.rules.prebill"), "check", check
    )  # the name is also the function's
    pd.testing.assert_frame_equal(prebill(claims), prebill(claims, OPEN))
    assert asked == [claims]
    other = judged([{"claim": "z"}])
    assert prebill(claims, history=other)["like_lines"].eq(0).all()
    assert asked == [claims, claims, other]


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_and_repeats_of_findings_do_not_matter(claims: Claims, data: Any) -> None:
    order = data.draw(st.permutations(range(len(OPEN))))
    again = pd.concat([OPEN.iloc[list(order)], OPEN.tail(2)])
    pd.testing.assert_frame_equal(prebill(claims, OPEN), prebill(claims, again))


def test_findings_are_checked(claims: Claims) -> None:
    with pytest.raises(SchemaError, match="prebill: findings have no column"):
        prebill(claims, OPEN.drop(columns="rule"))
    assert prebill(claims, OPEN.head(0), flagged=True).empty
    assert prebill(claims, OPEN.head(0))["rule"].eq("").all()


#: Two rules of severity error.
RULES = ("component_of_other_service", "units_over_limit")


def test_a_finding_counts_by_its_own_severity_not_by_its_rules() -> None:
    """A rule of errors that only informs (of another kind of payer) does not go before an error; the gravest is shown."""
    flagged = pd.DataFrame({"line": [1, 1], "rule": [RULES[0], RULES[1]], "term": [0.0, 0.0], "mild": [2, 0]})
    assert chosen(flagged)[["rule", "mild"]].to_numpy().tolist() == [[RULES[1], 0]]
    ranked = pd.DataFrame({"claim_id": ["a"], "claim_line_number": [1], "rule": [RULES[0]]})
    findings = pd.DataFrame(
        {"claim_id": ["a", "a"], "claim_line_number": [1, 1], "rule": [RULES[0]] * 2, "severity": ["information", "warning"]}
    )  # fmt: skip
    assert with_findings(ranked, findings)["severity"].tolist() == ["warning"]
