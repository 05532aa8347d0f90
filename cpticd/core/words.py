"""Numbers as sentences write them; charts and tables write them the same way."""

from __future__ import annotations


def percent(share: float, digits: int = 1) -> str:
    """A share of one: ``12.4 %``."""
    return f"{100 * share:,.{digits}f} %"


def interval(low: float, high: float) -> str:
    """An interval of a share: ``8.1–12.3 %``."""
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def points(difference: float) -> str:
    """A difference of two shares, with its sign: ``+2.3``."""
    return f"{100 * difference:+,.1f}"
