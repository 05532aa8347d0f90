"""The wheel: it holds what the package reads, and works where the repository is not."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("build", "hatchling"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed; it comes with the extra 'test'")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_every_file_of_the_package_and_the_reference_tables(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    package = [
        path for path in (ROOT / "cpticd").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {path.relative_to(ROOT).as_posix() for path in package} <= held
    reference = [path for path in (ROOT / "data" / "reference").rglob("*") if path.is_file()]
    assert reference
    assert {
        f"cpticd/reference/data/{path.relative_to(ROOT / 'data' / 'reference').as_posix()}"
        for path in reference
    } <= held
    assert not [name for name in held if name.startswith(("tests/", "notebooks/"))]


def test_it_works_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(target)
    script = (
        "import sys, cpticd, cpticd.reference, cpticd.cli\n"
        f"assert cpticd.__file__.startswith({str(target)!r}), cpticd.__file__\n"
        f"assert str(cpticd.reference.path('carc_categories')).startswith({str(target)!r})\n"
        "sys.exit(cpticd.cli.main(['demo', '--persons', '20', '--quiet', '--out', 'report.html']))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # -P: the folder that it starts in is not a place to import from; the wheel stands before site-packages.
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "report.html"), done.stderr
    assert (tmp_path / "report.html").stat().st_size > 1_000_000
