"""The errors that cpticd raises, for whoever catches them; they are defined in :mod:`cpticd.core.errors`."""

from cpticd.core.errors import (
    ArgumentError,
    CpticdError,
    DisclosureError,
    EngineError,
    InputError,
    OutputExistsError,
    QueryError,
    SchemaError,
)

__all__ = [
    "ArgumentError",
    "CpticdError",
    "DisclosureError",
    "EngineError",
    "InputError",
    "OutputExistsError",
    "QueryError",
    "SchemaError",
]
