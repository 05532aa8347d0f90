"""A pattern gives the same rows on each engine: the one whose SQL is longest, since Spark takes long for each query.

The others are built of the same pieces (``model.standing_lines``, ``code_pairs.pairs_of``) and plain aggregates.
"""

from __future__ import annotations

import pandas as pd

import cpticd as cx
from cpticd import patterns
from cpticd.claims import Claims
from tests.spec import SPEC, claims_of


def test_every_engine_gives_the_same(spec: Claims) -> None:
    def changes(claims: Claims) -> pd.DataFrame:
        return patterns.drift(claims.where(dates=("2024-01-01", "2024-03-31")), min_lines=1, min_months=1)

    here, there = changes(spec), changes(claims_of(**SPEC))
    assert len(there)
    pd.testing.assert_frame_equal(here, there, check_dtype=False)
    assert cx.contract(here) == cx.contract(there)
