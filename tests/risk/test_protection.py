"""How tables of conditions leave: small tables in, what may be shown out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import disclosure
from cpticd.core.contract import attach, records_of
from cpticd.core.measure import Linked, Protected, Records, leaves, measures
from cpticd.risk import review, timeline
from cpticd.risk.protection import rows_of_enough
from cpticd.risk.unsupported_reasons import reasons
from tests.small_claims import small_claims
from tests.spec import claims_of, frame, shown

MINIMUM = 3
NOBODY: Any = None


def protected(name: str, table: pd.DataFrame, **records: Any) -> tuple[pd.DataFrame, int]:
    """What the analysis of that name lets out of a table of its own."""
    declared = next(each for each in measures("risk") if each.name == f"risk.{name}")
    shape = declared.shape({})
    made = attach(table, measure=name, numerator="", denominator="", clock="", records=records)
    if isinstance(shape, Protected):
        return shape.protect(made, NOBODY, MINIMUM)
    assert isinstance(shape, Linked)
    with disclosure.using(minimum=MINIMUM):
        found = disclosure.Release(small_claims()).linked("table", made, shape)["table"]
    account = found.attrs["disclosure"]
    return found, account["suppressed"] + account["complementary"]


def many(text: str) -> pd.DataFrame:
    """One row per person of a table written as person numbers ``1-4`` and what is the same of them."""
    rows = []
    for row in frame(text).to_dict("records"):
        first, _, last = str(row.pop("persons")).partition("-")
        rows += [{"person_id": f"p{n}", **row} for n in range(int(first), int(last or first) + 1)]
    return pd.DataFrame(rows)


IMPACT = many("""
    persons | hcc | kind        | status
    1-4     | 37  | lapsed      | open
    5-6     | 18  | lapsed      | open
    7-9     | 19  | lapsed      | open
    1-5     | 37  | implied     | open
    9       | 37  | implied     | closed by the same HCC
    9       | 55  | implied     | closed by the same HCC
    1-3     | 21  | unsupported | open
