"""Files of CMS: RIF, LDS and CCLF, and the synthetic claims of DE-SynPUF."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {"read_rif": "cpticd.loaders.cms.rif", "read_synpuf": "cpticd.loaders.cms.synpuf"}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; public names are {__all__}")


def __dir__() -> list[str]:
    return list(__all__)
