"""A result carries its contract by a short key; a selection keeps it, a computed frame does not claim it."""

from __future__ import annotations

import copy
import json
import pickle
import timeit

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.contract import ATTRIBUTE, amend, attach, carry, records_of
from cpticd.core.errors import ArgumentError


def result() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "payer": ["North", "North", "South"],
            "hcpcs_code": ["99213", "99214", "99213"],
            "n": [10, 20, 40],
            "rate": [0.1, 0.25, 0.5],
        }
    )
    words = {"numerator": "denied lines", "denominator": "adjudicated lines", "clock": "first adjudication"}
    return attach(frame, measure="denial rate", records={"rules": [{"rule": "a"}] * 50}, **words)


@pytest.mark.parametrize(
    "part",
    [
        lambda f: f,
        lambda f: f.head(1),
        lambda f: f[f["rate"] > 0.2],
        lambda f: f[["payer", "rate"]],
        lambda f: f["rate"],
        lambda f: f.sort_values("rate").reset_index(drop=True),
        lambda f: f.set_index("payer"),
        lambda f: f.assign(note="x"),
        lambda f: pd.concat([f.head(1), f.tail(1)]),
        lambda f: pickle.loads(pickle.dumps(f)),
        copy.deepcopy,
    ],
)
def test_a_selection_of_rows_and_columns_keeps_the_contract(part) -> None:
    found = cx.contract(part(result()))
    assert found["denominator"] == "adjudicated lines"
    assert len(found.records["rules"]) == 50


@pytest.mark.parametrize(
    "computed",
    [
        lambda f: f.groupby("payer").sum(numeric_only=True),
        lambda f: f.groupby("payer", as_index=False)["n"].sum(),
        lambda f: f.groupby("payer", as_index=False).agg(n=("n", "sum"), rate=("rate", "mean")),
        lambda f: f.assign(rate=f["rate"] * 100),
        lambda f: f.pivot_table(index="payer", columns="hcpcs_code", values="n", aggfunc="sum"),
        lambda f: f.describe(),
        lambda f: f.merge(pd.DataFrame({"payer": ["North"] * 3}), on="payer"),
        lambda f: pd.DataFrame({"payer": ["North"]}),
        lambda f: f.rename(columns=str.upper),
    ],
)
def test_a_computed_frame_does_not_claim_the_contract(computed) -> None:
    with pytest.raises(ArgumentError, match="contract: this frame"):
        cx.contract(computed(result()))


def test_what_carries_none_says_what_to_give() -> None:
    with pytest.raises(ArgumentError, match="carries none"):
        cx.contract(pd.DataFrame({"n": [1]}))
    with pytest.raises(ArgumentError, match="found list"):
        cx.contract([1])  # type: ignore[arg-type]


def test_what_pandas_copies_is_one_short_text() -> None:
    frame = result()
    key = frame.attrs[ATTRIBUTE]
    assert isinstance(key, str) and len(key) < 60
    assert json.loads(json.dumps(frame.attrs)) == {ATTRIBUTE: str(key)}
    assert frame.head(1).attrs[ATTRIBUTE] is key
    bare = result()
    bare.attrs = {}
    # With records in attrs a column cost 34 times as much; a key costs next to nothing.
    with_key, without = (min(timeit.repeat(lambda f=f: f["n"], number=500, repeat=5)) for f in (frame, bare))
    assert with_key < 5 * without


def test_equal_terms_give_equal_keys_and_others_do_not() -> None:
    assert result().attrs == result().attrs
    assert amend(result(), selection={"payer": "North"}).attrs != result().attrs


def test_terms_are_amended_and_carried() -> None:
    whole = result()
    part = carry(whole, whole.groupby("payer", as_index=False)["n"].sum())
    assert cx.contract(part)["measure"] == "denial rate"
    more = amend(part.copy(), {"totals": [1]}, measure="other")
    assert cx.contract(more)["measure"] == "other" and set(records_of(more)) == {"rules", "totals"}
    assert cx.contract(part)["measure"] == "denial rate"


def test_results_of_a_selection_say_which() -> None:
    claims = cx.simulate(persons=40, seed=3).claims
    payer = claims.table("claims")["payer"].iloc[0]
    assert "selection" not in cx.contract(cx.denials.rates(claims))
    assert cx.contract(cx.denials.rates(claims.where(payer=payer)))["selection"] == {"payer": [payer]}
