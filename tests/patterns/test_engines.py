"""Patterns give the same rows on each engine: those whose SQL is longest, since Spark takes seconds for each query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from cpticd import patterns
from cpticd.claims import Claims
from tests.spec import SPEC, claims_of

CALLS: dict[Callable[..., pd.DataFrame], dict[str, Any]] = {
    patterns.association: {"min_observed": 1, "unit": "person", "stratify": ("payer", "diagnoses_on_line")},
    patterns.providers: {
        "measure": "pair",
        "code": "99213",
        "diagnosis": "I10",
        "adjust": "payer",
        "min_lines": 1,
    },
    patterns.drift: {"min_lines": 1, "min_months": 1, "dates": ("2024-01-01", "2024-03-31")},
}


def test_every_engine_gives_the_same(spec: Claims) -> None:
    duckdb = spec if spec.engine.name == "duckdb" else claims_of(**SPEC)
    for call, arguments in CALLS.items():
        here, there = call(spec, **arguments), call(duckdb, **arguments)
        assert len(there) or call is patterns.providers, call  # these claims name no providers
        pd.testing.assert_frame_equal(here, there, check_dtype=False, obj=call.__name__)
        assert here.attrs["contract"] == there.attrs["contract"]
