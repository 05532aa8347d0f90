"""Pictures of a notebook's charts, for readers without plotly: an HTML export, GitHub, mail.

A chart is stored as plotly's JSON, which JupyterLab draws, and as HTML for all who cannot: its numbers as a table, and
before them the picture that is drawn here, from the JSON. It stands inside the HTML, since readers that show HTML look
at no other form, and JupyterLab would show a picture in a form of its own in place of the chart. A picture differs
between machines in its bytes: nbval compares outputs without it (``conftest.py``), and all else strictly.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from typing import Any, Final

import nbformat

CHART: Final = "application/vnd.plotly.v1+json"
#: Pixels of a chart's width, as README pages show it.
WIDTH: Final = 800
#: How large and how finely pictures are drawn, the best first: the first of which a notebook has room for is taken.
LOOKS: Final = ((1.0, 0.5), (1.0, 0.25), (0.8, 0.25), (0.8, 0.1))
#: A picture before its table.
PICTURE: Final = re.compile(r'<img class="chart"[^>]*>(?=<table>)')
_DRAW: Final = """async ([figure, size, scale, quality]) => {
  const svg = await Plotly.toImage(figure, {format: "svg", ...size});
  const image = new Image();
  await new Promise((done, failed) => { image.onload = done; image.onerror = failed; image.src = svg; });
  const canvas = document.createElement("canvas");
  canvas.width = size.width * scale;
  canvas.height = size.height * scale;
  const paper = canvas.getContext("2d");
  paper.fillStyle = "white";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/webp", quality);
}"""


def illustrate(notebook: nbformat.NotebookNode, room: int) -> int:
    """Put the picture of each chart before its table, in place of an older one; how many there are.

    room: bytes that the notebook may have; none is put where all would not fit.
    """
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            forms = output.get("data", {})
            numbers = PICTURE.sub("", _text(forms.get("text/html", "")))
            if CHART in forms and numbers.startswith("<table>"):
                found.append((forms, numbers))
    for forms, numbers in found:
        forms["text/html"] = numbers
    room -= len(nbformat.writes(notebook).encode())
    for pictures in drawn([forms[CHART] for forms, _ in found]):
        if sum(len(picture) + 20 for picture in pictures) < room:
            for (forms, numbers), picture in zip(found, pictures, strict=True):
                forms["text/html"] = picture + numbers
            return len(found)
    return 0


def _text(form: str | list[str]) -> str:
    return form if isinstance(form, str) else "".join(form)


def drawn(charts: list[dict[str, Any]]) -> Iterator[list[str]]:
    """The pictures of stored charts in each look, each with its title for those who do not see it."""
    if not charts:
        return
    from playwright.sync_api import sync_playwright
    from plotly.offline import get_plotlyjs

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_content("<html></html>")
        page.add_script_tag(content=get_plotlyjs())
        for look in LOOKS:
            yield [_picture(page, chart, look) for chart in charts]
        browser.close()


def _picture(page: Any, chart: dict[str, Any], look: tuple[float, float]) -> str:
    size = {"width": WIDTH, "height": int(chart["layout"].get("height", WIDTH // 2))}
    source = page.evaluate(_DRAW, [{"data": chart["data"], "layout": chart["layout"]}, size, *look])
    title = chart["layout"].get("title", {}).get("text", "")
    words = html.escape(" ".join(re.sub(r"<[^>]*>", " ", title).split()), quote=True)
    return f'<img class="chart" alt="Chart: {words}" width="{WIDTH}" style="max-width: 100%" src="{source}">'
