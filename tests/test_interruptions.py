"""Ctrl-C at any moment of a command: one line, exit code 130, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.amount import first
from tests.conftest import ROOT

#: The command of a process in which Ctrl-C is pressed when this module is first imported.
PRESSED = """
import os, signal, sys
class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}: os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
from cpticd.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "name", first(3, ["pandas", "argparse", "cpticd.simulation.pipeline", "numpy", "duckdb"])
)
def test_an_interruption_while_modules_are_imported_exits_with_130_and_one_line(
    name: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(name=name), "demo", "--out", str(tmp_path / "report.html")],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "cpticd: interrupted\n")
    assert not list(tmp_path.iterdir())


def test_an_interruption_that_python_swallows_ends_the_command_too() -> None:
    script = (
        "import os, signal, sys\nfrom cpticd.cli import Interruption\n"
        "class Swallows:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\n"
        "with Interruption(ends=True):\n    Swallows()\nprint('went on')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "cpticd: interrupted\n")


def test_an_interruption_after_the_command_changes_nothing() -> None:
    script = (
        "import os, signal\nfrom cpticd.cli import Interruption\n"
        "with Interruption(ends=True): pass\nos.kill(os.getpid(), signal.SIGINT)\nprint('done')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
