"""Lines that stand, in a data set, a selection, a saved selection, and one with other references or members."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd import model
from cpticd.claims import Claims
from tests.core.test_selection import TABLES, lines
from tests.spec import claims_of, frame, shown


@pytest.fixture(scope="module")
def here() -> Claims:
    return claims_of(**TABLES)


def standing(claims: Claims, *, superseded: bool = False) -> str:
    with claims.session() as s:
        model.standing_lines(s, claims.grouping(None), superseded=superseded)
        rows = s.rows("SELECT claim_id, claim_line_number AS n FROM standing_lines ORDER BY 1, 2")
    return " ".join(f"{row['claim_id']}{row['n']}" for row in rows)


def test_a_replaced_claim_stays_replaced_where_its_replacement_was_not_chosen(here: Claims) -> None:
    """E replaced A with another code; F is a void."""
    assert here.table("superseded")["claim_id"].tolist() == ["A"]
    assert standing(here) == "B1 B2 C1 D1 E1 G1"
    assert standing(here, superseded=True) == "A1 B1 B2 C1 D1 E1 F1 G1"
    view = here.where(hcpcs="99213")
    assert lines(view) == "A1 B1 F1"
    assert standing(view) == "B1"


def test_a_saved_selection_is_what_it_holds(here: Claims, tmp_path: Any) -> None:
    view = here.where(hcpcs="99213")
    opened = cx.open(view.save(tmp_path / "view"))
    assert (lines(opened), standing(opened)) == ("A1 B1 F1", "B1")
    assert opened.selection == {}
    for name in ("line_outcomes", "pairs", "diagnoses", "attributes"):
        pd.testing.assert_frame_equal(opened.table(name), view.table(name))


def test_other_references_and_members_keep_the_criteria(here: Claims) -> None:
    view = here.where(payer="South")
    judged = view.with_references(carc_categories=here.table("carc_categories").assign(is_denial=False))
    members = view.with_members(frame("person_id | year | birth_date | sex\np2 | 2024 | 1950-01-01 | male"))
    for other in (judged, members):
        assert lines(other) == "B1 B2 C1 D1"
        assert other.selection == {"payer": ["South"]}
    assert standing(here.where(hcpcs="99213").with_references()) == "B1"
    assert members.table("members")["person_id"].tolist() == ["p2"]
    assert lines(here.with_members(members.table("members")).where(payer="South")) == "B1 B2 C1 D1"


def test_standing_lines_say_how_many_and_carry_any_dimension(here: Claims) -> None:
    with here.session() as s:
        said = model.standing_lines(s, here.grouping(["rendering_npi", "quarter", "hcpcs_family", "region"]))
        rows = s.frame(
            "SELECT * FROM standing_lines WHERE claim_id IN ('B', 'G') ORDER BY claim_id, claim_line_number"
        )
    assert said == {"lines_in_selection": 8, "replaced_lines_left_out": 2}
    names = ("claim_line_number", "by_rendering_npi", "by_quarter", "month", "by_hcpcs_family", "by_region")
    assert shown(rows, *names) == [
        (1, "999", "2024-01-01", "2024-02-01", "Evaluation and management", "east"),
        (2, "111", "2024-04-01", "2024-04-01", "Pathology and laboratory", "lab"),
        (1, "(unknown)", None, None, "Evaluation and management", "(none)"),
    ]
    with here.session() as s:
        said = model.standing_lines(s, here.grouping(None), superseded=True)
    assert said == {"lines_in_selection": 8, "replaced_lines_kept": 2}
