"""Procedures that are not paid together. Pairs and their dates are written for the tests, after CMS's layout."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cpticd as cx
from tests.rules.services import found, services, table

PAIRS = table("""
    column_1 | column_2 | modifier_indicator | effective_from | effective_to | setting
    17000    | 99213    | 1                  | 2010-01-01     |              | practitioner
    80053    | 80048    | 0                  | 2010-01-01     |              |
    45380    | 45378    | 1                  | 2023-04-01     | 2024-06-30   | practitioner
    11721    | 11720    | 1                  | 2010-01-01     |              |
    93000    | 93005    | 9                  | 2010-01-01     |              |
    71046    | 71045    | 0                  | 2024-03-01     | 2024-02-29   |
    97530    | 97140    | 1                  | 2010-01-01     |              | outpatient
""")
COMPONENT, VISIT = "component_of_other_service", "visit_without_modifier_25"


def test_an_indicator_of_0_knows_no_modifier_and_an_indicator_of_1_does() -> None:
    # NCCI policy manual I.E: 59 bypasses 11721/11720 (1) on either line, nothing does 80053/80048 (0), 9 is no edit.
    claims = services("""
        claim  | line | code  | modifiers
        one    | 1    | 11721 |
        one    | 2    | 11720 |
        one59  | 1    | 11721 |
        one59  | 2    | 11720 | 59
        first  | 1    | 11721 | XS
        first  | 2    | 11720 |
        toes   | 1    | 11721 | T1
        toes   | 2    | 11720 | T2
        repeat | 1    | 11721 |
        repeat | 2    | 11720 | 76
        none   | 1    | 80053 |
        none   | 2    | 80048 |
        none59 | 1    | 80053 | 91
        none59 | 2    | 80048 | 59
        nine   | 1    | 93000 |
        nine   | 2    | 93005 |
        alone  | 1    | 80048 |
    """)
    expected = ["none/2 80053 80048", "none59/2 80053 80048", "one/2 11721 11720", "repeat/2 11721 11720"]
    assert found(claims, COMPONENT, tables={"ncci_ptp": PAIRS}) == expected


def test_59_on_column_1_counts_from_july_2019_on_and_a_side_always_did() -> None:
    # CMS Transmittal 2259: from July 1, 2019, 59 and X{EPSU} may stand on either code.
    claims = services("""
        claim  | line | day        | code  | modifiers
        before | 1    | 2019-06-30 | 11721 | 59
        before | 2    | 2019-06-30 | 11720 |
        since  | 1    | 2019-07-01 | 11721 | 59
        since  | 2    | 2019-07-01 | 11720 |
        second | 1    | 2019-06-30 | 11721 |
        second | 2    | 2019-06-30 | 11720 | 59
        side   | 1    | 2019-06-30 | 11721 | TA
        side   | 2    | 2019-06-30 | 11720 |
    """)
    assert found(claims, COMPONENT, tables={"ncci_ptp": PAIRS}) == ["before/2 11721 11720"]


def test_a_pair_holds_from_its_first_day_to_its_deletion_date() -> None:
    # The deletion date is the last day; a pair deleted as of its first day (71046/71045) never held.
    claims = services("""
        claim   | line | day        | code
        early   | 1    | 2023-03-31 | 45380
        early   | 2    | 2023-03-31 | 45378
        first   | 1    | 2023-04-01 | 45380
        first   | 2    | 2023-04-01 | 45378
        last    | 1    | 2024-06-30 | 45380
        last    | 2    | 2024-06-30 | 45378
        late    | 1    | 2024-07-01 | 45380
        late    | 2    | 2024-07-01 | 45378
        never_0 | 1    | 2024-02-29 | 71046
        never_0 | 2    | 2024-02-29 | 71045
        never_1 | 1    | 2024-03-01 | 71046
        never_1 | 2    | 2024-03-01 | 71045
    """)
    result = cx.rules.check(claims, COMPONENT, tables={"ncci_ptp": PAIRS})
    assert list(zip(result["claim_id"], result["claim_line_number"], strict=True)) == [
        ("first", 2),
        ("last", 2),
    ]
    assert set(result["effective_date"].dt.date.astype(str)) == {"2023-04-01"}
    assert set(result["evidence"]) == {"modifier indicator 1; column 1 on line 1"}


def test_pairs_meet_across_claims_of_one_person_provider_day_and_kind_of_bill() -> None:
    claims = services("""
        claim    | line | person | rendering | billing | day        | bill | code
        two_a    |      | p1     | d1        | g1      | 2024-03-01 |      | 80053
        two_b    |      | p1     | d1        | g1      | 2024-03-01 |      | 80048
        day_a    |      | p2     | d1        | g1      | 2024-03-01 |      | 80053
        day_b    |      | p2     | d1        | g1      | 2024-03-02 |      | 80048
        doctor_a |      | p3     | d1        | g1      | 2024-03-01 |      | 80053
        doctor_b |      | p3     | d2        | g1      | 2024-03-01 |      | 80048
        group_a  |      | p4     | none      | g1      | 2024-03-01 |      | 80053
        group_b  |      | p4     | none      | g1      | 2024-03-01 |      | 80048
        bill_a   |      | p5     | d1        | g1      | 2024-03-01 | 131  | 80053
        bill_b   |      | p5     | d1        | g1      | 2024-03-01 |      | 80048
        house_a  |      | p6     | d1        | h1      | 2024-03-01 | 131  | 80053
        house_b  |      | p6     | d2        | h1      | 2024-03-01 | 131  | 80048
        stay     | 1    | p7     | d1        | h1      | 2024-03-01 | 111  | 80053
        stay     | 2    | p7     | d1        | h1      | 2024-03-01 | 111  | 80048
        therapy  | 1    | p8     | d1        | g1      | 2024-03-01 |      | 97530
        therapy  | 2    | p8     | d1        | g1      | 2024-03-01 |      | 97140
        clinic   | 1    | p8     | d1        | h1      | 2024-03-01 | 131  | 97530
        clinic   | 2    | p8     | d1        | h1      | 2024-03-01 | 131  | 97140
        nobody_a |      | none   | none      | none    | 2024-03-01 |      | 80053
        nobody_b |      | none   | none      | none    | 2024-03-01 |      | 80048
        nobody_b | 2    | none   | none      | none    | 2024-03-01 |      | 80053
    """)
    expected = [
        "clinic/2 97530 97140",
        "doctor_b/1 80053 80048",
        "group_b/1 80053 80048",
        "house_b/1 80053 80048",
    ]
    expected += ["nobody_b/1 80053 80048", "two_b/1 80053 80048"]
    assert found(claims, COMPONENT, tables={"ncci_ptp": PAIRS}) == expected
    # Two of one group whose specialties are not known may count as one clinician: a warning.
    severity = cx.rules.check(claims, COMPONENT, tables={"ncci_ptp": PAIRS}).set_index("claim_id")["severity"]
    assert severity[severity != "error"].to_dict() == {"doctor_b": "warning"}


def test_a_claim_is_not_compared_with_its_replacement() -> None:
    # v1 is replaced by v2 by v3; other is another claim of the day that was replaced by one without the pair.
    claims = services("""
        claim  | line | person | code  | modifiers | replaces
        v1     | 1    | p1     | 11721 |           |
        v1     | 2    | p1     | 11720 |           |
        v2     | 1    | p1     | 11721 |           | v1
        v2     | 2    | p1     | 11720 | 59        | v1
        w1     |      | p2     | 80053 |           |
        w2     |      | p2     | 80048 |           | w1
        other  |      | p3     | 80053 |           |
        again  |      | p3     | 36415 |           | other
        later  |      | p3     | 80048 |           |
    """)
    assert found(claims, COMPONENT, tables={"ncci_ptp": PAIRS}) == ["v1/2 11721 11720"]


FEES = table("""
    code  | modifier | global_days | effective_from | effective_to
    17000 |          | 010         | 2024-01-01     | 2024-12-31
    20610 |          | 000         | 2024-01-01     | 2024-12-31
    27447 |          | 090         | 2024-01-01     | 2024-12-31
    93000 |          | XXX         | 2024-01-01     | 2024-12-31
