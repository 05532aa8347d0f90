"""Medically unlikely edits: by line, by day, by setting. Limits are written for the tests, after CMS's layout."""

from __future__ import annotations

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cpticd as cx
from tests.rules.services import found, services, table

RULE = "units_over_limit"
LIMITS = {
    "ncci_mue": table("""
        code  | units | adjudication_indicator | setting      | effective_from | effective_to
        80061 | 1     | 3                      | practitioner | 2024-01-01     | 2024-06-30
        80061 | 2     | 3                      | practitioner | 2024-07-01     |
        80061 | 3     | 3                      | outpatient   | 2024-01-01     |
        20610 | 2     | 2                      | practitioner | 2024-01-01     |
        J1100 | 10    | 1                      | practitioner | 2024-01-01     |
        E0601 | 0     | 2                      | practitioner | 2024-01-01     |
        E0601 | 1     | 2                      | dme          | 2024-01-01     |
        A7030 | 2     | 2                      | dme          | 2024-01-01     |
    """)
}


def test_all_units_of_a_line_over_its_limit_are_denied() -> None:
    # NCCI policy manual I.V: the line is denied as a whole; indicator 1 by line, 2 and 3 by day.
    claims = services("""
        claim  | line | code  | units
        at     | 1    | 80061 | 1
        over   | 1    | 80061 | 2
        split  | 1    | 80061 | 1
        split  | 2    | 80061 | 1
        joints | 1    | 20610 | 2
        joints | 2    | 20610 | 1
        drug   | 1    | J1100 | 10
        drug   | 2    | J1100 | 10
        more   | 1    | J1100 | 10.5
        more   | 2    | J1100 | 1
    """)
    result = cx.rules.check(claims, RULE, tables=LIMITS)
    seen = list(zip(result["claim_id"], result["claim_line_number"], result["evidence"], strict=True))
    assert seen == [
        ("joints", 1, "units 2; units of the day 3; limit 2; adjudication indicator 2"),
        ("joints", 2, "units 1; units of the day 3; limit 2; adjudication indicator 2"),
        ("more", 1, "units 10.5; limit 10; adjudication indicator 1"),
        ("over", 1, "units 2; units of the day 2; limit 1; adjudication indicator 3"),
        ("split", 1, "units 1; units of the day 2; limit 1; adjudication indicator 3"),
        ("split", 2, "units 1; units of the day 2; limit 1; adjudication indicator 3"),
    ]
    messages = result.set_index("claim_id")["message"]
    assert (
        messages["more"]
        == "10.5 units of J1100 where 10 are the most on a line; all units of the line are denied."
    )
    assert messages["over"].endswith("where 1 are the most on a day; all units of the line are denied, unless a review finds them needed.")  # fmt: skip
    assert messages["joints"].iloc[0].endswith("all units of the line are denied, on appeal too.")


def test_a_limit_holds_for_its_dates_and_setting() -> None:
    claims = services("""
        claim    | day        | end        | bill | code  | units
        before   | 2023-12-31 |            |      | 80061 | 9
        first    | 2024-01-01 |            |      | 80061 | 2
        last     | 2024-06-30 |            |      | 80061 | 2
        next     | 2024-07-01 |            |      | 80061 | 2
        next3    | 2024-07-01 |            |      | 80061 | 3
        clinic   | 2024-02-01 |            | 131  | 80061 | 3
        clinic4  | 2024-02-01 |            | 131  | 80061 | 4
        stay     | 2024-02-01 |            | 111  | 80061 | 9
        week     | 2024-02-01 | 2024-02-07 |      | 80061 | 7
        week14   | 2024-02-01 | 2024-02-07 |      | 80061 | 14
    """)
    expected = ["clinic4/1 80061", "first/1 80061", "last/1 80061", "next3/1 80061", "week14/1 80061"]
    assert found(claims, RULE, tables=LIMITS) == expected


def test_a_suppliers_claim_is_judged_by_the_suppliers_table() -> None:
    # Nothing but equipment and supplies: a supplier. A practice that bills a visit too is a practitioner.
    claims = services("""
        claim    | line | code  | units
        supplier | 1    | E0601 | 1
        supplier | 2    | A7030 | 3
        practice | 1    | E0601 | 1
        practice | 2    | 99213 | 1
        practice | 3    | A7030 | 3
    """)
    assert found(claims, RULE, tables=LIMITS) == ["supplier/2 A7030"]
    # A limit of 0 is none of units: Part B does not pay it there.
    assert found(claims, "not_paid_by_part_b", tables=LIMITS) == ["practice/1 E0601"]


def test_a_day_spans_claims_but_not_versions_of_one_claim() -> None:
    claims = services("""
        claim  | person | rendering | code  | units | replaces
        day_a  | p1     | d1        | 80061 | 1     |
        day_b  | p1     | d1        | 80061 | 1     |
        other  | p1     | d2        | 80061 | 1     |
        old    | p2     | d1        | 80061 | 1     |
        new    | p2     | d1        | 80061 | 1     | old
        wrong  | p3     | d1        | 80061 | 2     |
        right  | p3     | d1        | 80061 | 1     | wrong
        v1     | p4     | d1        | 80061 | 1     |
        v2     | p4     | d1        | 80061 | 0     | v1
        beside | p4     | d1        | 80061 | 1     |
    """)
    # v1 was sent while beside stood; v2 took its unit back, and beside is alone now.
    assert found(claims, RULE, tables=LIMITS) == [
        "day_a/1 80061",
        "day_b/1 80061",
        "v1/1 80061",
        "wrong/1 80061",
    ]


LINE = st.tuples(
    st.sampled_from(["p1", "p2"]), st.sampled_from(["d1", "d2"]), st.sampled_from(["2024-06-30", "2024-07-01"]),
    st.sampled_from(["80061", "20610", "J1100"]), st.sampled_from(["0", "1", "2", "6", "11"]),
    st.sampled_from(["", "131"]),
)  # fmt: skip


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(LINE, min_size=15, max_size=30))
def test_units_are_those_that_pandas_adds_up(lines: list) -> None:
    columns = ["person", "rendering", "day", "code", "units", "bill"]
    held = pd.DataFrame(lines, columns=columns).assign(claim=[f"c{i:02}" for i in range(len(lines))])
    text = "claim | " + " | ".join(columns) + " | billing\n"
    text += "\n".join(
        " | ".join([r.claim, *(getattr(r, c) for c in columns), r.rendering]) for r in held.itertuples()
    )
    held["units"] = held["units"].astype(int)
    held["setting"] = held["bill"].map({"": "practitioner", "131": "outpatient"})
    limits = LIMITS["ncci_mue"].rename(columns={"units": "most"})
    joined = held.merge(limits, on=["code", "setting"])
    day = pd.to_datetime(joined["day"])
    start, end = (pd.to_datetime(joined[c]) for c in ("effective_from", "effective_to"))
    joined = joined[(day >= start) & (end.isna() | (day <= end))]
    of_day = joined.groupby(["person", "rendering", "day", "code", "setting"])["units"].transform("sum")
    counted = joined["units"].where(joined["adjudication_indicator"].eq("1"), of_day)
    expected = joined[(counted > joined["most"]) & (joined["units"] > 0)]
    assert found(services(text), RULE, tables=LIMITS) == sorted(expected["claim"] + "/1 " + expected["code"])
