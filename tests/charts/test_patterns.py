"""What the figures of coding patterns show: the frame's numbers, its order, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from cpticd import charts
from cpticd.charts.format import cell, expectation
from cpticd.core.contract import amend
from cpticd.core.errors import ArgumentError
from tests.charts.samples import frame

ASSOCIATION = frame(
    """
    hcpcs_code|diagnosis_code|observed|expected|lift|ebgm|eb05|eb95|q_value|persons
    77065     |N6310         |      12|     0.1| 120|  60|  36|  94|  0.001|      9
    99213     |<b>I10        |     400|     300| 1.3| 1.3| 1.2| 1.5|   0.02|    200
    36415     |Z00           |       5|      10| 0.5| 0.6| 0.3| 1.1|       |      5
    """
)
_FUNNEL = "lines|observed|rate|expected|ratio|precision|z_adjusted|q_value|lower_95|upper_95|lower_998|upper_998|position"
FUNNEL = frame(
    f"""
    provider|{_FUNNEL}
    1234567890|300|60|0.2|20|3.0|20|9.0|0.0001|0.5|1.5|0.3|1.7|above 99.8 %
    B|500|30|0.06|50|0.6|50|-2.5|0.05|0.7|1.3|0.5|1.5|below 95 %
    C|900|90|0.1|90|1.0|90|0.0|0.9|0.8|1.2|0.7|1.3|within 95 %
    D|90|90|1.0|90|1.0||||||||not comparable
    """,
    measure="share of 99214 by provider",
    case_mix=["payer", "place"],
    overdispersion="additive",
).astype({"provider": str})
MIX = frame(
    """
    family|period    |level|codes|lines|family_lines|share|low |high|mean_level
    visit |2024-01-01|    3|99213|   60|         100| 0.60|0.50|0.69|3.4
    visit |2024-01-01|    4|99214|   40|         100| 0.40|0.31|0.50|3.4
    visit |2024-04-01|    3|99213|   50|          50| 1.00|0.93|1.00|3.0
    visit |2024-04-01|    4|99214|    0|          50| 0.00|0.00|0.07|3.0
    """
).astype({"codes": str})
GROUPS = MIX.assign(rendering_npi=["1999000545"] * 2 + ["1999000551"] * 2).drop(columns="period")
GROUPS = GROUPS[["family", "rendering_npi", *GROUPS.columns[1:-1]]]
MONTHS = [f"2024-0{month}-01" for month in range(1, 7)]
DRIFT = pd.DataFrame(
    {
        "hcpcs_code": ["90471", "99213"], "diagnosis_code": ["Z23", "I10"], "kind": ["appears", "not tested"],
        "change_date": pd.to_datetime(["2024-04-01", None]), "change_from": pd.to_datetime(["2024-03-01", None]),
        "change_to": pd.to_datetime(["2024-04-01", None]), "share_before": [0.0, None], "share_after": [0.5, None],
        "q_value": [0.0001, None], "month_lines": [[0, 0, 0, 4, 6, 5], [1, 1, 1, 1, 1, 1]],
        "month_procedure_lines": [[10, 0, 10, 10, 10, 10], [9, 9, 9, 9, 9, 9]],
    }
)  # fmt: skip
amend(DRIFT, months=MONTHS)
NETWORK = frame(
    """
    hcpcs_code|diagnosis_code|hcpcs_family|diagnosis_family|lines|persons|charge_amount|denial_rate|low|high|ebgm
    99213|I10|Evaluation|09 Circulatory|400|200|50000|0.25|0.2|0.3|1.2
    80053|E119|Pathology|04 Endocrine|100|90|9000|0.05|0.02|0.1|3.0
    99213|E119|Evaluation|04 Endocrine|50|40|4000|||| 2.0
    """
)
ALL = [
    (charts.association, ASSOCIATION),
    (charts.providers, FUNNEL),
    (charts.mix, MIX),
    (charts.mix, GROUPS),
    (charts.drift, DRIFT),
    (charts.network, NETWORK),
]


def texts(fig: go.Figure) -> list[str]:
    return [note.text for note in fig.layout.annotations]


@pytest.mark.parametrize(("chart", "sample"), ALL)
def test_every_figure_has_a_title_and_no_missing_numbers(
    chart: Callable[..., go.Figure], sample: pd.DataFrame
) -> None:
    fig = chart(sample)
    assert fig.layout.title.text
    assert not re.search(r"\b(nan|NaT|inf)\b", fig.to_json().replace("nance", ""))
    assert fig.to_json() == chart(sample).to_json()
    dark = chart(sample, theme="dark")
    assert dark.layout.template.layout.paper_bgcolor != fig.layout.template.layout.paper_bgcolor


@pytest.mark.parametrize(("chart", "sample"), ALL)
def test_an_empty_frame_says_so_and_a_wrong_one_is_refused(
    chart: Callable[..., go.Figure], sample: pd.DataFrame
) -> None:
    assert texts(chart(sample.head(0)))[0].startswith("No ")
    with pytest.raises(ArgumentError, match=r"no column .* give the DataFrame of patterns\."):
        chart(sample.drop(columns=sample.columns[0]))
    with pytest.raises(ArgumentError, match=r"found list; give the DataFrame of patterns\."):
        chart([1])


def test_association_draws_shrunk_and_raw_ratios_in_the_frames_order() -> None:
    fig = charts.association(ASSOCIATION)
    raw, shrunk = fig.data
    assert list(raw.x) == [120, 1.3, 0.5]
    assert list(shrunk.x) == [60, 1.3, 0.6]
    assert list(shrunk.error_x.array) == [34, 0.2, 0.5]
    assert list(shrunk.error_x.arrayminus) == [24, 0.1, 0.3]
    assert fig.layout.yaxis.ticktext[1] == "99213 × &lt;b&gt;I10"
    assert fig.layout.xaxis.type == "log"
    assert shrunk.customdata[0][1:4] == ("12", "0.1", "9") or list(shrunk.customdata[0][1:4]) == [
        "12",
        "0.1",
        "9",
    ]
    assert "1 of 3 pairs shown" in texts(charts.association(ASSOCIATION, max_pairs=1))[-1]


def test_providers_colours_by_position_and_names_the_furthest() -> None:
    fig = charts.providers(FUNNEL)
    points = {trace.name: list(trace.y) for trace in fig.data if trace.mode == "markers"}
    assert points == {"within 95 %: 1": [1], "beyond 95 %: 1": [0.6], "beyond 99.8 %: 1": [3]}
    upper = next(trace for trace in fig.data if trace.name == "99.8 % limits" and trace.showlegend)
    assert (list(upper.x), list(upper.y)) == ([20, 50, 90], [1.7, 1.5, 1.3])
    assert texts(fig) == ["1234567890"]
    assert not texts(charts.providers(FUNNEL, max_labels=0))
    assert fig.layout.title.text == "Providers: share of 99214"
    assert "payer, place" in fig.layout.title.subtitle.text
    assert "τ²" in fig.layout.title.subtitle.text
    assert fig.layout.yaxis.range[1] > 3


def test_mix_stacks_levels_by_period_or_by_group() -> None:
    fig = charts.mix(MIX)
    assert [bar.name for bar in fig.data] == ["level 3 (99213)", "level 4 (99214)"]
    assert [list(bar.y) for bar in fig.data] == [[0.6, 1], [0.4, 0]]
    assert list(fig.layout.xaxis.ticktext) == ["2024-01", "2024-04"]
    assert texts(fig) == ["3.40", "3.00"]
    sideways = charts.mix(GROUPS)
    # The lowest mean level stands below; a provider's number is a name.
    assert list(sideways.layout.yaxis.ticktext) == ["1999000551", "1999000545"]
    assert [list(bar.x) for bar in sideways.data] == [[0.6, 1], [0.4, 0]]
    assert [list(bar.y) for bar in sideways.data] == [[1, 0], [1, 0]]
    assert "1 of 2 groups shown" in texts(charts.mix(GROUPS, max_groups=1))[-1]


def test_mix_refuses_what_one_figure_cannot_show() -> None:
    with pytest.raises(ArgumentError, match="found 2 families; choose one"):
        charts.mix(pd.concat([MIX, MIX.assign(family="other")]))
    both = pd.concat([MIX.assign(payer=payer) for payer in ("North", "South")])
    with pytest.raises(ArgumentError, match="several groups and several periods"):
        charts.mix(both[["family", "payer", *MIX.columns[1:]]])


def test_drift_draws_each_months_share_and_the_change() -> None:
    fig = charts.drift(DRIFT)
    points, before, after = fig.data
    assert list(points.y) == [0, None, 0, 0.4, 0.6, 0.5]
    assert (list(before.x), list(before.y)) == (["2024-01-01", "2024-04-01"], [0, 0])
    assert (list(after.x), list(after.y)) == (["2024-04-01", "2024-06-01"], [0.5, 0.5])
    band = fig.layout.shapes[0]
    assert (band.x0, band.x1) == ("2024-03-01", "2024-05-01")
    assert texts(fig)[0] == "90471 × Z23: appears Apr 2024, q &lt;0.001"
    lost = DRIFT.copy()
    lost.attrs = {}
    with pytest.raises(ArgumentError, match="names no months"):
        charts.drift(lost)


def test_network_draws_thicker_what_is_more_and_leaves_out_the_rest() -> None:
    fig = charts.network(NETWORK)
    lines = [trace for trace in fig.data if trace.mode == "lines"]
    assert len(lines) == 3
    widths = [trace.line.width for trace in lines]
    assert widths == sorted(widths)  # drawn last, the strongest lies on top
    edges = next(trace for trace in fig.data if trace.name == "edges")
    assert [row[0] for row in edges.customdata] == ["99213 × I10", "80053 × E119", "99213 × E119"]
    assert edges.customdata[2][4] == "–"
    # Two procedures and two diagnoses lie so that no lines cross.
    left = next(trace for trace in fig.data if trace.name == "procedures")
    right = next(trace for trace in fig.data if trace.name == "diagnoses")
    assert [row[0] for row in left.customdata] in (["80053", "99213"], ["99213", "80053"])
    assert ([row[0] for row in left.customdata] == ["80053", "99213"]) == (
        [row[0] for row in right.customdata] == ["E119", "I10"]
    )
    few = charts.network(NETWORK, max_edges=1, color="ebgm")
    assert "1 of 3 edges shown" in texts(few)[-1]
    with pytest.raises(ArgumentError, match=r"no column 'ebgm'.*associate=True"):
        charts.network(NETWORK.drop(columns="ebgm"), color="ebgm")
    with pytest.raises(ArgumentError, match="color 'lines' is unknown"):
        charts.network(NETWORK, color="lines")


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        ("ebgm", 52.14, "52.14×"), ("mean_low", 3.4, "3.40"), ("share_after", 0.5, "50.0 %"), ("ratio", 1.5, "1.50×"),
        ("change_from", pd.Timestamp("2024-03-01"), "2024-03-01"), ("expected", 0.25, "25.0 %"), ("pmi", 1.5, "1.50"),
    ],
)  # fmt: skip
def test_cells_of_patterns_have_their_units(column: str, value: Any, written: str) -> None:
    assert cell(column, value) == written


def test_expected_beside_observed_is_a_count() -> None:
    shown = charts.text_table(ASSOCIATION, columns=["hcpcs_code", "observed", "expected"])
    assert shown.splitlines()[3].split() == ["99213", "400", "300"]
    assert [expectation(value) for value in (0, 0.0431, 1.84, None)] == ["0", "0.043", "1.8", "–"]
