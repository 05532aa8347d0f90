"""Intervals, design effects, shrinkage, tests and control limits: arrays in, arrays of the same shape out.

A missing number (NaN) in gives a missing number out and takes no part in anything else. scipy does the work
where it has it, and is imported when first needed, so that importing cpticd stays fast; the tests hold the
rest against statsmodels, which takes a second or two to import.
"""

from cpticd.stats.control import laney_p_prime
from cpticd.stats.dependence import Clusters, Dependence, correlation, dependence
from cpticd.stats.excess import benjamini_hochberg, hypergeometric_cumulants, stratified_excess
from cpticd.stats.intervals import (
    newcombe,
    normal_quantile,
    quantile,
    ratio_interval,
    ratio_interval_of_sums,
    wilson,
)
from cpticd.stats.ratios import (
    ClusterSums,
    Products,
    Ratio,
    rate_dependence,
    ratio_dependence,
    ratio_of_lines,
)
from cpticd.stats.shrinkage import exceedance, shrink
from cpticd.stats.survival import kaplan_meier

__all__ = [
    "ClusterSums",
    "Clusters",
    "Dependence",
    "Products",
    "Ratio",
    "benjamini_hochberg",
    "correlation",
    "dependence",
    "exceedance",
    "hypergeometric_cumulants",
    "kaplan_meier",
    "laney_p_prime",
    "newcombe",
    "normal_quantile",
    "quantile",
    "rate_dependence",
    "ratio_dependence",
    "ratio_interval",
    "ratio_interval_of_sums",
    "ratio_of_lines",
    "shrink",
    "stratified_excess",
    "wilson",
]


def __dir__() -> list[str]:
    return list(__all__)
