"""``Claims.where``: which lines a selection holds, what it says of them, what it refuses; and dimensions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import claims_of, shown

TABLES = {
    "claims": """
        claim_id | claim_type    | person_id | payer | payer_kind | place_of_service_code | bill_type_code | frequency_code | original_payer_claim_id | claim_start_date | received_date | billing_npi | billing_taxonomy | facility_npi | data_source
        A        | professional  | p1        | North | commercial | 11                    |                | 1                    |                           | 2024-01-31       | 2024-02-01    | 111         | 207R00000X       |              | one
        B        | professional  | p2        | South | medicaid   | 22                    |                | 1                    |                           | 2024-02-01       | 2024-02-02    | 111         | 207R00000X       | 777          | one
        C        | institutional | p2        | South | medicaid   |                       | 131            | 1                    |                           | 2024-02-29       | 2024-03-02    | 222         |                  | 888          | one
        D        | institutional | p3        | South | medicaid   |                       | 121            | 1                    |                           | 2024-03-01       | 2024-03-02    | 222         |                  | 888          | two
        E        | professional  | p1        | North | commercial | 11                    |                | 7                    | A                         | 2024-01-31       | 2024-03-01    | 111         | 207R00000X       |              | two
        F        | professional  | p4        |       |            | 11                    |                | 8                    | Z                         | 2024-03-03       | 2024-03-04    |             |                  |              | two
        G        |               |           |       |            |                       | 111            |                      |                           |                  |               |             |                  |              | two
        H        | professional  | p5        | North | commercial | 11                    |                | 1                    |                           | 2024-05-01       | 2024-05-02    | 333         |                  |              | two
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | charge_amount | rendering_npi | rendering_taxonomy | claim_line_start_date | place_of_service_code | revenue_center_code
        A        | 1                 | 99213      | 10.00         |               |                    |                       |                       |
        B        | 1                 | 99213      | 10.00         | 999           | 363L00000X         |                       |                       |
        B        | 2                 | 80053      | 20.00         |               |                    | 2024-04-01            | 81                    |
        C        | 1                 | 80053      | 10.00         |               |                    |                       |                       | 0300
        D        | 1                 |            | 10.00         |               |                    |                       |                       | 0450
        E        | 1                 | 99214      | 10.00         |               |                    |                       |                       |
        F        | 1                 | 99213      | 10.00         |               |                    |                       |                       |
        G        | 1                 | 99221      | 10.00         |               |                    |                       |                       |
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code
        A        | 1                  | E11.9
        B        | 1                  | E11.65
        B        | 2                  | I10
        B        | 3                  | Z79.4
        C        | 1                  | I10
        E        | 1                  | E11.9
        H        | 1                  | E78.5
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        A        | 1                 | 1                | 1
        B        | 1                 | 1                | 1
        B        | 2                 | 1                | 2
        E        | 1                 | 1                | 1
    """,
    "adjudications": """
        claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
        A        | 1                   | North | 2024-02-10 | 4                 | 10.00         | 0.00
        B        | 1                   | South | 2024-03-10 | 1                 | 30.00         | 15.00
    """,
    "line_payments": """
        claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | paid_amount
        B        | 1                   | 1                 | 99213      | 10.00         | 10.00
        B        | 1                   | 2                 | 80053      | 20.00         | 5.00
    """,
    "adjustments": """
        claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
        A        | 1                   |                   | 1                   | CO         | 50   | 10.00
        B        | 1                   | 2                 | 1                   | CO         | 45   | 15.00
    """,
    "provider_adjustments": """
        data_source | adjustment_number | payer | paid_date  | adjustment_reason_code | amount
        one         | 1                 | North | 2024-03-01 | WO                     | 5.00
        one         | 2                 | South | 2024-03-01 | FB                     | 7.00
    """,
    "members": """
        person_id | year | birth_date | sex
        p1        | 2024 | 1950-01-01 | female
        p2        | 2024 | 1950-01-01 | male
        p3        | 2024 | 1950-01-01 | male
        p6        | 2024 | 1950-01-01 | male
    """,
    "attributes": """
        claim_id | claim_line_number | name   | value
        B        |                   | region | east
        C        |                   | region | west
        B        | 2                 | region | lab
        A        |                   | study  | yes
    """,
}


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def claims(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    made = claims_of(**TABLES)
    if request.param == "duckdb":
        return made
    folder = made.save(tmp_path_factory.mktemp("selection") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session"))


@pytest.fixture(scope="module")
def here() -> Claims:
    """The claims on DuckDB, for what asks no engine."""
    return claims_of(**TABLES)


def lines(claims: Claims) -> str:
    """Claim and line of what is held, such as ``A1 B2``."""
    rows = claims.table("lines")
    return " ".join(
        f"{claim}{line}" for claim, line in zip(rows["claim_id"], rows["claim_line_number"], strict=True)
    )


#: Criteria and the lines that they choose, on either engine.
FEW: list[tuple[dict[str, Any], str]] = [
    ({}, "A1 B1 B2 C1 D1 E1 F1 G1"),
    ({"payer": "South", "dates": ("2024-02-29", None), "persons": {"p2"}}, "B2 C1"),
    ({"diagnosis": "E11", "setting": "practitioner"}, "A1 B1 E1"),
    ({"provider": ["999", "222"]}, "B1 C1 D1"),
    ({"region": ["east", "lab"]}, "B1 B2"),
    ({"month": "2024-02-01", "hcpcs_family": "Evaluation and management"}, "B1"),
]
#: More of them, on DuckDB.
MANY: list[tuple[dict[str, Any], str]] = [
    ({"dates": ("2024-02-01", "2024-02-29")}, "B1 C1"),  # both ends included
    ({"dates": ("2024-01-31", "2024-01-31")}, "A1 E1"),
    ({"dates": ("2024-02", "2024-02")}, "B1 C1"),
    ({"dates": (None, "2024-02-28")}, "A1 B1 E1"),
    ({"dates": (pd.Timestamp("2024-03-01"), None)}, "B2 D1 F1"),  # the line's own date counts
    ({"dates": (None, None)}, "A1 B1 B2 C1 D1 E1 F1"),  # G has no date
    ({"payer": "South"}, "B1 B2 C1 D1"),
    ({"payer": ["South", "North"]}, "A1 B1 B2 C1 D1 E1"),
    ({"payer": "(unknown)"}, "F1 G1"),
    ({"payer_kind": "medicaid"}, "B1 B2 C1 D1"),
    ({"payer_kind": "(unknown)"}, "F1 G1"),
    ({"setting": "practitioner"}, "A1 B1 B2 E1 F1"),
    ({"setting": ["outpatient"]}, "C1 D1"),  # 12X is Part B of an inpatient
    ({"setting": "inpatient"}, "G1"),
    ({"place": ["11", "13X"]}, "A1 C1 E1 F1"),
    ({"place": 81}, "B2"),  # the line's own place counts
    ({"claim_type": "institutional"}, "C1 D1 G1"),  # G by its bill type
    ({"facility": "888"}, "C1 D1"),
    ({"provider": "111"}, "A1 B1 B2 E1"),  # B1 by who bills
    ({"provider": 999}, "B1"),  # by who renders
    ({"billing_npi": "111"}, "A1 B1 B2 E1"),
    ({"rendering_npi": "111"}, "A1 B2 E1"),
    ({"specialty": ["363L00000X", "(unknown)"]}, "B1 C1 D1 F1 G1"),
    ({"data_source": "one"}, "A1 B1 B2 C1"),
    ({"hcpcs": "99213"}, "A1 B1 F1"),
    ({"hcpcs_code": " 99213"}, "A1 B1 F1"),
    ({"hcpcs": "(none)"}, "D1"),
    ({"hcpcs_family": "Pathology and laboratory"}, "B2 C1"),
    ({"revenue_center_code": "0300"}, "C1"),
    ({"diagnosis": "E11"}, "A1 B1 E1"),  # every code below it
    ({"diagnosis": "e11.9"}, "A1 E1"),
    ({"diagnosis": ["I10", "E1165"]}, "B1 B2 C1"),  # bills without pointers have every diagnosis of the claim
    ({"diagnosis": "(none)"}, "D1 F1 G1"),
    ({"diagnosis_category": "E11"}, "A1 B1 E1"),
    ({"diagnosis_family": "09 Circulatory"}, "B2 C1"),
    ({"month": ["2024-04-01"]}, "B2"),
    ({"quarter": "2024-04-01"}, "B2"),
    ({"year": "2024-01-01"}, "A1 B1 B2 C1 D1 E1 F1"),
    ({"paid_month": "2024-03-01"}, "B1 B2"),
    ({"region": "east"}, "B1"),  # B2 has its own
    ({"region": "(none)", "payer": "South"}, "D1"),
    ({"study": "yes"}, "A1"),
    ({"persons": "p1"}, "A1 E1"),
    ({"persons": ["p1", "p3", "nobody"]}, "A1 D1 E1"),
    ({"persons": pd.Series(["p2"])}, "B1 B2 C1"),
    ({"persons": np.array(["p2"])}, "B1 B2 C1"),
    ({"persons": pd.DataFrame({"person_id": ["p2"], "age": [50]})}, "B1 B2 C1"),
    ({"payer": None, "persons": None, "dates": None}, "A1 B1 B2 C1 D1 E1 F1 G1"),
    ({"payer": "North", "setting": "outpatient"}, ""),  # each is there, both are not
]


@pytest.mark.parametrize(("criteria", "chosen"), FEW)
def test_a_selection_holds_the_lines_that_meet_all_criteria(
    claims: Claims, criteria: dict[str, Any], chosen: str
) -> None:
    view = claims.where(**criteria)
    assert lines(view) == chosen
    assert view.summary().set_index("measure").loc["service lines", "value"] == len(chosen.split())


@pytest.mark.parametrize(("criteria", "chosen"), MANY)
def test_every_criterion(here: Claims, criteria: dict[str, Any], chosen: str) -> None:
    assert lines(here.where(**criteria)) == chosen


def test_what_belongs_to_other_lines_is_left_out(claims: Claims) -> None:
    """Of B the second line alone: its money and pointer, the diagnosis that it has or nobody has, not the first's."""
    view = claims.where(place="81")
    assert shown(view.table("claims"), "claim_id") == [("B",)]
    assert shown(view.table("diagnoses"), "diagnosis_code") == [("I10",), ("Z794",)]
    assert shown(view.table("pointers"), "claim_line_number") == [(2,)]
    assert shown(view.table("line_payments"), "claim_line_number") == [(2,)]
    assert shown(view.table("adjudications"), "claim_id", "charge_amount") == [("B", 30.0)]
    assert shown(view.table("pairs"), "claim_line_number", "diagnosis_code") == [(2, "I10")]
    assert shown(view.table("line_outcomes"), "claim_line_number", "paid_amount") == [(2, 5.0)]
    assert sorted(shown(view.table("attributes").fillna({"claim_line_number": 0}), "claim_line_number", "value")) == [
        (0, "east"), (2, "lab"),
    ]  # fmt: skip
    assert shown(view.table("members"), "person_id") == [("p2",)]
    assert cx.denials.rates(view)["n"].tolist() == [1]


