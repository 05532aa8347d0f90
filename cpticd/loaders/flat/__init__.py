"""Flat files: one row per service line, with its claim, diagnoses and payment beside it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {"read_wide": "cpticd.loaders.flat.wide"}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; public names are {__all__}")


def __dir__() -> list[str]:
    return list(__all__)
