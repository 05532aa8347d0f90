"""The oracle's scores of the sampled beneficiaries: worked out once, read by the tests of several files."""

from __future__ import annotations

import functools

from tests.risk import beneficiaries, oracle, oracle_data


@functools.cache
def expected(model: str, payment_year: int, persons: int = beneficiaries.PERSONS) -> list[oracle.Score]:
    """The sample's score by the oracle, one per person in the sample's order."""
    sample = beneficiaries.sample(model, payment_year, persons=persons)
    tables = oracle_data.tables(model, payment_year)
    return [oracle.score(model, p, c, tables) for p, c in zip(sample.persons, sample.codes, strict=True)]
