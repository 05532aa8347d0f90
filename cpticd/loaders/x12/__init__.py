"""X12 claims, remittances and enrolments: 837 professional and institutional, 835, 834; 5010 and, leniently, 4010.

Read in three steps: bytes into canonical segments (``splitter``), batches of segments into staged tables (``places``,
``claims837``, ``remits835``, ``enrolments834``), remittances joined to claims (``join``) and enrolments to members
(``enrolments``). The processes that read files start from here, so that importing the package loads nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {"read_x12": "cpticd.loaders.x12.reader"}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; public names are {__all__}")


def __dir__() -> list[str]:
    return list(__all__)
