"""One Chromium, one JupyterLab, one Voila and one data set for all tests that look at pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from tests.browser import chromium, servers
from tests.small_claims import small_claims


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with chromium.running() as found:
        yield found


@pytest.fixture(scope="package")
def context(browser: Any) -> Iterator[Any]:
    """Pages of one context share its cache, so that JupyterLab is fetched once."""
    shared = browser.new_context(accept_downloads=True, color_scheme="light")
    yield shared
    shared.close()


@pytest.fixture(scope="package")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the explorers' notebooks, on the demo, which is made once and opened by each."""
    folder = tmp_path_factory.mktemp("explorers")
    cx.demo().save(folder / "claims")
    servers.copy_notebooks(folder / "notebooks", folder / "claims")
    return folder / "notebooks"


@pytest.fixture(scope="package")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole report of a small data set, as it leaves."""
    return cx.report(small_claims(), tmp_path_factory.mktemp("report") / "report.html")


def _served(
    module: str, serve: Callable[[Path, Path], AbstractContextManager[str]], notebooks: Path, place: Path
) -> Iterator[str]:
    """Address of a server while it runs, or skip."""
    if reason := servers.missing(module):
        pytest.skip(reason)
    with serve(notebooks, place) as address:
        yield address


@pytest.fixture(scope="package")
def lab(browser: Any, notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _served("jupyterlab", servers.jupyterlab, notebooks, tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="package")
def voila(browser: Any, notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _served("voila", servers.voila, notebooks, tmp_path_factory.mktemp("voila"))