""")


def test_an_impact_leaves_without_small_conditions_and_what_would_give_them_away() -> None:
    names = ("coded", "lapsed", "implied", "gaps", "unsupported", "reviewed")
    found, hidden = protected("impact", IMPACT, totals=[{"kind": name} for name in names])
    cells = found[["kind", "hcc"]].drop_duplicates().sort_values(["kind", "hcc"])
    # HCC 18 is of two persons; HCC 19, the next smallest of the kind, hides it in the kind's total.
    assert shown(cells, "kind", "hcc") == [("implied", "37"), ("lapsed", "37"), ("unsupported", "21")]
    assert hidden == 2
    assert [record["kind"] for record in records_of(found)["totals"]] == list(names)
    assert records_of(found)["hidden_kinds"] == []


def test_an_impact_leaves_without_the_totals_of_small_kinds() -> None:
    names = ("coded", "combination", "lapsed", "gaps", "unsupported", "reviewed")
    table = many("""
        persons | hcc | kind        | status
        1-2     | 37  | combination | open
        1-9     | 37  | lapsed      | open
        1-2     | 21  | unsupported | open
    """)
    found, _ = protected("impact", table, totals=[{"kind": name} for name in names])
    kept = {record["kind"] for record in records_of(found)["totals"]}
    assert kept | {*records_of(found)["hidden_kinds"]} == {*names} and "coded" in kept
    # Two persons each: themselves, and as the difference of sums that would both be shown.
    assert not kept & {"combination", "unsupported"}
    assert not {"gaps", "lapsed"} <= kept and not {"reviewed", "gaps"} <= kept
    assert set(found["kind"]) <= {"lapsed"}


def test_an_empty_impact_leaves_as_it_is() -> None:
    found, hidden = protected("impact", IMPACT.head(0), totals=[{"kind": "coded"}])
    assert found.empty and hidden == 0
    assert records_of(found)["totals"] == [{"kind": "coded"}]


def test_a_prevalence_leaves_where_enough_have_the_condition_and_enough_have_not() -> None:
    table = frame("""
        hcc | coded_persons | persons | open_gaps | added | doubtful | removed | expected | expected_low | expected_high
        37  | 10            | 20      | 5         | 4.5   | 0        | 0       | 0.7      | 0.6          | 0.8
        18  | 10            | 20      | 2         | 1.5   | 4        | 3.5     | 0.6      | 0.5          | 0.7
        19  | 2             | 20      | 5         | 4.0   | 0        | 0       | 0.3      | 0.2          | 0.4
        20  | 18            | 20      | 0         | 0     | 0        | 0       | 0.9      | 0.9          | 0.9
        21  | 10            | 20      | 0         | 0     | 3        | 1.0     | 0.4      | 0.4          | 0.5
    """)
    numbers = [name for name in table.columns if name != "hcc"]
    table = table.astype(dict.fromkeys(numbers, "float64"))
    listed = many("""
        persons | hcc | kind
        1-5     | 37  | learned
        1-2     | 18  | lapsed
        1-5     | 19  | lapsed
        1-4     | 18  | unsupported
        1-5     | 21  | unsupported
    """)
    found, hidden = protected(
        "prevalence", table, listed=listed, ever=table.set_index("hcc")["coded_persons"]
    )
    # 18: two of a kind; 21: five are listed of whom three count, so that two on no claim that counts would follow.
    assert shown(found, "hcc", "open_gaps", "doubtful", "expected") == [
        ("37", 5, 0, 0.7), ("18", None, None, None), ("21", None, None, None),
    ]  # fmt: skip
    assert hidden == 2
    assert records_of(found)["listed"].empty


NOTHING = IMPACT[["person_id", "hcc", "kind"]].head(0)


def test_a_prevalence_leaves_where_nothing_is_listed() -> None:
    table = frame("""
        hcc | coded_persons | persons | open_gaps | added | doubtful | removed | expected | expected_low | expected_high
        37  | 10            | 20      | 0         | 0     | 0        | 0       | 0.5      | 0.5          | 0.5
        19  | 2             | 20      | 0         | 0     | 0        | 0       | 0.1      | 0.1          | 0.1
    """)
    table = table.astype(dict.fromkeys([name for name in table.columns if name != "hcc"], "float64"))
    found, _ = protected("prevalence", table, listed=NOTHING, ever=table.set_index("hcc")["coded_persons"])
    assert shown(found, "hcc", "coded_persons", "expected") == [("37", 10, 0.5)]


def test_a_prevalence_leaves_where_enough_others_had_the_condition_in_another_year() -> None:
    """Pairs count persons of all years: who had 19 and has it no more would be two of these."""
    table = frame("""
        hcc | coded_persons | persons | open_gaps | added | doubtful | removed | expected | expected_low | expected_high
        37  | 10            | 20      | 0         | 0     | 0        | 0       | 0.5      | 0.5          | 0.5
        19  | 10            | 20      | 0         | 0     | 0        | 0       | 0.5      | 0.5          | 0.5
        21  | 10            | 20      | 0         | 0     | 0        | 0       | 0.5      | 0.5          | 0.5
    """)
    table = table.astype(dict.fromkeys([name for name in table.columns if name != "hcc"], "float64"))
    ever = pd.Series([10, 12, 16], index=["37", "19", "21"])
    found, _ = protected("prevalence", table, listed=NOTHING, ever=ever)
    assert found["hcc"].tolist() == ["37", "21"]
    assert records_of(found)["ever"].empty


def test_recapture_leaves_where_enough_came_back_and_enough_did_not() -> None:
    table = frame("""
        hcc | label | year | due | recaptured | recapture_rate | low | high | persons | incident
        1   | a     | 2025 | 9   | 6          | 0.667          | 0.3 | 0.9  | 12      | 1
        2   | b     | 2025 | 9   | 7          | 0.778          | 0.4 | 0.9  | 12      | 1
        3   | c     | 2025 | 2   | 0          | 0.0            | 0.0 | 0.8  | 12      | 1
        4   | d     | 2025 | 5   | 5          | 1.0            | 0.5 | 1.0  | 12      | 1
        5   | e     | 2025 | 0   | 0          |                |     |      | 12      | 1
        6   | f     | 2025 | 9   | 6          | 0.667          | 0.3 | 0.9  | 7       | 1
    """).astype({"due": "Int64", "recaptured": "Int64", "persons": "Int64"})
    found, hidden = protected("recapture", table)
    # The one person of 6 who is new would follow from the prevalence.
    assert found["hcc"].tolist() == ["1", "4", "5"] and hidden == 3
    assert not {"persons", "incident"} & set(found.columns)


def test_confidences_leave_where_reviews_are_of_enough_persons_on_either_side() -> None:
    gaps = many("""
        persons | hcc | kind        | stratum                     | confidence | status
        1-8     | 37  | lapsed      | 2+ claims, lasting, 1 year  | 0.9        | open
        1-8     | 18  | lapsed      | history code                | 0.1        | open
        9-10    | 37  | combination | assumed, 1 claim            | 0.8        | open
    """).astype({"confidence": "float64"})
    reviewed = gaps[["person_id", "hcc"]].assign(
        confirmed=[n % 2 == 0 for n in range(8)] + [n < 2 for n in range(8)] + [True] * 2
    )
    calibrated = cx.risk.calibrate(gaps, reviewed)
    shape = leaves(calibrated)
    assert isinstance(shape, Protected)
    found, _ = shape.protect(calibrated, NOBODY, MINIMUM)
    kept = calibrated[calibrated["gaps"].notna()]
    own = calibrated["kind"].eq("combination") | calibrated["stratum"].eq("history code")
    assert set(kept["kind"]) == {"lapsed", "combination"}
    assert not found["kind"].eq("combination").any()
    assert not found["stratum"].eq("history code").any()
    assert len(found) == len(calibrated) - int(own.sum())


def test_reasons_leave_where_enough_conditions_have_them_and_enough_have_not() -> None:
    claims = claims_of(claims="claim_id | person_id\nA | p1")
    listed = ["no claim that counts"] * 2 + ["one claim"] * 4 + ["one day"] * 6
    thin = pd.DataFrame(
        {"person_id": [f"p{n}" for n in range(12)], "reasons": [[reason] for reason in listed]}
    )
    found = reasons(claims, thin)
    assert shown(found, "conditions", "no claim that counts", "one claim", "one day") == [(12, 2, 4, 6)]
    with disclosure.using(minimum=MINIMUM):
        row = disclosure.Release(claims).add("reasons", found)["reasons"].iloc[0]
    assert row["conditions"] == 12
    assert np.isnan(float("nan" if pd.isna(row["no claim that counts"]) else row["no claim that counts"]))
    assert row["one day"] == 6


def test_rows_of_persons_leave_as_records() -> None:
    names = [
        "blended",
        "conditions",
        "explain",
        "gaps",
        "persons",
        "review",
        "score",
        "timeline",
        "unsupported",
    ]
    assert review and timeline  # the explorer's, declared when they are imported
    shapes = {each.name: each.shape({}) for each in measures("risk")}
    assert all(isinstance(shapes[f"risk.{name}"], Records) for name in names)


def test_every_analysis_is_declared() -> None:
    declared = {each.name.removeprefix("risk.") for each in measures("risk")}
    assert set(cx.risk.__all__) - {"rejects"} <= declared


@pytest.mark.parametrize(
    ("persons", "left"),
    [
        ([40, 30, 20], [40, 30, 20]),
        ([40, 30, 2], [40]),  # a single one would be what is missing from a total
        ([40, 30, 1, 1], [40]),  # so would two that are few together
        ([40, 30, 2, 2], [40, 30]),  # enough of them together
        ([40, 2], []),
    ],
)
def test_what_panels_leave_out_is_of_enough_persons_together(persons: list[int], left: list[int]) -> None:
    frame_of = attach(
        pd.DataFrame({"panel": range(len(persons)), "persons": persons, "part": persons}),
        measure="panels", numerator="", denominator="", clock="", records={"totals": [{"persons": sum(persons)}]},
    )  # fmt: skip
    found, hidden = rows_of_enough(("part", "persons"))(frame_of, NOBODY, MINIMUM)
    assert found["persons"].tolist() == left and hidden == len(persons) - len(left)
    assert bool(records_of(found)["totals"]) == (not hidden)
