"""What nbval leaves out when it compares a notebook's outputs: pictures of charts, whose bytes are of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The patterns beside this file, unless others were given."""
    if getattr(config.option, "nbval_sanitize_with", "no nbval") is None:
        config.option.nbval_sanitize_with = str(Path(__file__).with_name("nbval.cfg"))
