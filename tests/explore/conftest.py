"""Simulated claims and the page of their denials, which several files read; nobody changes claims."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.explore.denials_explorer import DenialsExplorer


@pytest.fixture(scope="package")
def claims() -> Iterator[Claims]:
    found = cx.simulate(400, 5).claims
    yield found
    found.engine.close()


@pytest.fixture(scope="package")
def opened(claims: Claims) -> DenialsExplorer:
    """A page of denials; who uses it sets its state first."""
    return cx.explore.denials(claims)
