"""Kinds of conditions to review, what became of each, and the names of their totals."""

from __future__ import annotations

from typing import Final

#: Kinds of gaps: the evidence that a condition is there and not coded.
KINDS: Final = (
    "lapsed", "unspecified", "combination", "implied", "measured", "drug", "external", "learned",
)  # fmt: skip
#: The other kind: a coded condition whose support is thin. It alone lowers a score.
UNSUPPORTED: Final = "unsupported"
#: What became of a gap in the measurement year, by its ``place`` (cpticd.risk.gap_found).
STATUSES: Final = ("open", "closed by the same HCC", "closed by a higher HCC", "closed by a lower HCC")
OPEN: Final = STATUSES[0]
#: Totals that are sums of kinds: all persons as coded, all gaps, and all persons after review of both directions.
CODED: Final = "coded"
GAPS: Final = "gaps"
REVIEWED: Final = "reviewed"
