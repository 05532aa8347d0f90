"""Explorers: pages of filters, charts and tables in a notebook; they compute nothing, an analysis does."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cpticd.modules import make_callable

if TYPE_CHECKING:
    from cpticd.explore.denials import denials as denials
    from cpticd.explore.risk import risk as risk
    from cpticd.explore.rules import rules as rules
    from cpticd.explore.two_ledgers import two_ledgers as two_ledgers

#: Where each explorer lives; loaded when first used, since importing widgets takes a while.
_HOMES: Final[dict[str, str]] = {
    "denials": "cpticd.explore.denials",
    "risk": "cpticd.explore.risk",
    "rules": "cpticd.explore.rules",
    "two_ledgers": "cpticd.explore.two_ledgers",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cpticd.explore' has no attribute {name!r}; public names are {__all__}")
    module = import_module(_HOMES[name])
    # Importing sets this package's attribute to the module, which therefore is callable as its function.
    make_callable(_HOMES[name], getattr(module, name))
    return module


def __dir__() -> list[str]:
    return __all__