""")


def test_a_visit_beside_a_procedure_needs_25() -> None:
    # NCCI policy manual I.D: with global days 000 and 010 the visit of the day is part of the procedure.
    claims = services("""
        claim    | line | day        | code  | modifiers
        without  | 1    | 2024-03-01 | 99213 |
        without  | 2    | 2024-03-01 | 17000 |
        with     | 1    | 2024-03-01 | 99213 | 25
        with     | 2    | 2024-03-01 | 17000 |
        second   | 1    | 2024-03-01 | 99213 | GC 25
        second   | 2    | 2024-03-01 | 17000 |
        joint    | 1    | 2024-03-01 | 99204 |
        joint    | 2    | 2024-03-01 | 20610 | RT
        test     | 1    | 2024-03-01 | 99213 |
        test     | 2    | 2024-03-01 | 93000 |
        next     | 1    | 2024-03-02 | 99213 |
        next     | 2    | 2024-03-01 | 20610 |
        care     | 1    | 2024-03-01 | 99213 |
        care     | 2    | 2024-03-01 | 20610 | 55
        old      | 1    | 2023-12-31 | 99204 |
        old      | 2    | 2023-12-31 | 20610 |
        old_pair | 1    | 2023-12-31 | 99213 |
        old_pair | 2    | 2023-12-31 | 17000 |
        hospital | 1    | 2024-12-31 | 99231 |
        hospital | 2    | 2024-12-31 | 20610 |
    """)
    pair, fee = {"ncci_ptp": PAIRS}, {"fee_schedule": FEES}
    by_pair = ["old_pair/1 17000 99213", "without/1 17000 99213"]
    by_days = ["hospital/1 20610 99231", "joint/1 20610 99204"]
    assert found(claims, VISIT, tables=pair) == by_pair
    assert found(claims, VISIT, tables=fee) == [*by_days, "without/1 17000 99213"]
    result = cx.rules.check(claims, VISIT, tables=pair | fee)
    assert result["codes"].tolist() == ["20610 99231", "20610 99204", "17000 99213", "17000 99213"]
    assert result["evidence"].tolist()[1:3] == ["global days 000", "modifier indicator 1; column 1 on line 2"]
    assert found(claims, COMPONENT, tables=pair) == []


def test_no_table_says_which_one_is_missing() -> None:
    result = cx.rules.check(services("claim | code\nx | 99213"), ["bundling"], tables={"fee_schedule": FEES})
    status = {row["rule"]: (row["status"], row["detail"]) for row in cx.contract(result).records["rules"]}
    assert status[VISIT] == ("ran", "")
    assert status[COMPONENT][0] == "no table" and "reference.add('ncci_ptp'" in status[COMPONENT][1]


# An independent implementation --------------------------------------------------------------------------------

CODES = ["11720", "11721", "80048", "80053", "45378"]
DAYS = ["2019-06-30", "2019-07-01", "2024-03-01"]
LINE = st.tuples(
    st.sampled_from(["p1", "p2"]), st.sampled_from(["d1", "d2"]), st.sampled_from(DAYS),
    st.sampled_from(CODES), st.sampled_from(["", "59", "LT", "76", "76 XU", "26"]), st.sampled_from(["", "131"]),
)  # fmt: skip
EDIT = st.tuples(
    st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from("019"),
    st.sampled_from(["", *DAYS]), st.sampled_from(["", *DAYS]), st.sampled_from(["", "practitioner", "outpatient"]),
)  # fmt: skip


def by_hand(lines: pd.DataFrame, edits: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Every pair of lines against every edit, one by one."""
    separate, always = {"59", "XU"}, {"LT"}
    hits = set()
    for second in lines.itertuples():
        for first in lines.itertuples():
            same = all(
                getattr(first, c) == getattr(second, c) for c in ("person", "rendering", "day", "bill")
            )
            if not same or first.code == second.code:
                continue
            mine, theirs = set(second.modifiers.split()), set(first.modifiers.split())
            helped = bool(mine & (separate | always) or theirs & always)
            helped = helped or (second.day >= "2019-07-01" and bool(theirs & separate))
            for edit in edits.itertuples():
                asked = (edit.column_1, edit.column_2) == (first.code, second.code)
                kind = "outpatient" if second.bill else "practitioner"
                holds = edit.start <= second.day <= (edit.end or "9999")
                live = edit.indicator == "0" or (edit.indicator == "1" and not helped)
                if asked and edit.setting in ("", kind) and holds and live:
                    hits.add((second.claim, first.code, second.code))
    return hits


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(LINE, min_size=25, max_size=40), st.lists(EDIT, min_size=8, max_size=20))
def test_pairs_are_those_that_a_plain_double_loop_finds(lines: list, edits: list) -> None:
    columns = ["person", "rendering", "day", "code", "modifiers", "bill"]
    held = pd.DataFrame(lines, columns=columns).assign(claim=[f"c{i}" for i in range(len(lines))])
    rules = pd.DataFrame(edits, columns=["column_1", "column_2", "indicator", "start", "end", "setting"])
    text = "claim | " + " | ".join(columns) + " | billing\n"
    # A hospital is compared by its billing provider.
    text += "\n".join(
        " | ".join([row.claim, *(getattr(row, c) for c in columns), row.rendering])
        for row in held.itertuples()
    )
    dated = rules.rename(
        columns={"indicator": "modifier_indicator", "start": "effective_from", "end": "effective_to"}
    )
    for column in ("effective_from", "effective_to"):
        dated[column] = pd.to_datetime(dated[column]).dt.date
    result = cx.rules.check(services(text), COMPONENT, tables={"ncci_ptp": dated})
    got = {(c, *k.split()) for c, k in zip(result["claim_id"], result["codes"], strict=True)}
    assert got == by_hand(held, rules)
    assert len(result) == len(got)


@pytest.mark.parametrize("rule", [COMPONENT, VISIT])
def test_rules_of_bundling_need_no_lines(rule: str) -> None:
    claims = services("claim | code\nx |")
    assert found(claims, rule, tables={"ncci_ptp": PAIRS}) == []
