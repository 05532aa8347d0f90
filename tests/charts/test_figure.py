"""Every figure that the package returns is a plotly figure that uploads nothing, and can be read without plotly."""

from __future__ import annotations

import copy
import io
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from cpticd import charts
from cpticd.charts import picture, static
from cpticd.charts.figure import configured
from cpticd.core.errors import ArgumentError
from tests.charts.risk_samples import IMPACT
from tests.charts.samples import CAUSES, DELAY, PAIRS, TREND

PLOTLY = "application/vnd.plotly.v1+json"


def config_of(html: str) -> dict[str, Any]:
    """The configuration that a page hands to Plotly.newPlot, its last argument."""
    return json.loads(re.findall(r'\{[^{}]*"responsive": true[^{}]*\}', html)[-1])


@pytest.fixture
def renderer() -> Any:
    """plotly's renderer as in a notebook, put back afterwards."""
    before, config = pio.renderers.default, dict(pio.renderers["plotly_mimetype"].config)
    pio.renderers.default = "plotly_mimetype"
    yield pio.renderers["plotly_mimetype"]
    pio.renderers.default = before
    pio.renderers["plotly_mimetype"].config = config


def test_it_is_a_plotly_figure_that_is_copied_pickled_and_changed() -> None:
    figure = charts.causes(CAUSES)
    assert isinstance(figure, go.Figure)
    panels = charts.trend(TREND.assign(payer="North")[["payer", *TREND.columns]])
    for one in (figure, panels):
        for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert type(again) is type(figure)
            assert again == one
            assert config_of(again.to_html(include_plotlyjs=False))["showSendToCloud"] is False
    assert figure.update_layout(title_text="Mine").add_scatter(x=[1], y=["other"]) is figure
    assert panels.get_subplot(1, 1)


def test_the_upload_is_off_however_it_is_written() -> None:
    figure, file = charts.pair_matrix(PAIRS), io.StringIO()
    figure.write_html(file, include_plotlyjs=False)
    for html in (figure.to_html(include_plotlyjs=False), file.getvalue()):
        assert config_of(html)["showSendToCloud"] is False
        assert "plotly.com" not in html
    # plotly's own functions know no configuration of ours: the layout tells them.
    for html in (
        pio.to_html(figure, include_plotlyjs=False),
        go.Figure(figure).to_html(include_plotlyjs=False),
    ):
        assert re.search(r'"modebar":\{"remove":\["sendChartToCloud"\]\}', html)


def test_ones_own_configuration_is_merged_over_ours() -> None:
    html = charts.causes(CAUSES).to_html({"scrollZoom": True, "displaylogo": True}, include_plotlyjs=False)
    found = config_of(html)
    assert (found["scrollZoom"], found["displaylogo"], found["showSendToCloud"]) == (True, True, False)
    asked = configured({"showSendToCloud": True, "modeBarButtonsToAdd": ["drawline"]})
    assert asked["showSendToCloud"] is True
    assert asked["modeBarButtonsToAdd"] == ["drawline", "sendChartToCloud"]
    assert "plotlyServerURL" not in asked


def test_a_modebar_of_ones_own_is_kept() -> None:
    figure = charts.causes(CAUSES).update_layout(modebar_remove=["zoom"])
    assert pickle.loads(pickle.dumps(figure)).layout.modebar.remove == ("zoom",)


def test_a_notebook_gets_the_chart_and_a_table(renderer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figure, shown = charts.causes(CAUSES), []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    renderer.config = {"scrollZoom": True}
    figure._ipython_display_()
    figure.show(config={"editable": True})
    for bundle in (*shown, figure._repr_mimebundle_()):
        assert [*bundle] == [PLOTLY, "text/html"]
        assert bundle["text/html"] == figure._repr_html_()
        assert bundle[PLOTLY]["config"]["showSendToCloud"] is False
        assert bundle[PLOTLY]["config"]["scrollZoom"] is True
    assert [bundle[PLOTLY]["config"].get("editable") for bundle in shown] == [None, True]


def test_what_needs_no_plotly_has_no_table_beside_it(renderer: Any) -> None:
    pio.renderers.default = "plotly_mimetype+notebook_connected"
    bundle = charts.causes(CAUSES)._repr_mimebundle_()
    assert "Plotly.newPlot" in bundle["text/html"]
    assert config_of(bundle["text/html"])["showSendToCloud"] is False


def rows(html: str) -> list[list[str]]:
    lines = re.findall(r"<tr>(.*?)</tr>", html)
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", line)] for line in lines
    ]


def test_the_table_has_what_the_hover_says() -> None:
    html = static.html_of(charts.trend(TREND))
    assert rows(html) == [
        ["", "n", "denied", "rate"],
        ["2024-01-01", "100 lines", "10 lines", "10.0 % (limits 5.0–19.0 %)"],
        ["2024-02-01; above limit", "120 lines", "36 lines", "30.0 % (limits 6.0–18.0 %)"],
        ["2024-03-01; not yet complete", "20 lines", "1 lines", "5.0 % (limits 0.0–26.0 %)"],
    ]
    assert "<caption><b>Denial rate of service lines over time</b>" in html
    assert html.count('scope="row"') == 3
    assert html.count('scope="col"') == 3


