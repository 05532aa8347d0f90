"""The simulation is fenced: what analyses claims knows nothing of it, and it knows nothing of the analyses."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from cpticd import simulation
from cpticd.simulation import pipeline
from tests.conftest import ROOT

PACKAGE = ROOT / "cpticd"
FENCED = PACKAGE / "simulation"
#: What stands above the simulation: it may import these, and itself.
ABOVE = {"core", "errors", "codes", "claims", "sql", "reference", "loaders", "simulation"}
BELOW = {
    "stats",
    "denials",
    "rules",
    "specificity",
    "patterns",
    "risk",
    "disclosure",
    "charts",
    "explore",
    "reporting",
    "cli",
}
#: The public names, and the command line, which writes them to files.
GATES = {"__init__.py", "cli"}


def modules(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(module, name) of every import of cpticd below a node, and of every attribute of the package that is used."""
    for item in ast.walk(node):
        if isinstance(item, ast.Import):
            yield from ((alias.name, "") for alias in item.names if alias.name.startswith("cpticd"))
        elif isinstance(item, ast.ImportFrom):
            assert not item.level, "imports are absolute"
            if item.module == "cpticd":
                yield from ((f"cpticd.{alias.name}", "") for alias in item.names)
            elif item.module and item.module.startswith("cpticd."):
                yield from ((item.module, alias.name) for alias in item.names)
        elif isinstance(item, ast.Attribute) and ast.unparse(item.value) in {"cx", "cpticd"}:
            yield f"cpticd.{item.attr}", ""


def imports(path: Path) -> set[tuple[str, str]]:
    return set(modules(ast.parse(path.read_text(encoding="utf-8"))))


def test_imports_are_seen_wherever_they_stand() -> None:
    text = """
import cpticd as cx
def one():
    from cpticd.simulation.book import Book
    if True:
        import cpticd.simulation.truth
    from cpticd import simulation
    return cx.simulate(5)
"""
    assert set(modules(ast.parse(text))) == {
        ("cpticd", ""),
        ("cpticd.simulation.book", "Book"),
        ("cpticd.simulation.truth", ""),
        ("cpticd.simulation", ""),
        ("cpticd.simulate", ""),
    }


def test_nothing_that_analyses_claims_knows_of_the_simulation() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE)
        for module, name in imports(path) if FENCED not in path.parents else ():
            if module.split(".")[1:2] in (["simulation"], ["simulate"], ["demo"]):
                public = module.count(".") == 1 and (not name or name in simulation.__all__)
                if place.parts[0] not in GATES or not public:
                    found.add(f"{place} imports {module} {name}")
    assert not found


def test_the_simulation_imports_what_stands_above_it() -> None:
    found = {(path.stem, module) for path in FENCED.glob("*.py") for module, _ in imports(path)}
    assert found
    assert not {each for each in found if each[1] != "cpticd" and each[1].split(".")[1] not in ABOVE}


def test_no_module_of_the_simulation_imports_itself_through_another() -> None:
    graph: dict[str, set[str]] = {}
    for path in FENCED.glob("*.py"):
        wanted = {f"{module}.{name}" for module, name in imports(path)} | {
            module for module, _ in imports(path)
        }
        graph[path.stem] = {
            name.split(".")[2] for name in wanted if re.fullmatch(r"cpticd\.simulation\.\w+(\..*)?", name)
        } & {other.stem for other in FENCED.glob("*.py")}
    assert len(graph["pipeline"]) >= 20
    list(TopologicalSorter(graph).static_order())  # CycleError, with the circle, where there is one


def test_importing_the_simulation_imports_no_analysis() -> None:
    code = "import sys, cpticd.simulation; print(*sorted(name for name in sys.modules if name.startswith('cpticd.')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split()}
    assert "simulation" in loaded
    assert not loaded & BELOW


def test_the_stages_are_those_that_the_pipeline_lists() -> None:
    table = re.findall(r"^ {4}(\w+) +(\w+(?:, \w+)*)  ", pipeline.__doc__ or "", flags=re.MULTILINE)
    assert len(table) >= 20
    for stage, entries in table:
        module = importlib.import_module(f"cpticd.simulation.{stage}")
        assert (module.__doc__ or "").startswith(f"{stage.capitalize()}: "), stage
        for entry in entries.split(", "):
            assert callable(getattr(module, entry)), f"{stage}.{entry}"
            assert f"{stage}.{entry}(" in (FENCED / "pipeline.py").read_text(encoding="utf-8")


def test_all_public_names_are_there() -> None:
    assert simulation.__all__ == ["Simulation", "demo", "rule_tables", "simulate", "write_x12"]
    for name in simulation.__all__:
        assert getattr(simulation, name).__doc__
