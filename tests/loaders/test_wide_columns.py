"""Flat exports: kind of payer, specialty and facility, read where the cells are what the heading says."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.loaders.flat import lexicon
from tests.loaders.flat_text import said, table

ROW = {
    "claim_id": ["1", "2"],
    "line": ["1", "1"],
    "dos": "2024-01-05",
    "cpt": "99213",
    "charge": "10",
    "payer": "A",
}


def claims_of(**more: object) -> cx.Claims:
    rename = more.pop("rename", None)
    return cx.read_wide(pd.DataFrame(ROW | more), rename=rename, quiet=True, progress=False)  # type: ignore[arg-type]


def why(claims: cx.Claims, column: str) -> str:
    rejects = claims.rejects
    return rejects[rejects["location"] == f"column {column}"]["reason"].item()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Medicare", "medicare"), ("MEDICARE PART B", "medicare"), ("Traditional Medicare", "medicare"),
        ("Medicare Advantage", "medicare advantage"), ("MA-PD", "medicare advantage"), ("Medicare HMO", "medicare advantage"),
        ("Medicaid", "medicaid"), ("Managed Medicaid", "medicaid"), ("CHIP", "medicaid"),
        ("Commercial", "commercial"), ("BCBS", "commercial"), ("Blue Cross Blue Shield", "commercial"),
        ("Marketplace", "marketplace"), ("Exchange", "marketplace"), ("TRICARE", "tricare or va"), ("VA", "tricare or va"),
        ("Workers' Comp", "workers compensation"), ("WC", "workers compensation"), ("Self-Pay", "self pay"),
        ("Other", "other"), ("HMO", None), ("PPO", None), ("Gold 80", None), ("Medical", None), ("Medigap", None),
    ],
)  # fmt: skip
def test_kinds_of_payers(text: str, kind: str | None) -> None:
    assert lexicon.payer_kind(text) == kind


def test_a_kind_is_its_own_word() -> None:
    kinds = ["medicare", "medicare advantage", "medicaid", "commercial", "marketplace", "tricare or va",
             "workers compensation", "self pay", "other"]  # fmt: skip
    assert [lexicon.payer_kind(kind) for kind in kinds] == kinds


@pytest.mark.parametrize(
    "heading", ["payer_kind", "Line of Business", "LOB", "Product", "Payer Type", "Plan Type"]
)
def test_kinds_under_their_usual_headings(heading: str) -> None:
    claims = claims_of(**{heading: ["Medicare Advantage", "COMMERCIAL"]})
    assert table(claims, "claims", "payer_kind") == [("medicare advantage",), ("commercial",)]
    assert why(claims, heading) == "read as payer_kind"


def test_a_heading_whose_cells_are_no_kinds_is_not_used_and_what_rename_says_is() -> None:
    cells = ["Medicare", "Gold 80"]
    claims = claims_of(Product=cells)
    assert table(claims, "claims", "payer_kind") == [(None,), (None,)]
    assert why(claims, "Product") == "column not used: not all of its cells are kinds of payers: 'Gold 80'"
    for more in ({"Product": cells, "rename": {"Product": "payer_kind"}}, {"payer_kind": cells}):
        claims = claims_of(**more)
        assert table(claims, "claims", "payer_kind") == [("medicare",), (None,)]
        assert ("row 2", "payer_kind: not the name of a kind of payer, not loaded: 1 row") in said(
            claims, "noted"
        )


def test_tables_have_kinds_in_the_same_words() -> None:
    given = pd.DataFrame({"claim_id": ["1", "2", "3"], "payer_kind": ["MCR", "Gold 80", None]})
    claims = cx.read_tables(claims=given, progress=False)
    assert table(claims, "claims", "payer_kind") == [("medicare",), (None,), (None,)]
    assert ("", "payer_kind: not the name of a kind of payer, not loaded: 1") in said(claims, "noted")


def test_specialty_and_facility() -> None:
    claims = claims_of(
        **{
            "Billing Taxonomy": "261QP2300X", "Taxonomy Code": ["207q00000x", None], "Service Facility NPI": "1234567893",
            "Facility NPI": "1234567893", "Billing Provider NPI": "1111111112",
        }
    )  # fmt: skip
    columns = ("billing_npi", "billing_taxonomy", "facility_npi")
    assert table(claims, "claims", *columns)[0] == ("1111111112", "261QP2300X", "1234567893")
    assert table(claims, "lines", "rendering_taxonomy") == [("207Q00000X",), (None,)]


def test_words_in_a_column_of_codes_are_not_used() -> None:
    claims = claims_of(**{"Taxonomy": "Family Medicine", "Service Facility NPI": "Main Street"})
    assert table(claims, "claims", "facility_npi") == [(None,), (None,)]
    assert (
        why(claims, "Taxonomy")
        == "column not used: not all of its cells are taxonomy codes: 'Family Medicine'"
    )
    assert (
        why(claims, "Service Facility NPI") == "column not used: not all of its cells are NPIs: 'Main Street'"
    )
