"""The rules that hold for the whole repository: size, layers, documentation, start-up, README, notebooks."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "cpticd"
#: A module imports only what stands in an earlier row; those that stand in one row do not import each other.
LAYERS = [
    {"core"},
    {"errors", "sql"},
    {"reference", "stats"},
    {"codes", "pieces"},
    {"model", "exports", "persons"},
    {"claims"},
    {"loaders"},
    {"simulation"},
    {"denials", "rules", "specificity", "patterns", "risk"},
    {"disclosure"},
    {"charts"},
    {"explore"},
    {"reporting"},
    {"cli"},
]
#: Rooms of cpticd whose names a user meets, and where TAB should find nothing else.
ROOMS = ["", "charts", "codes", "denials", "disclosure", "explore", "patterns", "reference", "reporting", "risk", "rules",
         "simulation", "specificity", "stats"]  # fmt: skip
MAX_LINES = 405
MAX_IMPORT_SECONDS = 0.2
MAX_NOTEBOOK_BYTES = 500_000


def git_files() -> list[Path]:
    """What a clone would hold: committed files, and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of cpticd that a file imports, wherever it does so, but for type checking alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def room(module: str) -> str | None:
    """The part of cpticd that a module belongs to; None for cpticd itself."""
    parts = module.split(".")
    return None if len(parts) == 1 or parts[1] in ("__version__", "*") else parts[1]


def wrong_imports(module: str, imported: Iterable[tuple[str, int]]) -> list[str]:
    """Imports of a module that do not stand above it: of a later row, or of another room in its own."""
    own = room(module)
    rows = {name: place for place, names in enumerate(LAYERS) for name in names}
    return [
        f"{module}:{line} imports {other}"
        for other, line in imported
        if own is not None
        and other.startswith("cpticd")
        and (there := room(other)) is not None
        and there in rows
        and there != own
        and rows[there] >= rows[own]
    ]


def test_every_module_stands_in_a_layer() -> None:
    known = set().union(*LAYERS)
    found = {room(module_name(path)) for path in sources()} - {None}
    assert found <= known, f"add {sorted(found - known)} to LAYERS"


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in sources()}), ids=lambda folder: folder.name
)
def test_a_module_imports_only_what_stands_above_it(folder: Path) -> None:
    modules = {module_name(path): imports(path) for path in sources() if path.parent == folder}
    wrong = {name: found for name, there in modules.items() if (found := wrong_imports(name, there))}
    assert not wrong


def test_a_wrong_import_is_found(tmp_path: Path) -> None:
    """Also inside a function, from the package itself, and between two rooms of one row."""
    for text in (
        "from cpticd.denials.rates import rates",
        "from cpticd import denials",
        "def f():\n    import cpticd.denials",
        "def f():\n    from cpticd import codes, charts",
    ):
        (tmp_path / "module.py").write_text(text)
        assert wrong_imports("cpticd.patterns.association", imports(tmp_path / "module.py")), text
    (tmp_path / "module.py").write_text(
        "if TYPE_CHECKING:\n    from cpticd.denials import rates\nimport cpticd.codes"
    )
    assert not wrong_imports("cpticd.patterns.association", imports(tmp_path / "module.py"))


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Within a room too, and wherever in a file the import stands."""
    modules = {module_name(path): path for path in sources()}
    graph = {
        name: {target(other, modules) for other, _ in imports(path)} - {name, None}
        for name, path in modules.items()
    }
    seen: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in seen:
            return
        for other in sorted(graph[name]):
            visit(other, (*trail, name))
        seen[name] = 1

    for name in sorted(graph):
        visit(name, ())


def target(imported: str, modules: Mapping[str, Path]) -> str | None:
    """The module of cpticd that an imported name stands in; a package's own file does not count."""
    while imported and imported not in modules:
        imported = imported.rpartition(".")[0]
    return imported if imported and modules[imported].stem != "__init__" else None


@pytest.mark.parametrize("name", ROOMS)
def test_tab_finds_public_names_and_nothing_else(name: str) -> None:
    module = importlib.import_module(f"cpticd.{name}" if name else "cpticd")
    assert sorted(dir(module)) == sorted(set(module.__all__))
    for each in module.__all__:
        value = getattr(module, each)
        assert not inspect.ismodule(value) or value.__name__.startswith("cpticd"), each
        if inspect.isfunction(value):
            inspect.signature(value)  # an editor shows it


def test_no_relative_imports() -> None:
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], path


@pytest.mark.parametrize("pattern", ["cpticd/**/*.py", "tests/**/*.py"])
def test_no_file_is_too_long(pattern: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.glob(pattern)}
    assert lengths
    assert not {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES}