@pytest.mark.parametrize(
    ("criteria", "held"),
    [
        ({}, "A B C D E F G H"),
        ({"payer": "North"}, "A E H"),  # H has no lines, and meets what can be asked of a claim
        ({"billing_npi": "333"}, "H"),
        ({"persons": ["p5", "p6"]}, "H"),
        ({"payer": "North", "dates": ("2024-02-01", None)}, "H"),
        ({"payer": "North", "place": "11"}, "A E"),  # a place is of lines
        ({"diagnosis": "E78.5", "claim_type": "professional"}, ""),
    ],
)
def test_claims_without_lines(here: Claims, criteria: dict[str, Any], held: str) -> None:
    if "diagnosis" in criteria:
        with pytest.raises(ArgumentError, match="no lines of 'E785'"):
            here.where(**criteria)
        return
    assert " ".join(here.where(**criteria).table("claims")["claim_id"]) == held


def test_members_of_a_selection(here: Claims) -> None:
    """Those with a chosen claim, and those named, who may have had none."""
    assert here.where(payer="South").table("members")["person_id"].tolist() == ["p2", "p3"]
    assert here.where(persons=["p1", "p6"]).table("members")["person_id"].tolist() == ["p1", "p6"]
    view = here.where(persons=["p1", "p6"], payer="North")
    assert view.table("members")["person_id"].tolist() == ["p1", "p6"]
    assert view.where(payer="North").table("members")["person_id"].tolist() == ["p1"]


