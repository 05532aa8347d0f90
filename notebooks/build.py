"""Runs every notebook in this folder and saves it with its outputs, the same bytes each time.

    python notebooks/build.py              # all notebooks
    python notebooks/build.py --pictures   # and the README's pictures, which need playwright and Chromium
    python notebooks/build.py --illustrate # only the pictures inside notebooks, of the charts that they hold

What differs between machines and runs is left out: timings, kernel versions, random cell ids. A cell that
fails, writes to the error stream, or shows a path of this machine stops the build, and so does a chart that has
nothing to show where plotly does not run; the notebook is not saved then. Charts bring that form along, a table of
their numbers; a small picture is put before it here (``illustrations.py``; playwright and Chromium).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
IMAGES = HERE / "images"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MAX_BYTES = 500_000
CHART = "application/vnd.plotly.v1+json"
#: What is shown where plotly does not run.
STATIC = {"text/html", "text/markdown", "image/png", "image/svg+xml", "image/jpeg"}
#: Width of the picture on a README page, in CSS pixels; it is drawn finer by the scale.
WIDTH = 800


def build(path: Path) -> str:
    """Run one notebook and save it; returns what to print about it."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02}"
        cell["metadata"] = {}
    notebook.metadata = nbformat.from_dict(METADATA)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(HERE)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"{path.name}: {error.ename}: {error.evalue}\nin the cell\n{failed(notebook)}")
    return save(path, notebook)


def save(path: Path, notebook: nbformat.NotebookNode) -> str:
    """Save a notebook that has its outputs, with pictures of its charts; returns what to print about it."""
    import illustrations

    notebook.metadata = nbformat.from_dict(METADATA)
    pictures = illustrations.illustrate(notebook, MAX_BYTES)
    text = nbformat.writes(notebook) + "\n"
    check(path.name, notebook, text)
    path.write_text(text, encoding="utf-8", newline="\n")
    drawn = f", {pictures} pictures" if pictures else ""
    return f"{path.name}: {len(notebook.cells)} cells{drawn}, {len(text.encode()) // 1000} kB"


def failed(notebook: nbformat.NotebookNode) -> str:
    """The source of the cell that failed."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return str(cell.source)
    return "(unknown)"


def check(name: str, notebook: nbformat.NotebookNode, text: str) -> None:
    """Refuse what must not be saved."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                sys.exit(f"{name}, {cell['id']}: writes to the error stream: {output['text'][:500]}")
            if CHART in (forms := output.get("data", {})) and not STATIC & {*forms}:
                sys.exit(
                    f"{name}, {cell['id']}: a chart without a table or picture for readers without plotly"
                )
    places = [re.escape(place) for place in {str(HERE.parent), str(Path.home()), sys.prefix} if place != "/"]
    if found := re.search("|".join([*places, r"/tmp/", r"0x[0-9a-f]{9,}"]), text):
        sys.exit(f"{name}: shows {found[0]!r}, which is of this machine or run")
    if len(text.encode()) >= MAX_BYTES:
        sys.exit(f"{name}: {len(text.encode()):,} bytes, at most {MAX_BYTES:,}")


def first_chart(path: Path) -> dict[str, Any] | None:
    """The first chart of a saved notebook: the answer to its title."""
    outputs = (
        output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])
    )
    return next((output["data"][CHART] for output in outputs if CHART in output.get("data", {})), None)


def pictures() -> None:
    """Draw the README's pictures: causes of the demo, and the first chart of every numbered notebook."""
    import plotly.graph_objects as go
    from playwright.sync_api import sync_playwright

    drawn: list[tuple[Path, Any, int, float]] = []
    for path in sorted(HERE.glob("[0-9]*.ipynb"))[1:]:  # the first is the start page, which shows them
        if chart := first_chart(path):
            figure = go.Figure(data=chart["data"], layout=chart["layout"])
            drawn.append((IMAGES / f"{path.stem}.png", figure, WIDTH, 0.75))
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for path, figure, width, scale in drawn:
            draw(browser, figure, path, width, scale)
            print(f"{path.name}: {path.stat().st_size // 1000} kB", flush=True)
        browser.close()


def draw(browser: Any, figure: Any, path: Path, width: int, scale: float) -> None:
    """One figure as a picture, ``width`` CSS pixels wide, ``scale`` dots to a pixel."""
    page_text = figure.to_html(include_plotlyjs=True, include_mathjax=False, default_width=f"{width}px")
    height = int(figure.layout.height)
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page.set_content(f"<style>body{{margin:0}} .modebar{{display:none}}</style>{page_text}")
    page.wait_for_selector(".main-svg")
    page.wait_for_timeout(500)
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": width, "height": height})
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to build; all, unless given")
    parser.add_argument("--pictures", action="store_true", help="draw the README's pictures as well")
    parser.add_argument(
        "--illustrate", action="store_true", help="run nothing; draw the charts of saved notebooks"
    )
    options = parser.parse_args()
    # The kernel must import this checkout, and draw as it would for anyone.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    os.environ.pop("PLOTLY_RENDERER", None)
    sys.path.insert(0, str(HERE.parent))
    for path in [HERE / name for name in options.names] or sorted(HERE.glob("*.ipynb")):
        done = save(path, nbformat.read(path, as_version=4)) if options.illustrate else build(path)
        print(done, flush=True)
    if options.pictures:
        pictures()


if __name__ == "__main__":
    main()
