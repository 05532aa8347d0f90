"""Denials: how often, for what, of which pairs, since when, and those that do not look like one."""

from cpticd.denials.decisions import decisions
from cpticd.denials.delay import delay
from cpticd.denials.drivers import drivers
from cpticd.denials.explanation import explain
from cpticd.denials.first_pass import first_pass
from cpticd.denials.flow import flow
from cpticd.denials.kpis import kpis
from cpticd.denials.open_denials import open, open_summary
from cpticd.denials.overturned import overturned
from cpticd.denials.pair_rates import by_pair
from cpticd.denials.primary import primary
from cpticd.denials.rates import causes, rates
from cpticd.denials.resolution import resolution
from cpticd.denials.returned import returned, returned_by_remark
from cpticd.denials.silent import silent, silent_by_payer
from cpticd.denials.trend import trend
from cpticd.denials.write_off import write_off

__all__ = [
    "by_pair",
    "causes",
    "decisions",
    "delay",
    "drivers",
    "explain",
    "first_pass",
    "flow",
    "kpis",
    "open",
    "open_summary",
    "overturned",
    "primary",
    "rates",
    "resolution",
    "returned",
    "returned_by_remark",
    "silent",
    "silent_by_payer",
    "trend",
    "write_off",
]


def __dir__() -> list[str]:
    return list(__all__)