def test_public_names_are_documented() -> None:
    cpticd = importlib.import_module("cpticd")
    missing = []
    for name in cpticd.__all__:
        value = getattr(cpticd, name)
        if name == "__version__":
            continue
        if not (value.__doc__ or "").strip():
            missing.append(name)
        for member in getattr(value, "__all__", []):
            item = getattr(value, member)
            if callable(item) and not (item.__doc__ or "").strip():
                missing.append(f"{name}.{member}")
    assert not missing


@pytest.mark.parametrize("module", ["cpticd.denials", "cpticd.risk"])
def test_tables_are_documented_by_their_grain(module: str) -> None:
    """Analyses say in their first line what a row is."""
    analyses = importlib.import_module(module)
    for name in analyses.__all__:
        item = getattr(analyses, name)
        if callable(item):
            assert item.__doc__.startswith("One row per "), name


def _seconds(statement: str) -> float:
    """CPU seconds that a fresh interpreter takes for a statement."""
    script = f"import time; start = time.process_time()\n{statement}\nprint(time.process_time() - start)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def test_importing_cpticd_adds_little_to_pandas_and_duckdb() -> None:
    """The median of several; another try where the machine was busy."""
    statement = "import pandas, duckdb; start = time.process_time(); import cpticd, cpticd.claims"
    medians = []
    for _ in range(3):
        medians.append(statistics.median(_seconds(statement) for _ in range(5)))
        if medians[-1] <= MAX_IMPORT_SECONDS:
            return
    pytest.fail(f"importing cpticd took {medians} s")


def test_importing_cpticd_loads_nothing_heavy() -> None:
    script = "import sys, cpticd; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"scipy", "statsmodels", "plotly", "pandas", "duckdb", "rich", "IPython", "ipywidgets", "pyspark"}
    assert not heavy & set(done.stdout.split())


def readme_block(marker: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", text, re.DOTALL)
    assert found, f"README.md: no block after <!-- {marker} -->"
    return found[1]


def test_readme_command_lines_are_one_line_each_and_complete() -> None:
    for marker, does in (
        ("demo", "cpticd demo"),
        ("tests", "pytest -n 2 --nbval --nbval-current-env tests notebooks"),
    ):
        command = readme_block(marker)
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && ")
        assert "pip install" in command
        assert command.endswith(does)


def test_the_names_in_the_readme_exist() -> None:
    """Code in the README is not run, but nothing in it may be misspelt."""
    cpticd = importlib.import_module("cpticd")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r"\bcx\.(\w+(?:\.\w+)?)\(", text))
    assert len(names) > 10
    for name in names:
        value = cpticd
        for part in name.split("."):
            assert hasattr(value, part), f"README.md: cx.{name}"
            value = getattr(value, part)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extract = next(line for line in script.splitlines() if line.startswith("test_command="))
    done = subprocess.run(
        ["bash", "-c", f'{extract}\nprintf %s "$test_command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == readme_block("tests")
    assert 'bash -euo pipefail -c "$test_command"' in script
    assert "pytest" not in script


def test_the_version_stands_everywhere_and_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert importlib.import_module("cpticd").__version__ == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_lower_bounds_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(
        line.split("==")
        for line in (ROOT / "tests" / "lower-bounds.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["spark"]]:
        name, bound = re.match(r"([\w-]+)>=([\d.]+)", requirement).groups()
        assert f"{pinned[name]}.".startswith(f"{bound}."), (
            f"{requirement}: tests/lower-bounds.txt pins {pinned[name]}"
        )


def notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks_and_the_readme_lists_them() -> None:
    listed = set(re.findall(r"\(notebooks/(\w+\.ipynb)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in notebooks()}


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_was_run_in_order_without_errors_and_is_small(path: Path) -> None:
    assert path.stat().st_size < MAX_NOTEBOOK_BYTES
    code = [
        cell
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    ]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert any(cell["outputs"] for cell in code)


MAX_IMAGE_BYTES = 250_000


def test_images_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text) + re.findall(r'<img src="([^"]+)"', text)
    assert all((ROOT / name).is_file() for name in names)
    assert not [name for name in names if (ROOT / name).stat().st_size > MAX_IMAGE_BYTES]
    course = {path.stem for path in notebooks() if path.stem[0].isdigit()} - {
        "00_start_here"
    }  # which shows them all
    assert course <= {Path(name).stem for name in names}, "every notebook of the course has its picture"


def test_no_committed_file_names_a_machine_path_or_a_registry() -> None:
    # Written apart, so that this file does not find itself.
    private = re.compile(
        "|".join(["/" + "root/", "/" + "home/\\w", "/" + "work/", "/tmp" + "/w/", "C:\\\\" + "Users"])
    )
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "index-" + "url"])
    )
    found = []
    for path in git_files():
        if path.suffix in (".png", ".parquet", ".gz", ".zip"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}: {hit[0]}" for hit in (private.search(text), hosts.search(text)) if hit
        ]
    assert not found
