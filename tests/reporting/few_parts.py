"""Reports of a few parts: for tests that ask how a report is written, not what all of it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pandas as pd
import pytest

from cpticd.core.errors import CpticdError
from cpticd.core.measure import Measure, Part
from cpticd.reporting import findings

#: Parts that a terminal and the first sections show, without those that take long.
BASIC: Final = (
    "summary",
    "accounting",
    "rejects",
    "lines",
    "claims",
    "charge",
    "final",
    "payers",
    "causes",
    "pairs",
)
RISK: Final = (
    "risk_gaps",
    "risk_unsupported",
    "risk_impact",
    "risk_prevalence",
    "risk_recapture",
    "risk_reasons",
)


@contextmanager
def only(*keys: str) -> Iterator[None]:
    """While it lasts, a report works out these parts alone; of the others it has a reason, as of what data lack."""
    declared = findings.declared
    assert {part.key for _, part in declared()} >= set(keys), "a part of that name is not declared"

    def lacks(*_: object, **__: object) -> pd.DataFrame:
        raise CpticdError("left out of this report")

    def few() -> Iterator[tuple[Measure, Part]]:
        for measure, part in declared():
            if part.key in keys:
                yield measure, part
            else:
                yield dataclasses.replace(measure, function=lacks), dataclasses.replace(part, strict=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "declared", few)
        yield
