"""Charts: a DataFrame of an analysis in, an editable plotly figure out; nothing is computed but labels."""

from cpticd.charts.delay import delay
from cpticd.charts.matrix import pair_matrix
from cpticd.charts.outcomes import outcomes
from cpticd.charts.pareto import pareto
from cpticd.charts.payers import payer_comparison
from cpticd.charts.scatter import pair_scatter
from cpticd.charts.table import table, text_table
from cpticd.charts.trend import trend

__all__ = [
    "delay",
    "outcomes",
    "pair_matrix",
    "pair_scatter",
    "pareto",
    "payer_comparison",
    "table",
    "text_table",
    "trend",
]
