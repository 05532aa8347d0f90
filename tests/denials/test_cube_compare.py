"""Views side by side: what a side without a denial shows."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.denials.cube import cube as cube_of
from cpticd.denials.cube_compare import compared


def test_a_payer_that_denied_nothing_has_a_rate_of_nothing_and_an_interval() -> None:
    rows = [
        {"Claim": f"{payer}{n}", "Patient": f"{payer}{n}", "Payer": payer, "CPT": "99213", "Dx": "I10",
         "DOS": "2025-01-05", "Charge": "100", "Paid": "0" if denied else "80", "Paid date": "2025-02-01",
         "Adj": "CO-50" if denied else "CO-45"}
        for payer, lines, bad in (("North", 100, 10), ("South", 80, 0))
        for n in range(lines)
        for denied in [n < bad]
    ]  # fmt: skip
    cube = cube_of(cx.read_wide(pd.DataFrame(rows), quiet=True, progress=False))
    causes = compared([(name, cube.view(payer=name)) for name in ("North", "South")]).causes.set_index("side")
    assert causes.loc["North", "rate"] == pytest.approx(0.1)
    assert causes.loc["South", ["n", "rate", "low"]].tolist() == [80, 0, 0]
    # Wilson's upper end of 0 of 80: z² / (n + z²).
    assert causes.loc["South", "high"] == pytest.approx(1.96**2 / (80 + 1.96**2), abs=1e-4)
    assert causes.loc["South", "difference"] == pytest.approx(-0.1)
