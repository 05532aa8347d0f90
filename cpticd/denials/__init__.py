"""Denials: how often, for what, of which pairs, since when, and those that do not look like one."""

from cpticd.denials.cube import cube
from cpticd.denials.dimensions import CLAIM_DIMENSIONS, LINE_DIMENSIONS
from cpticd.denials.explanation import explain
from cpticd.denials.over_time import payment_delay, trend
from cpticd.denials.pair_rates import by_pair
from cpticd.denials.rates import causes, rates
from cpticd.denials.silent import silent

__all__ = [
    "CLAIM_DIMENSIONS",
    "LINE_DIMENSIONS",
    "by_pair",
    "causes",
    "cube",
    "explain",
    "payment_delay",
    "rates",
    "silent",
    "trend",
]
