"""The notebooks ask a question and were saved by notebooks/build.py, which refuses what differs between runs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: A chart, or an explorer, which draws its own.
DRAWN = {"application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json"}


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_notebooks", ROOT / "notebooks" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
