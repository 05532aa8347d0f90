"""The notebooks ask a question and were saved by notebooks/build.py, which refuses what differs between runs."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: Each answers the question of its title; the start page, 00, leads to them.
COURSE = [path for path in NOTEBOOKS if path.name[:2].isdigit() and not path.name.startswith("00")]
#: A chart, or an explorer, which draws its own.
CHART = "application/vnd.plotly.v1+json"
DRAWN = {CHART, "application/vnd.jupyter.widget-view+json"}


def module_of(path: Path) -> ModuleType:
    """A script beside the notebooks, as a module."""
    spec = importlib.util.spec_from_file_location(f"notebooks_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build() -> ModuleType:
    return module_of(ROOT / "notebooks" / "build.py")


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_one_question_and_draws(path: Path) -> None:
    title = "".join(cells(path)[0]["source"]).splitlines()[0]
    assert title.startswith("# ")
    assert title.endswith("?")
    assert any(
        DRAWN & {*output.get("data", {})} for cell in cells(path) for output in cell.get("outputs", [])
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chart_has_its_picture_and_its_numbers_for_readers_without_plotly(path: Path) -> None:
    charts = [
        "".join(output["data"]["text/html"])
        for cell in cells(path)
        for output in cell.get("outputs", [])
        if CHART in output.get("data", {})
    ]
    pattern, replaced = re.findall(
        r"^regex: (.*)\nreplace: (.*)$", (path.parent / "nbval.cfg").read_text(), re.M
    )[0]
    for form in filter(lambda form: "<table>" in form, charts):
        assert form.startswith('<img class="chart" alt="Chart: '), "run notebooks/build.py --illustrate"
        assert re.sub(pattern, replaced, form).startswith("<table>"), "nbval compares the table alone"


def code_lines(cell: dict) -> list[str]:
    """What a reader has to read of a cell: no blank line, no comment."""
    lines = [line.strip() for line in "".join(cell["source"]).splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_the_first_code_shows_the_answer_in_words_and_a_chart_on_one_screen(path: Path) -> None:
    before, first, *_ = cells(path)
    assert (before["cell_type"], first["cell_type"]) == ("markdown", "code")
    printed = "".join("".join(output.get("text", [])) for output in first["outputs"]).splitlines()
    assert printed
    assert any(letter.isdigit() for letter in printed[-1]), "the answer has its numbers"
    [figure] = [output["data"][CHART] for output in first["outputs"] if CHART in output.get("data", {})]
    # A window of 1440 × 900 leaves a notebook 780 pixels in height: title and code included.
    title = "".join(before["source"]).splitlines()[0]
    text = sum(-(-len(line) // 130) for line in "".join(before["source"]).splitlines()[1:] if line)
    height = 62 + 30 * (len(title) > 66) + 22 * text + 18 * len("".join(first["source"]).splitlines())
    height += 17 * sum(-(-len(line) // 122) for line in printed) + figure["layout"]["height"]
    assert height <= 780, f"{path.name}: the answer ends below the screen, {height} pixels"


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_asks_in_sql_only_at_its_end(path: Path) -> None:
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert sum(len(code_lines(cell)) for cell in code) <= 60
    asks = [
        place
        for place, cell in enumerate(code)
        if re.search(r"\bSELECT\b|\.query\(\s*\"+\s*WITH\b", "".join(cell["source"]))
    ]
    assert min(asks, default=len(code)) >= 2 * len(code) / 3


def test_the_start_page_leads_to_every_notebook_with_a_picture_and_answers_in_five_cells() -> None:
    start = cells(ROOT / "notebooks" / "00_start_here.ipynb")
    text = "".join("".join(cell["source"]) for cell in start if cell["cell_type"] == "markdown")
    assert {*re.findall(r"\((\w+\.ipynb)\)", text)} == {
        path.name for path in NOTEBOOKS if not path.name.startswith("00")
    }
    assert re.findall(r'src="images/(\w+)\.png"', text) == [path.stem for path in COURSE]
    for path in COURSE:
        assert (ROOT / "notebooks" / "images" / f"{path.stem}.png").exists()
    code = ["".join(cell["source"]) for cell in start if cell["cell_type"] == "code"]
    for source, call in zip(
        code, ("cx.look(", "cx.read_wide(", ".accounting()", "cx.denials.drivers(", "cx.report("), strict=True
    ):
        assert call in source


def test_the_invented_file_of_the_start_page_is_what_its_script_writes(tmp_path: Path) -> None:
    files = ROOT / "notebooks" / "files"
    module_of(files / "make_my_claims.py").write(tmp_path / "again.csv")
    same = (tmp_path / "again.csv").read_bytes() == (files / "my_claims.csv").read_bytes()
    assert same, "run notebooks/files/make_my_claims.py, and notebooks/build.py after it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_saved_by_the_build(path: Path, build: ModuleType) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata == build.METADATA
    assert [cell["id"] for cell in notebook.cells] == [
        f"cell-{n:02}" for n in range(1, len(notebook.cells) + 1)
    ]
    assert not [cell["id"] for cell in notebook.cells if cell.metadata]
    text = path.read_text(encoding="utf-8")
    assert text == nbformat.writes(notebook) + "\n"
    build.check(path.name, notebook, text)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (new_output("stream", name="stderr", text="a warning"), "error stream: a warning"),
        (new_output("stream", text=f"saved to {Path.home()}/claims"), str(Path.home())),
        (new_output("stream", text="/tmp/tmpq4h"), "/tmp/"),
        (new_output("stream", text="<object at 0x7f3b5c0d1e20>"), "0x7f3b5c0d1e20"),
        (new_output("stream", text="x" * 600_000), "at most 500,000"),
        (
            new_output("display_data", data={"application/vnd.plotly.v1+json": {}}),
            "without a table or picture",
        ),
    ],
)
def test_the_build_refuses_what_is_of_one_machine_or_run(
    build: ModuleType, output: nbformat.NotebookNode, found: str
) -> None:
    notebook = new_notebook(cells=[new_code_cell("x", id="cell-01", outputs=[output])])
    with pytest.raises(SystemExit, match=r"n\.ipynb") as refused:
        build.check("n.ipynb", notebook, nbformat.writes(notebook))
    assert found in str(refused.value)
