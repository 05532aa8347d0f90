"""Tables for people: units by column name, escaped text, announced cuts."""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.core.errors import ArgumentError
from tests.charts.samples import RATES, TREND


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        ("rate", 0.1157, "11.6 %"),
        ("rate", float("nan"), "–"),
        ("denied_amount", 12345.6, "$12,346"),
        ("denied_amount", -7.5, "-$7.50"),
        ("denied_lines", 12345, "12,345"),
        ("excess_denials", 12.34, "12.3"),
        ("q_value", 0.00001, "<0.001"),
        ("lift", 2.314, "2.31×"),
        ("signal", True, "yes"),
        ("preventable", "partly", "partly"),
        ("top_carc", None, "–"),
        ("payer", "", "–"),
        ("paid_date", pd.Timestamp("2024-03-01"), "2024-03-01"),
        ("hcpcs_code", "00100", "00100"),
    ],
)
def test_cells_carry_the_unit_of_their_column(column: str, value: object, written: str) -> None:
    assert fmt.cell(column, value) == written


def test_html_is_escaped_and_numbers_are_marked() -> None:
    html = charts.table(RATES, columns=["payer", "n", "rate"])
    assert "<th>Payer</th>" in html
    assert '<td class="number">2,000</td><td class="number">20.0 %</td>' in html
    assert "<td>&lt;b&gt;East</td>" in html
    assert html == charts.table(RATES, columns=["payer", "n", "rate"])


def test_a_notebook_shows_text_to_the_left_and_numbers_in_one_line() -> None:
    html = charts.table(RATES.assign(payer="a name that needs some room"), columns=["payer", "n"])
    shown = html._repr_html_()
    assert '<th style="text-align:left">Payer</th><th class="number">n</th>' in shown
    assert '<td style="text-align:left;min-width:12em">a name that needs some room</td>' in shown
    assert '<td style="white-space:nowrap">2,000</td>' in shown
    assert '<td style="text-align:left">North</td>' in charts.table(RATES)._repr_html_()
    assert repr(html).startswith("<HTML table of 3 rows")


def test_rows_left_out_are_announced() -> None:
    assert "2 more rows not shown" in charts.table(RATES, max_rows=1)
    assert charts.text_table(RATES, max_rows=1).endswith("… 2 more rows")


def test_text_table_aligns_numbers_right() -> None:
    lines = charts.text_table(TREND, columns=["period", "n", "rate"]).splitlines()
    assert lines[0] == "Period        n    Rate"
    assert lines[4] == "2024-03-01   20   5.0 %"


def test_unknown_columns_are_refused() -> None:
    with pytest.raises(ArgumentError, match="no column 'cost'"):
        charts.table(RATES, columns=["cost"])
