"""Denials: how often, for what, of which pairs, since when, and those that do not look like one."""

from cpticd.denials.delay import delay
from cpticd.denials.explanation import explain
from cpticd.denials.overturned import overturned
from cpticd.denials.pair_rates import by_pair
from cpticd.denials.rates import causes, rates
from cpticd.denials.silent import silent, silent_by_payer
from cpticd.denials.trend import trend

__all__ = [
    "by_pair",
    "causes",
    "delay",
    "explain",
    "overturned",
    "rates",
    "silent",
    "silent_by_payer",
    "trend",
]


def __dir__() -> list[str]:
    return list(__all__)
