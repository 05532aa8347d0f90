"""Flat exports: rows and dollars read are those loaded and those rejected, and each rejected row is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from tests.loaders.flat_text import balanced, read, said

CENTS = {"10": 1000, "-10": -1000, "7.50": 750, "$1,200.00": 120000, "$ -": 0}  # what a cell is worth
ROWS = "file rows"

row = st.fixed_dictionaries(
    {
        "claim": st.sampled_from(["1", "2", "3", None, "1.23E+15"]),
        "line": st.sampled_from(["1", "2", "x"]),
        "dos": st.sampled_from(["2024-01-05", "bad"]),
        "charge": st.sampled_from([*CENTS, "ten", None]),
        "paid": st.sampled_from(["0", "5", None, "?"]),
    }
)


def _with_code(cells: dict[str, Any]) -> dict[str, Any]:
    """A code that the other cells decide: rows that differ in it alone would be one decision, whose dollars count once."""
    codes = ["CO-45", "CO-97", "Denied", None]
    return cells | {"denial code": codes[sum(map(ord, "".join(map(str, cells.values())))) % len(codes)]}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(row, min_size=8, max_size=30))
def test_dollars_read_are_loaded_or_rejected(rows: list[dict[str, Any]]) -> None:
    # A file of which no row can be loaded is an error: one can.
    sound = {"claim": "9", "line": "1", "dos": "2024-01-05", "charge": "10", "paid": "0", "denial code": None}
    rows = [sound, *map(_with_code, rows)]
    claims = cx.read_wide(pd.DataFrame(rows, dtype="str"), quiet=True, progress=False)
    assert balanced(claims)
    account = claims.accounting().set_index("table_name").loc[ROWS]
    rejects = claims.rejects.query("action == 'rejected' and table_name == @ROWS")
    # A row without a claim may be the sum of others, by chance: its dollars are theirs.
    totals = {*rejects.location[rejects.reason.str.startswith("a total of other rows")]}
    own = [each for place, each in enumerate(rows, 1) if f"row {place}" not in totals]
    assert round(account.amount_read * 100) == sum(CENTS.get(each["charge"], 0) for each in own)
    assert (account["read"], account.rejected) == (len(rows), len(rejects))
    assert round(account.amount_rejected * 100) == round(rejects.amount.sum() * 100)


def test_a_copy_of_a_reason_without_dollars_has_none(tmp_path: Path) -> None:
    """The reason is of the row of its line that has the dollars, and says no more than that one: they count once."""
    claims = read(
        tmp_path,
        """
        claim | line | charge | dos        | paid | denial code
        1     | 1    | 10     | 2024-01-05 | 0    | CO-45
        1     | 1    | -      | 2024-01-05 | 0    | CO-45
        2     | 1    | -      | 2024-01-05 | 0    | CO-45
        2     | 1    | 20     | 2024-01-05 | 0    | CO-45
        """,
    )
    account = claims.accounting().set_index("table_name").loc[ROWS]
    assert (account["read"], account.loaded, account.rejected) == (4, 2, 2)
    assert (account.amount_read, account.amount_rejected) == (30, 0)


def test_charges_that_cannot_be_read_are_missing_and_said_so(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | charge | dos
        1     | 1    | 100    | 2024-01-05
        1     | 2    |        | 2024-01-05
        2     | 1    | 40     | bad
        3     | 1    | ten    | 2024-01-05
        4     | 1
        """,
    )
    account = claims.accounting().set_index("table_name").loc[ROWS]
    assert (account["read"], account.loaded, account.rejected) == (5, 2, 3)
    assert (account.amount_read, account.amount_loaded, account.amount_rejected) == (140.0, 100.0, 40.0)
    words = (
        "rows without a charge that can be read, which the dollars of accounting lack: 1 loaded, 2 rejected"
    )
    assert ("", words) in said(claims, "noted")


def test_a_file_without_charges_has_no_dollars_and_rejected_rows_have_theirs() -> None:
    none = pd.DataFrame({"claim": ["1", None], "cpt": ["99213", "99213"]})
    account = cx.read_wide(none, quiet=True, progress=False).accounting().set_index("table_name").loc[ROWS]
    assert pd.isna(account.amount_read) and (account["read"], account.rejected) == (2, 1)
    rejected = pd.DataFrame({"claim": ["1", None], "charge": ["3", "5"]}, dtype="str")
    claims = cx.read_wide(rejected, quiet=True, progress=False)
    account = claims.accounting().set_index("table_name").loc[ROWS]
    assert (account.amount_read, account.amount_loaded, account.amount_rejected) == (8.0, 3.0, 5.0)


@pytest.mark.parametrize("count", [50, 120])
def test_every_rejected_row_stands_in_rejects(count: int) -> None:
    """Repairs of one kind are listed up to fifty; what was rejected, always."""
    frame = pd.DataFrame(
        {
            "claim": [str(i) for i in range(2 * count)],
            "charge": ["ten", "(5.00)"] * count,
        }
    )
    claims = cx.read_wide(frame, quiet=True, progress=False)
    places = [
        place for place, reason in said(claims, "rejected") if reason == "charge_amount: not an amount: ten"
    ]
    assert places == [f"row {1 + 2 * i}" for i in range(count)]
    contents = claims.rejects.query("action == 'rejected'").content.tolist()
    assert contents == [f"{2 * i}, ten" for i in range(count)]
    repaired = said(claims, "repaired")
    assert len(repaired) == min(count, 50) + (count > 50)
    assert claims.accounting().set_index("table_name").loc[ROWS].rejected == count
