"""Charts: a DataFrame of an analysis in, an editable plotly figure out; nothing is computed but labels."""

from cpticd.charts.accounting import accounting
from cpticd.charts.delay import delay
from cpticd.charts.matrix import pair_matrix
from cpticd.charts.outcomes import outcomes
from cpticd.charts.pareto import pareto
from cpticd.charts.patterns_association import association
from cpticd.charts.patterns_drift import drift
from cpticd.charts.patterns_funnel import funnel
from cpticd.charts.patterns_mix import mix
from cpticd.charts.patterns_network import network
from cpticd.charts.payers import payer_comparison
from cpticd.charts.risk_matrix import hcc_kind_matrix
from cpticd.charts.risk_person import person_score
from cpticd.charts.risk_persons import impact_by_person
from cpticd.charts.risk_rates import coded_expected, recapture
from cpticd.charts.risk_waterfall import risk_waterfall
from cpticd.charts.rules import residual_timeline, rule_matrix, rule_scatter
from cpticd.charts.scatter import pair_scatter
from cpticd.charts.specificity import code_calendar, specificity_effect, unspecified_share
from cpticd.charts.table import table, text_table
from cpticd.charts.trend import trend
from cpticd.charts.two_ledgers import two_ledgers

__all__ = [
    "accounting",
    "association",
    "code_calendar",
    "coded_expected",
    "delay",
    "drift",
    "funnel",
    "hcc_kind_matrix",
    "impact_by_person",
    "mix",
    "network",
    "outcomes",
    "pair_matrix",
    "pair_scatter",
    "pareto",
    "payer_comparison",
    "person_score",
    "recapture",
    "residual_timeline",
    "risk_waterfall",
    "rule_matrix",
    "rule_scatter",
    "specificity_effect",
    "table",
    "text_table",
    "trend",
    "two_ledgers",
    "unspecified_share",
]