def test_adjustments_of_providers_follow_their_payer(here: Claims) -> None:
    assert len(here.where(place="11").table("provider_adjustments")) == 2
    assert here.where(payer="South").table("provider_adjustments")["amount"].tolist() == [7.0]


def test_a_selection_of_a_selection_meets_both(claims: Claims) -> None:
    view = claims.where(payer="South").where(hcpcs="80053")
    assert lines(view) == "B2 C1"
    assert lines(view.where(dates=("2024-03-01", None))) == "B2"
    assert lines(claims.where(payer="South")) == "B1 B2 C1 D1"  # which stays as it was
    assert lines(claims) == "A1 B1 B2 C1 D1 E1 F1 G1"
    assert view.selection == {"payer": ["South"], "hcpcs_code": ["80053"]}


def test_both_criteria_of_one_name_hold(here: Claims) -> None:
    view = here.where(payer=["North", "South"]).where(payer="South")
    assert lines(view) == "B1 B2 C1 D1"
    assert view.selection == {"payer": [["North", "South"], ["South"]]}
    with pytest.raises(ArgumentError, match=r"payer: no lines of 'North'; there are South"):
        view.where(payer="North")


def test_accounting_says_what_a_selection_leaves_out(here: Claims) -> None:
    whole, part = here.accounting(), here.where(payer="South", dates=(None, "2024-03-01")).accounting()
    pd.testing.assert_frame_equal(part.head(len(whole)), whole, check_dtype=False)
    own = part.tail(len(part) - len(whole)).set_index("table_name")
    assert own["source"].unique().tolist() == ["selection: payer: South; dates: any day to 2024-03-01"]
    assert own.loc["lines", ["read", "loaded", "rejected", "left_out"]].tolist() == [8, 3, 0, 5]
    assert own.loc["lines", ["amount_read", "amount_loaded", "amount_left_out"]].tolist() == [
        90.0,
        30.0,
        60.0,
    ]
    assert own.loc["claims", ["read", "loaded", "left_out"]].tolist() == [8, 3, 5]
    assert (own["read"] == own["loaded"] + own["left_out"]).all()
    inner = here.where(payer="South").where(dates=(None, "2024-03-01")).accounting()
    pd.testing.assert_frame_equal(inner, part)