def test_a_matrix_stays_a_matrix() -> None:
    assert rows(static.html_of(charts.pair_matrix(PAIRS))) == [
        ["", "E119", "I10"],
        ["80053", "-1", ""],
        ["99213", "+15", ""],
    ]


def test_what_stands_out_comes_first() -> None:
    html = static.html_of(charts.pair_scatter(PAIRS))
    assert [row[0] for row in rows(html)] == ["", "99213 × E119", "80053 × E119", "99213 × I10"]
    last = PAIRS.assign(q_value=[0.9, 0.01, None])
    assert rows(static.html_of(charts.pair_scatter(last)))[1][0] == "80053 × E119"


def test_what_is_left_out_of_the_table_is_counted() -> None:
    many = pd.concat([PAIRS.head(1)] * 70, ignore_index=True)
    many["hcpcs_code"] = [f"{number:05}" for number in range(70)]
    scatter = static.html_of(charts.pair_scatter(many))
    assert len(rows(scatter)) == 31
    assert "; 40 more rows are not shown.</p>" in scatter
    wide = many.assign(hcpcs_code="99213", diagnosis_code=[f"A{number:02}" for number in range(70)])
    assert rows(static.html_of(charts.pair_matrix(wide)))[0][-1] == "8 more columns"


def test_marks_of_one_name_stand_in_one_row_unless_they_contradict() -> None:
    figure = go.Figure()
    for number, text in (
        ("1", "coded: %{customdata[1]}"),
        ("2", "expected: %{customdata[1]}"),
        ("3", "coded: %{customdata[1]}"),
    ):
        figure.add_scatter(
            customdata=[["A", number]], hovertemplate=f"<b>%{{customdata[0]}}</b><br>{text}<extra></extra>"
        )
    assert rows(static.html_of(figure)) == [["", "coded", "expected"], ["A", "1", "2"], ["A", "3", ""]]


def test_where_there_is_nothing_to_draw_it_says_so_and_markup_of_the_data_stays_text() -> None:
    assert "No denied lines" in static.html_of(charts.causes(CAUSES.head(0)))
    html = static.html_of(charts.causes(CAUSES.assign(category="<script>alert(1)</script>")))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_rows_come_in_the_order_of_the_chart_and_sums_beside_a_matrix_stay() -> None:
    causes = [row[0] for row in rows(static.html_of(charts.causes(CAUSES)))]
    assert causes == ["", "medical necessity", "timely filing", "procedure, modifier"]
    table = rows(static.html_of(charts.impact_matrix(IMPACT)))
    assert table[0][-2:] == ["Unsupported", "Net"]
    assert table[1] == ["HCC 37 Diabetes, complicated", "+$3,000 (2)", "", "", "", "-$1,800 (1)", "+$1,200"]
    shares = pd.DataFrame({"payer": ["low", "high"], "rate": [0.1, 0.9]})
    upward = charts.intervals(shares, label="payer", x="rate", upward=True)
    assert [row[0] for row in rows(static.html_of(upward))] == ["", "high", "low"]


def test_a_long_curve_is_shown_from_end_to_end() -> None:
    days = pd.concat([DELAY.head(1).assign(day=day) for day in range(100)])
    html = static.html_of(charts.delay(days))
    assert "; one row of 4 is shown.</p>" in html
    assert [row[0] for row in rows(html)][1::24] == ["All claims, day 0", "All claims, day 96"]


def test_a_picture_says_what_to_install_and_which_kinds_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = charts.causes(CAUSES)
    with pytest.raises(ArgumentError, match=r"found 'bmp'; give one of \['png', 'svg'"):
        figure.to_image("bmp")
    monkeypatch.setattr(picture, "find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r"extra 'images'.*pip install 'cpticd\[images\]'.*Chrome"):
        figure.write_image("causes.png")
    with pytest.raises(ArgumentError, match=r"'causes' has no suffix; name a \.png or \.svg file"):
        figure.write_image("causes")


@pytest.mark.browser
def test_a_chart_is_drawn_as_png_and_svg_with_its_words(tmp_path: Path) -> None:
    kaleido = pytest.importorskip("kaleido", reason="the extra 'images' (kaleido) is not installed")
    figure = charts.causes(CAUSES)
    try:
        png = figure.to_image(width=400, height=300, scale=1)
    except ArgumentError as error:
        pytest.skip(f"{kaleido.__name__} finds no browser: {error}")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)] == [400, 300]
    figure.write_image(tmp_path / "causes.svg")
    text = (tmp_path / "causes.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg") and "medical necessity" in text
    assert not list(tmp_path.glob("*.writing"))
