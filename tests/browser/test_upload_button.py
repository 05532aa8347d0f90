"""No chart offers to upload itself, however it leaves the package; and where plotly draws, only the chart is seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import cpticd as cx
from cpticd.charts.figure import Figure
from tests.amount import first
from tests.browser.lab import Notebook
from tests.charts.samples import CAUSES, PAIRS

pytestmark = pytest.mark.browser
BUTTON = ".modebar-btn[data-attr='sendChartToCloud'], .modebar-btn[data-title^='Share chart']"
PLOTLY = "application/vnd.plotly.v1+json"


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """One page that goes from chart to chart: the browser need not compile plotly for each anew."""
    opened = browser.new_page()
    yield opened
    opened.close()


def buttons(page: Any, path: Path) -> tuple[int, int, list[str]]:
    """Of what a file shows: buttons that upload, all buttons of its charts, and what it asked of the network."""
    asked: list[str] = []

    def note(request: Any) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(path.as_uri())
    page.locator(".main-svg").first.wait_for()
    page.wait_for_timeout(200)
    page.locator(".js-plotly-plot").first.hover()
    found = page.locator(BUTTON).count(), page.locator(".modebar-btn").count()
    page.remove_listener("request", note)
    return *found, [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="module")
def offered(page: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where this release of plotly has no such button: then nothing could be found either."""
    path = tmp_path_factory.mktemp("bare") / "bare.html"
    go.Figure(cx.charts.causes(CAUSES).data).write_html(path)
    if not buttons(page, path)[0]:
        pytest.skip("this release of plotly offers no upload")


def drawn_from_json(figure: go.Figure, path: Path) -> None:
    """A page of somebody else's, that draws a figure's data and layout with no configuration at all."""
    body = f'<div id="here"></div><script>const f = {figure.to_json()}; Plotly.newPlot("here", f.data, f.layout)</script>'
    script = pio.to_html(go.Figure(), full_html=False).split("<script")[2].partition(">")[2]
    path.write_text(f"<script>{script.partition('</script>')[0]}</script>{body}", encoding="utf-8")


WAYS: dict[str, Callable[[Figure, Path], Any]] = {
    "write_html": lambda figure, path: figure.write_html(path),
    "own configuration": lambda figure, path: figure.write_html(path, {"scrollZoom": True}),
    "to_html": lambda figure, path: path.write_text(figure.to_html(), encoding="utf-8"),
    "plotly.io.write_html": pio.write_html,
    "a plain figure": lambda figure, path: go.Figure(figure).write_html(path),
    "from JSON": lambda figure, path: pio.from_json(figure.to_json()).write_html(path),
    "JSON alone": drawn_from_json,
}


@pytest.mark.parametrize("way", first(2, WAYS))
def test_a_chart_that_leaves_has_buttons_but_none_that_uploads(
    page: Any, offered: None, tmp_path: Path, way: str
) -> None:
    WAYS[way](cx.charts.pair_matrix(PAIRS), tmp_path / "chart.html")
    upload, every, asked = buttons(page, tmp_path / "chart.html")
    assert (upload, asked) == (0, [])
    assert every > 1


def test_the_report_offers_no_upload_and_asks_the_network_for_nothing(page: Any, report: Path) -> None:
    upload, every, asked = buttons(page, report)
    assert (upload, asked) == (0, [])
    assert every > 1


def test_who_asks_for_the_button_gets_it(page: Any, offered: None, tmp_path: Path) -> None:
    cx.charts.causes(CAUSES).write_html(tmp_path / "chart.html", {"showSendToCloud": True})
    assert buttons(page, tmp_path / "chart.html")[0] == 1


def saved(folder: Path, name: str) -> str:
    """A notebook with a chart in its output, as somebody sends it: run elsewhere, not trusted here."""
    figure = cx.charts.causes(CAUSES)
    forms = json.loads(json.dumps(figure._forms("plotly_mimetype", None, {})))
    cell = new_code_cell("figure", execution_count=1, outputs=[new_output("display_data", data=forms)])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=[cell], metadata=kernel), folder / name)
    return name


def test_jupyterlab_shows_the_chart_without_the_button_and_not_the_table(
    context: Any, lab: str, notebooks: Path
) -> None:
    notebook = Notebook(context, lab, saved(notebooks, "a_chart.ipynb"))
    output = notebook.page.locator(".jp-OutputArea-output")
    output.locator(".main-svg").first.wait_for(timeout=60000)
    output.first.hover()
    assert output.locator(BUTTON).count() == 0
    assert output.locator("table").count() == 0
    assert output.locator(".bars path").count() > 0
    notebook.close()
