"""One DuckDB in memory for SQL that needs no data set: starting one takes longer than most of these queries."""

from __future__ import annotations

import os
from functools import cache

import duckdb


def scratch() -> duckdb.DuckDBPyConnection:
    """A connection of one's own, to be closed after use; what is registered with it no other sees."""
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


if hasattr(os, "register_at_fork"):  # not on Windows
    # A fork inherits a database without the threads that serve it, and hangs when it closes it.
    os.register_at_fork(before=_database.cache_clear)
