"""How large an effect would have been found: said where a list of what passes is short or empty."""

from __future__ import annotations

import math
from typing import Final

#: Chance of finding an effect that is called detectable.
POWER: Final = 0.8


def detectable(tested: int, lines: float, rate: float, found: int, q: float) -> str:
    """Which difference of rates would have been found, in words; '' where nothing was tested.

    tested: candidates of the level; lines: of one of usual size; rate: denied of all lines; found: candidates that
    passed; q: the false discovery rate. The last of ``found`` passes Benjamini-Hochberg at q × found / tested; beyond
    it the normal approximation adds what a chance of ``POWER`` needs. Lines are rounded down to 1, 2 or 5 times
    a power of ten: of a single candidate, which may be of few persons, they would be its count.
    """
    from scipy.special import ndtri

    if not tested or not 0 < rate < 1 or not lines > 0:
        return ""
    usual = _at_least(lines)
    z = float(ndtri(POWER) - ndtri(min(0.5, q * max(found, 1) / tested)))
    points = 100 * z * math.sqrt(rate * (1 - rate) / usual)
    return (
        f"{tested:,} looked at; of {usual:,.0f} independent lines, {points:.1f} points above the expected would have "
        f"been found in {POWER:.0%} of cases".replace("%", " %")
    )


def _at_least(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, … that is not above the value."""
    step = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return max(times * step for times in (1, 2, 5) if times * step <= max(value, 1.0))
