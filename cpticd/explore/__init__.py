"""Explorers: pages of filters, charts and tables in a notebook; they compute nothing, an analysis does."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cpticd.explore.denials import denials as denials

#: Where each explorer lives; loaded when first used, since importing widgets takes a while.
_HOMES: Final[dict[str, str]] = {
    "denials": "cpticd.explore.denials",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cpticd.explore' has no attribute {name!r}; public names are {__all__}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
