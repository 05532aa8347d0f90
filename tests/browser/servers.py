"""JupyterLab and Voila on a copy of the explorers' notebooks, each on a free port with a configuration of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import nbformat

ROOT: Final = Path(__file__).resolve().parents[2]
EXPLORERS: Final = ("denials", "risk", "rules", "two_ledgers", "worklist")
#: What the notebooks say and the copies replace by claims that were made once.
DEMO: Final = "cx.demo()"
#: The last cell of a copy: where the page stands, as Python sees it.
PROBE: Final = "if not in_voila():\n    print('probe', probe(explorer, claims))"


def missing(module: str) -> str | None:
    """Why a server cannot be started, or None."""
    return None if importlib.util.find_spec(module) else f"{module} is not installed; the extra 'test' has it"


def copy_notebooks(folder: Path, claims: Path) -> None:
    """Every explorer's notebook without outputs, on the claims saved in ``claims``, with a cell that tells."""
    folder.mkdir(parents=True)
    for name in EXPLORERS:
        source = ROOT / "notebooks" / f"explore_{name}.ipynb"
        if not source.exists():
            continue
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert sum(cell.source.count(DEMO) for cell in code) == 1, f"{source.name} reads the demo once"
        # The explorer in a cell of its own: how long it takes is told from what claims take.
        before, made, after = (
            code[0].source.replace(DEMO, f"cx.open({str(claims)!r})").partition("explorer =")
        )
        code[0].source = made + after
        notebook.cells.insert(
            notebook.cells.index(code[0]), nbformat.v4.new_code_cell(before.strip(), id="claims")
        )
        notebook.cells.append(
            nbformat.v4.new_code_cell(
                f"from tests.browser.probes import {name} as probe, in_voila\n{PROBE}", id="probe"
            )
        )
        nbformat.write(notebook, folder / source.name)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def get(url: str) -> Any:
    """JSON that a local server answers."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


@contextmanager
def _running(arguments: list[str], place: Path, port: int, ready: str) -> Iterator[str]:
    """The server's address while it runs; what it wrote is told where it does not start."""
    place.mkdir(parents=True, exist_ok=True)
    own = {
        name: str(place / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    for folder in own.values():
        Path(folder).mkdir(exist_ok=True)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **own, "PYTHONPATH": path, "JUPYTERLAB_SETTINGS_DIR": str(place / "settings"),
                   "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces")}  # fmt: skip
    address, log = f"http://127.0.0.1:{port}", place / "log"
    with log.open("w", encoding="utf-8") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=environment,
            cwd=place,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(address + ready, timeout=5).close()
                    break
                except OSError as error:
                    if server.poll() is not None or time.monotonic() > end:
                        said = log.read_text(encoding="utf-8")[-3000:]
                        raise RuntimeError(f"{arguments[0]} does not answer: {error}\n{said}") from error
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def jupyterlab(folder: Path, place: Path) -> Iterator[str]:
    """Address of a JupyterLab that shows ``folder``: no token, no news, no build."""
    port = _free_port()
    settings = place / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8"
    )
    arguments = ["jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
                 "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
                 f"--ServerApp.root_dir={folder}", "--LabApp.collaborative=False"]  # fmt: skip
    with _running(arguments, place, port, "/api") as address:
        yield address


@contextmanager
def voila(folder: Path, place: Path) -> Iterator[str]:
    """Address of a Voila that serves ``folder``; a notebook is at /voila/render/NAME.ipynb."""
    port = _free_port()
    arguments = ["voila", str(folder), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1",
                 "--Voila.port_retries=0", "--show_tracebacks=True"]  # fmt: skip
    with _running(arguments, place, port, "/") as address:
        yield address
