"""The model's views and tables, one SQL file each, in DuckDB's dialect and portable to Spark."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """SQL of view or table ``name``."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
