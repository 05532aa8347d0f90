"""What became of denials, by hand on the spec's claims and against its own declaration."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import leaves, measure_of
from tests.spec import shown


def test_by_hand(spec: Claims) -> None:
    # Denied at first: C1's second line (paid 175 in the end), C2 (stays denied), C5's first (has no date), C8's first.
    # The last adjudication is of 2024-05-25: C8, first answered on 2024-03-10, is not yet 90 days old.
    found = cx.denials.overturned(spec, maturity_days=90)
    columns = ("denied_lines", "persons", "overturned_lines", "rate", "denied_amount", "overturned_amount")
    assert shown(found, *columns) == [(3, 3, 1, 0.3333, 360.0, 200.0)]
    assert cx.contract(found)["rows_left_out"] == 1
    by_payer = cx.denials.overturned(spec, by="payer", maturity_days=0)
    assert shown(by_payer, "payer", "denied_lines", "overturned_lines") == [
        ("North", 2, 1),
        ("Plan", 1, 0),
        ("South", 1, 0),
    ]


def test_of_nothing_denied_there_is_no_rate(spec: Claims) -> None:
    found = cx.denials.overturned(spec.where(hcpcs="70450"))
    assert shown(found, "denied_lines", "overturned_lines", "rate") == [(0, 0, None)]
    with pytest.raises(ArgumentError, match="expected distinct names"):
        cx.denials.overturned(spec, by="shoe_size")


def test_it_agrees_with_the_table_of_lines() -> None:
    claims = cx.simulate(persons=300, seed=5).claims
    lines = claims.table("line_outcomes")
    last = claims.table("adjudications")["paid_date"].max()
    denied = lines[
        (lines["initial_outcome"] == "denied") & ~(lines["first_paid_date"] > last - pd.Timedelta(days=90))
    ]
    expected = denied.groupby("payer")["final_outcome"].agg(
        denied_lines="size", overturned_lines=lambda s: s.isin(["paid", "partly denied"]).sum()
    )
    found = cx.denials.overturned(claims, by="payer").set_index("payer")[["denied_lines", "overturned_lines"]]
    pd.testing.assert_frame_equal(found.sort_index(), expected.sort_index(), check_dtype=False)


def test_one_declaration_gives_its_shape_words_and_tile() -> None:
    claims = cx.simulate(persons=300, seed=5).claims
    whole, payers = cx.denials.overturned(claims), cx.denials.overturned(claims, by="payer")
    measure = measure_of(whole)
    assert measure is not None and measure.grain.startswith("One row per group")
    assert leaves(payers).by == ("payer",)
    label, value, note = measure.tile(whole)
    assert (
        label == "Overturned"
        and value == f"{100 * whole['rate'].iloc[0]:.1f} %"
        and "settled denials" in note
    )
    assert measure.tile(payers) is None
    assert f"{whole['denied_lines'].iloc[0]:,} lines denied at first" in measure.sentence(payers)
    released = cx.disclosure.Release(claims).add("overturned", cx.denials.overturned(claims, by="hcpcs_code"))
    few = released["overturned"]
    assert few["overturned_lines"].isna().any() and few["persons"].dropna().ge(11).all()
