"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def find_shared_data() -> Path:
    """Public claims samples beside the checkout; the calling test is skipped where they are absent."""
    folder = Path(os.environ.get("CPTICD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"public sample data not found at {folder}; set CPTICD_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public sample data (x12/, desynpuf_2008/, …), or skip."""
    return find_shared_data()
