"""Charts: a DataFrame of an analysis in, an editable plotly figure out; nothing is computed but labels.

A chart has the name of the analysis whose frame it draws; ``pair_matrix`` and ``pair_scatter`` draw
``denials.by_pair``, ``rate_matrix`` draws ``denials.rates`` by two dimensions, ``impact_matrix`` and ``impact_persons``
draw ``risk.impact``, ``scorecard_scatter`` draws ``rules.scorecard``, ``outcomes`` a query over ``line_outcomes``.
``intervals``, ``bars``, ``matrix`` and ``steps`` draw any frame by the names of its columns, and ``pareto`` any amounts
with their running share; all charts are made of them.
No figure offers to upload itself, and each brings a table for readers without plotly (``Figure``). As a PNG or SVG
it is written by ``figure.write_image("causes.svg")`` (the extra ``images``).
"""

from cpticd.charts.associated_chart import associated, definition
from cpticd.charts.comorbidity_chart import comorbidity_summary
from cpticd.charts.condition_charts import prevalence, recapture, risk_explain, timeline
from cpticd.charts.declared import draw, sentence
from cpticd.charts.denial_charts import accounting, causes, delay, outcomes, pareto, rates, trend
from cpticd.charts.driver_charts import drivers, rate_matrix
from cpticd.charts.figure import Figure
from cpticd.charts.impact_charts import impact, impact_matrix, impact_persons
from cpticd.charts.ledger_chart import two_ledgers
from cpticd.charts.network_chart import network
from cpticd.charts.pair_charts import pair_matrix, pair_scatter
from cpticd.charts.panel_charts import model_bridge, population, provider_gaps
from cpticd.charts.pattern_charts import association, drift, mix, providers
from cpticd.charts.primitives import bars, intervals, matrix, steps
from cpticd.charts.resolution_charts import flow, open_summary, overturned, resolution
from cpticd.charts.rule_charts import residual_months, scorecard, scorecard_scatter
from cpticd.charts.specificity_charts import calendar, effect, share
from cpticd.charts.table import table, text_table
from cpticd.charts.value_chart import value

__all__ = [
    "Figure", "accounting", "associated", "association", "bars", "calendar", "causes", "comorbidity_summary",
    "definition", "delay", "draw", "drift", "drivers", "effect", "flow", "impact", "impact_matrix",
    "impact_persons", "intervals", "matrix", "mix", "model_bridge", "network", "open_summary", "outcomes",
    "overturned", "pair_matrix", "pair_scatter", "pareto", "population", "prevalence", "provider_gaps", "providers",
    "rate_matrix", "rates", "recapture", "residual_months", "resolution", "risk_explain", "scorecard",
    "scorecard_scatter", "sentence", "share", "steps", "table", "text_table", "timeline", "trend", "two_ledgers",
    "value",
]  # fmt: skip


def __dir__() -> list[str]:
    return list(__all__)
