"""The errors that cpticd raises: every one says what, where, what was found, and what to do."""

from __future__ import annotations


class CpticdError(Exception):
    """Base of every error that cpticd raises on purpose."""


class InputError(CpticdError):
    """A file, folder or table that cannot be read as claims."""


class SchemaError(CpticdError):
    """A table whose columns or types do not fit the canonical schema."""


class QueryError(CpticdError):
    """A query that is refused (it would write, attach or read files) or that fails."""


class EngineError(CpticdError):
    """An engine that is not there or cannot run."""


class ArgumentError(CpticdError, ValueError):
    """An argument outside of what a function accepts."""


class OutputExistsError(CpticdError):
    """An output that exists already; pass overwrite=True (``--overwrite``) to replace it."""


class DisclosureError(CpticdError):
    """A table that does not leave, because nothing says what its rows count of whom."""
