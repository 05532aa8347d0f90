"""What a measure declares leaves; what none declares is refused."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.errors import DisclosureError
from cpticd.disclosure import Release
from tests.small_claims import small_claims


@pytest.fixture(scope="module")
def claims() -> Claims:
    return small_claims()


def test_what_no_measure_declares_is_refused_by_its_name(claims: Claims) -> None:
    own = pd.DataFrame({"hcpcs_code": ["93000"], "n": [3]})
    computed = cx.denials.rates(claims, by="payer").groupby("payer", as_index=False)["n"].sum()
    computed.attrs = {}
    for table in (own, computed):
        with pytest.raises(DisclosureError, match="own part: no measure declares"):
            Release(claims).add("own part", table)
        with pytest.raises(DisclosureError):
            disclosure.protect(table)
    with disclosure.using(minimum=1):
        assert Release(claims).add("own part", own)["own part"]["n"].tolist() == [3]


def test_records_of_a_measure_leave_under_pseudonyms(claims: Claims) -> None:
    silent = cx.denials.explain(claims, claims.table("lines").head(3))
    shown = Release(claims).add("explained", silent)["explained"]
    assert shown["claim_id"].str.startswith("claim ").all()
