"""Claims made of kinds of persons who differ in their conditions, and in the years and claims that code them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from tests.disclosure.kinds import KEYS

#: Diagnoses of a kind, joined by +.
CONDITIONS: Final = ("E119", "I509", "J449", "I4891", "N184", "E119+N184")
#: Months of the claims that code them.
PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "again": ("2023-07", "2024-02", "2024-03"),
    "lapsed": ("2023-07",),
    "new": ("2024-02", "2024-03"),
    "once": ("2024-03",),
    "once again": ("2023-07", "2024-02"),
}
#: What everybody has, in each year: whoever is not seen has no gap.
CHECKS: Final = ("2023-07", "2024-02")
CHECK: Final = "Z0000"
OTHER: Final = "M5450"
PAYER: Final = "North"
VISIT: Final = "99213"


def drawn(seed: int, *, small: float = 0.3) -> pd.DataFrame:
    """Kinds (condition, pattern, persons), a share of them of few persons."""
    random = np.random.default_rng(seed)
    rows = []
    for condition in CONDITIONS:
        rare = random.random() < small
        for pattern in PATTERNS:
            few = rare or random.random() < small
            rows.append((condition, pattern, int(random.integers(2, 9) if few else random.integers(30, 60))))
    # What else they come for, so that visits of a year are not all for conditions.
    rows += [(OTHER, pattern, 40) for pattern in ("again", "lapsed", "new")]
    return pd.DataFrame(rows, columns=["condition", "pattern", "persons"])


def lines_of(kinds: pd.DataFrame) -> pd.DataFrame:
    """One row per kind and line of its persons, as ``kinds.lines_of`` makes them: a visit for each diagnosis."""
    rows = []
    for kind, (condition, pattern, persons) in enumerate(
        kinds[["condition", "pattern", "persons"]].itertuples(index=False)
    ):
        seen = [(CHECK, month) for month in CHECKS]
        seen += [(code, month) for code in filter(None, condition.split("+")) for month in PATTERNS[pattern]]
        rows += [(kind, PAYER, VISIT, code, month, "paid", persons) for code, month in seen]
    return pd.DataFrame(rows, columns=["kind", *KEYS, "persons"]).assign(earlier=False)
