"""One Chromium, one JupyterLab, one Voila and one data set for all tests that look at pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import cpticd as cx
from tests.browser import servers

#: Chromium asks nobody anything while it is tested.
QUIET: Final = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """The system's Chromium, or skip."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield running
        running.close()


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
def lab(browser: Any, notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of JupyterLab, or skip."""
    if reason := servers.missing("jupyterlab"):
        pytest.skip(reason)
    with servers.jupyterlab(notebooks, tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="package")
def voila(browser: Any, notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of Voila, or skip."""
    if reason := servers.missing("voila"):
        pytest.skip(reason)
    with servers.voila(notebooks, tmp_path_factory.mktemp("voila")) as address:
        yield address
