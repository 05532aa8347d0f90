"""A folder of the test's own for added releases: no test reads what the user of this machine has added."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpticd.reference import manifest


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    monkeypatch.setenv(manifest.ENVIRONMENT, str(folder))
    return folder