def test_the_contract_says_what_was_chosen(here: Claims) -> None:
    view = here.where(dates=("2024-01-01", None), persons=["p1", "p2", "x"], diagnosis="e11")
    terms = cx.contract(cx.denials.rates(view, by="payer"))
    assert json.loads(json.dumps(terms["selection"])) == {
        "dates": ["2024-01-01", None],
        "persons": {"persons_given": 3, "persons_found": 2},
        "diagnosis_code": ["E11"],
    }
    assert "selection" not in cx.contract(cx.denials.rates(here, by="payer"))


@pytest.mark.parametrize(
    "analysis",
    [
        lambda c: cx.denials.rates(c, by="region"),
        lambda c: cx.specificity.share(c, by="region"),
        lambda c: cx.patterns.mix(c, by="region", period=None, min_lines=1),
    ],
)
def test_columns_that_a_user_brought_along_are_dimensions(
    here: Claims, analysis: Callable[[Claims], pd.DataFrame]
) -> None:
    assert here.dimensions().tail(2)[["name", "of"]].to_numpy().tolist() == [
        ["region", "line"],
        ["study", "line"],
    ]
    assert set(analysis(here)["region"]) <= {"east", "west", "lab", "(none)"}
    assert set(analysis(here.where(region="east"))["region"]) == {"east"}


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"payor": "South"}, "where: no 'payor'; there are payer, payer_kind"),
        ({"person_id": "p1"}, "where: no 'person_id'"),
        ({"payer": "East"}, r"payer: no lines of 'East'; there are \(unknown\), North, South"),
        ({"payer": ["South", "East"]}, "payer: no lines of 'East'"),
        ({"payer": []}, "payer: found an empty list; leave payer out to choose everything"),
        ({"persons": pd.Series([], dtype=str)}, "persons: found an empty list"),
        ({"payer": 1.5}, "payer=1.5: give a text"),
        ({"payer": [None]}, "payer: found None"),
        ({"setting": "office"}, "setting: no lines of 'office'"),
        ({"diagnosis": "Q"}, "diagnosis_code: no lines of 'Q'"),
        ({"provider": "444"}, "provider: no lines of '444'"),
        ({"dates": "2024"}, r"dates='2024': give \(first, last\)"),
        ({"dates": ("2024-13-01", None)}, "'2024-13-01' is not a date"),
        ({"dates": ("2024-02-01", "2024-01-01")}, "first day 2024-02-01 is after the last, 2024-01-01"),
        ({"dates": (pd.NaT, None)}, "NaT is not a date; pass None"),
        ({"persons": ["x", "y"]}, "none of 2 persons, such as 'x'"),
        ({"persons": [1.0]}, "persons: found 1.0"),
        ({"persons": pd.DataFrame({"member": ["p1"]})}, r"no column 'person_id'; found \['member'\]"),
        ({"dates": ("2024-01-01", None), "payer": "East"}, "payer: no lines of 'East'"),
    ],
)
def test_a_criterion_that_cannot_be_meant_is_refused(
    here: Claims, criteria: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        here.where(**criteria)


def test_a_refused_selection_leaves_nothing_behind(here: Claims) -> None:
    def schemas() -> set[str]:
        return {*here.engine.fetch("SELECT schema_name FROM duckdb_schemas()").column(0).to_pylist()}

    before = schemas()
    for criteria in ({"payer": ["South", "East"]}, {"hcpcs": "99213", "place": "99"}):
        with pytest.raises(ArgumentError):
            here.where(**criteria)
    assert schemas() == before


def test_groups_are_known_names_each_once(here: Claims) -> None:
    assert here.grouping("payer").names == ["payer"]
    assert here.grouping(None).names == []
    assert here.grouping(["quarter", "region"]).names == ["quarter", "region"]
    for wrong in ("payor", ["payer", "payer"]):
        with pytest.raises(ArgumentError, match="within="):
            here.grouping(wrong, argument="within")
