"""Families of codes with levels, such as visits, and the days on which each code has its level."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import pyarrow as pa

from cpticd import reference
from cpticd.core.session import Session

_SCHEMA: Final = pa.schema(
    [
        ("family", pa.string()),
        ("code", pa.string()),
        ("level", pa.int32()),
        ("effective_from", pa.date32()),
        ("effective_to", pa.date32()),
    ]
)


@cache
def families() -> dict[str, list[dict[str, Any]]]:
    """Code families by name, in the order of the table: their codes, levels and dates."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in reference.table("code_families").to_pylist():
        found.setdefault(row["family"], []).append(row)
    return found


def load(s: Session, names: Iterable[str]) -> str:
    """The relation ``code_levels`` in a session: family, code, level and dates of the families named."""
    rows = [row for name in names for row in families()[name]]
    return s.load("code_levels", pa.Table.from_pylist(rows, schema=_SCHEMA))


def release() -> str:
    """The release of the table, for contracts."""
    return f"release {reference.releases().set_index('name')['release']['code_families']}"
