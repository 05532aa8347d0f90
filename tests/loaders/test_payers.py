"""A payer has one name: by its id, by the user's aliases; names that look alike are told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import InputError, SchemaError
from cpticd.loaders.intake import Intake
from cpticd.loaders.payers import Aliases, aliases, settle
from cpticd.loaders.x12 import read_x12
from tests.loaders.x12_text import claim, interchange, load, paid_claim, professional, remittance, subscriber

CLAIMS = """\
claim_id payer payer_id
1 NORTHFIELD 40001
2 NORTHFIELD 40001
3 Northfield,_Inc. 40001
4 NFH_OF_OHIO 40001
5 NORTHFIELD -
6 HARBOR -
7 Harbor_Co. -
8 A_&_B 00000
9 C_AND_D 00000
10 - 40001
"""


def settled(text: str = CLAIMS, known: Aliases | None = None) -> tuple[dict[str, str], pd.DataFrame]:
    """The payer of each claim, and what is noted."""
    header, *rows = (line.split() for line in text.splitlines())
    cells = [[None if cell == "-" else cell.replace("_", " ") for cell in row] for row in rows]
    intake = Intake()
    intake.add("claims", pd.DataFrame(cells, columns=header), source="table")
    settle(intake, aliases(known))
    found = intake.query("SELECT claim_id, payer FROM claims").to_pylist()
    return {row["claim_id"]: row["payer"] for row in found}, intake.rejects().to_pandas()


def test_names_of_one_id_are_one_payer_under_the_most_frequent() -> None:
    payers, noted = settled()
    assert {payers[number] for number in ("1", "2", "3", "4", "5", "10")} == {"NORTHFIELD"}
    assert (payers["6"], payers["7"]) == ("HARBOR", "Harbor Co.")  # no id says that they are one
    assert (payers["8"], payers["9"]) == ("A & B", "C AND D")  # an id of zeros stands for nobody
    assert {*noted["severity"]} == {"note"}
    assert noted["content"].tolist() == [
        "HARBOR (1), Harbor Co. (1)",
        "payer id 40001 is NORTHFIELD: NORTHFIELD (2), NFH OF OHIO (1), Northfield, Inc. (1)",
    ]


def test_decisions_payments_and_what_is_paid_beside_claims_go_with_the_name(tmp_path: Path) -> None:
    claims = load(
        tmp_path,
        interchange(professional(subscriber(payer="ACME HEALTH"), claim(), claim("B1"))),
        interchange(
            remittance(
                paid_claim(),
                "PLB*1111111111*20251231*L6:X*-1~",
                payer="Acme Health Inc",
                payer_id="P1",
                trace="A",
            ),
            remittance(
                paid_claim("B1"),
                "PLB*1111111111*20251231*L6:X*-2~",
                payer="ACME HEALTH",
                number="0002",
                trace="B",
            ),
            kind="HP",
        ),
    )
    for table in ("claims", "adjudications", "payments", "provider_adjustments"):
        assert claims.table(table)["payer"].tolist() == ["ACME HEALTH"] * 2, table
    named = read_x12(tmp_path, payers={"P1": "Acme", "acme health": "Acme"}, progress=False)
    for table in ("claims", "adjudications", "payments", "provider_adjustments"):
        assert named.table(table)["payer"].tolist() == ["Acme"] * 2, table


def test_of_equally_frequent_names_the_first_is_taken() -> None:
    assert {*settled("claim_id payer payer_id\n1 B 9X\n2 A 9X")[0].values()} == {"A"}


def test_a_name_goes_before_an_id_that_stands_for_it() -> None:
    payers, noted = settled("claim_id payer payer_id\n1 7A 7A\n2 7A 7A\n3 ACME 7A")
    assert {*payers.values()} == {"ACME"} and noted.empty


def test_aliases_are_the_user_s_word() -> None:
    payers, noted = settled(known={" harbor co. ": "HARBOR", "40001": "North Field Plan", "nobody": "X"})
    assert payers["7"] == "HARBOR" and {payers[number] for number in "12345"} == {"North Field Plan"}
    assert "nobody" in noted["content"].tolist()


def test_twins_are_names_that_differ_by_little() -> None:
    rows = ["Smith_&_Sons", "SMITH_AND_SONS,_LLC", "Smith_Sons", "The_Smith-and-Sons_Company"]
    _, noted = settled("claim_id payer\n" + "\n".join(f"{place} {name}" for place, name in enumerate(rows)))
    assert noted["content"].tolist() == [
        "SMITH AND SONS, LLC (1), Smith & Sons (1), The Smith-and-Sons Company (1)"
    ]


def test_aliases_come_as_mapping_frame_or_file_and_serve_flat_files(tmp_path: Path) -> None:
    path = tmp_path / "aliases.csv"
    path.write_text("Alias,Payer\nAcme Health,ACME\n")
    flat = tmp_path / "flat.csv"
    flat.write_text(
        "Claim #,CPT,Dx1,Charges,Member ID,Payer\nA1,99213,I10,80,P1,Acme Health\nA2,99213,I10,80,P2,ACME\n"
    )
    for given in (path, pd.read_csv(path), {"Acme Health": "ACME"}):
        claims = cx.read(flat, payers=given, quiet=True, progress=False)
        assert claims.table("claims")["payer"].tolist() == ["ACME", "ACME"]
        for read in (
            cx.read_wide(flat, payers=given, quiet=True, progress=False),
            cx.read_tables(claims=pd.DataFrame({"claim_id": ["A1", "A2"], "payer": ["Acme Health", "ACME"]}),
                           payers=given, progress=False),
        ):  # fmt: skip
            assert read.table("claims")["payer"].tolist() == ["ACME", "ACME"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (pd.DataFrame({"alias": ["a"]}), SchemaError, "no column"),
        (
            pd.DataFrame({"alias": ["a", "A "], "payer": ["x", "y"]}),
            SchemaError,
            "stands for 'x' and for 'y'",
        ),
        ({"a": " "}, SchemaError, "neither may be empty"),
        ("nowhere.csv", InputError, "cannot be read"),
    ],
)
def test_what_is_no_table_of_aliases_is_refused(given: Aliases, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        aliases(given)
